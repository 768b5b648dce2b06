/* Errors: set, prefixed, cut, and with the system's words. */
#include "base/error.h"

#include <errno.h>

#include "base/text.h"
#include "tap.h"

static void test_set(void)
{
    struct error err = { .kind = ERROR_NONE };

    CHECK_INT(error_set(&err, ERROR_MISSING, "no job \"%s\"", "412"), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_STR(err.text, "no job \"412\"");
    err.status = 404;
    err.retry_after_s = 3;
    error_set(&err, ERROR_INVALID, "again: %s", err.text);
    CHECK_STR(err.text, "again: no job \"412\"");
    CHECK_INT(err.status, 0);
    CHECK_INT(err.retry_after_s, 0);
    CHECK_INT(error_set(NULL, ERROR_INVALID, "nobody asks"), -1);
}

static void test_prefix(void)
{
    struct error err = {
        .kind = ERROR_BUSY, .status = 429, .retry_after_s = 7, .text = "slow"
    };

    CHECK_INT(error_prefix(&err, "GitHub at %s", "api.github.com"), -1);
    CHECK_STR(err.text, "GitHub at api.github.com: slow");
    CHECK_INT(err.kind, ERROR_BUSY);
    CHECK_INT(err.status, 429);
    CHECK_INT(err.retry_after_s, 7);
}

static void test_cut(void)
{
    struct error err = { .kind = ERROR_NONE };
    char text[1000];

    for (size_t start = 0; start < 4; start++) {
        memset(text, 'a', start);
        for (size_t i = start; i + 2 < sizeof(text); i += 2)
            memcpy(text + i, "\xC3\xA9", 3);
        error_set(&err, ERROR_INVALID, "%s", text);
        tap_case("%zu letters first", start);
        CHECK(strlen(err.text) >= sizeof(err.text) - 2);
        CHECK(utf8_is_valid(err.text, strlen(err.text)));
        error_prefix(&err, "%s", text);
        CHECK(utf8_is_valid(err.text, strlen(err.text)));
    }
}

static void test_system(void)
{
    static const struct {
        int number;
        enum error_kind kind;
        const char *text;
    } rows[] = {
        { ENOENT, ERROR_MISSING, "reading x.yaml: No such file or directory" },
        { EACCES, ERROR_DENIED, "reading x.yaml: Permission denied" },
        { ECONNREFUSED, ERROR_UNREACHABLE, "reading x.yaml: Connection refused" },
        { ENOSPC, ERROR_INTERNAL, "reading x.yaml: No space left on device" },
        { EEXIST, ERROR_CONFLICT, "reading x.yaml: File exists" },
        { EAGAIN, ERROR_BUSY, "reading x.yaml: Resource temporarily unavailable" },
        { 99999, ERROR_INTERNAL, "reading x.yaml: system error 99999" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        tap_case("%d", rows[i].number);
        CHECK_INT(error_system(&err, rows[i].number, "reading %s", "x.yaml"), -1);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK_INT(err.status, rows[i].number);
        CHECK_STR(err.text, rows[i].text);
    }
}

int main(void)
{
    test_set();
    test_prefix();
    test_cut();
    test_system();
    CHECK_STR(error_kind_name(ERROR_UNREACHABLE), "unreachable");
    CHECK_STR(error_kind_name(ERROR_NONE), "none");
    return tap_done();
}
