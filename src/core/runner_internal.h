/* The runner's inside: lanes of workers, what one worker does with one job.  For core/runner*.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/call_internal.h"
#include "core/runner.h"

enum {
    LEASE_MS = 30 * 1000,
    LEASE_RENEW_MS = 10 * 1000,
    FLUSH_MS = 250,
    POLL_MS = 1000,
    ATTEMPTS_MAX = 10,
    CONNECTION_SHARE =
        4, /* a quarter of the workers: one slow service leaves the others theirs */
    CANCEL_LIMIT_MS = 60 * 1000,
    QUICK_LIMIT_S = 60,
    STEPS_LIMIT_S = 3600
};

/* Workers that claim from the same part of the queue.  One of them at a time looks for what is due. */
struct lane {
    const char *name; /* "work", "core" */
    struct worker *workers;
    size_t count;
    bool is_looking; /* one of them is */
    unsigned long news;
    pthread_cond_t seat; /* the one who looked has left */
    pthread_cond_t heard;
};

struct worker {
    struct runner *runner;
    struct lane *lane;
    pthread_t thread;
    bool has_thread;
    long long job;     /* chosen, claimed or in hand; 0: none */
    char *connection;  /* of that job, or NULL */
    struct call *call; /* under way, NULL: none */
    bool is_kept;      /* the keeper is at the call: it must not go away */
};

enum {
    LANE_COUNT = 2
};

struct runner {
    struct core *core;
    char owner[32]; /* of this process's leases */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct lane lanes[LANE_COUNT];
    size_t connection_limit;
    pthread_t keeper;
    int alive; /* workers that have not ended */
    bool has_keeper;
    bool closing;      /* nothing is claimed any more */
    bool handing_back; /* and what is under way is cut off */
    bool keeper_ends;
};

/* runner_claim.c: the next job that is due, with what is to be done first noted and committed. */
struct claim {
    struct arena *arena;
    struct job_row row;
    long long fence;
    bool
        was_running; /* a step had begun and not ended: a crash, or an answer that never came */
};
/* Claims worker->job.  1: done; 0: it is not to be had any more. */
int claim_write_now(struct worker *worker, const struct config *config, struct claim *claim,
                    struct error *err);

/* runner_look.c: chooses a due job that nobody here has in hand and whose connection has a worker to spare, and notes it in
 * the worker.  1: chosen; 0: none, *next_at says when the next one is due (0: not known); -1: the store cannot be read. */
int look_for_job(struct worker *worker, long long *next_at, struct error *err);
void worker_drop_job(struct worker *worker);

/* One claimed job, with the call that its command sees. */
struct unit {
    struct worker *worker;
    struct runner *runner;
    struct core *core;
    const struct config *config;
    const struct catalog_entry *entry;
    const struct job_row *row;
    const struct command_step *step; /* NULL: not begun, or a quick one */
    size_t position;                 /* of the step */
    struct arena *arena;
    struct call *call;
    bool was_running;
};

/* runner_work.c */
void work_on(struct worker *worker, const struct config *config, const struct claim *claim);
/* Waits for the commit and tries again while the disk refuses it.  -1: the lease is lost or we are closing. */
MUST_CHECK int unit_commit(struct unit *unit, store_function *run, void *argument);

/* What every write of a worker begins with: still ours? and the notes, log, progress of the call. */
struct unit_words {
    const char *log;
    const struct json *progress;
};
struct unit_words unit_settle(struct unit *unit);
MUST_CHECK int unit_write_words(struct db *db, const struct unit *unit,
                                const struct unit_words *words, struct error *err);

/* runner_prepare.c: pins, policy, approval.  True: it may begin; a job's first step is noted by then. */
bool unit_prepare(struct unit *unit);

/* runner_step.c.  Those that return bool say whether the same worker goes on with the job. */
bool unit_run_quick(struct unit *unit);
bool unit_run_step(struct unit *unit);
bool unit_ask_happened(struct unit *unit);
void unit_fail(struct unit *unit, const struct error *err); /* before its first step */

/* runner_ending.c: how a step ended, and what is written of it. */
enum outcome {
    OUTCOME_NEXT,
    OUTCOME_AGAIN, /* wait, then run it again */
    OUTCOME_DONE,
    OUTCOME_FAILED,
    OUTCOME_STOPPED, /* cancelled or over its time, and stopped outside */
    OUTCOME_RETRY,   /* busy or unreachable and nothing happened */
    OUTCOME_ASK,     /* wait, then ask happened() */
    OUTCOME_UNSURE,  /* a person must say */
    OUTCOME_BACK,    /* we are closing: the next start goes on */
};
bool unit_end_step(struct unit *unit, enum outcome outcome, const struct error *err);

/* runner_cancel.c */
bool unit_cancel(struct unit *unit);
bool unit_is_late(const struct unit *unit);

/* runner_work.c */
long long back_off_ms(long long attempt, const struct error *err);
bool is_passing(const struct error *err); /* busy or unreachable */
void count_end(const struct unit *unit, const char *state);

/* Why the job cannot go on with today's commands, or NULL. */
const char *row_is_orphan(struct arena *arena, const struct catalog_entry *entry,
                          const struct job_row *row);
const struct command_step *row_step(const struct catalog_entry *entry,
                                    const struct job_row *row, size_t *position);

/* runner_keep.c: renews leases, writes progress, looks for cancellation while steps run. */
void *runner_keep(void *context);
void worker_show(struct worker *worker, struct call *call);
void worker_hide(struct worker *worker);

/* Waits until the deadline of the monotonic clock; with the lock held. */
bool wait_until_locked(pthread_cond_t *condition, pthread_mutex_t *lock, long long steady_ms);
