/* TAP output for the unit tests. */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>

static int checks;
static int failures;
static char current_case[200];

void tap_case(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(current_case, sizeof(current_case), format, values);
    va_end(values);
}

bool tap_check(bool passed, const char *what, const char *file, int line)
{
    checks++;
    if (passed) {
        printf("ok %d - %s\n", checks, what);
        return true;
    }
    failures++;
    printf("not ok %d - %s\n# %s:%d %s\n", checks, what, file, line, current_case);
    return false;
}

bool tap_string(const char *got, const char *expected, const char *what, const char *file,
                int line)
{
    bool same =
        got == expected || (got != NULL && expected != NULL && strcmp(got, expected) == 0);

    tap_check(same, what, file, line);
    if (!same)
        printf("#   expected: %s\n#        got: %s\n", expected != NULL ? expected : "(null)",
               got != NULL ? got : "(null)");
    return same;
}

bool tap_integer(long long got, long long expected, const char *what, const char *file,
                 int line)
{
    bool same = got == expected;

    tap_check(same, what, file, line);
    if (!same)
        printf("#   expected: %lld\n#        got: %lld\n", expected, got);
    return same;
}

int tap_done(void)
{
    printf("1..%d\n", checks);
    return failures == 0 ? 0 : 1;
}
