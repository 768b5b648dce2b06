/* The clock: moments in zones, times and durations as text, the test clock. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "base/zone_rule.h"
#include "tap.h"

static void test_iso(struct arena *arena)
{
    static const struct {
        const char *text;
        long long at_ms;
        const char *printed; /* NULL: the text itself */
    } rows[] = {
        { "1970-01-01T00:00:00.000Z", 0, NULL },
        { "2026-11-24T13:42:50.123Z", 1795527770123, NULL },
        { "1969-12-31T23:59:59.999Z", -1, NULL },
        { "2000-02-29T12:00:00.000Z", 951825600000, NULL },
        { "2000-03-01T00:00:00.000Z", 951868800000, NULL },
        { "1900-02-28T23:59:59.000Z", -2203891201000, NULL },
        { "0000-01-01T00:00:00.000Z", CLOCK_FIRST_MS, NULL },
        { "9999-12-31T23:59:59.999Z", CLOCK_LAST_MS, NULL },
        { "2026-11-24T13:42:50Z", 1795527770000, "2026-11-24T13:42:50.000Z" },
        { "2026-11-24t13:42:50z", 1795527770000, "2026-11-24T13:42:50.000Z" },
        { "2026-11-24 13:42:50.1Z", 1795527770100, "2026-11-24T13:42:50.100Z" },
        { "2026-11-24T13:42:50.123456789Z", 1795527770123, "2026-11-24T13:42:50.123Z" },
        { "2026-11-24T15:42:50+02:00", 1795527770000, "2026-11-24T13:42:50.000Z" },
        { "2026-11-24T08:12:50-05:30", 1795527770000, "2026-11-24T13:42:50.000Z" },
        { "1990-12-31T23:59:60Z", 662688000000, "1991-01-01T00:00:00.000Z" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long at_ms = 5;
        tap_case("%s", rows[i].text);
        CHECK(clock_parse_iso(rows[i].text, &at_ms));
        CHECK_INT(at_ms, rows[i].at_ms);
        CHECK_STR(clock_print_iso(arena, at_ms),
                  rows[i].printed != NULL ? rows[i].printed : rows[i].text);
    }
}

static void test_iso_refused(void)
{
    static const char *const rows[] = {
        "",
        NULL,
        "now",
        "2026-11-24",
        "2026-11-24T13:42:50",
        "2026-11-24T13:42Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T13:60:00Z",
        "2026-11-24T13:42:61Z",
        "2026-11-24T13:42:50.Z",
        "2026-11-24T13:42:50+0200",
        "2026-11-24T13:42:50+24:00",
        "2026-11-24T13:42:50Z ",
        " 2026-11-24T13:42:50Z",
        "26-11-24T13:42:50Z",
        "2026-1-24T13:42:50Z",
        "2026-11-24T13:42:50,Z",
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long at_ms = 5;
        tap_case("%s", rows[i] != NULL ? rows[i] : "NULL");
        CHECK(!clock_parse_iso(rows[i], &at_ms));
        CHECK_INT(at_ms, 5);
    }
}

static long long at(const char *text)
{
    long long at_ms = 0;

    CHECK(clock_parse_iso(text, &at_ms));
    return at_ms;
}

