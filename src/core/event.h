/*
 * What happened outside, in one form: stored once, its subject's newest state kept, routed to channels, all in one
 * transaction.  Whoever reports it is told only after the commit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

struct core;
struct db;

/*
 * Strings may be NULL but source, kind, status and title.  What is longer than the limits is cut (title 500 bytes, text
 * 16 KiB, labels 64 of 4 KiB); a delivery or subject over 500 bytes keeps its beginning and its digest.
 */
struct event {
    const char *source; /* the connection's name, what the sender wrote, "notify", "opsroom" */
    const char *delivery; /* the sender's id of it: the same twice is stored once; NULL: none */
    const char *kind;     /* "alert", "workflow_run", "build", "deployment", ... */
    const char *subject;  /* what it is about; NULL: only itself, so it is never updated */
    const char
        *status; /* queued running success failure cancelled firing resolved open closed info */
    const char *severity; /* critical, warning, info, ... */
    const char *title;
    const char *text; /* plain */
    const char
        *markup; /* the text again in our markup, where the sender had more than plain text */
    const char *url;
    const char *actor;
    const struct json *labels; /* an object of strings */
    long long at_ms;           /* 0: now */
    /* Where the sender would have it ("#ops", "web#ops"): counts only among the channels that its routes lead to ... */
    const char *channel;
    /* ... unless it is an order, of somebody who was asked for the right: there ("web#ops") and nowhere else. */
    bool is_direct;
};

enum {
    EVENT_NAME_BYTES = 200, /* of source, kind, severity */
    EVENT_ID_BYTES = 500,   /* of delivery and subject */
    EVENT_TITLE_BYTES = 500,
    EVENT_TEXT_BYTES = 16 * 1024,
    EVENT_URL_BYTES = 2000,
    EVENT_LABELS_MAX = 64,
    EVENT_LABEL_BYTES = 4096,
    EVENT_BATCH_MAX = 1000,
};

bool event_status_is_known(const char *status);
const char *event_status_list(void); /* "queued, running, ..." */
/* What has begun and is not over (queued, running, firing, open), and what is over.  "info" is neither. */
bool event_status_begins(const char *status);
bool event_status_ends(const char *status);
/* failure, firing, cancelled */
bool event_status_is_bad(const char *status);

/* A field by its name, else a label; NULL: there is none. */
const char *event_value(const struct event *event, const char *name);

/* From the JSON of POST /api/v1/events: strict; ERROR_INVALID says what is missing or wrong. */
MUST_CHECK int event_from_json(struct arena *arena, const struct json *json,
                               struct event *event, struct error *err);
const struct json *event_to_json(struct arena *arena, const struct event *event);

/*
 * Checks, redacts, routes by today's configuration and writes: event, subject, messages, change.  Several at once are one
 * transaction (a webhook's).  The later form copies nothing: events must live in the arena until done() was called on the
 * writer's thread.
 */
struct event_batch {
    const struct event *events;
    size_t count;
    /* Out: how many were new; of the first one its id and what became of it, now or when it came before. */
    long long taken;
    long long first_id;
    const char *outcome;
};
MUST_CHECK int event_record(struct core *core, struct event_batch *batch, struct arena *arena,
                            struct error *err);
typedef void event_recorded(void *context, const struct event_batch *batch,
                            const struct error *err);
MUST_CHECK int event_record_later(struct core *core, struct event_batch *batch,
                                  struct arena *arena, event_recorded *done, void *context,
                                  struct error *err);
/* The same inside somebody else's write function (a deployment's end): prepared before, on any thread, counted in the
 * metrics after the commit. */
struct event_plan;
struct event_plan *event_prepare(struct core *core, const struct event_batch *batch,
                                 struct arena *arena, struct error *err);
MUST_CHECK int event_write(struct db *db, struct event_plan *plan, struct error *err);
void event_count(const struct event_plan *plan);

/* {id, source, kind, subject, status, severity, title, text, url, actor, labels, outcome, routes, at, received_at} */
const struct json *event_json(struct db *db, struct arena *arena, long long id,
                              struct error *err);
struct event_filter {
    const char *source, *kind, *status, *subject, *text;
    long long before, limit;
};
const struct json *event_list(struct db *db, struct arena *arena,
                              const struct event_filter *filter, struct error *err);
/* A stored one, as it was; ERROR_MISSING. */
MUST_CHECK int event_load(struct db *db, struct arena *arena, long long id, struct event *event,
                          struct error *err);

/* Forgets what is older than server.retain_days; called by the timer. */
MUST_CHECK int event_prune(struct core *core, long long now_ms, struct error *err);
