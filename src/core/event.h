/*
 * What happened outside, in one form: stored once, its subject's newest state kept, routed to channels, all in one
 * transaction.  Whoever reports it is told only after the commit.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "store/store.h"

/* Strings may be NULL but source, kind, status and title.  Limits: title 500 bytes, text 16 KiB, 64 labels of 4 KiB. */
struct event {
    const char *source; /* the connection's name, what the sender wrote, "notify", "opsroom" */
    const char *delivery; /* the sender's id of it: the same twice is stored once; NULL: none */
    const char *kind;     /* "alert", "workflow_run", "build", "deployment", ... */
    const char *subject;  /* what it is about; NULL: delivery, or the event itself */
    const char
        *status; /* queued running success failure cancelled firing resolved open closed info */
    const char *severity; /* critical, warning, info, ... */
    const char *title;
    const char *text;
    const char *url;
    const char *actor;
    const struct json *labels; /* an object of strings */
    long long at_ms;           /* 0: now */
};

bool event_status_is_known(const char *status);

/* From the JSON of POST /api/v1/events: strict; ERROR_INVALID says what is missing or wrong. */
MUST_CHECK int event_from_json(struct arena *arena, const struct json *json,
                               struct event *event, struct error *err);
const struct json *event_to_json(struct arena *arena, const struct event *event);

/*
 * Checks, redacts, routes by today's configuration and writes: event, subject, messages, change.  Several at once are one
 * transaction (a webhook's).  The later form copies nothing: events must live in the arena until done() was called on the
 * writer's thread.  taken: how many were new.
 */
struct event_batch {
    const struct event *events;
    size_t count;
    long long taken;
    long long first_id;
};
MUST_CHECK int event_record(struct core *core, struct event_batch *batch, struct arena *arena,
                            struct error *err);
typedef void event_recorded(void *context, const struct event_batch *batch,
                            const struct error *err);
MUST_CHECK int event_record_later(struct core *core, struct event_batch *batch,
                                  struct arena *arena, event_recorded *done, void *context,
                                  struct error *err);
/* The same inside somebody else's write function (a deployment's end): prepared before, on any thread. */
struct event_plan;
struct event_plan *event_prepare(struct core *core, const struct event_batch *batch,
                                 struct arena *arena, struct error *err);
MUST_CHECK int event_write(struct db *db, struct event_plan *plan, struct error *err);

/* {id, source, kind, subject, status, severity, title, text, url, actor, labels, outcome, routes, at, received_at} */
const struct json *event_json(struct db *db, struct arena *arena, long long id,
                              struct error *err);
struct event_filter {
    const char *source, *kind, *status, *subject, *text;
    long long before, limit;
};
const struct json *event_list(struct db *db, struct arena *arena,
                              const struct event_filter *filter, struct error *err);
