/* The inside of the supervisor. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "connectors/local/run.h"

struct supervisor {
    struct arena *arena;
    struct run_plan plan;
    int output;  /* the file that the pipeline writes */
    int signals; /* signalfd */
    pid_t main;  /* leads the pipeline's session */
    bool ended;  /* main has; it is reaped last, so that nobody else gets its number */
    bool ending; /* because of .why */
    enum run_outcome why;
    long long time_end_ms; /* steady, as are the others */
    long long kill_ms;     /* 0: not ending */
    long long weigh_ms;
    long long output_bytes; /* at the last look */
    bool grows;
};

/* supervise_spawn.c: starts the pipeline.  -1 with err: it could not be executed. */
MUST_CHECK int supervisor_spawn(struct supervisor *supervisor, struct error *err);

/* supervise_wait.c: until the main process has ended and nothing is left of its session; how it ended. */
void supervisor_wait(struct supervisor *supervisor, struct run_status *status);
