/*
 * What happens, as it happens: a table of changes written with every transaction that changes something visible, and one
 * thread that reads it after commits, tells live feeds and wakes those who wait for a job's end.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "core/message.h"
#include "store/store.h"

/* Inside a write function.  kind: "message", "input", "job", "log", "approval", "token", "event". */
MUST_CHECK int change_add(struct db *db, const char *kind, long long item, struct error *err);

/*
 * The thing a change is about, as of now; NULL when it is gone.
 *   message   {id, place, thread, job, only_for, message, at, updated_at}: message as in core/message.h
 *   input     {id, place, thread, kind, person, user, text, job, at}
 *   job       job_json()
 *   log       {id, log_bytes, person, place}: read on with job_log_text()
 *   approval  approval_json()
 *   event     event_json()
 *   token     {id, person}: it was revoked
 * Times are RFC 3339.  The readers of a page of a channel use the same two row functions.
 */
const struct json *feed_item(struct db *db, struct arena *arena, const char *kind,
                             long long item);
const struct json *message_row_json(struct arena *arena, const struct json *row);
const struct json *input_row_json(struct arena *arena, const struct json *row);

struct feed;
struct feed *feed_start(struct core *core, struct error *err);
void feed_wake(struct feed *feed); /* after commits; never blocks */
/* Ends the thread and calls done() of those who still wait; who comes later is told at once. */
void feed_stop(struct feed *feed);
void feed_free(struct feed *feed); /* stopped; NULL is accepted */
struct feed *core_feed(struct core *core);
/* Forgets changes that are older than a day; called by the timer. */
MUST_CHECK int feed_prune(struct core *core, long long now_ms, struct error *err);

/* One change, ready to be shown: id, kind, and the thing's JSON as of now. */
struct change {
    long long id;
    const char *kind;
    long long item;
    const struct json *json; /* job_json, message, … */
    const char *only_for;    /* a person's id: nobody else may see it */
    const char *person;      /* whose job it is, or NULL */
    struct place place;
};

/*
 * changed() is called on the feed's thread for every change after `after` (0: from now on; an id: resumes there; changes
 * are kept for a day); several changes of one thing may come as its last one.  It must not block; when it returns false it
 * is not called again.  NULL: the store cannot be read.  Every subscription is given back by one feed_unsubscribe(), from
 * any thread or inside changed(); after that returned changed() is not called any more.
 */
struct feed_subscription;
/* The newest change, where one that begins now goes on; -1: the store cannot be read. */
long long feed_position(struct feed *feed);
struct feed_subscription *
feed_subscribe(struct feed *feed, long long after,
               bool (*changed)(void *context, const struct change *change), void *context);
void feed_unsubscribe(struct feed *feed, struct feed_subscription *subscription);

/* Calls done() on the feed's thread once: when the job is final (or waits for an answer or approval, if until_waiting),
 * or after limit_ms. */
void feed_wait_job(struct feed *feed, long long job, bool until_waiting, long long limit_ms,
                   void (*done)(void *context), void *context);
