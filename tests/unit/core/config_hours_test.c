/* Time windows of rules: days, times, midnight, zones. */
#include "core/config_internal.h"
#include "tap.h"

static void test_parsing(struct arena *arena)
{
    static const struct {
        const char *text;
        unsigned days; /* 0: a fault */
        int from, to;
    } rows[] = {
        { "Mon-Fri 09:00-17:00", 0x1F, 540, 1020 },
        { "mon,WED,Fri-Sat 9:30-24:00", 0x35, 570, 1440 },
        { "Fri-Mon 22:00-06:00 Europe/Lisbon", 0x71, 1320, 360 },
        { "  Sun   00:00-00:00  ", 0x40, 0, 0 },
        { "08:00-12:00 UTC", 0x7F, 480, 720 },
        { "", 0, 0, 0 },
        { "Mon-Fri", 0, 0, 0 },
        { "Mon-Fry 09:00-17:00", 0, 0, 0 },
        { "Mon, 09:00", 0, 0, 0 },
        { "Mon-Fri 9-17", 0, 0, 0 },
        { "Mon-Fri 09:60-17:00", 0, 0, 0 },
        { "Mon-Fri 24:00-17:00", 0, 0, 0 },
        { "Mon-Fri 09:00-25:00", 0, 0, 0 },
        { "Mon-Fri -9:00-17:00", 0, 0, 0 },
        { "Mon-Fri 09:00-17:00 Mars/Base", 0, 0, 0 },
        { "Mon-Fri 09:00-17:00 UTC or so", 0, 0, 0 },
        { "Mon-Tue-Wed 09:00-17:00", 0, 0, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        struct hours hours = { .days = 0 };
        int result = hours_parse(arena, rows[i].text, zone_find("UTC"), &hours, &err);

        tap_case("\"%s\"", rows[i].text);
        CHECK_INT(result, rows[i].days == 0 ? -1 : 0);
        CHECK_INT(hours.days, rows[i].days);
        CHECK_INT(hours.from_minute, rows[i].from);
        CHECK_INT(hours.to_minute, rows[i].to);
        CHECK_INT(err.kind, rows[i].days == 0 ? ERROR_INVALID : ERROR_NONE);
    }
}

static void test_inclusion(struct arena *arena)
{
    static const struct {
        const char *hours, *at;
        bool included;
    } rows[] = {
        /* 23 November 2026 is a Monday. */
        { "Mon-Fri 09:00-17:00", "2026-11-23T09:00:00Z", true },
        { "Mon-Fri 09:00-17:00", "2026-11-23T08:59:59Z", false },
        { "Mon-Fri 09:00-17:00", "2026-11-23T16:59:59Z", true },
        { "Mon-Fri 09:00-17:00", "2026-11-23T17:00:00Z", false },
        { "Mon-Fri 09:00-17:00", "2026-11-22T12:00:00Z", false },
        /* Over midnight: the night belongs to the day on which it begins. */
        { "Fri 22:00-06:00", "2026-11-27T21:59:00Z", false },
        { "Fri 22:00-06:00", "2026-11-27T22:00:00Z", true },
        { "Fri 22:00-06:00", "2026-11-28T05:59:00Z", true },
        { "Fri 22:00-06:00", "2026-11-28T06:00:00Z", false },
        { "Fri 22:00-06:00", "2026-11-28T22:30:00Z", false },
        { "Fri 22:00-06:00", "2026-11-27T03:00:00Z", false },
        { "Sun 22:00-06:00", "2026-11-23T03:00:00Z", true },
        /* The same time at both ends is a whole day from then on. */
        { "Mon 09:00-09:00", "2026-11-23T09:00:00Z", true },
        { "Mon 09:00-09:00", "2026-11-24T08:59:00Z", true },
        { "Mon 09:00-09:00", "2026-11-24T09:00:00Z", false },
        /* Zones, winter and summer. */
        { "Mon 09:00-10:00 Europe/Berlin", "2026-11-23T08:30:00Z", true },
        { "Mon 09:00-10:00 Europe/Berlin", "2026-07-06T07:30:00Z", true },
        { "Mon 09:00-10:00 Europe/Berlin", "2026-07-06T08:30:00Z", false },
        { "Mon 00:00-01:00 Asia/Tokyo", "2026-11-22T15:30:00Z", true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        struct hours hours = { .days = 0 };
        long long at_ms = 0;

        tap_case("\"%s\" at %s", rows[i].hours, rows[i].at);
        CHECK_INT(hours_parse(arena, rows[i].hours, NULL, &hours, &err), 0);
        CHECK(clock_parse_iso(rows[i].at, &at_ms));
        CHECK_INT(hours_include(&hours, at_ms), rows[i].included);
    }
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_parsing(arena);
    test_inclusion(arena);
    return tap_done();
}
