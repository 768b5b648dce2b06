/* The target of a request line, taken apart and decoded once.  For net/ and its tests. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "net/http_form.h"

enum {
    HTTP_SEGMENT_LIMIT = 64
};

struct http_target {
    const char *path;            /* decoded, from the first slash */
    const char *const *segments; /* decoded, between the slashes; "/" has one, empty */
    size_t segment_count;
    struct http_pairs query;
};

/* NULL when it is sound, else what is wrong, for a 400. */
const char *http_target_parse(struct arena *arena, const char *raw, struct http_target *target);
