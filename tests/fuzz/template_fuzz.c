/* Input: a template, a zero byte, JSON to fill it from. */
#include <stdint.h>
#include <string.h>

#include "base/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static template_escape *const escapes[] = { NULL, template_escape_html,
                                                template_escape_json, template_escape_url };
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const char *source = arena_copy_n(arena, (const char *)data, size);
    size_t length = strlen(source);
    const char *text = length < size ? (const char *)data + length + 1 : "";
    const struct template *template = template_parse(arena, source, &err);
    const struct json *json =
        json_parse(arena, text, length < size ? size - length - 1 : 0, &err);

    ASSERT(template != NULL || err.text[0] != '\0');
    for (size_t i = 0; template != NULL && i < COUNT_OF(escapes); i++)
        ASSERT(strlen(template_fill(template, arena, json, escapes[i])) <= TEMPLATE_OUTPUT_MAX);
    if (template != NULL)
        template_uses(template, "labels");
    return 0;
}
