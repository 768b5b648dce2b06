/* The transitions of a job: each writes the row, the queue, the audit, the live message and the change. */
#include "core/job_row.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/approval.h"
#include "core/audit.h"
#include "core/catalog.h"
#include "core/core_internal.h"
#include "core/deployment.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/outbox.h"

static const struct json *lists_json(struct arena *arena, const struct decision *decision)
{
    struct json_builder *lists = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < decision->from_all_count; i++) {
        struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

        for (size_t j = 0; j < decision->from_all[i].count; j++)
            json_builder_add(list, NULL, V(decision->from_all[i].items[j]));
        json_builder_add(lists, NULL, V(json_builder_done(list)));
    }
    return json_builder_done(lists);
}

const struct json *needs_json(struct arena *arena, const struct decision *decision)
{
    if (!decision->approval.asked)
        return NULL;
    return OBJECT(arena, { "count", V(decision->approval.count) },
                  { "from", V(lists_json(arena, decision)) },
                  { "within_s", V(decision->approval.within_s) },
                  { "text", V(approval_print(arena, decision)) });
}

long long decision_add(struct db *db, const struct config *config, long long job,
                       const struct decision *decision, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    if (db_run(db, err,
               "INSERT INTO decisions (job, allowed, rule, why, needs, config, at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(job), V(decision->allowed), V(decision->where), V(decision->why),
                      V(needs_json(arena, decision)), V((const char *)config->digest),
                      V(clock_now_ms()))) < 0)
        return -1;
    return db_last_id(db);
}

int queue_add(struct db *db, const struct queued *queued, struct error *err)
{
    return db_run(db, err,
                  "INSERT INTO queue (job, decision, lane, connection, wake_at, fence) "
                  "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job) DO UPDATE SET "
                  "decision = excluded.decision, wake_at = excluded.wake_at, wake_key = NULL, "
                  "woken = 0, lease_owner = NULL, lease_until = 0, fence = fence + 1",
                  VALUES(V(queued->job), V(queued->decision), V(queued->lane),
                         V(queued->connection), V(queued->wake_at), V(queued->fence))) < 0
               ? -1
               : 0;
}

static int job_load_open(struct db *db, struct arena *arena, long long job, struct job_row *row,
                         struct error *err)
{
    if (job_load(db, arena, job, row, err) < 0)
        return -1;
    if (job_state_is_final(row->state))
        return error_set(err, ERROR_CONFLICT, "#%lld is over already: %s", job, row->state);
    return 0;
}

static int job_changed(struct db *db, struct core *core, long long job, struct error *err)
{
    if (change_add(db, "job", job, err) < 0)
        return -1;
    return job_show(db, core, job, err);
}

/* Pins and policy come first, unless they have been looked at already. */
static const char *next_stage(const char *stage)
{
    return text_is(stage, "question") || text_is(stage, "prepare") ? "prepare" : "run";
}

const char *lane_of(const struct catalog_entry *entry)
{
    return entry != NULL && entry->command->core ? "core" : "work";
}

int job_queue(struct db *db, struct core *core, long long job, long long decision,
              long long wake_at, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(config) const struct config *config = core_config(core);
    const struct catalog_entry *entry;
    struct queued queued = { .job = job, .decision = decision, .wake_at = wake_at };
    struct job_row row;

    if (job_load_open(db, arena, job, &row, err) < 0)
        return -1;
    entry = catalog_find(core_catalog(core, config), row.command);
    queued.lane = lane_of(entry);
    if (entry != NULL && entry->connection != NULL)
        queued.connection = entry->connection->name;
    /* A worker that lost its lease on the row that was here before must not match this one. */
    queued.fence = clock_now_ms();
    if (db_run(db, err, "UPDATE jobs SET state = 'queued', stage = ? WHERE id = ?",
               VALUES(V(next_stage(row.stage)), V(job))) < 0 ||
        queue_add(db, &queued, err) < 0)
        return -1;
    return job_changed(db, core, job, err);
}

static int void_approval(struct db *db, long long job, long long now_ms, struct error *err)
{
    long long count = db_run(db, err,
                             "UPDATE approvals SET state = 'void', decided_at = ? "
                             "WHERE job = ? AND state = 'pending'",
                             VALUES(V(now_ms), V(job)));

    if (count <= 0)
        return (int)count;
    return change_add(db, "approval", job, err);
}

static int finish_row(struct db *db, const struct job_end *end, const struct json *result,
                      long long job, struct error *err)
{
    long long now_ms = clock_now_ms();

    if (db_run(
            db, err,
            "UPDATE jobs SET state = ?, stage = 'final', result = ?, rows_json = ?, error = ?, "
            "step_running = 0, finished_at = ? WHERE id = ?",
            VALUES(V(end->state), V(result), V(end->rows), V(end->error), V(now_ms), V(job))) <
            0 ||
        db_run(db, err, "DELETE FROM queue WHERE job = ?", VALUES(V(job))) < 0)
        return -1;
    return void_approval(db, job, now_ms, err);
}

