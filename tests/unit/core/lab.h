/* For tests: a running engine whose connector and chat do what the test scripts. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core/call_internal.h"
#include "core/feed.h"
#include "engine.h"
#include "tap.h"

typedef enum step lab_step(struct call *call, struct error *err);
typedef enum happened lab_happened(struct call *call, struct error *err);

/* What the steps of "lab work" do, set before the job is asked for. */
static struct {
    lab_step *one, *two, *three;
    lab_happened *happened;
    const char *sha; /* what pin() finds */
    int pin_fails;   /* so often it is busy */
    atomic_int runs, asked, cancels, inside, most_inside;
    char token[80];
} lab;

struct lab_state {
    long long count;
    const char *note;
};
static const struct field lab_state_fields[] = {
    FIELD(struct lab_state, count, .key = "count"),
    FIELD(struct lab_state, note, .key = "note"),
};

struct lab_args {
    const char *name;
};
static const struct field lab_arg_fields[] = {
    FIELD(struct lab_args, name, .key = "name", .help = "which", .need = true),
};

/* A step that goes on until it is cut off. */
static inline enum step lab_wait_inside(struct call *call, struct error *err)
{
    int inside = atomic_fetch_add(&lab.inside, 1) + 1;

    if (inside > lab.most_inside)
        lab.most_inside = inside;
    show_progress(call, "inside hunter2-hunter2");
    while (!call_is_cancelled(call))
        call_pause(call, 5000);
    atomic_fetch_sub(&lab.inside, 1);
    error_set(err, ERROR_UNREACHABLE, "cut off");
    return STEP_FAIL;
}
static inline enum step lab_one(struct call *call, struct error *err)
{
    atomic_fetch_add(&lab.runs, 1);
    return lab.one == NULL ? STEP_NEXT : lab.one(call, err);
}
static inline enum step lab_two(struct call *call, struct error *err)
{
    return lab.two == NULL ? STEP_NEXT : lab.two(call, err);
}
static inline enum step lab_three(struct call *call, struct error *err)
{
    return lab.three == NULL ? STEP_NEXT : lab.three(call, err);
}
static inline enum happened lab_has_happened(struct call *call, struct error *err)
{
    atomic_fetch_add(&lab.asked, 1);
    return lab.happened == NULL ? HAPPENED_NO : lab.happened(call, err);
}
static inline int lab_cancel(struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    atomic_fetch_add(&lab.cancels, 1);
    return 0;
}
static inline int lab_pin(struct call *call, struct error *err)
{
    if (lab.pin_fails > 0) {
        lab.pin_fails--;
        return error_set(err, ERROR_BUSY, "the lab is full");
    }
    if (lab.sha != NULL)
        call_pin(call, "sha", lab.sha);
    return 0;
}

static inline int lab_ping(struct call *call, struct error *err)
{
    static const char *const columns[] = { "name", "size" };
    const struct json *row =
        OBJECT(call_arena(call), { "name", V("a hunter2-hunter2") }, { "size", V(3) });

    (void)err;
    say(call, TONE_GOOD, "pong, %s", call_person(call));
    return say_rows(call, NULL, columns, 2, ARRAY(call_arena(call), *row));
}
static inline int lab_fail(struct call *call, struct error *err)
{
    (void)call;
    return error_set(err, ERROR_MISSING, "no such thing as hunter2-hunter2");
}
/* Until it is cut off. */
static inline int lab_slow(struct call *call, struct error *err)
{
    while (!call_is_cancelled(call))
        call_pause(call, 5000);
    return error_set(err, ERROR_UNREACHABLE, "cut off");
}

static const struct command_step lab_steps[] = {
    { "one", lab_one, lab_has_happened },
    { "two", lab_two, NULL },
    { "three", lab_three, NULL },
};
static const struct command_step lab_short_steps[] = { { "wait", lab_two, NULL } };
static const struct command lab_ping_command = { .name = "ping",
                                                 .help = "Answer",
                                                 .run = lab_ping };
static const struct command lab_fail_command = { .name = "fail",
                                                 .help = "Fail",
                                                 .run = lab_fail };
static const struct command lab_slow_command = {
    .name = "slow", .help = "Never answer", .limit_s = 1, .run = lab_slow
};
static const struct command lab_work_command = {
    .name = "work",
    .help = "Do something in three steps",
    .args = FIELDS(struct lab_args, lab_arg_fields),
    .pin = lab_pin,
    .steps = lab_steps,
    .step_count = 3,
    .state = FIELDS(struct lab_state, lab_state_fields),
    .cancel = lab_cancel,
};
static const struct command lab_short_command = {
    .name = "short",
    .help = "Must be done in a second",
    .limit_s = 1,
    .steps = lab_short_steps,
    .step_count = 1,
    .cancel = lab_cancel,
};
static const struct command *const lab_commands[] = { &lab_ping_command, &lab_fail_command,
                                                      &lab_slow_command, &lab_work_command,
                                                      &lab_short_command };

struct lab_config {
    const char *url;
    struct secret *token;
};
static const struct field lab_config_fields[] = {
    FIELD(struct lab_config, url, .key = "url", .help = "where it is"),
    FIELD(struct lab_config, token, .key = "token", .help = "a secret"),
};
static const struct connector lab_connector = {
    .name = "lab",
    .help = "What a test scripts",
    .config = FIELDS(struct lab_config, lab_config_fields),
    .commands = lab_commands,
    .command_count = COUNT_OF(lab_commands),
};
static const struct connector *const lab_connectors[] = { &lab_connector };

