/* What a handler may ask of its request. */
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

struct arena *http_arena(struct http_request *request)
{
    return request->arena;
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->target.path;
}

const char *http_route_path(const struct http_request *request)
{
    return request->route->plan->path;
}

const char *http_parameter(const struct http_request *request, const char *name)
{
    size_t position = 0;

    for (size_t i = 0; i < request->route->segment_count; i++) {
        const struct http_segment *segment = &request->route->segments[i];

        if (segment->name == NULL)
            continue;
        if (text_is(segment->name, name))
            return request->parameters[position];
        position++;
    }
    return NULL;
}

const char *http_query(const struct http_request *request, const char *name)
{
    return http_pairs_find(&request->target.query, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *http_cookie(struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_field *header = &request->headers[i];
        const char *value;

        if (strcasecmp(header->name, "Cookie") != 0)
            continue;
        value = http_cookie_find(request->arena, header->value, name);
        if (value != NULL)
            return value;
    }
    return NULL;
}

struct span http_body(const struct http_request *request)
{
    return (struct span){ .start = request->body != NULL ? request->body : "",
                          .length = request->body_length };
}

const struct json *http_body_json(struct http_request *request, struct error *err)
{
    struct span body = http_body(request);

    if (request->json == NULL)
        request->json = json_parse(request->arena, body.start, body.length, err);
    return request->json;
}

const char *http_form(struct http_request *request, const char *name)
{
    const char *type = http_header(request, "Content-Type");

    if (!request->form_was_parsed) {
        request->form_was_parsed = true;
        if (type != NULL && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0 &&
            !http_pairs_parse(request->arena, http_body(request), &request->form))
            request->form = (struct http_pairs){ 0 };
    }
    return http_pairs_find(&request->form, name);
}

bool http_is_local(const struct http_request *request)
{
    return request->socket->is_local;
}

long long http_local_uid(const struct http_request *request)
{
    return request->socket->uid;
}
