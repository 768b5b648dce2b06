/* What the files of events share.  For core/event*.c. */
#pragma once

#include "core/core.h"
#include "core/event.h"
#include "core/route.h"
#include "store/store.h"

struct cleaning {
    struct arena *arena;
    struct core *core; /* NULL: nothing is redacted (route test without a server) */
    long long now_ms;
};
/* As it is stored.  ERROR_INVALID: something is missing. */
MUST_CHECK int event_clean(const struct cleaning *cleaning, const struct event *event,
                           struct event *clean, struct error *err);

/* One event, cleaned, with the routes it takes. */
struct planned {
    struct event event;
    const struct route *routes[ROUTES_TAKEN_MAX];
    size_t route_count;
    const char *labels; /* of the event, as JSON text; NULL: none */
    /* Out, by event_write(). */
    bool is_new;
    const char *outcome;
};

struct event_plan {
    struct core *core;
    const struct config *config;
    struct planned *events;
    size_t count;
    /* Out. */
    long long taken, first_id;
    const char *outcome;
};

/* The routes it takes by this configuration, into planned. */
void event_route(const struct config *config, struct planned *planned);

/* A row of the table as an event. */
struct event event_from_row(struct arena *arena, const struct json *row);
