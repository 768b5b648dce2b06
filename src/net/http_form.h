/* Names and values in a query, a form body or a Cookie header.  For net/ and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct http_field {
    const char *name;
    const char *value;
};

struct http_pairs {
    const struct http_field *list;
    size_t count;
};

enum {
    HTTP_PAIR_LIMIT = 1000
};

/* application/x-www-form-urlencoded.  False: bad percent-encoding, not UTF-8 or more than HTTP_PAIR_LIMIT pairs. */
bool http_pairs_parse(struct arena *arena, struct span text, struct http_pairs *pairs);

/* The value of the first pair of that name, or NULL. */
const char *http_pairs_find(const struct http_pairs *pairs, const char *name);

/* The value of the first cookie of that name in a Cookie header (RFC 6265), without quotes, or NULL. */
const char *http_cookie_find(struct arena *arena, const char *header, const char *name);
