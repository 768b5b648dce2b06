/*
 * From events to channels: first match unless "continue"; matchers in Alertmanager's syntax over the event's fields and
 * labels.  Compiled once per configuration, indexed by source and first equality.
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

enum route_only {
    ROUTE_ALL,
    ROUTE_FAILURES, /* failure, firing, cancelled, and what ends them */
    ROUTE_CHANGES,  /* the subject's status differs from the one before */
};

/* How an event about a known subject is said. */
enum route_update {
    ROUTE_IN_PLACE, /* the subject's message is rewritten */
    ROUTE_THREAD,   /* answers in its thread */
    ROUTE_NEW,      /* a message of its own each time */
};

struct route_button {
    const char *label;
    const struct template *line; /* over the event; run under the rights of whoever presses */
};

struct route {
    const char *name;                    /* "opsroom.yaml:57" */
    const char *from;                    /* NULL: any source */
    const struct matchers *matchers;     /* NULL: all */
    struct strings to;                   /* chat#channel */
    const struct template *title, *text; /* NULL: the default */
    bool goes_on;                        /* "continue" */
    enum route_only only;
    enum route_update update;
    long long group_s;  /* 0: at once */
    struct hours quiet; /* text NULL: none */
    const struct route_button *buttons;
    size_t button_count;
    unsigned line;
};

struct routes; /* compiled, in the snapshot's memory */

/* Positions of the routes an event takes, in order; at most limit.  Pure. */
size_t routes_match(const struct routes *routes, const struct event *event, size_t *taken,
                    size_t limit);
const struct route *routes_at(const struct routes *routes, size_t position);
size_t routes_count(const struct routes *routes);
/* The snapshot's. */
const struct routes *config_routes(const struct config *config);

/* The message a route makes of an event; since_ms and previous of its subject, 0 and NULL when it is new. */
struct message route_message(struct arena *arena, const struct config *config,
                             const struct route *route, const struct event *event,
                             long long since_ms, const char *previous);
