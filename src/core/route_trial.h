/* What would become of an event, without anything happening: for route test. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "core/route.h"

struct route_trial {
    const char *route;    /* "opsroom.yaml:57" */
    const char *channels; /* "web#ops, acme#builds" */
    const char *remark;   /* what would hold it back now, or NULL */
    const char *text;     /* the message, plain */
};
struct route_trials {
    struct route_trial list[ROUTES_TAKEN_MAX];
    size_t count; /* 0: no route takes it */
};
/* json: as POST /api/v1/events takes it; of its subject nothing is known. */
MUST_CHECK int route_try(const struct config *config, struct arena *arena, const char *json,
                         struct route_trials *trials, struct error *err);
