/* Reads queries, form bodies and Cookie headers into names and values. */
#include "net/http_form.h"

#include <string.h>

#include "base/hash.h"

static const char *decode(struct arena *arena, struct span encoded)
{
    const char *decoded = url_decode(arena, encoded, true);

    return decoded != NULL && utf8_is_valid(decoded, strlen(decoded)) ? decoded : NULL;
}

static bool parse_pair(struct arena *arena, struct span piece, struct http_field *field)
{
    struct span value = piece;
    struct span name = { 0 };

    span_split(&value, '=', &name);
    field->name = decode(arena, name);
    field->value = decode(arena, value);
    return field->name != NULL && field->value != NULL;
}

static size_t count_pieces(struct span text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.length; i++)
        count += text.start[i] == '&';
    return count;
}

bool http_pairs_parse(struct arena *arena, struct span text, struct http_pairs *pairs)
{
    size_t limit = count_pieces(text);
    size_t count = 0;
    struct span piece;

    if (limit > HTTP_PAIR_LIMIT)
        return false;
    struct http_field *list = ARENA_ARRAY(arena, struct http_field, limit);
    while (span_split(&text, '&', &piece)) {
        if (piece.length == 0)
            continue;
        if (!parse_pair(arena, piece, &list[count]))
            return false;
        count++;
    }
    *pairs = (struct http_pairs){ .list = list, .count = count };
    return true;
}

const char *http_pairs_find(const struct http_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (text_is(pairs->list[i].name, name))
            return pairs->list[i].value;
    return NULL;
}

static struct span unquote(struct span value)
{
    if (value.length >= 2 && value.start[0] == '"' && value.start[value.length - 1] == '"')
        return (struct span){ .start = value.start + 1, .length = value.length - 2 };
    return value;
}

const char *http_cookie_find(struct arena *arena, const char *header, const char *name)
{
    struct span rest = span_of(header);
    struct span piece, key;

    while (span_split(&rest, ';', &piece)) {
        struct span value = piece;

        if (!span_split(&value, '=', &key) || key.length == piece.length)
            continue;
        if (span_is(span_trim(key), name))
            return span_copy(arena, unquote(span_trim(value)));
    }
    return NULL;
}
