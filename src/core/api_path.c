/* Paths of requests: printf-like, every value percent-encoded. */
#include <string.h>

#include "base/hash.h"
#include "core/api_internal.h"

enum {
    PATH_LIMIT_BYTES = 16 * 1024
};

/* As a part of the path "" and "." and ".." would lead somewhere else; behind the ? they are values like others. */
static int add_value(struct text *out, const char *value, struct error *err)
{
    bool in_path = strchr(text_string(out), '?') == NULL;

    if (in_path && (text_is_empty(value) || text_is(value, ".") || text_is(value, "..")))
        return error_set(err, ERROR_INVALID, "\"%s\" cannot be part of an address",
                         value == NULL ? "" : value);
    text_add(out, url_encode(out->arena, value == NULL ? "" : value));
    return 0;
}

const char *api_path(struct arena *arena, struct error *err, const char *format, va_list values)
{
    struct text out = text_new(arena, PATH_LIMIT_BYTES);

    for (const char *c = format; *c != '\0'; c++) {
        if (*c != '%') {
            text_add_char(&out, *c);
        } else if (text_starts(c, "%s")) {
            if (add_value(&out, va_arg(values, const char *), err) < 0)
                return NULL;
            c += strlen("s");
        } else if (text_starts(c, "%lld")) {
            text_addf(&out, "%lld", va_arg(values, long long));
            c += strlen("lld");
        } else {
            ASSERT(text_starts(c, "%%"));
            text_add_char(&out, '%');
            c += strlen("%");
        }
    }
    if (out.truncated) {
        error_set(err, ERROR_INVALID, "the address of the request is longer than %d KB",
                  PATH_LIMIT_BYTES / 1024);
        return NULL;
    }
    return text_string(&out);
}