/* Facts of the tz database: each side of a change, years beyond the tables, odd zones. */
static void test_zones(struct arena *arena)
{
    static const struct {
        const char *zone, *utc, *local;
    } rows[] = {
        { "UTC", "2026-11-24T13:42:50Z", "2026-11-24 13:42:50 +0 Tue" },
        { "Europe/Lisbon", "2026-03-29T00:59:59Z", "2026-03-29 00:59:59 +0 Sun" },
        { "Europe/Lisbon", "2026-03-29T01:00:00Z", "2026-03-29 02:00:00 +3600 Sun" },
        { "Europe/Lisbon", "2026-10-25T00:59:59Z", "2026-10-25 01:59:59 +3600 Sun" },
        { "Europe/Lisbon", "2026-10-25T01:00:00Z", "2026-10-25 01:00:00 +0 Sun" },
        { "Europe/Lisbon", "2126-07-01T12:00:00Z", "2126-07-01 13:00:00 +3600 Mon" },
        { "Europe/Lisbon", "1996-07-01T12:00:00Z", "1996-07-01 13:00:00 +3600 Mon" },
        { "America/New_York", "2050-03-13T06:59:59Z", "2050-03-13 01:59:59 -18000 Sun" },
        { "America/New_York", "2050-03-13T07:00:00Z", "2050-03-13 03:00:00 -14400 Sun" },
        { "America/New_York", "2050-11-06T06:00:00Z", "2050-11-06 01:00:00 -18000 Sun" },
        { "Australia/Sydney", "2060-01-01T00:00:00Z", "2060-01-01 11:00:00 +39600 Thu" },
        { "Australia/Sydney", "2060-07-01T00:00:00Z", "2060-07-01 10:00:00 +36000 Thu" },
        { "Europe/Dublin", "2060-01-01T00:00:00Z", "2060-01-01 00:00:00 +0 Thu" },
        { "Europe/Dublin", "2060-07-01T00:00:00Z", "2060-07-01 01:00:00 +3600 Thu" },
        { "Asia/Kolkata", "2026-06-01T18:30:00Z", "2026-06-02 00:00:00 +19800 Tue" },
        { "Australia/Lord_Howe", "2060-07-01T00:00:00Z", "2060-07-01 10:30:00 +37800 Thu" },
    };
    static const char weekdays[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct zone *zone = zone_find(rows[i].zone);
        struct moment moment = moment_in(zone, at(rows[i].utc));
        tap_case("%s in %s", rows[i].utc, rows[i].zone);
        CHECK(zone != NULL);
        CHECK_STR(arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d %s%d %s", moment.year,
                               moment.month, moment.day, moment.hour, moment.minute,
                               moment.second, moment.offset_s >= 0 ? "+" : "", moment.offset_s,
                               weekdays[moment.weekday]),
                  rows[i].local);
    }
    CHECK(zone_find("Europe/Lisbon") == zone_find("Europe/Lisbon"));
}

static void test_zone_names(void)
{
    static const char *const rows[] = {
        "",
        NULL,
        "Nowhere/Town",
        "/etc/localtime",
        "../zoneinfo/UTC",
        "Europe/../UTC",
        "Europe",
        "tzdata.zi",
        "right/UTC",
        "a zone",
        "zone.tab",
        "Europe/LisbonLisbonLisbonLisbonLisbonLisbonLisbonLisbonLisbonLisbonLisbon",
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s", rows[i] != NULL ? rows[i] : "NULL");
        CHECK(zone_find(rows[i]) == NULL);
    }
}

static void test_zone_rules(void)
{
    static const struct {
        const char *rule, *utc;
        int offset_s;
    } rows[] = {
        { "EST5EDT,M3.2.0,M11.1.0", "2030-07-01T00:00:00Z", -4 * 3600 },
        { "<-03>3", "2030-07-01T00:00:00Z", -3 * 3600 },
        { "<+0330>-3:30", "2030-07-01T00:00:00Z", 12600 },
        { "AAA-1YYY,J60/0,J300/0", "2028-02-29T23:30:00Z", 7200 },
        { "AAA-1YYY,J60/0,J300/0", "2028-02-29T22:30:00Z", 3600 },
        { "AAA-1YYY,59/0,300/0", "2028-02-28T23:30:00Z", 7200 },
        { "AAA3YYY,0/0,J365/25", "2030-01-01T02:00:00Z", -7200 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T00:59:59Z", -7200 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T01:00:00Z", -3600 },
    };
    static const char *const refused[] = {
        "",
        "X",
        "XX3",
        "AAA",
        "AAAx",
        "<AAA3",
        "AAA3YYY",
        "AAA3YYY,M3.2.0",
        "AAA3YYY,M13.1.0,J1",
        "AAA3YYY,M3.6.0,J1",
        "AAA3YYY,J0,J1",
        "AAA3YYY,366,J1",
        "AAA168",
        "AAA3YYY,J1,J2,J3",
    };
    struct zone_rule rule;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s at %s", rows[i].rule, rows[i].utc);
        CHECK(zone_rule_parse(&rule, span_of(rows[i].rule)));
        CHECK_INT(zone_rule_offset(&rule, at(rows[i].utc) / 1000), rows[i].offset_s);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tap_case("%s", refused[i]);
        CHECK(!zone_rule_parse(&rule, span_of(refused[i])));
    }
}

