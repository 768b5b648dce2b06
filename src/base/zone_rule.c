/* The POSIX TZ rule, with the extensions of RFC 8536, section 3.3.1 (hours from -167 to 167). */
#include "base/zone_rule.h"

#include "base/clock.h"

enum {
    DAY_S = 24 * 3600
};

static char peek(const struct span *rest)
{
    return rest->length > 0 ? rest->start[0] : '\0';
}

static void skip(struct span *rest)
{
    rest->start++;
    rest->length--;
}

static bool take_char(struct span *rest, char c)
{
    if (peek(rest) != c)
        return false;
    skip(rest);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_number(struct span *rest, int low, int high, int *out)
{
    int value = 0;

    if (!is_digit(peek(rest)))
        return false;
    while (is_digit(peek(rest)) && value <= high) {
        value = value * 10 + (peek(rest) - '0');
        skip(rest);
    }
    *out = value;
    return value >= low && value <= high;
}

/* The abbreviation: three letters or more, or anything between < and >. */
static bool take_name(struct span *rest)
{
    size_t length = 0;

    if (take_char(rest, '<')) {
        while (rest->length > 0 && peek(rest) != '>')
            skip(rest);
        return take_char(rest, '>');
    }
    while (is_letter(peek(rest))) {
        skip(rest);
        length++;
    }
    return length >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct span *rest, int *seconds)
{
    int hours = 0, minutes = 0, rest_s = 0;
    bool negative = take_char(rest, '-');

    if (!negative)
        take_char(rest, '+');
    if (!take_number(rest, 0, 167, &hours))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 0, 59, &minutes))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 0, 59, &rest_s))
        return false;
    *seconds = ((hours * 60 + minutes) * 60 + rest_s) * (negative ? -1 : 1);
    return true;
}

static bool take_change(struct span *rest, struct zone_change *change)
{
    bool read = false;

    change->time_s = 2 * 3600;
    if (take_char(rest, 'M')) {
        change->kind = CHANGE_WEEKDAY;
        read = take_number(rest, 1, 12, &change->month) && take_char(rest, '.') &&
               take_number(rest, 1, 5, &change->week) && take_char(rest, '.') &&
               take_number(rest, 0, 6, &change->day);
    } else if (take_char(rest, 'J')) {
        change->kind = CHANGE_JULIAN;
        read = take_number(rest, 1, 365, &change->day);
    } else {
        change->kind = CHANGE_DAY;
        read = take_number(rest, 0, 365, &change->day);
    }
    if (read && take_char(rest, '/'))
        read = take_time(rest, &change->time_s);
    return read;
}

bool zone_rule_parse(struct zone_rule *rule, struct span text)
{
    struct zone_rule parsed = { .has_summer = false };
    int west_s = 0;

    if (!take_name(&text) || !take_time(&text, &west_s))
        return false;
    parsed.standard_s = -west_s;
    if (text.length > 0) {
        parsed.has_summer = true;
        parsed.summer_s = parsed.standard_s + 3600;
        if (!take_name(&text))
            return false;
        if (peek(&text) != ',') {
            if (!take_time(&text, &west_s))
                return false;
            parsed.summer_s = -west_s;
        }
        if (!take_char(&text, ',') || !take_change(&text, &parsed.start) ||
            !take_char(&text, ',') || !take_change(&text, &parsed.end) || text.length > 0)
            return false;
    }
    *rule = parsed;
    return true;
}

static long long weekday_change(const struct zone_change *change, long long year)
{
    long long first = clock_days(year, change->month, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 0 is Sunday */
    int day = (change->day - weekday + 7) % 7 + (change->week - 1) * 7;

    if (day >= clock_days_in_month(year, change->month))
        day -= 7;
    return first + day;
}

/* In seconds since 1970, counted in local time. */
static long long change_in(const struct zone_change *change, long long year)
{
    long long first = clock_days(year, 1, 1);
    long long day = 0;

    switch (change->kind) {
    case CHANGE_WEEKDAY:
        day = weekday_change(change, year);
        break;
    case CHANGE_JULIAN:
        day = first + change->day - 1;
        if (change->day >= 60 && clock_days_in_month(year, 2) == 29)
            day++;
        break;
    case CHANGE_DAY:
        day = first + change->day;
        break;
    }
    return day * DAY_S + change->time_s;
}

int zone_rule_offset(const struct zone_rule *rule, long long at_s)
{
    if (!rule->has_summer)
        return rule->standard_s;
    struct moment local = moment_in(NULL, (at_s + rule->standard_s) * 1000);
    long long start = change_in(&rule->start, local.year) - rule->standard_s;
    long long end = change_in(&rule->end, local.year) - rule->summer_s;
    bool summer = start < end ? at_s >= start && at_s < end : at_s >= start || at_s < end;

    return summer ? rule->summer_s : rule->standard_s;
}