#define LAB_YAML                                                                               \
    "store: sqlite:test.db\n"                                                                  \
    "server: { workers: 16 }\n"                                                                \
    "chats:\n  web: { type: web }\n"                                                           \
    "connections:\n  lab: { type: lab, url: \"http://127.0.0.1:1\", "                          \
    "token: \"${env:FAKE_TOKEN}\" }\n"                                                         \
    "people:\n"                                                                                \
    "  ana: { groups: [devs], accounts: { web: ana } }\n"                                      \
    "  lea: { groups: [leads], accounts: { web: lea } }\n"                                     \
    "policy:\n"                                                                                \
    "  - { allow: everyone, commands: [help, \"lab ping\", \"lab fail\", \"lab slow\", "       \
    "\"lab short\"] }\n"                                                                       \
    "  - { allow: devs, commands: [\"lab work\"], when: { name: [free, other] } }\n"           \
    "  - { allow: devs, commands: [\"lab work\"], when: { name: guarded },\n"                  \
    "      approval: { from: leads, count: 1, within: 30m } }\n"

/* Opens the engine of a folder that has its opsroom.yaml. */
static inline void lab_new(struct engine *engine, const struct registry *registry)
{
    struct faults faults = { 0 };
    struct error err = { 0 };
    const struct config *config =
        config_read(arena_printf(engine->arena, "%s/opsroom.yaml", engine->directory),
                    CONFIG_WHOLE, registry, engine->arena, &faults);

    if (config == NULL) {
        fputs(faults_print(engine->arena, &faults), stderr);
        exit(1);
    }
    engine->core = core_new(config, registry, &err);
    if (engine->core == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* With its threads. */
static inline void lab_open(struct engine *engine, const struct registry *registry)
{
    struct error err = { 0 };

    lab_new(engine, registry);
    if (core_start(engine->core, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static inline void lab_make(struct engine *engine, const char *yaml)
{
    *engine =
        (struct engine){ .arena = arena_new(), .directory = "/tmp/opsroom-engine-XXXXXX" };
    setenv("FAKE_TOKEN", "hunter2-hunter2", 1);
    if (mkdtemp(engine->directory) == NULL)
        exit(1);
    engine_write(engine, yaml);
}

static inline void lab_close(struct engine *engine, int limit_s)
{
    core_stop(engine->core, limit_s);
    core_free(engine->core);
    engine->core = NULL;
}

struct lab_wait {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static inline void lab_done(void *context)
{
    struct lab_wait *wait = context;

    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    pthread_cond_signal(&wait->changed);
    pthread_mutex_unlock(&wait->lock);
}

/* The job's row once it is final (or waits for somebody). */
static inline struct job_row lab_end(struct engine *engine, long long job, bool until_waiting)
{
    struct lab_wait wait = { .lock = PTHREAD_MUTEX_INITIALIZER,
                             .changed = PTHREAD_COND_INITIALIZER };

    feed_wait_job(engine->core->feed, job, until_waiting, 30000, lab_done, &wait);
    pthread_mutex_lock(&wait.lock);
    while (!wait.done)
        pthread_cond_wait(&wait.changed, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    return engine_job(engine, job);
}

static inline struct job_row lab_run(struct engine *engine, const char *line)
{
    return lab_end(engine, engine_ask(engine, "ana", line).job, true);
}

/* Waits, with a bound, until the query gives that text. */
static inline bool lab_until(struct engine *engine, const char *sql, const char *wanted)
{
    for (int i = 0; i < 3000; i++) {
        struct timespec pause = { .tv_nsec = 5000000 };

        if (text_is(engine_value(engine, sql), wanted))
            return true;
        nanosleep(&pause, NULL);
    }
    tap_case("%s is not \"%s\" but \"%s\"", sql, wanted, engine_value(engine, sql));
    return false;
}

struct lab_sql {
    const char *sql;
};
static inline int lab_sql_write(struct db *db, void *argument, struct error *err)
{
    const struct lab_sql *sql = argument;

    return db_run(db, err, sql->sql, NO_VALUES) < 0 ? -1 : 0;
}
static inline void lab_sql_run(struct engine *engine, const char *text)
{
    struct lab_sql sql = { text };

    CHECK_INT(engine_run(engine, lab_sql_write, &sql), 0);
}

/* One engine from LAB_YAML, from start to end. */
static const struct registry lab_registry = { lab_connectors, 1, engine_platforms, 1 };

static inline void lab_reset(void)
{
    lab.one = lab.two = lab.three = NULL;
    lab.happened = NULL;
    lab.sha = NULL;
    lab.pin_fails = 0;
    lab.runs = lab.asked = lab.cancels = lab.inside = lab.most_inside = 0;
}

static inline void lab_start(struct engine *engine)
{
    lab_reset();
    lab_make(engine, LAB_YAML);
    lab_open(engine, &lab_registry);
}

static inline void lab_stop(struct engine *engine)
{
    lab_close(engine, 5);
    engine_free(engine);
}
