/*
 * A job's log on its way to the database: whole lines, made printable, without secrets.  What has no line end yet is held
 * back, so that a secret that came in two pieces is found.  One user at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct log_stream {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* A line longer than this is broken, so that one without an end does not fill the memory. */
enum {
    LOG_LINE_MAX_BYTES = 64 * 1024
};

/* How secrets are taken out, and how long one can be. */
struct log_filter {
    const char *(*redact)(void *context, struct arena *arena, const char *text);
    void *context;
    size_t longest;
};

void log_stream_add(struct log_stream *stream, const char *bytes, size_t length);

/* What can be written now, NULL: nothing.  end: everything, with a line end after the last line. */
const char *log_stream_take(struct log_stream *stream, const struct log_filter *filter,
                            bool end, struct arena *arena);
/* Forgets the first bytes: they are written. */
void log_stream_drop(struct log_stream *stream, size_t length);
void log_stream_clear(struct log_stream *stream);

/* UTF-8 repaired, terminal sequences dropped, carriage returns as line ends, other control characters made visible. */
const char *log_clean(struct arena *arena, const char *bytes, size_t length);
