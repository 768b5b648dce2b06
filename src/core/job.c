/* The jobs table as a struct, what its states mean, and what people may do to a job: cancel, resolve, wake. */
#include "core/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/catalog.h"
#include "core/feed.h"
#include "core/job_row.h"

bool job_state_is_final(const char *state)
{
    static const char *const finals[] = { "succeeded", "failed", "cancelled", "refused",
                                          "timed out" };

    for (size_t i = 0; i < COUNT_OF(finals); i++)
        if (text_is(state, finals[i]))
            return true;
    return false;
}

bool job_state_is_good(const char *state)
{
    return text_is(state, "succeeded");
}

/* A column that holds JSON as text. */
static const struct json *column_json(struct arena *arena, const struct json *json,
                                      const char *name)
{
    const char *text = json_string(json, name, NULL);
    struct error ignored = { 0 };

    return text == NULL ? NULL : json_parse(arena, text, strlen(text), &ignored);
}

static void read_progress(struct arena *arena, const struct json *json, struct job_row *row)
{
    row->step = json_string(json, "step", NULL);
    row->step_position = json_integer(json, "step_position", 0);
    row->step_running = json_integer(json, "step_running", 0) != 0;
    row->attempt = json_integer(json, "attempt", 0);
    row->state_json = column_json(arena, json, "state_json");
    row->progress = column_json(arena, json, "progress");
    row->result = column_json(arena, json, "result");
    row->rows_json = column_json(arena, json, "rows_json");
    row->error = json_string(json, "error", NULL);
    row->cancel_by = json_string(json, "cancel_by", NULL);
    row->cancel_reason = json_string(json, "cancel_reason", NULL);
    row->message = json_integer(json, "message", 0);
    row->log_bytes = json_integer(json, "log_bytes", 0);
    row->created_at = json_integer(json, "created_at", 0);
    row->started_at = json_integer(json, "started_at", 0);
    row->deadline_at = json_integer(json, "deadline_at", 0);
    row->finished_at = json_integer(json, "finished_at", 0);
}

void job_row_read(struct arena *arena, const struct json *json, struct job_row *row)
{
    *row = (struct job_row){
        .id = json_integer(json, "id", 0),
        .quick = json_integer(json, "quick", 0) != 0,
        .state = json_string(json, "state", ""),
        .stage = json_string(json, "stage", ""),
        .line = json_string(json, "line", ""),
        .title = json_string(json, "title", ""),
        .command = json_string(json, "command", NULL),
        .args = column_json(arena, json, "args"),
        .pins = column_json(arena, json, "pins"),
        .digest = json_string(json, "digest", NULL),
        .door = json_string(json, "door", ""),
        .person = json_string(json, "person", NULL),
        .account = json_string(json, "account", NULL),
        .chat = json_string(json, "chat", NULL),
        .channel = json_string(json, "channel", NULL),
        .thread = json_string(json, "thread", NULL),
        .place_proven = json_integer(json, "place_proven", 1) != 0,
        .parent = json_integer(json, "parent", 0),
        .again_of = json_integer(json, "again_of", 0),
    };
    read_progress(arena, json, row);
}

int job_load(struct db *db, struct arena *arena, long long job, struct job_row *row,
             struct error *err)
{
    const struct json *json =
        db_row(db, arena, err, "SELECT * FROM jobs WHERE id = ?", VALUES(V(job)));

    if (json == NULL)
        return -1;
    if (!json_is(json, JSON_OBJECT))
        return error_set(err, ERROR_MISSING, "there is no job #%lld", job);
    job_row_read(arena, json, row);
    return 0;
}

struct place job_place(const struct job_row *row)
{
    return (struct place){ .chat = row->chat, .channel = row->channel, .thread = row->thread };
}

/* A worker is in the middle of it, or something has been started outside: it has to be stopped there. */
static bool has_begun(const struct job_row *row)
{
    return (row->step_running || row->step != NULL) && !text_is(row->stage, "unsure");
}

