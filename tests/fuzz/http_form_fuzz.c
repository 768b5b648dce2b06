/* Queries, form bodies and Cookie headers of strangers. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "net/http_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    char *text = arena_copy_n(arena, (const char *)data, size);
    struct http_pairs pairs = { 0 };

    if (http_pairs_parse(arena, (struct span){ .start = text, .length = size }, &pairs)) {
        ASSERT(pairs.count <= HTTP_PAIR_LIMIT);
        for (size_t i = 0; i < pairs.count; i++) {
            ASSERT(utf8_is_valid(pairs.list[i].name, strlen(pairs.list[i].name)));
            ASSERT(utf8_is_valid(pairs.list[i].value, strlen(pairs.list[i].value)));
            ASSERT(http_pairs_find(&pairs, pairs.list[i].name) != NULL);
        }
    }
    (void)http_cookie_find(arena, text, "session");
    return 0;
}
