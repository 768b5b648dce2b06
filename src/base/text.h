/* Strings: a builder with a limit, slices for parsing, and the few questions we ask of text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"

/* A piece of somebody else's bytes.  Not terminated. */
struct span {
    const char *start;
    size_t length;
};

struct span span_of(const char *string); /* NULL gives an empty span */
struct span span_trim(struct span span); /* without white space (ASCII) at both ends */
bool span_is(struct span span, const char *string);
char *span_copy(struct arena *arena, struct span span);

/*
 * Takes the next piece up to separator off the front of *rest.  False when nothing is left.
 * "a,,b" gives three pieces, "a," one, "" none.
 */
bool span_split(struct span *rest, char separator, struct span *piece);

/* A growing string in an arena.  What would pass limit_bytes is cut (between characters), truncated is set, and
 * nothing is added any more. */
struct text {
    struct arena *arena;
    char *start; /* always terminated once anything was added; text_string() is never NULL */
    size_t length;
    size_t capacity;
    size_t limit_bytes;
    bool truncated;
};

struct text text_new(struct arena *arena, size_t limit_bytes);
void text_add(struct text *text, const char *string); /* NULL adds nothing */
void text_add_n(struct text *text, const char *bytes, size_t length);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *format, ...) PRINTF(2, 3);
const char *text_string(const struct text *text);

/* Questions; NULL is treated as "". */
bool text_is(const char *a, const char *b);
bool text_is_nocase(const char *a, const char *b); /* ASCII */
bool text_is_empty(const char *string);
bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);
bool text_has(const char *string, const char *part);

/* A pattern in which * stands for any characters, spaces too.  Linear time (no blow-up). */
bool text_matches(const char *string, const char *pattern);

/* ASCII only, whole string, no spaces, no overflow; false leaves *out alone. */
bool text_to_integer(const char *string, long long *out);
bool text_to_number(const char *string, double *out);
bool text_to_boolean(const char *string, bool *out); /* true yes on 1, false no off 0 */

/* "90", "90s", "15m", "1h30m", "2d", "1w" -> seconds.  A bare number is seconds. */
bool text_to_duration(const char *string, long long *seconds);

/* The nearest of count names to word by edit distance (with transpositions), NULL if none is
 * near enough to be meant (at most a third of the word, at least one). */
const char *text_nearest(const char *word, const char *const *names, size_t count);

/* Characters a terminal, log or chat must not see become U+FFFD or a space: C0 but \n and \t, DEL, C1,
 * bidirectional overrides. */
char *text_printable(struct arena *arena, const char *string);

/* UTF-8: valid, or repaired with U+FFFD; cut at a character boundary to at most limit bytes with
 * "…" at the end when something was cut. */
bool utf8_is_valid(const char *bytes, size_t length);
char *utf8_repair(struct arena *arena, const char *bytes, size_t length);
char *utf8_cut(struct arena *arena, const char *string, size_t limit_bytes);

/* For those who look at each character: its length and value at the start of bytes, 0 when there is no whole
 * valid one; the greatest length up to limit that cuts no character; one that text_printable takes out. */
size_t utf8_read(const char *bytes, size_t length, unsigned *character);
size_t utf8_cut_length(const char *bytes, size_t length, size_t limit_bytes);
bool utf8_is_hidden(unsigned character);
