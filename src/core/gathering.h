/*
 * What a route collects before it says it: a grouping window, quiet hours, a flood.  Rows; the timer says what is due.
 * For core/ only.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "core/event.h"
#include "core/route.h"

enum {
    FLOOD_MESSAGES =
        20, /* new ones a minute, into one channel by one route; the rest is collected */
    FLOOD_WINDOW_MS = 60 * 1000,
    FLOOD_SHOW_MS = 5 * 1000,
    GATHERING_TITLES = 10,
};

/* One event on its way into a gathering. */
struct gathered {
    const char *why; /* "group", "quiet", "flood" */
    const struct route *route;
    const struct place *place;
    long long event; /* its id */
    long long now_ms;
};
MUST_CHECK int gathering_add(struct db *db, struct arena *arena,
                             const struct gathered *gathered, struct error *err);

/* Inside a write function: counts a new message of this route into this place.  *over: there are too many. */
MUST_CHECK int flood_count(struct db *db, struct arena *arena, const struct route *route,
                           const struct place *place, bool *over, struct error *err);

/* Says what is due; called by the timer. */
MUST_CHECK int gathering_flush(struct core *core, long long now_ms, struct error *err);
