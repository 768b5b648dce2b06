/* For tests of the local runner: a folder that goes away, a call without an engine, supervisors that are waited for. */
#pragma once

#include <pthread.h>

#include "base/text.h"
#include "connectors/local/run.h"
#include "core/call.h"

/* A fresh folder under /tmp; removed with everything in it when the arena goes. */
const char *folder_new(struct arena *arena);
/* An executable in it. */
void script_write(const char *folder, const char *name, const char *text);
/* Until the file holds the text; false: not within 20 s. */
bool file_await(const char *path, const char *text);
/* Until there is no such process. */
bool process_await_end(long long pid);
const char *file_text(struct arena *arena, const char *path);

/* Runs this test program as the supervisor of the run; the exit status, *said what it complains of. */
int supervisor_start(struct arena *arena, const char *run, const char **said);
/* Until a run's supervisor has gone, at most 20 s: where the run stands then. */
struct run_look run_await(struct arena *arena, const char *run);

/* What a call was told. */
struct call {
    struct arena *arena;
    void *state;
    const void *config;
    const char *connection;
    const char *directory;
    const char *data;
    const char *token;
    const char *const *arguments;
    const char *note;
    struct text log;
    struct text shown; /* "step build running\n" and so on, in order */
    struct message answer;
    const char *wake_key;
    long long wait_ms;
    bool closing;
    /* Shared with the watch's thread. */
    struct bell *bell;
};

/* Rung by call_wake(). */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool closing;
    unsigned rings;
    char key[100];
};
