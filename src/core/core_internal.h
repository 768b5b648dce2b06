/* The engine's inside.  For core/ only; everyone else has core/core.h. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/catalog.h"
#include "core/core.h"
#include "core/feed.h"
#include "core/outbox.h"
#include "core/runner.h"

/* Redaction looks through the last few snapshots, so that an old secret stays hidden. */
enum {
    SNAPSHOTS_KEPT = 4
};

struct core {
    struct store *store;
    const struct registry *registry;
    pthread_mutex_t lock;                           /* of the snapshots */
    const struct config *snapshots[SNAPSHOTS_KEPT]; /* newest first */
    struct runner *runner;
    struct outbox *outbox;
    struct feed *feed;
    struct timer *timer; /* core/timer.c: expiry of approvals, limits, questions, retention */
    struct watches *watches; /* core/watch.c: threads of connectors that watch something */
    struct connection_health *connection_health;
    struct mutes *mutes; /* core/mute.c: compiled; the writer's thread only */
    struct limit *limit; /* commands per person */
    atomic_bool wakes;   /* the parts are there to be told of commits */
    atomic_bool closing;
};

/* Every string in it, keys too. */
const struct json *core_redact_json(struct core *core, struct arena *arena,
                                    const struct json *json);
