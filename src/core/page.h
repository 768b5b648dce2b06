/* Lists in pages, newest first: {items, next}; next is the cursor of the page after it, or null. */
#pragma once

#include "base/arena.h"
#include "base/json.h"

enum {
    PAGE_DEFAULT = 50,
    PAGE_MAX = 200
};

/* 0: the default; never more than the most. */
long long page_limit(long long wanted);

/* Items have an "id"; a page that is full may have another one behind it. */
const struct json *page_json(struct arena *arena, const struct json *items, long long limit);
