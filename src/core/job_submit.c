/* Submission: the plan of a line, written as job, decision, queue, input and audit in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_plan.h"
#include "core/job_row.h"
#include "core/limit.h"

static struct json id_or_null(long long id)
{
    return id == 0 ? json_null() : V(id);
}

static const char *person_id(const struct plan *plan)
{
    return plan->person != NULL ? plan->person->id : NULL;
}

int plan_audit(struct db *db, const struct plan *plan, long long job, const char *kind,
               struct error *err)
{
    const struct ask *ask = plan->ask;
    bool is_decision = text_is(kind, "decided");
    struct audit_record record = {
        .kind = kind,
        .job = job,
        .person = person_id(plan),
        .account = ask->account,
        .door = ask->door,
        .place = place_print(plan->arena, &ask->place),
        .command = plan->command,
        .line = is_decision ? plan->title : plan->line,
    };

    if (is_decision) {
        record.result = plan->decision.allowed ? "allowed" : "refused";
        record.rule = plan->decision.where;
        record.text = plan->decision.why;
    } else if (job_state_is_final(plan->state) && text_is(kind, "finished")) {
        record.result = plan->state;
        record.text = plan->error;
    } else {
        record.detail = OBJECT(plan->arena, { "args", V(plan->args) },
                               { "place_said", ask->place.chat != NULL && !ask->place_proven
                                                   ? json_from_boolean(true)
                                                   : (struct json){ .kind = JSON_ABSENT } });
    }
    return audit_append(db, &record, err);
}

int plan_decide(struct db *db, const struct plan *plan, long long job, struct error *err)
{
    struct queued queued = {
        .job = job,
        .lane = plan->lane,
        .connection = plan->connection,
        .wake_at = clock_now_ms(),
    };

    if (!plan->decided)
        return 0;
    queued.decision = decision_add(db, plan->config, job, &plan->decision, err);
    if (queued.decision < 0)
        return -1;
    return text_is(plan->state, "queued") ? queue_add(db, &queued, err) : 0;
}

int input_find(struct db *db, const char *request_key, bool *known, long long *job,
               struct error *err)
{
    AUTO(arena) struct arena *arena = NULL;
    const struct json *row;

    *known = false;
    *job = 0;
    if (request_key == NULL)
        return 0;
    arena = arena_new();
    row = db_row(db, arena, err, "SELECT job FROM inputs WHERE request_key = ?",
                 VALUES(V(request_key)));
    if (row == NULL)
        return -1;
    *known = json_is(row, JSON_OBJECT);
    *job = json_integer(row, "job", 0);
    return 0;
}

/* Typed by a person where others see it. */
static bool is_in_chat(const struct plan *plan)
{
    const struct place *place = &plan->ask->place;

    return place->chat != NULL && place->channel != NULL && !text_is(plan->ask->door, "job") &&
           config_chat(plan->config, place->chat) != NULL;
}

int plan_input(struct db *db, const struct plan *plan, long long job, struct error *err)
{
    const struct ask *ask = plan->ask;
    bool shown = is_in_chat(plan);
    const char *key = ask->request_key != NULL ? ask->request_key
                                               : arena_printf(plan->arena, "job:%lld", job);

    if (ask->request_key == NULL && !shown)
        return 0;
    if (db_run(db, err,
               "INSERT INTO inputs (request_key, kind, chat, channel, thread, user_id, person, "
               "text, job, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(key), V(plan->input_kind), V(shown ? ask->place.chat : NULL),
                      V(shown ? ask->place.channel : NULL), V(shown ? ask->place.thread : NULL),
                      V(ask->user), V(person_id(plan)), V(plan->line), V(job),
                      V(clock_now_ms()))) < 0)
        return -1;
    return shown ? change_add(db, "input", db_last_id(db), err) : 0;
}

static long long insert_job(struct db *db, const struct plan *plan, struct error *err)
{
    const struct ask *ask = plan->ask;
    long long now_ms = clock_now_ms();
    bool over = job_state_is_final(plan->state);

    if (db_run(
            db, err,
            "INSERT INTO jobs (state, stage, line, title, command, quick, args, door, person, "
            "account, chat, channel, thread, place_proven, parent, again_of, result, error, "
            "created_at, finished_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            VALUES(V(plan->state), V(plan->stage), V(plan->line), V(plan->title),
                   V(plan->command), V(plan->quick), V(plan->args), V(ask->door),
                   V(person_id(plan)), V(ask->account), V(ask->place.chat),
                   V(ask->place.channel), V(ask->place.thread), V(ask->place_proven),
                   id_or_null(ask->parent), id_or_null(ask->again_of), V(plan->result),
                   V(plan->error), V(now_ms), id_or_null(over ? now_ms : 0))) < 0)
        return -1;
    return db_last_id(db);
}

