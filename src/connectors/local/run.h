/*
 * One run of a pipeline: a folder through which the server and the supervisor tell each other what they know.
 *
 *     plan     what is to be run; the folder appears together with it
 *     pid      who supervises; whoever makes this file, and nobody else, may start the pipeline
 *     output   what the pipeline wrote, standard output and standard error together
 *     status   how it ended; appears whole, as the supervisor's last act
 *     seen     made by the server once it has read all of it
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/field.h"

struct run_plan {
    const char *connection; /* "": none */
    const char *program;    /* absolute */
    struct strings arguments;
    struct strings environment; /* "K=V" */
    const char *directory;
    long long time_s;
    long long output_bytes;
    long long memory_bytes; /* 0: no limit */
};

/* The supervisor: a pid alone may belong to somebody else by now. */
struct run_owner {
    long long pid;   /* 0: cancelled before it began */
    long long start; /* in ticks since the machine was started, as in /proc/PID/stat */
    const char *boot;
};

enum run_outcome {
    RUN_EXITED,
    RUN_SIGNALLED,
    RUN_TIMED_OUT,
    RUN_OUTPUT_LIMIT,
    RUN_MEMORY_LIMIT,
    RUN_CANCELLED,
    RUN_NOT_STARTED,
};

struct run_status {
    enum run_outcome outcome;
    long long status; /* of exit(), or the signal */
    long long output_bytes;
    const char *text; /* RUN_NOT_STARTED: why */
};

enum run_phase {
    RUN_ABSENT, /* there is no such run */
    RUN_READY,  /* planned; nothing was started */
    RUN_GOING,
    RUN_ENDED,
    RUN_LOST, /* begun, but its supervisor is gone without a word */
};

struct run_look {
    enum run_phase phase;
    struct run_owner owner;   /* RUN_GOING, RUN_LOST */
    struct run_status status; /* RUN_ENDED */
    bool rebooted;            /* RUN_LOST: the machine was started again meanwhile */
};

/* All runs of a data directory, and one of them. */
const char *runs_folder(struct arena *arena, const char *data_directory);
const char *run_file(struct arena *arena, const char *folder, const char *name);

/* Makes the folder with its plan in one go; nothing is changed when it is there already. */
MUST_CHECK int run_create(const char *folder, const struct run_plan *plan, struct error *err);
MUST_CHECK int run_read_plan(struct arena *arena, const char *folder, struct run_plan *plan,
                             struct error *err);

/* Where it stands. */
MUST_CHECK int run_look(struct arena *arena, const char *folder, struct run_look *look,
                        struct error *err);

/* Makes "pid" for this process (or, cancelled, for nobody).  *claimed false: somebody else was first. */
MUST_CHECK int run_claim(const char *folder, bool cancelled, bool *claimed, struct error *err);

/* Keeps the place for the status on the disk, so that a full one cannot keep it back; then writes it. */
MUST_CHECK int run_reserve_status(const char *folder, struct error *err);
MUST_CHECK int run_write_status(const char *folder, const struct run_status *status,
                                struct error *err);

/* Tells the supervisor to end the pipeline and waits until it has; -1: it is still there after wait_ms. */
MUST_CHECK int run_stop(const struct run_owner *owner, int wait_ms, struct error *err);

/* The server has all of it: the folder may go in a while. */
void run_mark_seen(struct arena *arena, const char *folder);
/* Out of the way, for another start under the same name. */
MUST_CHECK int run_set_aside(const char *folder, struct error *err);
void run_remove(const char *folder);
/* Removes what nobody needs any more. */
void runs_sweep(const char *runs);
