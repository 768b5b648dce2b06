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

/* A snapshot and what belongs to it; redaction looks through the last few, so that an old secret stays hidden. */
enum {
    SNAPSHOTS_KEPT = 4
};

struct core {
    struct store *store;
    const struct registry *registry;
    pthread_mutex_t lock;                           /* of the snapshots */
    const struct config *snapshots[SNAPSHOTS_KEPT]; /* newest first */
    const struct catalog *catalogs[SNAPSHOTS_KEPT];
    struct arena *catalog_arenas[SNAPSHOTS_KEPT];
    struct runner *runner;
    struct outbox *outbox;
    struct feed *feed;
    struct timer *timer; /* core/timer.c: expiry of approvals, limits, questions, retention */
    struct watches *watches; /* core/watch.c: threads of connectors that watch something */
    atomic_bool closing;
};

/* Every string in it, keys too. */
const struct json *core_redact_json(struct core *core, struct arena *arena,
                                    const struct json *json);