struct cancelling {
    struct core *core;
    long long job;
    const char *person;
    const char *reason; /* redacted */
};

static const char *cancelled_by(struct arena *arena, const char *person, const char *reason)
{
    return text_is_empty(reason) ? arena_printf(arena, "Cancelled by %s", person)
                                 : arena_printf(arena, "Cancelled by %s: %s", person, reason);
}

/* The worker sees it when it wakes, or at once while a step is under way. */
static int cancel_ask(struct db *db, const struct cancelling *cancelling, struct error *err)
{
    if (db_run(db, err, "UPDATE queue SET wake_at = ?, woken = 1 WHERE job = ?",
               VALUES(V(clock_now_ms()), V(cancelling->job))) < 0 ||
        change_add(db, "job", cancelling->job, err) < 0)
        return -1;
    return job_show(db, cancelling->core, cancelling->job, err);
}

static int cancel_write(struct db *db, void *argument, struct error *err)
{
    const struct cancelling *cancelling = argument;
    AUTO(arena) struct arena *arena = arena_new();
    struct job_row row;
    struct job_end end = { .state = "cancelled" };

    if (job_load(db, arena, cancelling->job, &row, err) < 0)
        return -1;
    if (job_state_is_final(row.state))
        return error_set(err, ERROR_CONFLICT, "#%lld is over already: %s", row.id, row.state);
    if (row.cancel_by != NULL)
        return error_set(err, ERROR_CONFLICT, "#%lld is being cancelled already, for %s",
                         row.id, row.cancel_by);
    if (db_run(db, err, "UPDATE jobs SET cancel_by = ?, cancel_reason = ? WHERE id = ?",
               VALUES(V(cancelling->person), V(cancelling->reason), V(row.id))) < 0)
        return -1;
    if (has_begun(&row))
        return cancel_ask(db, cancelling, err);
    end.error = cancelled_by(arena, cancelling->person, cancelling->reason);
    return job_finish(db, cancelling->core, row.id, &end, err);
}

int job_cancel(struct core *core, long long job, const char *person, const char *reason,
               struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct cancelling cancelling = { .core = core, .job = job, .person = person };

    if (!text_is_empty(reason))
        cancelling.reason = utf8_cut(arena, core_redact(core, arena, reason), REASON_LIMIT);
    return store_write(core_store(core), cancel_write, &cancelling, err);
}

struct resolving {
    struct core *core;
    long long job;
    const char *person;
    const char *what;
};

/* The step after `position`, NULL after the last; false when the command is not known any more. */
static bool find_next_step(struct core *core, const struct job_row *row, const char **step)
{
    AUTO(config) const struct config *config = core_config(core);
    const struct catalog_entry *entry = catalog_find(core_catalog(core, config), row->command);
    size_t next = (size_t)row->step_position + 1;

    if (entry == NULL)
        return false;
    *step = next < entry->command->step_count ? entry->command->steps[next].name : NULL;
    return true;
}

static int queue_again(struct db *db, struct core *core, struct arena *arena, long long job,
                       struct error *err)
{
    const struct json *decision = db_row(
        db, arena, err,
        "SELECT id FROM decisions WHERE job = ? AND allowed = 1 ORDER BY id DESC LIMIT 1",
        VALUES(V(job)));

    if (decision == NULL)
        return -1;
    return job_queue(db, core, job, json_integer(decision, "id", 0), clock_now_ms(), err);
}

static int go_on(struct db *db, const struct resolving *resolving, struct arena *arena,
                 const struct job_row *row, struct error *err)
{
    static const struct message done = { .text = "Done", .tone = TONE_GOOD };
    struct job_end end = { .state = "succeeded", .result = &done, .rows = row->rows_json };
    const char *step = NULL;

    if (!find_next_step(resolving->core, row, &step))
        return error_set(err, ERROR_CONFLICT,
                         "there is no command \"%s\" any more: #%lld can only be stopped",
                         row->command, row->id);
    if (step == NULL)
        return job_finish(db, resolving->core, row->id, &end, err);
    if (db_run(db, err,
               "UPDATE jobs SET step = ?, step_position = step_position + 1, step_running = 0, "
               "attempt = 0, error = NULL WHERE id = ?",
               VALUES(V(step), V(row->id))) < 0)
        return -1;
    return queue_again(db, resolving->core, arena, row->id, err);
}

