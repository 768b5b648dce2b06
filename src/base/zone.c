/* The calendar and the zones of the tz database (TZif files, RFC 8536). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/zone_rule.h"

enum {
    NAME_BYTES = 64,
    FILE_BYTES_MAX = 256 * 1024,
    HEADER_BYTES = 44,
    DAY_S = 24 * 3600
};

struct zone {
    struct zone *next;
    char name[NAME_BYTES];
    size_t count;       /* of transitions */
    long long *at_s;    /* when they are, in UTC, ascending */
    int *offset_s;      /* what holds from there */
    int first_offset_s; /* before all of them */
    bool has_rule;
    struct zone_rule rule; /* after all of them */
};

/* The zones found so far.  One of the few process-wide objects: list and lock are static. */
static struct {
    pthread_mutex_t lock;
    struct zone *first;
} zones = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Years are counted from March, so that the leap day is the last: 146097 days make 400 years. */
long long clock_days(long long year, int month, int day)
{
    long long shifted = month > 2 ? year : year - 1;
    long long era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    long long year_of_era = shifted - era * 400;
    long long day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    long long day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

int clock_days_in_month(long long year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static void set_date(struct moment *moment, long long days)
{
    long long shifted = days + 719468;
    long long era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    long long day_of_era = shifted - era * 146097;
    long long year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    long long day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long long month = (5 * day_of_year + 2) / 153;

    moment->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    moment->month = (int)(month < 10 ? month + 3 : month - 9);
    moment->year = (int)(year_of_era + era * 400 + (moment->month <= 2 ? 1 : 0));
}

static long long floor_divide(long long a, long long b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int offset_at(const struct zone *zone, long long at_s)
{
    size_t low = 0, high = zone->count; /* the last transition not after at_s is low - 1 */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->has_rule)
        return zone_rule_offset(&zone->rule, at_s);
    return low == 0 ? zone->first_offset_s : zone->offset_s[low - 1];
}

struct moment moment_in(const struct zone *zone, long long at_ms)
{
    if (at_ms < CLOCK_FIRST_MS)
        at_ms = CLOCK_FIRST_MS;
    if (at_ms > CLOCK_LAST_MS)
        at_ms = CLOCK_LAST_MS;
    long long at_s = floor_divide(at_ms, 1000);
    struct moment moment = { .offset_s = zone != NULL ? offset_at(zone, at_s) : 0 };
    long long local_s = at_s + moment.offset_s;
    long long days = floor_divide(local_s, DAY_S);
    int second_of_day = (int)(local_s - days * DAY_S);

    set_date(&moment, days);
    moment.hour = second_of_day / 3600;
    moment.minute = second_of_day / 60 % 60;
    moment.second = second_of_day % 60;
    moment.weekday = (int)(((days + 3) % 7 + 7) % 7); /* day 0 was a Thursday */
    return moment;
}

static unsigned long long read_big_endian(const char *bytes, size_t count)
{
    unsigned long long value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

struct tzif_counts {
    size_t utc, standard, leap, time, type, name;
};

static bool take_header(struct span *rest, char *version, struct tzif_counts *counts)
{
    const char *at = rest->start;

    if (rest->length < HEADER_BYTES || memcmp(at, "TZif", 4) != 0)
        return false;
    *version = at[4];
    counts->utc = read_big_endian(at + 20, 4);
    counts->standard = read_big_endian(at + 24, 4);
    counts->leap = read_big_endian(at + 28, 4);
    counts->time = read_big_endian(at + 32, 4);
    counts->type = read_big_endian(at + 36, 4);
    counts->name = read_big_endian(at + 40, 4);
    rest->start += HEADER_BYTES;
    rest->length -= HEADER_BYTES;
    return true;
}

/* The counts are 32-bit numbers and the factors small: no overflow in 64 bits. */
static bool take_block(struct span *rest, const struct tzif_counts *counts, size_t time_bytes,
                       struct span *block)
{
    size_t size = counts->time * (time_bytes + 1) + counts->type * 6 + counts->name +
                  counts->leap * (time_bytes + 4) + counts->standard + counts->utc;

    if (rest->length < size)
        return false;
    *block = (struct span){ .start = rest->start, .length = size };
    rest->start += size;
    rest->length -= size;
    return true;
}

static int type_offset_s(const char *types, size_t type)
{
    return (int)(unsigned)read_big_endian(types + type * 6, 4);
}

static bool read_transitions(struct zone *zone, const struct tzif_counts *counts,
                             struct span block)
{
    const char *type_of = block.start + counts->time * 8;
    const char *types = type_of + counts->time;

    if (counts->type == 0)
        return false;
    for (size_t i = 0; i < counts->time; i++) {
        if ((unsigned char)type_of[i] >= counts->type)
            return false;
    }
    zone->first_offset_s = type_offset_s(types, 0);
    zone->count = counts->time;
    zone->at_s = memory_new(counts->time * sizeof(*zone->at_s));
    zone->offset_s = memory_new(counts->time * sizeof(*zone->offset_s));
    for (size_t i = 0; i < counts->time; i++) {
        zone->at_s[i] = (long long)read_big_endian(block.start + i * 8, 8);
        zone->offset_s[i] = type_offset_s(types, (unsigned char)type_of[i]);
    }
    return true;
}

/* The first block has 32-bit times for old readers; the second, the same with 64 bits; then the rule. */
static bool read_tzif(struct zone *zone, struct span file)
{
    struct tzif_counts counts = { .time = 0 };
    struct span block;
    char version = '\0';

    if (!take_header(&file, &version, &counts) || version < '2' ||
        !take_block(&file, &counts, 4, &block) || !take_header(&file, &version, &counts) ||
        !take_block(&file, &counts, 8, &block) || !read_transitions(zone, &counts, block))
        return false;
    struct span rule;
    if (file.length == 0 || file.start[0] != '\n')
        return true;
    file.start++;
    file.length--;
    if (span_split(&file, '\n', &rule) && rule.length > 0)
        zone->has_rule = zone_rule_parse(&zone->rule, rule);
    return true;
}

/* Only what stands in the tz database: no way out of its folder, not the zones that count leap seconds. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_+-/";

    if (text_is_empty(name) || strlen(name) >= NAME_BYTES || name[0] == '/')
        return false;
    return strspn(name, letters) == strlen(name) && !text_starts(name, "right/");
}

static bool read_file(struct zone *zone)
{
    char path[NAME_BYTES + 32];
    bool read = false;

    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone->name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char *bytes = memory_new(FILE_BYTES_MAX);
    size_t length = fread(bytes, 1, FILE_BYTES_MAX, file);
    if (length < FILE_BYTES_MAX && !ferror(file))
        read = read_tzif(zone, (struct span){ .start = bytes, .length = length });
    free(bytes);
    fclose(file);
    return read;
}

static struct zone *load(const char *name)
{
    struct zone *zone = memory_new(sizeof(*zone));

    memcpy(zone->name, name, strlen(name) + 1);
    if (text_is(name, "UTC") || read_file(zone))
        return zone;
    free(zone->at_s);
    free(zone->offset_s);
    free(zone);
    return NULL;
}

const struct zone *zone_find(const char *name)
{
    if (!is_name(name))
        return NULL;
    pthread_mutex_lock(&zones.lock);
    struct zone *zone = zones.first;
    while (zone != NULL && !text_is(zone->name, name))
        zone = zone->next;
    if (zone == NULL && (zone = load(name)) != NULL) {
        zone->next = zones.first;
        zones.first = zone;
    }
    pthread_mutex_unlock(&zones.lock);
    return zone;
}
