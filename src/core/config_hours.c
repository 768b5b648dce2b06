/* Time windows of rules: "Mon-Fri 09:00-17:00 Europe/Lisbon". */
#include <string.h>

#include "core/config_internal.h"

enum {
    DAYS = 7,
    EVERY_DAY = (1 << DAYS) - 1,
    DAY_MINUTES = 24 * 60
};

static const char *const day_names[DAYS] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
};

static int day_number(struct arena *arena, struct span name)
{
    const char *text = span_copy(arena, name);

    for (int i = 0; i < DAYS; i++)
        if (text_is_nocase(text, day_names[i]))
            return i;
    return -1;
}

/* "Mon-Fri", "Sat", "Fri-Mon". */
static bool add_days(struct arena *arena, struct span range, unsigned *days)
{
    struct span first, last;

    if (!span_split(&range, '-', &first))
        return false;
    last = range.length > 0 ? range : first;
    int from = day_number(arena, first), to = day_number(arena, last);
    if (from < 0 || to < 0)
        return false;
    for (int day = from;; day = (day + 1) % DAYS) {
        *days |= 1U << day;
        if (day == to)
            return true;
    }
}

static bool parse_days(struct arena *arena, struct span text, unsigned *days)
{
    struct span range;

    *days = 0;
    while (span_split(&text, ',', &range))
        if (!add_days(arena, range, days))
            return false;
    return *days != 0;
}

/* "09:00"; 24:00 is the end of the day. */
static bool parse_minute(struct arena *arena, struct span text, int *minute)
{
    struct span hours_part;
    long long hours = 0, minutes = 0;

    if (!span_split(&text, ':', &hours_part) || hours_part.length > 2 || text.length != 2 ||
        !text_to_integer(span_copy(arena, hours_part), &hours) ||
        !text_to_integer(span_copy(arena, text), &minutes))
        return false;
    *minute = (int)(hours * 60 + minutes);
    return hours >= 0 && minutes >= 0 && minutes < 60 && *minute <= DAY_MINUTES;
}

static bool parse_times(struct arena *arena, struct span text, struct hours *hours)
{
    struct span from;

    return span_split(&text, '-', &from) && parse_minute(arena, from, &hours->from_minute) &&
           hours->from_minute < DAY_MINUTES && parse_minute(arena, text, &hours->to_minute);
}

/* The next word of rest; a word of no bytes when there is none. */
static struct span next_word(struct span *rest)
{
    struct span word = { .length = 0 };

    *rest = span_trim(*rest);
    (void)span_split(rest, ' ', &word);
    return word;
}

int hours_parse(struct arena *arena, const char *text, const struct zone *zone,
                struct hours *hours, struct error *err)
{
    struct span rest = span_of(text);
    struct span word = next_word(&rest);
    struct hours read = { .text = text, .days = EVERY_DAY, .zone = zone };

    if (word.length > 0 && memchr(word.start, ':', word.length) == NULL) {
        if (!parse_days(arena, word, &read.days))
            return error_set(err, ERROR_INVALID,
                             "\"%.40s\" names no days: write them as Mon-Fri or Sat,Sun",
                             span_copy(arena, word));
        word = next_word(&rest);
    }
    if (!parse_times(arena, word, &read))
        return error_set(err, ERROR_INVALID,
                         "\"%.60s\" has no times of day: write it as Mon-Fri 09:00-17:00 "
                         "Europe/Lisbon",
                         text);
    const char *zone_name = span_copy(arena, span_trim(rest));
    if (zone_name[0] != '\0')
        read.zone = zone_find(zone_name);
    if (read.zone == NULL && zone_name[0] != '\0')
        return error_set(err, ERROR_INVALID,
                         "there is no time zone \"%.60s\": write one of the tz database, such "
                         "as Europe/Lisbon",
                         zone_name);
    *hours = read;
    return 0;
}

/* The day of a window over midnight is the day on which it begins. */
bool hours_include(const struct hours *hours, long long at_ms)
{
    if (hours->text == NULL)
        return true;
    struct moment moment = moment_in(hours->zone, at_ms);
    int minute = moment.hour * 60 + moment.minute;
    unsigned today = 1U << moment.weekday;
    unsigned yesterday = 1U << ((moment.weekday + DAYS - 1) % DAYS);

    if (hours->to_minute > hours->from_minute)
        return (hours->days & today) != 0 && minute >= hours->from_minute &&
               minute < hours->to_minute;
    return ((hours->days & today) != 0 && minute >= hours->from_minute) ||
           ((hours->days & yesterday) != 0 && minute < hours->to_minute);
}
