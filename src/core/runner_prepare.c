/* Before a job begins: arguments against today's configuration, pins, the policy's last word, the approval. */
#include <string.h>

#include "base/clock.h"
#include "core/approval.h"
#include "core/audit.h"
#include "core/feed.h"
#include "core/runner_internal.h"

/* What preparing came to, written in one transaction. */
struct preparing {
    struct unit *unit;
    struct decision decision;
    const struct json *pins;
    const char *digest;
    struct unit_words words;
    long long decision_id;
    bool goes;       /* out: it may begin, and its first step is noted */
    const char *end; /* out: the state it ended in, NULL: none */
};

static const struct field *find_meaning(const struct fields *fields, enum field_meaning meaning)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].meaning == meaning)
            return &fields->list[i];
    return NULL;
}

static const char *argument_of(const struct unit *unit, enum field_meaning meaning)
{
    const struct field *field = find_meaning(&unit->entry->command->args, meaning);

    return field == NULL ? NULL
                         : json_string(json_member(unit->row->args, field->key), "", NULL);
}

static const struct json *node_of(const struct connection *connection)
{
    return connection == NULL ? NULL : connection->node;
}

/* The configuration that the command acts with: whatever changes in it voids an approval. */
static const struct json *target_of(const struct unit *unit)
{
    const char *app_name = argument_of(unit, AS_APP);
    const char *environment_name = argument_of(unit, AS_ENVIRONMENT);
    const struct app *app = app_name == NULL ? NULL : config_app(unit->config, app_name);
    const struct environment *environment =
        app == NULL || environment_name == NULL ? NULL : app_environment(app, environment_name);
    const struct connection *deploys = environment == NULL ? NULL : environment->connection;
    const struct custom_command *custom = unit->entry->custom;

    return OBJECT(unit->arena, { "connection", V(node_of(unit->entry->connection)) },
                  { "command", V(custom == NULL ? NULL : custom->node) },
                  { "environment", V(environment == NULL ? NULL : environment->node) },
                  { "deploys through", V(node_of(deploys)) });
}

static const char *digest_of(const struct unit *unit, const struct json *pins)
{
    struct approval_subject subject = {
        .person = unit->row->person,
        .command = unit->entry->name,
        .args = unit->row->args,
        .place = place_print(unit->arena, &unit->call->place),
        .pins = pins,
        .target = target_of(unit),
    };

    return approval_digest(unit->arena, &subject);
}

static struct decision decide(const struct unit *unit)
{
    const struct job_row *row = unit->row;
    struct request request = {
        .config = unit->config,
        .person = row->person == NULL ? NULL : config_person(unit->config, row->person),
        .entry = unit->entry,
        .args = row->args,
        .place = &unit->call->place,
        .at_ms = clock_now_ms(),
    };

    return policy_decide(&request, unit->arena);
}

static int end_refused(struct db *db, struct preparing *preparing, const char *text,
                       struct error *err)
{
    struct job_end end = { .state = "refused", .error = text };

    preparing->end = "refused";
    return job_finish(db, preparing->unit->core, preparing->unit->row->id, &end, err);
}

/* Does today's policy still ask for what the approvers were told? */
static bool asks_the_same(struct db *db, const struct preparing *preparing)
{
    struct arena *arena = preparing->unit->arena;
    const struct json *now = needs_json(arena, &preparing->decision);
    struct error ignored = { 0 };
    const struct json *row = approval_row(db, arena, preparing->unit->row->id, &ignored);

    return now == NULL ||
           (row != NULL && text_is(json_canonical(arena, now),
                                   json_canonical(arena, approval_needs(arena, row))));
}

/* Why the approval that was given does not count any more; NULL: it does.  -1 only when it cannot be read. */
static int check_approval(struct db *db, const struct preparing *preparing,
                          const char **refusal, struct error *err)
{
    const struct unit *unit = preparing->unit;
    const char *difference = approval_difference(unit->arena, unit->row->pins, preparing->pins);
    struct error why = { 0 };

    *refusal = NULL;
    if (approval_check(db, unit->row->id, preparing->digest, clock_now_ms(), &why) < 0) {
        if (why.kind != ERROR_CONFLICT) {
            *err = why;
            return -1;
        }
        *refusal =
            text_is_empty(difference)
                ? arena_copy(unit->arena, why.text)
                : arena_printf(unit->arena, "changed since it was approved: %s", difference);
    } else if (!asks_the_same(db, preparing)) {
        *refusal =
            "changed since it was approved: the rules now ask for somebody else's agreement";
    }
    return 0;
}

