/* Takes the target of a request line apart: path segments and query, each decoded exactly once. */
#include "net/http_target.h"

#include <string.h>

#include "base/hash.h"

/* RFC 9112, 3.2.2: a server must accept the absolute form ("GET http://host/path"). */
static const char *skip_authority(const char *raw)
{
    const char *host = NULL;

    if (text_starts(raw, "http://"))
        host = raw + strlen("http://");
    else if (text_starts(raw, "https://"))
        host = raw + strlen("https://");
    return host != NULL ? host + strcspn(host, "/?") : raw;
}

static bool is_dots(const char *segment)
{
    return text_is(segment, ".") || text_is(segment, "..");
}

static const char *parse_segment(struct arena *arena, struct span piece, const char **segment)
{
    *segment = url_decode(arena, piece, false);
    if (*segment == NULL)
        return "the path is not percent-encoded correctly";
    if (!utf8_is_valid(*segment, strlen(*segment)))
        return "the path is not UTF-8";
    if (is_dots(*segment))
        return "the path has a segment of dots";
    return NULL;
}

/* path starts after the first slash; unlike span_split, a last slash opens an empty segment. */
static const char *parse_path(struct arena *arena, struct span path, struct http_target *target)
{
    const char **segments = ARENA_ARRAY(arena, const char *, HTTP_SEGMENT_LIMIT);
    struct text whole = text_new(arena, path.length + 1);
    size_t count = 0;
    struct span piece;
    bool more = true;

    while (more) {
        if (count == HTTP_SEGMENT_LIMIT)
            return "the path has too many segments";
        const char *slash = path.length > 0 ? memchr(path.start, '/', path.length) : NULL;
        more = slash != NULL;
        piece.start = path.start;
        piece.length = more ? (size_t)(slash - path.start) : path.length;
        path.start += piece.length + more;
        path.length -= piece.length + more;
        const char *fault = parse_segment(arena, piece, &segments[count]);
        if (fault != NULL)
            return fault;
        text_add_char(&whole, '/');
        text_add(&whole, segments[count]);
        count++;
    }
    target->path = text_string(&whole);
    target->segments = segments;
    target->segment_count = count;
    return NULL;
}

static bool has_only_allowed_bytes(const char *raw)
{
    for (const char *at = raw; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    return true;
}

const char *http_target_parse(struct arena *arena, const char *raw, struct http_target *target)
{
    if (!has_only_allowed_bytes(raw))
        return "the request's target has a space or a control character";
    raw = skip_authority(raw);
    struct span path = { .start = raw, .length = strcspn(raw, "?#") };
    const char *query = raw + path.length;

    if (path.length > 0) {
        if (*path.start != '/')
            return "the request's target is not a path";
        path.start++;
        path.length--;
    }
    const char *fault = parse_path(arena, path, target);
    if (fault != NULL)
        return fault;
    if (*query != '?')
        return NULL;
    struct span pairs = { .start = query + 1, .length = strcspn(query + 1, "#") };
    return http_pairs_parse(arena, pairs, &target->query)
               ? NULL
               : "the query is not percent-encoded UTF-8, or is too long";
}