static int audit_submission(struct db *db, const struct plan *plan, long long job,
                            struct error *err)
{
    if (plan_audit(db, plan, job, "asked", err) < 0)
        return -1;
    if (plan->decided)
        return plan_audit(db, plan, job, "decided", err);
    return job_state_is_final(plan->state) ? plan_audit(db, plan, job, "finished", err) : 0;
}

struct submission {
    struct plan plan;
    struct submitted submitted;
};

static const char *state_of(struct db *db, struct arena *arena, long long job,
                            struct error *err)
{
    const struct json *row =
        db_row(db, arena, err, "SELECT state FROM jobs WHERE id = ?", VALUES(V(job)));

    return row == NULL ? NULL : json_string(row, "state", "");
}

static int write_new(struct db *db, struct submission *submission, struct error *err)
{
    const struct plan *plan = &submission->plan;
    long long job = insert_job(db, plan, err);

    if (job < 0 || plan_input(db, plan, job, err) < 0 || plan_decide(db, plan, job, err) < 0 ||
        audit_submission(db, plan, job, err) < 0 || change_add(db, "job", job, err) < 0)
        return -1;
    submission->submitted = (struct submitted){ .job = job, .state = plan->state };
    if (plan->quick && text_is(plan->state, "queued"))
        return 0;
    return job_show(db, plan->core, job, err);
}

static int submission_write(struct db *db, void *argument, struct error *err)
{
    struct submission *submission = argument;
    bool known;
    long long job;

    if (input_find(db, submission->plan.ask->request_key, &known, &job, err) < 0)
        return -1;
    if (!known)
        return write_new(db, submission, err);
    submission->submitted = (struct submitted){ .job = job, .repeated = true };
    submission->submitted.state = state_of(db, submission->plan.arena, job, err);
    return submission->submitted.state == NULL ? -1 : 0;
}

int job_limit(struct core *core, const char *person, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);

    return person == NULL ? 0
                          : limit_take(core->limit, person, config->server.commands_per_minute,
                                       clock_now_ms(), err);
}

int job_submit(struct core *core, const struct ask *ask, struct arena *arena,
               struct submitted *submitted, struct error *err)
{
    struct submission submission = { .plan = { .arena = arena, .core = core, .ask = ask } };
    int result;

    if (!text_is(ask->door, "job") &&
        job_limit(core, ask->person != NULL ? ask->person : ask->user, err) < 0)
        return -1;
    plan_make(&submission.plan);
    result = store_write(core_store(core), submission_write, &submission, err);
    plan_end(&submission.plan);
    if (result == 0)
        *submitted = submission.submitted;
    return result;
}

struct job_submission {
    struct store_write write;
    struct submission submission;
    struct ask ask;
    struct arena *arena;
    job_submitted *done;
    void *context;
};

static struct ask ask_copy(struct arena *arena, const struct ask *ask)
{
    struct ask copy = *ask;

    copy.door = arena_copy(arena, ask->door);
    copy.person = arena_copy(arena, ask->person);
    copy.user = arena_copy(arena, ask->user);
    copy.account = arena_copy(arena, ask->account);
    copy.place.chat = arena_copy(arena, ask->place.chat);
    copy.place.channel = arena_copy(arena, ask->place.channel);
    copy.place.thread = arena_copy(arena, ask->place.thread);
    copy.line = arena_copy(arena, ask->line);
    copy.request_key = arena_copy(arena, ask->request_key);
    return copy;
}

static void submission_done(struct store_write *write, const struct error *err)
{
    struct job_submission *later = write->argument;

    later->done(later->context, err == NULL ? &later->submission.submitted : NULL, err);
    plan_end(&later->submission.plan);
    arena_free(later->arena);
}

static int submission_write_later(struct db *db, void *argument, struct error *err)
{
    struct job_submission *later = argument;

    return submission_write(db, &later->submission, err);
}

void job_submit_later(struct core *core, const struct ask *ask, job_submitted *done,
                      void *context)
{
    struct arena *arena = arena_new();
    struct job_submission *later = ARENA_NEW(arena, struct job_submission);

    later->arena = arena;
    later->ask = ask_copy(arena, ask);
    later->done = done;
    later->context = context;
    later->submission.plan = (struct plan){ .arena = arena, .core = core, .ask = &later->ask };
    later->write.name = "submission_write";
    later->write.run = submission_write_later;
    later->write.done = submission_done;
    later->write.argument = later;
    plan_make(&later->submission.plan);
    store_write_later(core_store(core), &later->write);
}