static int audit_started(struct db *db, const struct preparing *preparing, struct error *err)
{
    const struct unit *unit = preparing->unit;
    const struct job_row *row = unit->row;
    struct audit_record record = {
        .kind = "started",
        .job = row->id,
        .person = row->person,
        .account = row->account,
        .door = row->door,
        .place = place_print(unit->arena, &unit->call->place),
        .command = row->command,
        .line = row->title,
        .rule = preparing->decision.where,
        .detail = OBJECT(unit->arena, { "args", V(row->args) }, { "pins", V(preparing->pins) }),
    };

    return audit_append(db, &record, err);
}

static long long limit_ms(const struct unit *unit)
{
    int limit_s = unit->entry->command->limit_s;

    return (limit_s == 0 ? STEPS_LIMIT_S : limit_s) * 1000LL;
}

/* The first step's intent: what a crash finds. */
static int begin(struct db *db, struct preparing *preparing, struct error *err)
{
    const struct unit *unit = preparing->unit;
    long long job = unit->row->id;
    long long now_ms = clock_now_ms();

    preparing->goes = true;
    if (unit->entry->command->run != NULL)
        return 0;
    if (db_run(db, err,
               "UPDATE jobs SET state = 'running', stage = 'run', pins = ?, step = ?, "
               "step_position = 0, step_running = 1, attempt = 1, "
               "started_at = coalesce(started_at, ?), deadline_at = ? WHERE id = ?",
               VALUES(V(preparing->pins), V(unit->entry->command->steps[0].name), V(now_ms),
                      V(now_ms + limit_ms(unit)), V(job))) < 0 ||
        audit_started(db, preparing, err) < 0 || change_add(db, "job", job, err) < 0)
        return -1;
    return job_show(db, unit->core, job, err);
}

static int decide_write(struct db *db, struct preparing *preparing, struct error *err)
{
    const struct decision *decision = &preparing->decision;
    struct unit *unit = preparing->unit;
    const char *refusal = NULL;
    bool given = unit->row->digest != NULL;
    struct approval_wish wish = { .needs = decision,
                                  .decision = preparing->decision_id,
                                  .pins = preparing->pins,
                                  .digest = preparing->digest };

    if (!decision->allowed)
        return end_refused(db, preparing, decision->refusal, err);
    if (given && check_approval(db, preparing, &refusal, err) < 0)
        return -1;
    if (refusal != NULL)
        return end_refused(db, preparing, refusal, err);
    if (!given && decision->approval.asked)
        return job_await_approval(db, unit->core, unit->row->id, &wish, err);
    return begin(db, preparing, err);
}

static int prepare_write(struct db *db, void *argument, struct error *err)
{
    struct preparing *preparing = argument;
    struct unit *unit = preparing->unit;

    preparing->goes = false;
    preparing->end = NULL;
    if (unit_write_words(db, unit, &preparing->words, err) < 0)
        return -1;
    preparing->decision_id =
        decision_add(db, unit->config, unit->row->id, &preparing->decision, err);
    return preparing->decision_id < 0 ? -1 : decide_write(db, preparing, err);
}

/* What the door allowed, is allowed still and asks for nobody's agreement needs no write before it runs: it only reads. */
static bool is_plain(const struct preparing *preparing)
{
    return preparing->unit->entry->command->run != NULL && preparing->decision.allowed &&
           !preparing->decision.approval.asked && preparing->unit->row->digest == NULL;
}

static int resolve(struct unit *unit, struct error *err)
{
    const struct command *command = unit->entry->command;

    if (call_read_arguments(unit->call, err) < 0)
        return -1;
    return command->pin == NULL ? 0 : command->pin(unit->call, err);
}

static void write_prepared(struct unit *unit, struct preparing *preparing)
{
    /* A quick command's call goes on to run(): its words are written at its end. */
    if (unit->entry->command->run == NULL)
        preparing->words = unit_settle(unit);
    if (unit_commit(unit, prepare_write, preparing) < 0)
        preparing->goes = false;
    else if (preparing->end != NULL)
        count_end(unit, preparing->end);
    unit->call->note_count = 0;
    unit->call->notes_left_out = 0;
}

bool unit_prepare(struct unit *unit)
{
    struct preparing preparing = { .unit = unit };
    struct error err = { 0 };

    if (resolve(unit, &err) < 0) {
        unit_fail(unit, &err);
        return false;
    }
    preparing.decision = decide(unit);
    preparing.pins = call_pins(unit->call);
    preparing.digest = digest_of(unit, preparing.pins);
    if (is_plain(&preparing))
        return true;
    write_prepared(unit, &preparing);
    return preparing.goes;
}
