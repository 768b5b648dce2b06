/* Matchers as in Alertmanager: severity="critical", status!="success", branch=~"main|release-.*", team!~"web.*" */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum matcher_sign {
    MATCHER_IS,       /* =  */
    MATCHER_IS_NOT,   /* != */
    MATCHER_FITS,     /* =~ */
    MATCHER_FITS_NOT, /* !~ */
};

struct matcher {
    const char *name;
    enum matcher_sign sign;
    const char *value;
};

struct matchers; /* immutable once parsed; lives in its arena; any thread may match */

enum {
    MATCHERS_MAX = 64,
    MATCHERS_SOURCE_MAX_BYTES = 16 * 1024,
};

/*
 * Names and values are bare words or in double or single quotes, in which \" \' \\ \n are escapes and any other
 * backslash stands for itself.  Between matchers stands a comma or white space; braces around the whole are optional.
 * An empty list matches everything.  A fault says where and what was expected.
 */
struct matchers *matchers_parse(struct arena *arena, const char *source, struct error *err);

/*
 * Do all of them match?  value_of gives the value of a name; NULL is the empty string.  Regular expressions (PCRE2)
 * must fit the whole value, a dot fits line ends too.  One that needs too much work to decide does not match, whatever
 * its sign.
 */
bool matchers_match(const struct matchers *matchers,
                    const char *(*value_of)(void *context, const char *name), void *context);

size_t matchers_count(const struct matchers *matchers);
const struct matcher *matchers_at(const struct matchers *matchers, size_t position);
const char *matcher_sign_text(enum matcher_sign sign); /* = != =~ !~ */

/* How often a regular expression was given up because it needed too much work. */
long long matchers_given_up(const struct matchers *matchers);
