/* The inside of a call.  For core/ only: the runner makes them, core's own commands look into them. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/call_core.h"
#include "core/job_row.h"
#include "core/log_stream.h"
#include "core/progress.h"

enum {
    CALL_PINS_MAX = 50,
    CALL_NOTES_MAX = 200,
    CALL_ROWS_MAX = 10000,
    CALL_LOG_HELD_MAX =
        256 * 1024 /* bytes not yet written; call_log() waits for the disk then */
};

struct call {
    struct core *core;
    struct arena *arena;
    const struct config *config;       /* held by whoever made the call */
    const struct catalog_entry *entry; /* NULL: watch() and check() */
    const struct connection *connection;
    struct job_row row; /* id 0: no job */
    struct place place;
    void *args;
    void *state;
    /* call_lend(): what a deployer sees instead of the call's own. */
    bool is_lent;
    const struct connection *lent_connection;
    void *lent_state;
    long long deadline_ms; /* 0: none */
    /* What the worker must show to be allowed to write. */
    const char *owner;
    long long fence;

    bool has_result;
    struct message result;
    const struct json *rows; /* {columns, rows} */
    struct progress_pair pins[CALL_PINS_MAX];
    size_t pin_count;
    const char *notes[CALL_NOTES_MAX];
    size_t note_count, notes_left_out;
    bool has_effect; /* of the step under way: its POSTs carry an Idempotency-Key each */
    unsigned post_count;
    long long again_ms;
    const char *wake_key; /* NULL: only the time */

    /* Shared with the thread that writes what goes on (runner_keep.c), under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct progress progress;
    bool progress_changed;
    struct log_stream log;   /* as it came */
    struct log_stream ready; /* cleaned, not yet written */
    bool is_flushing;
    bool is_settled; /* the step is over: its end writes the rest */

    /* Cancelled, over its time or handed back: outside calls end. */
    atomic_bool is_cut;
    atomic_bool
        is_ending; /* it is being cancelled already: only the end of the program cuts it off */
    /* event_emit(): what webhook() says, recorded after it; anything else records at once. */
    bool collects_events;
    struct event *events;
    size_t event_count, event_capacity;
    const atomic_bool *closing; /* watch(): its thread is to end; NULL: when the server is */
};

/* Makes a call in the arena; call_close() runs when the arena is freed.  connection may be NULL. */
struct call *call_new(struct core *core, const struct config *config,
                      const struct connection *connection, struct arena *arena);

/* The same, for a job's row: progress and state are read back, args are filled by call_read_arguments(). */
struct call *call_new_job(struct core *core, const struct config *config,
                          const struct catalog_entry *entry, const struct job_row *row,
                          struct arena *arena);
/* The stored arguments, checked against today's configuration, into call->args. */
MUST_CHECK int call_read_arguments(struct call *call, struct error *err);

/* Ends outside calls under way. */
void call_cut(struct call *call);
/* Waits ms, or until it is cut off. */
void call_pause(struct call *call, long long ms);

/* The pins set by this call, as an object. */
const struct json *call_pins(const struct call *call);

/* Text without secrets, in the call's arena. */
const char *call_redact(struct call *call, const char *text);

/* The connection that the call works with now. */
const struct connection *call_connection_now(const struct call *call);

/*
 * Inside a write function: ERROR_CONFLICT when the lease was lost, so that the worker's result is dropped.
 */
MUST_CHECK int lease_check(struct db *db, const char *owner, long long job, long long fence,
                           struct error *err);

/* Writes progress and log as they are now, if there is something; from any thread. */
void call_flush(struct call *call);
/* The step is over: no flush any more.  *log: what is still to be written (or NULL), *progress likewise. */
void call_settle(struct call *call, const char **log, const struct json **progress);
