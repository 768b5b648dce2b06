/*
 * What a pipeline writes, line by line.  Most of it is log; lines that begin with "::" speak to opsroom:
 *
 *     ::step NAME            the step before has succeeded, this one runs
 *     ::url URL [TEXT]       a link of the job, http or https
 *     ::output KEY=VALUE     a result of the job
 *     ::progress TEXT        where it is, one line
 *
 * What looks like one of them but is not whole is log.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

enum line_kind {
    LINE_LOG,
    LINE_STEP,     /* name */
    LINE_LINK,     /* name: the text, value: the URL */
    LINE_OUTPUT,   /* name, value */
    LINE_PROGRESS, /* name: the text */
};

struct line {
    enum line_kind kind;
    struct span bytes; /* as written, with its end */
    const char *name;
    const char *value;
};

struct line_reader {
    struct span rest;
    bool end;    /* nothing comes after rest: its last line is whole */
    bool inside; /* rest goes on with a line whose beginning was log */
};

/* A line as a person reads it: without its end and what steers a terminal, valid, at most limit_bytes. */
const char *line_text(struct arena *arena, struct span bytes, size_t limit_bytes);

/* Takes the next line off the front of reader->rest.  False: there is no whole one. */
bool line_next(struct arena *arena, struct line_reader *reader, struct line *line);
