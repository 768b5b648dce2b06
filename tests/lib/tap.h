/* The unit tests' runner: every check prints one TAP line; a failed one says expected, got and where. */
#pragma once

#include <stdbool.h>
#include <string.h>

#define CHECK(condition)         tap_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_STR(got, expected) tap_string((got), (expected), #got, __FILE__, __LINE__)
#define CHECK_INT(got, expected)                                                               \
    tap_integer((long long)(got), (long long)(expected), #got, __FILE__, __LINE__)

bool tap_check(bool passed, const char *what, const char *file, int line);
bool tap_string(const char *got, const char *expected, const char *what, const char *file,
                int line);
bool tap_integer(long long got, long long expected, const char *what, const char *file,
                 int line);

/* Notes that come before the next failure, for table-driven tests: which row it is. */
void tap_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The last line of main: return tap_done(); */
int tap_done(void);
