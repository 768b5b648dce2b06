/* Events that nobody wants to hear of for a while.  For core/ only. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/event.h"

enum {
    MUTES_MAX = 100,
};

/* Those that hold now; NULL on error.  Inside a write function: they are compiled once and kept until others hold. */
struct mutes;
const struct mutes *mutes_load(struct core *core, struct db *db, long long now_ms,
                               struct error *err);
void mutes_free(struct mutes *mutes); /* NULL is accepted */
bool mutes_cover(const struct mutes *mutes, const struct event *event);

/* For matchers_match() over an event: context is a struct event_matching. */
struct event_matching {
    const struct event *event;
};
const char *event_matching_value(void *context, const char *name);
