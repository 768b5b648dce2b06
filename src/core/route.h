/*
 * From events to channels: first match unless "continue"; matchers in Alertmanager's syntax over the event's fields and
 * labels.  Compiled once per configuration, indexed by source and by the equality that the fewest routes share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/field.h"
#include "base/matcher.h"
#include "base/template.h"
#include "core/config.h"
#include "core/event.h"
#include "core/message.h"
#include "core/subject.h"

enum {
    ROUTES_TAKEN_MAX = 16, /* by one event, through "continue" */
    ROUTE_LABELS_MAX = 8,  /* shown in the default message */
};

enum route_only {
    ROUTE_ALL,
    ROUTE_FAILURES, /* failure, firing, cancelled, and what ends them */
    ROUTE_CHANGES, /* the subject's status differs from the one before; queued and running are none */
};

/* How an event about a known subject is said. */
enum route_update {
    ROUTE_IN_PLACE, /* the subject's message is rewritten */
    ROUTE_THREAD,   /* it is rewritten, and each change answers in its thread */
    ROUTE_NEW,      /* a message of its own each time */
};

struct route_button {
    const char *label;
    /* A template over the event; run under the rights of whoever presses.  Split into words first, filled after. */
    const char *line;
    const char *style, *confirm;
};

struct route {
    const char *name;                    /* "opsroom.yaml:57" */
    struct strings from;                 /* none: any source */
    const struct matchers *matchers;     /* NULL: all */
    struct strings to;                   /* chat#channel */
    const struct place *places;          /* the same, in parts */
    const struct template *title, *text; /* NULL: the default */
    bool is_whole; /* title and text are all that is said: no labels as facts */
    bool goes_on;  /* "continue" */
    enum route_only only;
    enum route_update update;
    long long group_s;         /* 0: at once */
    const struct hours *quiet; /* windows in which only what is critical is said at once */
    size_t quiet_count;
    const struct matchers *mute; /* what of it is never said, or NULL */
    long long mute_until_ms;     /* 0: for ever */
    const struct route_button *buttons;
    size_t button_count;
    unsigned line;
};

/* Compiled, in the snapshot's memory. */
struct routes;
const struct routes *routes_new(struct arena *arena, const struct route *list, size_t count);

/* Positions of the routes an event takes, in order; at most limit.  Pure.  NULL routes: none. */
size_t routes_match(const struct routes *routes, const struct event *event, size_t *taken,
                    size_t limit);
const struct route *routes_at(const struct routes *routes, size_t position);
size_t routes_count(const struct routes *routes);
const struct route *routes_find(const struct routes *routes, const char *name);
/* Could one of its events ever take a route? */
bool routes_know_source(const struct routes *routes, const char *source);
/* The snapshot's. */
const struct routes *config_routes(const struct config *config);

bool route_is_muted(const struct route *route, const struct event *event, long long now_ms);
bool route_is_quiet(const struct route *route, const struct event *event, long long now_ms);
/* By "only": is there something to say? */
bool route_says(const struct route *route, const struct event *event, const struct turn *turn);

/* The message a route makes of an event; route NULL: the default one. */
struct message route_message(struct arena *arena, const struct config *config,
                             const struct route *route, const struct event *event,
                             const struct turn *turn);
/* What templates of routes and buttons are filled from: the event, times as people write them, what was before. */
const struct json *route_view(struct arena *arena, const struct config *config,
                              const struct event *event, const struct turn *turn);
/* "FIRING critical", "" for what has no state worth a word. */
const char *route_status_words(struct arena *arena, const struct event *event);
enum tone route_tone(const char *status, const char *severity);
/* "4 min", "2 h 5 min": for what is no measurement. */
const char *duration_rough(struct arena *arena, long long ms);
