/* A job's log on its way to the database. */
#include "core/log_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    ESCAPE = 0x1b,
    BELL = 0x07
};

void log_stream_add(struct log_stream *stream, const char *bytes, size_t length)
{
    if (stream->length + length > stream->capacity) {
        stream->capacity = (stream->length + length) * 2;
        stream->bytes = memory_resize(stream->bytes, stream->capacity);
    }
    memcpy(stream->bytes + stream->length, bytes, length);
    stream->length += length;
}

void log_stream_drop(struct log_stream *stream, size_t length)
{
    if (length == 0)
        return;
    stream->length -= length;
    memmove(stream->bytes, stream->bytes + length, stream->length);
}

void log_stream_clear(struct log_stream *stream)
{
    free(stream->bytes);
    *stream = (struct log_stream){ 0 };
}

/* "ESC [" up to a byte from @ to ~. */
static size_t control_length(const char *bytes, size_t length)
{
    size_t at = 2;

    while (at < length && (bytes[at] < '@' || bytes[at] > '~'))
        at++;
    return at < length ? at + 1 : length;
}

/* "ESC ]" up to BEL or ESC \. */
static size_t command_length(const char *bytes, size_t length)
{
    size_t at = 2;

    while (at < length && bytes[at] != BELL && bytes[at] != ESCAPE && bytes[at] != '\n')
        at++;
    if (at < length && bytes[at] == BELL)
        return at + 1;
    return at + 1 < length && bytes[at] == ESCAPE ? at + 2 : at;
}

/* What a terminal would act on (ECMA-48); others are ESC, bytes from space to /, and one more. */
static size_t sequence_length(const char *bytes, size_t length)
{
    size_t at = 1;

    if (length < 2)
        return length;
    if (bytes[1] == '[')
        return control_length(bytes, length);
    if (bytes[1] == ']')
        return command_length(bytes, length);
    while (at < length && bytes[at] >= ' ' && bytes[at] <= '/')
        at++;
    return at < length ? at + 1 : length;
}

const char *log_clean(struct arena *arena, const char *bytes, size_t length)
{
    char *out = arena_alloc(arena, length + 1);
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        if (bytes[at] == ESCAPE) {
            at += sequence_length(bytes + at, length - at);
            continue;
        }
        if (bytes[at] == '\r')
            out[used++] = '\n';
        else
            out[used++] = bytes[at];
        at += bytes[at] == '\r' && at + 1 < length && bytes[at + 1] == '\n' ? 2 : 1;
    }
    return text_printable(arena, utf8_repair(arena, out, used));
}

static size_t whole_lines(const struct log_stream *stream)
{
    size_t length = stream->length;

    while (length > 0 && stream->bytes[length - 1] != '\n')
        length--;
    return length;
}

static const char *clean_front(const struct log_stream *stream, const struct log_filter *filter,
                               size_t length, struct arena *arena)
{
    return filter->redact(filter->context, arena, log_clean(arena, stream->bytes, length));
}

/*
 * An endless line: all of it is cleaned, its end goes back as it is then.  A secret that has only begun is whole in what
 * is kept; one that was there is gone from both parts.
 */
static const char *break_line(struct log_stream *stream, const struct log_filter *filter,
                              struct arena *arena)
{
    const char *clean = clean_front(stream, filter, stream->length, arena);
    size_t length = strlen(clean);
    size_t keep = filter->longest > 0 ? filter->longest - 1 : 0;
    size_t cut;

    if (keep >= length)
        return NULL;
    cut = utf8_cut_length(clean, length, length - keep);
    log_stream_drop(stream, stream->length);
    log_stream_add(stream, clean + cut, length - cut);
    return arena_copy_n(arena, clean, cut);
}

const char *log_stream_take(struct log_stream *stream, const struct log_filter *filter,
                            bool end, struct arena *arena)
{
    size_t length = end ? stream->length : whole_lines(stream);
    const char *clean;

    if (length == 0)
        return stream->length > LOG_LINE_MAX_BYTES ? break_line(stream, filter, arena) : NULL;
    clean = clean_front(stream, filter, length, arena);
    log_stream_drop(stream, length);
    if (end && !text_ends(clean, "\n"))
        clean = arena_printf(arena, "%s\n", clean);
    return clean;
}
