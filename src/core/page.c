/* Lists in pages. */
#include "core/page.h"

long long page_limit(long long wanted)
{
    if (wanted <= 0)
        return PAGE_DEFAULT;
    return wanted < PAGE_MAX ? wanted : PAGE_MAX;
}

const struct json *page_json(struct arena *arena, const struct json *items, long long limit)
{
    size_t count = json_count(items);
    struct json next = json_null();

    if (count > 0 && (long long)count >= limit)
        next = V(arena_printf(arena, "%lld", json_integer(json_at(items, count - 1), "id", 0)));
    return OBJECT(arena, { "items", V(items) }, { "next", next });
}
