/* For tests: an engine from a few lines of YAML in a folder of its own, with a chat and a connector that reach nothing. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "core/chat.h"
#include "core/core_internal.h"
#include "core/job.h"
#include "core/job_row.h"
#include "core/message.h"

struct look_args {
    const char *name;
    const char *level;
};
static const struct field look_fields[] = {
    FIELD(struct look_args, name, .key = "name", .help = "which", .need = true),
    FIELD(struct look_args, level, .key = "level", .help = "how close", .choices = "near|far",
          .fallback = "near", .flag = true),
};
static inline int look_run(struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    return 0;
}
static const struct command look_command = {
    .name = "look",
    .help = "Look at something",
    .args = FIELDS(struct look_args, look_fields),
    .run = look_run,
};

struct build_args {
    const char *job;
    const char *place;
    const char *note;
};
static const struct field build_fields[] = {
    FIELD(struct build_args, job, .key = "job", .help = "what to build", .need = true),
    FIELD(struct build_args, place, .key = "place", .help = "where",
          .choices = "staging|production", .word = "in", .need = true),
    FIELD(struct build_args, note, .key = "note", .help = "a remark", .meaning = AS_REST),
};
static inline enum step build_step(struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    return STEP_NEXT;
}
static const struct command_step build_steps[] = {
    { "start", build_step, NULL },
    { "wait", build_step, NULL },
};
static const struct command build_command = {
    .name = "build",
    .help = "Build something",
    .args = FIELDS(struct build_args, build_fields),
    .steps = build_steps,
    .step_count = 2,
};
static const struct command *const fake_commands[] = { &look_command, &build_command };

struct fake_config {
    struct secret *token;
};
static const struct field fake_fields[] = {
    FIELD(struct fake_config, token, .key = "token", .help = "a secret"),
};
static const struct connector fake_connector = {
    .name = "fake",
    .help = "Nothing outside",
    .config = FIELDS(struct fake_config, fake_fields),
    .commands = fake_commands,
    .command_count = 2,
};

static inline int fake_send(struct chat_account *account, struct arena *arena,
                            const struct place *place, const char *only_for_user,
                            const struct message *message, const char **id, struct error *err)
{
    (void)account;
    (void)place;
    (void)only_for_user;
    (void)message;
    (void)err;
    *id = arena_copy(arena, "sent");
    return 0;
}
static inline int fake_edit(struct chat_account *account, struct arena *arena,
                            const struct place *place, const char *id,
                            const struct message *message, struct error *err)
{
    (void)account;
    (void)arena;
    (void)place;
    (void)id;
    (void)message;
    (void)err;
    return 0;
}
static const struct chat_platform web_platform = {
    .name = "web",
    .abilities = CHAT_EDITS | CHAT_BUTTONS | CHAT_PRIVATE,
    .text_limit = 100000,
    .send = fake_send,
    .edit = fake_edit,
};
static const struct connector *const engine_connectors[] = { &fake_connector };
static const struct chat_platform *const engine_platforms[] = { &web_platform };
static const struct registry engine_registry = { engine_connectors, 1, engine_platforms, 1 };

#define ENGINE_YAML                                                                            \
    "store: sqlite:test.db\n"                                                                  \
    "chats:\n  web: { type: web }\n"                                                           \
    "connections:\n  fake: { type: fake, token: \"${env:FAKE_TOKEN}\" }\n"                     \
    "people:\n"                                                                                \
    "  ana: { groups: [devs], accounts: { web: ana } }\n"                                      \
    "  tom: { accounts: { web: tom } }\n"                                                      \
    "  lea: { groups: [leads], accounts: { web: lea } }\n"                                     \
    "  mia: { groups: [leads, devs], accounts: { web: mia } }\n"                               \
    "policy:\n"                                                                                \
    "  - { allow: devs, commands: [\"fake look\"] }\n"                                         \
    "  - { allow: devs, commands: [\"fake build\"], when: { place: staging } }\n"              \
    "  - { allow: devs, commands: [\"fake build\"], when: { place: production },\n"            \
    "      channels: [\"web#ops\"], approval: { from: leads, count: 1, within: 30m } }\n"

struct engine {
    struct arena *arena;
    char directory[64];
    struct core *core;
};

static inline void engine_write(struct engine *engine, const char *yaml)
{
    FILE *file = fopen(arena_printf(engine->arena, "%s/opsroom.yaml", engine->directory), "w");

    if (file == NULL || fputs(yaml, file) < 0 || fclose(file) != 0) {
        perror(engine->directory);
        exit(1);
    }
}

/* Without threads but the store's: jobs stay where the test puts them. */
static inline void engine_new(struct engine *engine, const char *yaml)
{
    struct faults faults = { 0 };
    struct error err = { 0 };
    const struct config *config;

    *engine =
        (struct engine){ .arena = arena_new(), .directory = "/tmp/opsroom-engine-XXXXXX" };
    setenv("FAKE_TOKEN", "hunter2-hunter2", 1);
    if (mkdtemp(engine->directory) == NULL)
        exit(1);
    engine_write(engine, yaml);
    config = config_read(arena_printf(engine->arena, "%s/opsroom.yaml", engine->directory),
                         CONFIG_WHOLE, &engine_registry, engine->arena, &faults);
    if (config == NULL) {
        fputs(faults_print(engine->arena, &faults), stderr);
        exit(1);
    }
    engine->core = core_new(config, &engine_registry, &err);
    if (engine->core == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static inline int engine_remove(const char *path, const struct stat *status, int type,
                                struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void engine_free(struct engine *engine)
{
    core_free(engine->core);
    nftw(engine->directory, engine_remove, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(engine->arena);
}

/* A line typed in web#ops, or by the API in no place. */
static inline struct submitted engine_ask(struct engine *engine, const char *person,
                                          const char *line)
{
    struct ask ask = { .door = "chat",
                       .user = person,
                       .account = arena_printf(engine->arena, "web:%s", person),
                       .place = { .chat = "web", .channel = "ops" },
                       .place_proven = true,
                       .line = line,
                       .may_ask = true };
    struct submitted submitted = { 0 };
    struct error err = { 0 };

    if (job_submit(engine->core, &ask, engine->arena, &submitted, &err) < 0)
        fprintf(stderr, "# %s\n", err.text);
    return submitted;
}

static inline struct job_row engine_job(struct engine *engine, long long job)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(engine->core->store, &err);
    struct job_row row = { 0 };

    if (db == NULL || job_load(db, engine->arena, job, &row, &err) < 0)
        fprintf(stderr, "# %s\n", err.text);
    return row;
}

/* The first column of the first row, as text; "" when there is none. */
static inline const char *engine_value(struct engine *engine, const char *sql)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(engine->core->store, &err);
    const struct json *row =
        db == NULL ? NULL : db_row(db, engine->arena, &err, sql, NO_VALUES);
    const struct json *value = json_at(row, 0);

    if (row == NULL)
        fprintf(stderr, "# %s\n", err.text);
    if (value == NULL)
        return "";
    return json_is(value, JSON_STRING) ? value->as.string : json_print(engine->arena, value);
}

static inline const struct json *engine_json(struct engine *engine, long long job)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(engine->core->store, &err);

    return db == NULL ? NULL : job_json(db, engine->arena, job, &err);
}

/* A write function of the test. */
static inline int engine_run(struct engine *engine, store_function *run, void *argument)
{
    struct error err = { 0 };
    int result = store_write(engine->core->store, run, argument, &err);

    if (result < 0)
        fprintf(stderr, "# %s\n", err.text);
    return result;
}

struct ending {
    struct core *core;
    long long job;
    struct job_end end;
};
static inline int engine_end(struct db *db, void *argument, struct error *err)
{
    struct ending *ending = argument;

    return job_finish(db, ending->core, ending->job, &ending->end, err);
}
