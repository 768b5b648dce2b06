/* Targets of strangers' request lines: what is accepted is decoded, whole and without dots. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "net/http_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct http_target target = { 0 };

    if (http_target_parse(arena, arena_copy_n(arena, (const char *)data, size), &target) !=
        NULL)
        return 0;
    ASSERT(target.path[0] == '/' && utf8_is_valid(target.path, strlen(target.path)));
    ASSERT(target.segment_count > 0 && target.segment_count <= HTTP_SEGMENT_LIMIT);
    for (size_t i = 0; i < target.segment_count; i++)
        ASSERT(!text_is(target.segments[i], ".."));
    return 0;
}
