/* Splits a pipeline's output into lines and understands those that begin with "::". */
#include "connectors/local/lines.h"

#include <string.h>

enum {
    LINE_BYTES_MAX = 64 * 1024, /* what is longer is log, in pieces */
    NAME_BYTES_MAX = 100,
    TEXT_BYTES_MAX = 300,
    URL_BYTES_MAX = 2000,
    VALUE_BYTES_MAX = 4000,
    ESCAPE = 0x1b
};

/* Valid, printable, short. */
static const char *clean(struct arena *arena, struct span span, size_t limit_bytes)
{
    span = span_trim(span);
    return utf8_cut(arena, text_printable(arena, utf8_repair(arena, span.start, span.length)),
                    limit_bytes);
}

/* One line up to \n, \r or both; a progress bar ends its lines with \r alone.  0: no end in sight. */
static size_t line_length(const struct line_reader *reader)
{
    const char *start = reader->rest.start;
    size_t length = reader->rest.length;
    size_t at = 0;

    while (at < length && start[at] != '\n' && start[at] != '\r')
        at++;
    if (at == length)
        return reader->end || length >= LINE_BYTES_MAX ? length : 0;
    if (start[at] == '\n')
        return at + 1;
    if (at + 1 < length)
        return start[at + 1] == '\n' ? at + 2 : at + 1;
    return reader->end || at >= LINE_BYTES_MAX ? at + 1 : 0;
}

static struct span without_end(struct span line)
{
    while (line.length > 0 &&
           (line.start[line.length - 1] == '\n' || line.start[line.length - 1] == '\r'))
        line.length--;
    return line;
}

/* "::step build": takes the word and the white space after it. */
static bool take_word(struct span *text, const char *word)
{
    size_t length = strlen(word);

    if (text->length <= length || memcmp(text->start, word, length) != 0 ||
        (text->start[length] != ' ' && text->start[length] != '\t'))
        return false;
    *text = span_trim((struct span){ text->start + length, text->length - length });
    return true;
}

/* ECMA-48: "ESC [" up to a byte from @ to ~, otherwise ESC and one byte. */
static size_t escape_length(const char *bytes, size_t length)
{
    size_t at = 2;

    if (length < 2 || bytes[1] != '[')
        return length < 2 ? length : 2;
    while (at < length && (bytes[at] < '@' || bytes[at] > '~'))
        at++;
    return at < length ? at + 1 : length;
}

const char *line_text(struct arena *arena, struct span bytes, size_t limit_bytes)
{
    struct span line = without_end(bytes);
    char *out = arena_alloc(arena, line.length + 1);
    size_t used = 0;

    for (size_t at = 0; at < line.length;) {
        if (line.start[at] == ESCAPE)
            at += escape_length(line.start + at, line.length - at);
        else
            out[used++] = line.start[at++];
    }
    return utf8_cut(arena, text_printable(arena, utf8_repair(arena, out, used)), limit_bytes);
}

static bool read_name(struct arena *arena, struct span text, enum line_kind kind,
                      size_t limit_bytes, struct line *line)
{
    const char *name = clean(arena, text, limit_bytes);

    if (name[0] == '\0')
        return false;
    line->kind = kind;
    line->name = name;
    return true;
}

static bool is_url(struct span url)
{
    size_t scheme = 0;

    if (url.length > 8 && memcmp(url.start, "https://", 8) == 0)
        scheme = 8;
    else if (url.length > 7 && memcmp(url.start, "http://", 7) == 0)
        scheme = 7;
    if (scheme == 0 || url.length > URL_BYTES_MAX || strchr("/:?#", url.start[scheme]) != NULL)
        return false;
    for (size_t i = 0; i < url.length; i++)
        if ((unsigned char)url.start[i] <= ' ' || url.start[i] == 0x7f)
            return false;
    return utf8_is_valid(url.start, url.length);
}

static bool read_link(struct arena *arena, struct span text, struct line *line)
{
    size_t length = 0;
    struct span url;

    while (length < text.length && text.start[length] != ' ' && text.start[length] != '\t')
        length++;
    url = (struct span){ text.start, length };
    if (!is_url(url))
        return false;
    line->kind = LINE_LINK;
    line->value = clean(arena, url, URL_BYTES_MAX);
    line->name = clean(arena, (struct span){ text.start + length, text.length - length },
                       TEXT_BYTES_MAX);
    if (line->name[0] == '\0')
        line->name = line->value;
    return true;
}

static bool is_key(struct span key)
{
    for (size_t i = 0; i < key.length; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-",
                   key.start[i]) == NULL ||
            key.start[i] == '\0')
            return false;
    return key.length > 0 && key.length <= NAME_BYTES_MAX;
}

static bool read_output(struct arena *arena, struct span text, struct line *line)
{
    const char *equals = memchr(text.start, '=', text.length);
    struct span key;

    if (equals == NULL)
        return false;
    key = (struct span){ text.start, (size_t)(equals - text.start) };
    if (!is_key(key))
        return false;
    line->kind = LINE_OUTPUT;
    line->name = span_copy(arena, key);
    line->value = clean(arena, (struct span){ equals + 1, text.length - key.length - 1 },
                        VALUE_BYTES_MAX);
    return true;
}

/* False: it is log. */
static bool read_words(struct arena *arena, struct span text, struct line *line)
{
    if (take_word(&text, "::step"))
        return read_name(arena, text, LINE_STEP, NAME_BYTES_MAX, line);
    if (take_word(&text, "::progress"))
        return read_name(arena, text, LINE_PROGRESS, TEXT_BYTES_MAX, line);
    if (take_word(&text, "::url"))
        return read_link(arena, text, line);
    if (take_word(&text, "::output"))
        return read_output(arena, text, line);
    return false;
}

bool line_next(struct arena *arena, struct line_reader *reader, struct line *line)
{
    size_t length = line_length(reader);
    bool goes_on = reader->inside;
    struct span text;

    if (length == 0)
        return false;
    *line = (struct line){ .kind = LINE_LOG, .bytes = { reader->rest.start, length } };
    reader->rest = (struct span){ reader->rest.start + length, reader->rest.length - length };
    text = without_end(line->bytes);
    reader->inside = text.length == length && !(reader->end && reader->rest.length == 0);
    if (!goes_on && !reader->inside && text.length > 2 && memcmp(text.start, "::", 2) == 0)
        read_words(arena, text, line);
    return true;
}
