/* A run's folder: its plan, its owner, its status.  The files appear whole or not at all. */
#include "connectors/local/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "connectors/local/run_file.h"
#include "connectors/local/run_process.h"

enum {
    /* Arguments and environment together are limited by the kernel to 2 MiB; JSON may double them. */
    PLAN_BYTES_MAX = 8 * 1024 * 1024,
    SMALL_BYTES_MAX = 4096,
    STATUS_BYTES = 1024,
    TEXT_BYTES = 300
};

static const struct field plan_fields[] = {
    FIELD(struct run_plan, connection, .key = "connection"),
    FIELD(struct run_plan, program, .key = "program", .need = true),
    FIELD(struct run_plan, arguments, .key = "arguments", .need = true),
    FIELD(struct run_plan, environment, .key = "environment", .need = true),
    FIELD(struct run_plan, directory, .key = "directory", .need = true),
    FIELD(struct run_plan, time_s, .key = "time_s", .need = true),
    FIELD(struct run_plan, output_bytes, .key = "output_bytes", .need = true),
    FIELD(struct run_plan, memory_bytes, .key = "memory_bytes", .need = true),
};
static const struct fields plan_table = FIELDS(struct run_plan, plan_fields);

static const struct field owner_fields[] = {
    FIELD(struct run_owner, pid, .key = "pid", .need = true),
    FIELD(struct run_owner, start, .key = "start", .need = true),
    FIELD(struct run_owner, boot, .key = "boot", .need = true),
};
static const struct fields owner_table = FIELDS(struct run_owner, owner_fields);

/* As written; the names of enum run_outcome in its order. */
struct status_file {
    const char *outcome;
    long long status;
    long long output_bytes;
    const char *text;
};
static const struct field status_fields[] = {
    FIELD(struct status_file, outcome, .key = "outcome", .need = true),
    FIELD(struct status_file, status, .key = "status"),
    FIELD(struct status_file, output_bytes, .key = "output_bytes"),
    FIELD(struct status_file, text, .key = "text"),
};
static const struct fields status_table = FIELDS(struct status_file, status_fields);
static const char *const outcome_names[] = {
    "exited",       "signalled", "timed out",   "output limit",
    "memory limit", "cancelled", "not started",
};

const char *runs_folder(struct arena *arena, const char *data_directory)
{
    return arena_printf(arena, "%s/runs", data_directory);
}

