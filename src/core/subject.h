/*
 * What events are about: one alert, one build, one ticket.  Its newest state, and what a new event means for it.
 * For core/ only.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/event.h"

/* As it stands in the table. */
struct subject {
    const char *status;  /* NULL: nothing is known of it */
    const char *settled; /* the newest status that is neither queued nor running, or NULL */
    long long since_ms;  /* in this status */
    long long begun_ms;  /* of the episode: firing until resolved, queued until it has ended */
    long long episode;   /* which one, from 1 */
    long long at_ms;     /* of its newest event */
};

/* What an event means for it, or for nothing (an event without a subject is its own first and only one). */
struct turn {
    bool is_late;                   /* something newer is known already */
    const char *previous, *settled; /* before, or NULL */
    long long since_ms, begun_ms, episode;
    long long lasted_ms; /* an end: how long that took; 0: not known */
    long long now_ms;
};
struct turn subject_turn(const struct subject *before, const struct event *event,
                         long long now_ms);

MUST_CHECK int subject_read(struct db *db, struct arena *arena, const struct event *event,
                            struct subject *subject, struct error *err);
/* A late one is only counted. */
MUST_CHECK int subject_write(struct db *db, const struct event *event, const struct turn *turn,
                             long long id, struct error *err);

/* The key of its message: one per channel and episode. */
const char *subject_key(struct arena *arena, const struct event *event,
                        const struct turn *turn);
