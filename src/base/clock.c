/* Time: the clocks of the process, and moments and durations as text. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#ifdef OPSROOM_TEST_HOOKS
#include <pthread.h>
#include <stdlib.h>
#endif

enum {
    DAY_S = 24 * 3600
};

static long long read_clock_us(clockid_t id)
{
    struct timespec now = { .tv_sec = 0 };

    clock_gettime(id, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#ifdef OPSROOM_TEST_HOOKS

/* What the file of OPSROOM_TEST_CLOCK adds to the clock; looked at again after 20 ms. */
static long long test_offset_ms(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static long long offset_ms, read_at_us = -1000000;
    const char *path = getenv("OPSROOM_TEST_CLOCK");

    if (path == NULL)
        return 0;
    pthread_mutex_lock(&lock);
    long long now_us = clock_steady_us();
    if (now_us - read_at_us >= 20000) {
        char line[32] = "";
        FILE *file = fopen(path, "re");
        if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
            line[strcspn(line, "\r\n")] = '\0';
            text_to_integer(line, &offset_ms);
        }
        if (file != NULL)
            fclose(file);
        read_at_us = now_us;
    }
    long long offset = offset_ms;
    pthread_mutex_unlock(&lock);
    return offset;
}

#else

static long long test_offset_ms(void)
{
    return 0;
}

#endif

long long clock_now_ms(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000 + test_offset_ms();
}

long long clock_steady_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

long long clock_steady_ms(void)
{
    return clock_steady_us() / 1000;
}

char *clock_print_iso(struct arena *arena, long long at_ms)
{
    struct moment at = moment_in(NULL, at_ms);
    long long ms = at_ms % 1000;

    if (at_ms < CLOCK_FIRST_MS || at_ms > CLOCK_LAST_MS)
        ms = at_ms < 0 ? 0 : 999;
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03lldZ", at.year, at.month,
                        at.day, at.hour, at.minute, at.second, ms < 0 ? ms + 1000 : ms);
}

char *clock_print_short(struct arena *arena, const struct zone *zone, long long at_ms)
{
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct moment at = moment_in(zone, at_ms), now = moment_in(zone, clock_now_ms());

    if (at.year == now.year && at.month == now.month && at.day == now.day)
        return arena_printf(arena, "%02d:%02d", at.hour, at.minute);
    return arena_printf(arena, "%d %s %02d:%02d", at.day, months[at.month - 1], at.hour,
                        at.minute);
}

/* Takes count digits off the front; false when they are not there or the number is out of bounds. */
static bool take_number(struct span *rest, size_t count, int low, int high, int *out)
{
    int value = 0;

    if (rest->length < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = rest->start[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    rest->start += count;
    rest->length -= count;
    *out = value;
    return value >= low && value <= high;
}

static bool take_char(struct span *rest, const char *accepted)
{
    if (rest->length == 0 || strchr(accepted, rest->start[0]) == NULL)
        return false;
    rest->start++;
    rest->length--;
    return true;
}

/* Digits after the point; what is finer than a millisecond is dropped. */
static bool take_fraction(struct span *rest, int *ms)
{
    int digit = 0, scale = 100;

    *ms = 0;
    if (!take_char(rest, ".,"))
        return true;
    if (!take_number(rest, 1, 0, 9, &digit))
        return false;
    do {
        *ms += digit * scale;
        scale /= 10;
    } while (rest->length > 0 && take_number(rest, 1, 0, 9, &digit));
    return true;
}

static bool take_offset(struct span *rest, int *offset_s)
{
    int hours = 0, minutes = 0;

    *offset_s = 0;
    if (take_char(rest, "Zz"))
        return true;
    bool west = rest->length > 0 && rest->start[0] == '-';
    if (!take_char(rest, "+-") || !take_number(rest, 2, 0, 23, &hours) ||
        !take_char(rest, ":") || !take_number(rest, 2, 0, 59, &minutes))
        return false;
    *offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool take_date(struct span *rest, struct moment *at)
{
    return take_number(rest, 4, 0, 9999, &at->year) && take_char(rest, "-") &&
           take_number(rest, 2, 1, 12, &at->month) && take_char(rest, "-") &&
           take_number(rest, 2, 1, clock_days_in_month(at->year, at->month), &at->day);
}

static bool take_time(struct span *rest, struct moment *at)
{
    /* Second 60 is a leap second; it is the next minute's first here, as for the system. */
    return take_number(rest, 2, 0, 23, &at->hour) && take_char(rest, ":") &&
           take_number(rest, 2, 0, 59, &at->minute) && take_char(rest, ":") &&
           take_number(rest, 2, 0, 60, &at->second);
}

bool clock_parse_iso(const char *text, long long *at_ms)
{
    struct span rest = span_of(text);
    struct moment at = { .year = 0 };
    int ms = 0;

    if (!take_date(&rest, &at) || !take_char(&rest, "Tt ") || !take_time(&rest, &at) ||
        !take_fraction(&rest, &ms) || !take_offset(&rest, &at.offset_s) || rest.length > 0)
        return false;
    long long days = clock_days(at.year, at.month, at.day);
    long long second_of_day = (at.hour * 60LL + at.minute) * 60 + at.second;
    *at_ms = (days * DAY_S + second_of_day - at.offset_s) * 1000 + ms;
    return true;
}

char *duration_print(struct arena *arena, long long ms)
{
    static const struct {
        const char *great, *small;
        long long great_s, small_s;
    } scales[] = {
        { "d", "h", DAY_S, 3600 },
        { "h", "m", 3600, 60 },
        { "m", "s", 60, 1 },
    };
    long long seconds = ms / 1000;

    if (ms <= 0)
        return arena_copy(arena, "0s");
    if (seconds == 0)
        return arena_printf(arena, "0.%llds", ms < 100 ? 1 : ms / 100);
    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        long long great = seconds / scales[i].great_s;
        long long small = seconds % scales[i].great_s / scales[i].small_s;
        if (great > 0 && small > 0)
            return arena_printf(arena, "%lld%s %lld%s", great, scales[i].great, small,
                                scales[i].small);
        if (great > 0)
            return arena_printf(arena, "%lld%s", great, scales[i].great);
    }
    return arena_printf(arena, "%llds", seconds);
}

struct json clock_json(struct arena *arena, long long at_ms)
{
    return V(at_ms == 0 ? (const char *)NULL : clock_print_iso(arena, at_ms));
}

long long clock_from_json(const struct json *json, const char *path)
{
    long long at_ms = 0;

    return clock_parse_iso(json_string(json, path, ""), &at_ms) ? at_ms : 0;
}
