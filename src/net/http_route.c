/* Finds the route of a request: the first of the table whose pattern fits the path and whose method fits. */
#include <string.h>

#include "net/http_internal.h"

static size_t count_segments(const char *path)
{
    size_t count = 0;

    for (; *path != '\0'; path++)
        count += *path == '/';
    return count;
}

static struct http_segment parse_segment(struct arena *arena, struct span piece)
{
    struct http_segment segment = { 0 };

    if (piece.length < 2 || piece.start[0] != '{') {
        segment.text = span_copy(arena, piece);
        return segment;
    }
    struct span name = { .start = piece.start + 1, .length = piece.length - 2 };
    segment.takes_rest = name.length > 0 && name.start[name.length - 1] == '*';
    if (segment.takes_rest)
        name.length--;
    segment.name = span_copy(arena, name);
    return segment;
}

static void parse_pattern(struct arena *arena, const struct http_route *plan,
                          struct http_route_entry *entry)
{
    size_t count = count_segments(plan->path);
    struct http_segment *segments = ARENA_ARRAY(arena, struct http_segment, count);
    const char *at = plan->path;
    size_t parameters = 0;

    ASSERT(*at == '/');
    for (size_t i = 0; i < count; i++) {
        struct span piece = { .start = at + 1, .length = strcspn(at + 1, "/") };

        segments[i] = parse_segment(arena, piece);
        parameters += segments[i].name != NULL;
        ASSERT(!segments[i].takes_rest || i + 1 == count);
        at = piece.start + piece.length;
    }
    ASSERT(parameters <= HTTP_PARAMETER_LIMIT);
    *entry =
        (struct http_route_entry){ .plan = plan, .segments = segments, .segment_count = count };
}

void http_routes_build(struct http_server *server, const struct http_route *routes,
                       size_t count)
{
    server->routes = ARENA_ARRAY(server->arena, struct http_route_entry, count);
    server->route_count = count;
    for (size_t i = 0; i < count; i++)
        parse_pattern(server->arena, &routes[i], &server->routes[i]);
}

static bool segment_fits(const struct http_segment *segment, const char *text)
{
    if (segment->text != NULL)
        return strcmp(segment->text, text) == 0;
    return *text != '\0';
}

static bool path_fits(const struct http_route_entry *route, const struct http_target *target)
{
    size_t count = route->segment_count;
    bool takes_rest = route->segments[count - 1].takes_rest;

    if (takes_rest ? target->segment_count < count : target->segment_count != count)
        return false;
    for (size_t i = 0; i < count - takes_rest; i++)
        if (!segment_fits(&route->segments[i], target->segments[i]))
            return false;
    return true;
}

static bool method_fits(const struct http_route *route, const char *method)
{
    return text_is(route->method, method) ||
           (text_is(route->method, "GET") && text_is(method, "HEAD"));
}

static const char *join_rest(struct arena *arena, const struct http_target *target, size_t from)
{
    struct text rest = text_new(arena, strlen(target->path));

    for (size_t i = from; i < target->segment_count; i++) {
        if (i > from)
            text_add_char(&rest, '/');
        text_add(&rest, target->segments[i]);
    }
    return text_string(&rest);
}

static void fill_parameters(struct http_request *request)
{
    size_t filled = 0;

    for (size_t i = 0; i < request->route->segment_count; i++) {
        const struct http_segment *segment = &request->route->segments[i];

        if (segment->name == NULL)
            continue;
        request->parameters[filled++] = segment->takes_rest
                                            ? join_rest(request->arena, &request->target, i)
                                            : request->target.segments[i];
    }
}

static void add_method(struct text *allow, const char *method)
{
    if (text_has(text_string(allow), method))
        return;
    if (allow->length > 0)
        text_add(allow, ", ");
    text_add(allow, method);
    if (text_is(method, "GET"))
        text_add(allow, ", HEAD");
}

int http_route_find(struct http_request *request, const char **allow)
{
    const struct http_server *server = request->server;
    struct text methods = text_new(request->arena, 200);

    for (size_t i = 0; i < server->route_count; i++) {
        const struct http_route_entry *route = &server->routes[i];

        bool takes_rest = route->segments[route->segment_count - 1].takes_rest;

        if (!path_fits(route, &request->target) || (takes_rest && methods.length > 0))
            continue;
        if (method_fits(route->plan, request->method)) {
            request->route = route;
            fill_parameters(request);
            return 0;
        }
        if (!takes_rest)
            add_method(&methods, route->plan->method);
    }
    *allow = text_string(&methods);
    return methods.length > 0 ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND;
}
