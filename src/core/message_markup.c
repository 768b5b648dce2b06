/* Our small markup: *bold*, `code`, [text](url), and backslashes before what would mean something. */
#include <string.h>

#include "core/message.h"

static const char marks[] = "\\*`[]()";

/* Between the two ends of a piece: what is longer is text, so that no text takes long. */
enum {
    PIECE_LIMIT_BYTES = 4000
};

const char *message_escape(struct arena *arena, const char *text)
{
    struct text out = text_new(arena, 1024 * 1024);

    for (const char *c = text == NULL ? "" : text; *c != '\0'; c++) {
        if (strchr(marks, *c) != NULL)
            text_add_char(&out, '\\');
        text_add_char(&out, *c);
    }
    return text_string(&out);
}

static bool is_escape(const char *at)
{
    return at[0] == '\\' && at[1] != '\0' && strchr(marks, at[1]) != NULL;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/* The next unescaped mark on this line, NULL if there is none. */
static const char *find_mark(const char *from, char mark)
{
    for (const char *at = from; *at != '\0' && *at != '\n'; at++) {
        if (at - from > PIECE_LIMIT_BYTES)
            return NULL;
        if (is_escape(at))
            at++;
        else if (*at == mark)
            return at;
    }
    return NULL;
}

static const char *unescape(struct arena *arena, const char *start, const char *end)
{
    char *out = arena_alloc(arena, (size_t)(end - start) + 1);
    size_t length = 0;

    for (const char *at = start; at < end; at++) {
        if (is_escape(at) && at + 1 < end)
            at++;
        out[length++] = *at;
    }
    return out;
}

/* *bold*: the signs touch the words inside and no words outside. */
static const char *bold_end(const char *start, char before, const char *at)
{
    const char *end = at + 1;

    if ((at > start && is_word(before)) || is_space(at[1]))
        return NULL;
    while ((end = find_mark(end, '*')) != NULL) {
        if (end - at > PIECE_LIMIT_BYTES)
            return NULL;
        if (end > at + 1 && !is_space(end[-1]) && !is_word(end[1]))
            return end;
        end++;
    }
    return NULL;
}

static bool link_parts(const char *at, const char **text_end, const char **url_end)
{
    *text_end = find_mark(at + 1, ']');
    if (*text_end == NULL || *text_end == at + 1 || (*text_end)[1] != '(')
        return false;
    *url_end = find_mark(*text_end + 2, ')');
    return *url_end != NULL &&
           (text_starts(*text_end + 2, "https://") || text_starts(*text_end + 2, "http://"));
}

/* The piece that starts at a mark; NULL when the mark is only itself. */
static const char *read_marked(struct arena *arena, const char *start, const char *at,
                               struct markup_piece *piece)
{
    const char *end = NULL;
    const char *url_end;

    *piece = (struct markup_piece){ .kind = MARKUP_TEXT };
    if (*at == '*' && (end = bold_end(start, at > start ? at[-1] : ' ', at)) != NULL)
        piece->kind = MARKUP_BOLD;
    else if (*at == '`' && (end = find_mark(at + 1, '`')) != NULL && end > at + 1)
        piece->kind = MARKUP_CODE;
    else if (*at == '[' && link_parts(at, &end, &url_end)) {
        piece->kind = MARKUP_LINK;
        piece->url = unescape(arena, end + 2, url_end);
        piece->text = unescape(arena, at + 1, end);
        return url_end + 1;
    }
    if (piece->kind == MARKUP_TEXT)
        return NULL;
    piece->text = unescape(arena, at + 1, end);
    return end + 1;
}

bool markup_next(struct arena *arena, const char **rest, struct markup_piece *piece)
{
    const char *start = *rest;
    const char *at = start;
    struct markup_piece marked;

    if (start == NULL || *start == '\0')
        return false;
    for (; *at != '\0'; at++) {
        const char *after;

        if (is_escape(at)) {
            at++;
            continue;
        }
        if (strchr("*`[", *at) == NULL)
            continue;
        after = read_marked(arena, start, at, &marked);
        if (after == NULL)
            continue;
        if (at == start) {
            *piece = marked;
            *rest = after;
            return true;
        }
        break;
    }
    *piece = (struct markup_piece){ .kind = MARKUP_TEXT, .text = unescape(arena, start, at) };
    *rest = at;
    return true;
}

const char *markup_plain(struct arena *arena, const char *markup)
{
    struct text out = text_new(arena, 1024 * 1024);
    struct markup_piece piece;

    while (markup_next(arena, &markup, &piece)) {
        text_add(&out, piece.text);
        if (piece.kind == MARKUP_LINK && !text_is(piece.text, piece.url))
            text_addf(&out, " (%s)", piece.url);
    }
    return text_string(&out);
}
