/* Input: matchers, a zero byte, the value that every name has. */
#include <stdint.h>
#include <string.h>

#include "base/matcher.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *value_of(void *context, const char *name)
{
    return text_is(name, "absent") ? NULL : context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    char *source = arena_copy_n(arena, (const char *)data, size);
    size_t length = strlen(source);
    char *value = source + length + (length < size);
    const struct matchers *matchers = matchers_parse(arena, source, &err);

    if (matchers == NULL) {
        ASSERT(err.text[0] != '\0');
        return 0;
    }
    matchers_match(matchers, value_of, value);
    for (size_t i = 0; i < matchers_count(matchers); i++)
        ASSERT(matchers_at(matchers, i)->name[0] != '\0');
    return 0;
}