const char *run_file(struct arena *arena, const char *folder, const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static const char *parent_of(struct arena *arena, const char *folder)
{
    const char *slash = strrchr(folder, '/');

    return slash == NULL ? "." : arena_copy_n(arena, folder, (size_t)(slash - folder));
}

/* A fresh folder in runs whose name nobody looks at. */
static int make_draft(struct arena *arena, const char *runs, char **draft, struct error *err)
{
    *draft = arena_printf(arena, "%s/.new-XXXXXX", runs);
    if (mkdir(runs, 0700) < 0 && errno != EEXIST)
        return error_system(err, errno, "the folder \"%s\"", runs);
    if (mkdtemp(*draft) == NULL)
        return error_system(err, errno, "a folder in \"%s\"", runs);
    return 0;
}

int run_create(const char *folder, const struct run_plan *plan, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *runs = parent_of(arena, folder);
    const char *text = json_print(arena, fields_to_json(&plan_table, arena, plan));
    char *draft;

    if (make_draft(arena, runs, &draft, err) < 0)
        return -1;
    if (run_file_write(draft, "plan", text, err) < 0) {
        run_remove(draft);
        return -1;
    }
    /* Renamed onto a folder that has something in it, it fails. */
    if (rename(draft, folder) < 0) {
        int fault = errno;

        run_remove(draft);
        return fault == EEXIST || fault == ENOTEMPTY
                   ? 0
                   : error_system(err, fault, "the folder \"%s\"", folder);
    }
    return run_folder_flush(runs, err);
}

int run_read_plan(struct arena *arena, const char *folder, struct run_plan *plan,
                  struct error *err)
{
    const struct json *json = run_file_read(arena, folder, "plan", PLAN_BYTES_MAX, err);

    if (json == NULL)
        return -1;
    if (fields_from_json(&plan_table, json, arena, plan, err) < 0)
        return error_prefix(err, "%s/plan", folder);
    return 0;
}

int run_claim(const char *folder, bool cancelled, bool *claimed, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct run_owner owner = { .boot = process_boot(arena) };
    const char *text;

    if (!cancelled) {
        owner.pid = getpid();
        owner.start = process_start_time(owner.pid);
    }
    text = json_print(arena, fields_to_json(&owner_table, arena, &owner));
    return run_file_claim(folder, "pid", text, claimed, err);
}

/* JSON may be followed by white space: the file keeps its length. */
static const char *padded(struct arena *arena, const char *text)
{
    return arena_printf(arena, "%-*s", STATUS_BYTES, text);
}

/* Of this process: no other supervisor writes into it. */
static const char *status_draft(struct arena *arena)
{
    return arena_printf(arena, "status.%d", (int)getpid());
}

int run_reserve_status(const char *folder, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return run_file_write(folder, status_draft(arena), padded(arena, ""), err);
}

int run_write_status(const char *folder, const struct run_status *status, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct status_file file = { .outcome = outcome_names[status->outcome],
                                .status = status->status,
                                .output_bytes = status->output_bytes,
                                .text = utf8_cut(arena, status->text, TEXT_BYTES) };
    const char *text = json_print(arena, fields_to_json(&status_table, arena, &file));

    return run_file_replace(folder, status_draft(arena), "status", padded(arena, text), err);
}

static int read_status(struct arena *arena, const char *folder, struct run_status *status,
                       struct error *err)
{
    const struct json *json = run_file_read(arena, folder, "status", SMALL_BYTES_MAX, err);
    struct status_file file = { .status = 0 };

    if (json == NULL)
        return -1;
    if (fields_from_json(&status_table, json, arena, &file, err) < 0)
        return error_prefix(err, "%s/status", folder);
    for (size_t i = 0; i < COUNT_OF(outcome_names); i++)
        if (text_is(outcome_names[i], file.outcome)) {
            *status = (struct run_status){ .outcome = (enum run_outcome)i,
                                           .status = file.status,
                                           .output_bytes = file.output_bytes,
                                           .text = file.text };
            return 0;
        }
    return error_set(err, ERROR_INTERNAL, "%s/status: unknown outcome \"%.40s\"", folder,
                     file.outcome);
}

/* 1: ended, 0: there is no status yet. */
static int look_for_status(struct arena *arena, const char *folder, struct run_look *look,
                           struct error *err)
{
    struct error why = { 0 };

    if (read_status(arena, folder, &look->status, &why) == 0) {
        look->phase = RUN_ENDED;
        return 1;
    }
    if (why.kind == ERROR_MISSING)
        return 0;
    *err = why;
    return -1;
}

/* 1: somebody has claimed it, 0: nobody yet. */
static int read_owner(struct arena *arena, const char *folder, struct run_owner *owner,
                      struct error *err)
{
    struct error why = { 0 };
    const struct json *json = run_file_read(arena, folder, "pid", SMALL_BYTES_MAX, &why);

    if (json != NULL && fields_from_json(&owner_table, json, arena, owner, &why) == 0)
        return 1;
    if (json == NULL && why.kind == ERROR_MISSING)
        return 0;
    *err = why;
    return -1;
}

static int look_for_owner(struct arena *arena, const char *folder, struct run_look *look,
                          struct error *err)
{
    int claimed = read_owner(arena, folder, &look->owner, err);
    struct stat status;

    if (claimed < 0)
        return -1;
    look->rebooted = claimed == 1 && !text_is(look->owner.boot, process_boot(arena));
    if (claimed == 0)
        look->phase = stat(folder, &status) == 0 ? RUN_READY : RUN_ABSENT;
    else if (look->owner.pid == 0)
        look->phase = RUN_ENDED;
    else if (!look->rebooted && process_is_alive(look->owner.pid, look->owner.start))
        look->phase = RUN_GOING;
    else
        look->phase = RUN_LOST;
    if (look->phase == RUN_ENDED)
        look->status = (struct run_status){ .outcome = RUN_CANCELLED };
    return 0;
}

int run_look(struct arena *arena, const char *folder, struct run_look *look, struct error *err)
{
    int ended;

    *look = (struct run_look){ .phase = RUN_ABSENT };
    ended = look_for_status(arena, folder, look, err);
    if (ended != 0)
        return ended < 0 ? -1 : 0;
    if (look_for_owner(arena, folder, look, err) < 0)
        return -1;
    /* It may have written its status and gone between the two looks. */
    if (look->phase == RUN_LOST && look_for_status(arena, folder, look, err) < 0)
        return -1;
    return 0;
}

void run_mark_seen(struct arena *arena, const char *folder)
{
    int file = open(run_file(arena, folder, "seen"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (file < 0)
        return;
    futimens(file, NULL);
    close(file);
}

int run_set_aside(const char *folder, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    char *draft;

    if (make_draft(arena, parent_of(arena, folder), &draft, err) < 0)
        return -1;
    if (rename(folder, draft) < 0)
        return error_system(err, errno, "moving \"%s\" out of the way", folder);
    return 0;
}