static int start_again(struct db *db, const struct resolving *resolving, struct arena *arena,
                       struct error *err)
{
    if (db_run(db, err,
               "UPDATE jobs SET step_running = 0, attempt = 0, error = NULL WHERE id = ?",
               VALUES(V(resolving->job))) < 0)
        return -1;
    return queue_again(db, resolving->core, arena, resolving->job, err);
}

static int stop_unsure(struct db *db, const struct resolving *resolving, struct arena *arena,
                       const struct job_row *row, struct error *err)
{
    struct job_end end = { .state = "cancelled" };

    end.error = arena_printf(arena, "Stopped by %s: it is not known whether \"%s\" happened",
                             resolving->person, row->step != NULL ? row->step : row->title);
    return job_finish(db, resolving->core, row->id, &end, err);
}

static int resolve_audit(struct db *db, const struct resolving *resolving,
                         const struct job_row *row, struct error *err)
{
    struct audit_record record = {
        .kind = "resolved",
        .job = row->id,
        .person = resolving->person,
        .command = row->command,
        .result = resolving->what,
        .text = row->error,
    };

    return audit_append(db, &record, err);
}

static int resolve_write(struct db *db, void *argument, struct error *err)
{
    const struct resolving *resolving = argument;
    AUTO(arena) struct arena *arena = arena_new();
    struct job_row row;

    if (job_load(db, arena, resolving->job, &row, err) < 0)
        return -1;
    if (!text_is(row.stage, "unsure"))
        return error_set(err, ERROR_CONFLICT, "#%lld does not ask what happened: it is %s",
                         row.id, row.state);
    if (resolve_audit(db, resolving, &row, err) < 0)
        return -1;
    if (text_is(resolving->what, "happened"))
        return go_on(db, resolving, arena, &row, err);
    if (text_is(resolving->what, "again"))
        return start_again(db, resolving, arena, err);
    return stop_unsure(db, resolving, arena, &row, err);
}

int job_resolve_unsure(struct core *core, long long job, const char *person, const char *what,
                       struct error *err)
{
    struct resolving resolving = { .core = core, .job = job, .person = person, .what = what };

    if (!text_is(what, "happened") && !text_is(what, "again") && !text_is(what, "stop"))
        return error_set(err, ERROR_INVALID, "say happened, again or stop, not \"%.40s\"",
                         what);
    return store_write(core_store(core), resolve_write, &resolving, err);
}

int queue_strike(struct db *db, const char *key, struct error *err)
{
    return db_run(db, err, "UPDATE queue SET wake_at = ?, woken = 1 WHERE wake_key = ?",
                  VALUES(V(clock_now_ms()), V(key))) < 0
               ? -1
               : 0;
}

struct waking {
    struct store_write write;
    char *key;
};

static int wake_write(struct db *db, void *argument, struct error *err)
{
    const struct waking *waking = argument;

    return queue_strike(db, waking->key, err);
}

static void wake_done(struct store_write *write, const struct error *err)
{
    struct waking *waking = write->argument;

    if (err != NULL)
        log_warn(0, "waking who waits on \"%s\": %s", waking->key, err->text);
    free(waking->key);
    free(waking);
}

void job_wake(struct core *core, const char *key)
{
    struct waking *waking = memory_new(sizeof(*waking));

    *waking = (struct waking){
        .key = memory_copy(key),
        .write = { .name = "wake_write",
                   .run = wake_write,
                   .done = wake_done,
                   .argument = waking },
    };
    store_write_later(core_store(core), &waking->write);
}
