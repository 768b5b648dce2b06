/* Inside the local runner: what its files share. */
#pragma once

#include "connectors/local/run.h"
#include "core/call.h"

/* A connection of type local, as configured. */
struct local_settings {
    const char *directory;
    const char *path;               /* PATH for pipelines */
    const struct json *environment; /* more variables, or NULL */
    long long time_s;
    long long output_mib;
    long long memory_mib; /* 0: no limit */
};
extern const struct fields local_fields;

/* Of the call's connection; without one the defaults, in the directory of the call's file. */
const struct local_settings *local_settings(struct call *call);

/* What survives between steps.  An empty run: nothing was started. */
struct run_state {
    const char *run;  /* the folder's name */
    long long offset; /* of the output, what was read */
    bool inside_line; /* the offset is in the middle of a line that has been given out as log */
    const char *step; /* the pipeline's own step that runs now, or NULL */
    bool asked;       /* a person was asked whether it was run */
};
enum {
    RUN_STATE_COUNT = 5
};
extern const struct field run_state_fields[RUN_STATE_COUNT];
#define RUN_STATE_FIELDS                                                                       \
    {                                                                                          \
        .list = run_state_fields, .count = RUN_STATE_COUNT,                                    \
        .size_bytes = sizeof(struct run_state)                                                 \
    }

/* What is to be run.  The first argument with a slash is relative to the directory, else looked up in PATH. */
struct launch {
    const char *const *arguments; /* NULL-terminated */
    const struct fact *variables; /* beside those of every run */
    size_t variable_count;
};

/* launch.c: NULL with err: there is no such executable. */
const char *launch_find_program(struct call *call, const char *name, struct error *err);
/* Faults in "environment:", found before anything is run. */
MUST_CHECK int launch_check_environment(const struct json *environment, struct error *err);
/* The plan of a run, in the call's arena. */
MUST_CHECK int launch_plan(struct call *call, const struct launch *launch,
                           struct run_plan *plan, struct error *err);

/* start.c: exactly once, however often it is repeated; fills the state.  STEP_NEXT: it goes on. */
enum step run_start(struct call *call, const struct launch *launch, struct run_state *state,
                    struct error *err);
enum happened run_started(struct call *call, struct run_state *state, struct error *err);
const char *run_call_folder(struct call *call, const struct run_state *state);

/* follow.c: output into log, steps and links.  STEP_NEXT: it has ended well. */
enum step run_follow(struct call *call, struct run_state *state, struct error *err);
/* After it was stopped: what is left of its output; the step that was under way has failed. */
void run_read_rest(struct call *call, struct run_state *state);
/* cancel.c */
int run_cancel(struct call *call, struct run_state *state, struct error *err);
/* The key that wakes a job when its run has something new. */
const char *run_wake_key(struct arena *arena, const char *name);

/* answer.c: the output itself when it is short, else its last lines. */
int run_answer(struct call *call, const struct run_state *state);

/* git.c: repository is a folder of this machine.  version: in what was asked for, NULL the head of the default branch;
 * out what to call it, a tag or a short commit. */
MUST_CHECK int git_resolve(struct arena *arena, const char *repository, const char **version,
                           const char **commit, struct error *err);
const struct json *git_commits_between(struct arena *arena, const char *repository,
                                       const char *from, const char *to, struct error *err);
MUST_CHECK int git_version(struct arena *arena, const char **version, struct error *err);

/* watch.c */
int local_watch(struct call *call, struct error *err);

extern const struct command local_runner;
extern const struct deployer local_deployer;
extern const struct connector local_connector;