/* Every day of four hundred years follows the one before it. */
static void test_calendar(void)
{
    struct moment before = moment_in(NULL, CLOCK_FIRST_MS);
    long long wrong = 0;

    for (long long day = 1; day < 146097 + 400; day++) {
        struct moment next = moment_in(NULL, CLOCK_FIRST_MS + day * 86400000);
        bool same_month = next.month == before.month && next.day == before.day + 1;
        bool new_month = next.day == 1 &&
                         before.day == clock_days_in_month(before.year, before.month) &&
                         next.month == before.month % 12 + 1;
        wrong += !(same_month || new_month) || next.weekday != (before.weekday + 1) % 7 ||
                 clock_days(next.year, next.month, next.day) != day + CLOCK_FIRST_MS / 86400000;
        before = next;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(moment_in(NULL, 0x7fffffffffffffffLL).year, 9999);
    CHECK_INT(moment_in(NULL, -0x7fffffffffffffffLL).year, 0);
}

static void test_durations(struct arena *arena)
{
    static const struct {
        long long ms;
        const char *text;
    } rows[] = {
        { 0, "0s" },        { -5, "0s" },           { 7, "0.1s" },
        { 400, "0.4s" },    { 999, "0.9s" },        { 1000, "1s" },
        { 38400, "38s" },   { 60000, "1m" },        { 72000, "1m 12s" },
        { 3600000, "1h" },  { 7500000, "2h 5m" },   { 7530000, "2h 5m" },
        { 86400000, "1d" }, { 273600000, "3d 4h" }, { 3600000LL * 24 * 100, "100d" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%lld ms", rows[i].ms);
        CHECK_STR(duration_print(arena, rows[i].ms), rows[i].text);
    }
}

static void test_short(struct arena *arena)
{
    long long now_ms = clock_now_ms();
    struct moment now = moment_in(NULL, now_ms);

    CHECK_STR(clock_print_short(arena, NULL, now_ms),
              arena_printf(arena, "%02d:%02d", now.hour, now.minute));
    CHECK_STR(clock_print_short(arena, zone_find("Europe/Lisbon"), at("2024-07-04T13:32:00Z")),
              "4 Jul 14:32");
    CHECK(clock_steady_ms() <= clock_steady_us() / 1000);
}

#ifdef OPSROOM_TEST_HOOKS
/* The file is looked at every 20 ms: the loop ends by then, or by its bound. */
static void test_test_clock(void)
{
    char path[] = "/tmp/opsroom-clock-XXXXXX";
    int file = mkstemp(path);
    long long real_ms = clock_now_ms(), start_ms = clock_steady_ms();

    CHECK(file >= 0 && write(file, "3600000\n", 8) == 8);
    setenv("OPSROOM_TEST_CLOCK", path, 1);
    CHECK(clock_now_ms() - real_ms >= 3600000);
    CHECK(ftruncate(file, 0) == 0 && pwrite(file, "7200000\n", 8, 0) == 8);
    while (clock_now_ms() - real_ms < 7200000 && clock_steady_ms() - start_ms < 5000)
        ;
    CHECK(clock_now_ms() - real_ms >= 7200000);
    unsetenv("OPSROOM_TEST_CLOCK");
    CHECK(clock_now_ms() - real_ms < 3600000);
    close(file);
    unlink(path);
}
#else
static void test_test_clock(void)
{
    long long real_ms = clock_now_ms();

    setenv("OPSROOM_TEST_CLOCK", "/dev/null", 1);
    CHECK(llabs(clock_now_ms() - real_ms) < 60000);
}
#endif

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_iso(arena);
    test_iso_refused();
    test_zones(arena);
    test_zone_names();
    test_zone_rules();
    test_calendar();
    test_durations(arena);
    test_short(arena);
    test_test_clock();
    return tap_done();
}
