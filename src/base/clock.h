/* Time: milliseconds since 1970 in UTC, one clock for the process, zones by name, durations for people. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"

/* The wall clock; with OPSROOM_TEST_CLOCK=FILE (test builds only) moved by the milliseconds in that file, which is
 * looked at again every 20 ms. */
long long clock_now_ms(void);

/* For measuring and timeouts; never goes back. */
long long clock_steady_ms(void);
long long clock_steady_us(void);

/* A zone of the system's tz database by name ("Europe/Lisbon", "UTC"); kept for the life of the process. */
struct zone;
const struct zone *zone_find(const char *name); /* NULL: no such zone */

struct moment {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday;  /* 0 is Monday */
    int offset_s; /* east of UTC */
};
/* What lies outside the years 0 to 9999 counts as the first or last millisecond of them. */
#define CLOCK_FIRST_MS (-62167219200000LL)
#define CLOCK_LAST_MS  253402300799999LL
struct moment moment_in(const struct zone *zone, long long at_ms); /* zone NULL: UTC */

char *clock_print_iso(struct arena *arena, long long at_ms); /* 2026-11-24T13:42:50.123Z */
char *clock_print_short(struct arena *arena, const struct zone *zone,
                        long long at_ms); /* 14:32, or 24 Nov 14:32 when not today */
bool clock_parse_iso(const char *text, long long *at_ms); /* RFC 3339 */
char *duration_print(struct arena *arena, long long ms);  /* 0.4s, 38s, 1m 12s, 2h 5m, 3d 4h */

/* The calendar: days since 1970-01-01, and how many a month has. */
long long clock_days(long long year, int month, int day);
int clock_days_in_month(long long year, int month);

/* A time in JSON: RFC 3339 in UTC; 0 is absent.  And back, 0 when it is not there or no time. */
struct json clock_json(struct arena *arena, long long at_ms);
long long clock_from_json(const struct json *json, const char *path);
