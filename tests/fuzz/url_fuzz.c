/* URLs from configurations and from other people's answers. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct url url = { 0 };
    struct error err;

    if (url_parse(arena, arena_copy_n(arena, (const char *)data, size), &url, &err) < 0) {
        ASSERT(err.kind == ERROR_INVALID);
        return 0;
    }
    ASSERT(url.port <= 65535 && !text_is_empty(url.host) && url.target[0] == '/');
    (void)url_is_loopback(&url);
    (void)url_has_tls(&url);
    return 0;
}
