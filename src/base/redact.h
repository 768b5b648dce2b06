/* Takes known secret values, in their usual encodings, out of text on its way to people, logs and disk. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/secret.h"

struct redactor;

/* Values under this many bytes are not searched for: they would tear harmless text apart. */
enum {
    REDACT_MIN_BYTES = 6
};

struct redactor *redactor_new(void);
void redactor_free(struct redactor *redactor);
DEFINE_AUTO(redactor);

/* Adds the value, its lines, and their URL, JSON-escaped, hex and base64 (three alignments, both alphabets) forms. */
void redactor_add(struct redactor *redactor, const struct secret *secret);

/* Builds the search automaton; nothing can be added afterwards and any thread may search. */
void redactor_ready(struct redactor *redactor);

/* The text with each occurrence replaced by "[secret]"; overlapping ones are one.  Returns text itself, and allocates
 * nothing, when there is none. */
const char *redact(const struct redactor *redactor, struct arena *arena, const char *text);

/* The longest form in bytes: a stream must hold back one byte less than this across chunks. */
size_t redactor_longest(const struct redactor *redactor);
