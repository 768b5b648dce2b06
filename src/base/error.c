/* Errors as text for a person, and the end of the process when one of our own assumptions is wrong. */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const kind_names[] = {
    [ERROR_NONE] = "none",         [ERROR_INVALID] = "invalid",
    [ERROR_DENIED] = "denied",     [ERROR_MISSING] = "missing",
    [ERROR_CONFLICT] = "conflict", [ERROR_BUSY] = "busy",
    [ERROR_INTERNAL] = "internal", [ERROR_UNREACHABLE] = "unreachable",
};

const char *error_kind_name(enum error_kind kind)
{
    return (size_t)kind < COUNT_OF(kind_names) ? kind_names[kind] : "unknown";
}

void assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "opsroom: %s:%d: this should hold: %s\n", file, line, condition);
    abort();
}

/* Formats into a buffer of its own first: a value may be err->text itself. */
static PRINTF(2, 0) void print_text(struct error *err, const char *format, va_list values)
{
    char text[sizeof(err->text) + 8];

    if (vsnprintf(text, sizeof(text), format, values) < 0)
        text[0] = '\0';
    size_t length = utf8_cut_length(text, strlen(text), sizeof(err->text) - 1);
    memcpy(err->text, text, length);
    err->text[length] = '\0';
}

int error_vset(struct error *err, enum error_kind kind, const char *format, va_list values)
{
    if (err == NULL)
        return -1;
    print_text(err, format, values);
    err->kind = kind;
    err->status = 0;
    err->retry_after_s = 0;
    return -1;
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    error_vset(err, kind, format, values);
    va_end(values);
    return -1;
}

static PRINTF(2, 3) void print_over(struct error *err, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    print_text(err, format, values);
    va_end(values);
}

static enum error_kind kind_of(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return ERROR_MISSING;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERROR_DENIED;
    case EEXIST:
        return ERROR_CONFLICT;
    case EAGAIN:
    case EBUSY:
        return ERROR_BUSY;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EPIPE:
    case ETIMEDOUT:
        return ERROR_UNREACHABLE;
    default:
        return ERROR_INTERNAL;
    }
}

int error_system(struct error *err, int error_number, const char *format, ...)
{
    va_list values;

    if (err == NULL)
        return -1;
    va_start(values, format);
    error_vset(err, kind_of(error_number), format, values);
    va_end(values);
    err->status = error_number;
    const char *meaning = strerrordesc_np(error_number);
    if (meaning != NULL)
        print_over(err, "%s: %s", err->text, meaning);
    else
        print_over(err, "%s: system error %d", err->text, error_number);
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    struct error prefix = { .kind = ERROR_NONE };
    va_list values;

    if (err == NULL)
        return -1;
    va_start(values, format);
    print_text(&prefix, format, values);
    va_end(values);
    print_over(err, "%s: %s", prefix.text, err->text);
    return -1;
}
