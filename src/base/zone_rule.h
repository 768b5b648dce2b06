/* The rule at the end of a TZif file: "WET0WEST,M3.5.0/1,M10.5.0", for times beyond its table. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* When a year's change happens. */
struct zone_change {
    enum zone_change_kind {
        CHANGE_WEEKDAY, /* Mm.w.d: the w-th (5: last) weekday d (0: Sunday) of month m */
        CHANGE_JULIAN,  /* Jn: day 1 to 365, the leap day never counted */
        CHANGE_DAY,     /* n: day 0 to 365 */
    } kind;
    int month, week, day;
    int time_s; /* after midnight, local time before the change; may be negative or over a day */
};

struct zone_rule {
    int standard_s, summer_s; /* east of UTC */
    bool has_summer;
    struct zone_change start, end; /* of summer time */
};

bool zone_rule_parse(struct zone_rule *rule, struct span text);
int zone_rule_offset(const struct zone_rule *rule, long long at_s);