static int finish_audit(struct db *db, struct arena *arena, const struct job_row *row,
                        const struct job_end *end, struct error *err)
{
    struct place place = job_place(row);
    struct audit_record record = {
        .kind = "finished",
        .job = row->id,
        .person = row->person,
        .account = row->account,
        .door = row->door,
        .place = place_print(arena, &place),
        .command = row->command,
        .line = row->title,
        .result = end->state,
        .text = end->error,
    };

    return audit_append(db, &record, err);
}

int job_finish(struct db *db, struct core *core, long long job, const struct job_end *end,
               struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job_end clean = {
        .state = end->state,
        .error = core_redact(core, arena, end->error),
        .rows = core_redact_json(core, arena, end->rows),
    };
    const struct json *result =
        end->result == NULL
            ? NULL
            : core_redact_json(core, arena, message_to_json(arena, end->result));
    struct job_row row;

    ASSERT(job_state_is_final(end->state));
    if (job_load_open(db, arena, job, &row, err) < 0 ||
        finish_row(db, &clean, result, job, err) < 0 ||
        finish_audit(db, arena, &row, &clean, err) < 0 ||
        deployment_end(db, job, end->state, err) < 0 ||
        queue_strike(db, arena_printf(arena, "job:%lld", job), err) < 0)
        return -1;
    return job_changed(db, core, job, err);
}

static int await_audit(struct db *db, const struct job_row *row,
                       const struct approval_wish *wish, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *needs = needs_json(arena, wish->needs);
    struct audit_record record = {
        .kind = "approval",
        .job = row->id,
        .person = row->person,
        .command = row->command,
        .line = row->title,
        .result = "asked",
        .text = json_string(needs, "text", NULL),
        .detail = OBJECT(arena, { "digest", V(wish->digest) }, { "needs", V(needs) },
                         { "pins", V(wish->pins) }),
    };

    return audit_append(db, &record, err);
}

int job_await_approval(struct db *db, struct core *core, long long job,
                       const struct approval_wish *wish, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct approval_wish clean = *wish;
    struct job_row row;

    clean.pins = core_redact_json(core, arena, wish->pins);
    if (job_load_open(db, arena, job, &row, err) < 0)
        return -1;
    if (db_run(db, err,
               "UPDATE jobs SET state = 'waiting for approval', stage = 'approval', pins = ?, "
               "digest = ? WHERE id = ?",
               VALUES(V(clean.pins), V(clean.digest), V(job))) < 0 ||
        db_run(db, err, "DELETE FROM queue WHERE job = ?", VALUES(V(job))) < 0 ||
        approval_request(db, job, &clean, err) < 0 || await_audit(db, &row, &clean, err) < 0)
        return -1;
    return job_changed(db, core, job, err);
}

int job_await_person(struct db *db, struct core *core, long long job, const char *text,
                     struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job_row row;

    if (job_load_open(db, arena, job, &row, err) < 0)
        return -1;
    if (db_run(db, err,
               "UPDATE jobs SET state = 'waiting', stage = 'unsure', error = ? WHERE id = ?",
               VALUES(V(core_redact(core, arena, text)), V(job))) < 0 ||
        db_run(db, err, "DELETE FROM queue WHERE job = ?", VALUES(V(job))) < 0)
        return -1;
    return job_changed(db, core, job, err);
}

/* What is answered at once has nothing to show until then, unless it waits for a person. */
static bool is_worth_showing(const struct job_row *row)
{
    return !row->quick || job_state_is_final(row->state) ||
           text_is(row->state, "waiting for approval") || text_is(row->state, "waiting");
}

static bool has_chat(const struct config *config, const struct job_row *row)
{
    return row->chat != NULL && row->channel != NULL && config_chat(config, row->chat) != NULL;
}

int job_show(struct db *db, struct core *core, long long job, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(config) const struct config *config = core_config(core);
    struct job_row row;
    struct message message;
    struct saying saying = { .job = job };
    long long id;

    if (job_load(db, arena, job, &row, err) < 0)
        return -1;
    if (!has_chat(config, &row) || !is_worth_showing(&row))
        return 0;
    message = job_row_message(db, arena, config, &row);
    saying.place = job_place(&row);
    saying.key = arena_printf(arena, "job:%lld", job);
    saying.only_for = message.only_for_user ? row.person : NULL;
    saying.final = job_state_is_final(row.state);
    id = outbox_put(db, &saying, &message, err);
    if (id < 0)
        return -1;
    if (id == row.message)
        return 0;
    return db_run(db, err, "UPDATE jobs SET message = ? WHERE id = ?", VALUES(V(id), V(job))) <
                   0
               ? -1
               : 0;
}
