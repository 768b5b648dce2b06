/* The answer to a job's question: merged into its line, which then takes the way of any line. */
#include "base/hash.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_plan.h"
#include "core/job_row.h"

struct answering {
    struct plan plan;
    struct ask ask; /* the whole line, as if it had been typed at once */
    long long job;
    struct job_row row;
    const struct ask *who;
};

/* What was needed and not given before this answer. */
static struct strings still_missing(const struct answering *answering,
                                    const struct command *command)
{
    const struct fields *fields = &command->args;
    const char **keys = ARENA_ARRAY(answering->plan.arena, const char *, fields->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];

        if (field->need && field->meaning != AS_PAIRS && field->fallback == NULL &&
            json_member(answering->row.args, field->key) == NULL)
            keys[count++] = field->key;
    }
    return (struct strings){ .items = keys, .count = count };
}

/* A form sends numbers and switches as such. */
static const char *value_text(struct arena *arena, const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return value->as.string[0] == '\0' ? NULL : value->as.string;
    if (json_is(value, JSON_INTEGER) || json_is(value, JSON_BOOLEAN) ||
        json_is(value, JSON_REAL))
        return json_print(arena, value);
    return NULL;
}

/* What was given before, and the answer: a text for the first that is missing, or values by key. */
static const struct json *merge(const struct answering *answering,
                                const struct command *command, const struct json *values,
                                const struct strings *missing)
{
    struct arena *arena = answering->plan.arena;
    struct json_builder *merged = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < command->args.count; i++) {
        const char *key = command->args.list[i].key;
        const struct json *before = json_member(answering->row.args, key);
        const char *text = value_text(arena, json_member(values, key));

        if (json_is(values, JSON_STRING) && missing->count > 0 &&
            text_is(key, missing->items[0]))
            text = value_text(arena, values);
        if (before != NULL)
            json_builder_add(merged, key, *before);
        else
            json_builder_add(merged, key, V(text));
    }
    return json_builder_done(merged);
}

/* The line with the answer in it takes the way of any line; what is wrong is asked again. */
static void answering_plan(struct answering *answering, const struct json *values)
{
    struct plan *plan = &answering->plan;
    AUTO(config) const struct config *config = core_config(plan->core);
    const struct catalog_entry *entry =
        catalog_find(core_catalog(plan->core, config), answering->row.command);
    struct strings missing = { 0 };

    if (entry != NULL) {
        missing = still_missing(answering, entry->command);
        answering->ask.line =
            line_print(plan->arena, entry, merge(answering, entry->command, values, &missing));
    }
    plan_make(plan);
    if (!text_is(plan->state, "failed") || plan->parsed.entry == NULL || missing.count == 0)
        return;
    plan->args = answering->row.args;
    plan_ask(plan, &missing, plan->error);
    plan->error = NULL;
}

static int check_question(const struct job_row *row, struct error *err)
{
    if (!text_is(row->stage, "question"))
        return error_set(err, ERROR_CONFLICT, "#%lld does not ask anything: it is %s", row->id,
                         row->state);
    return 0;
}

static int answer_end(struct db *db, const struct answering *answering, struct error *err)
{
    const struct plan *plan = &answering->plan;
    struct message message = message_from_json(plan->arena, plan->result);
    struct job_end end = { .state = plan->state, .result = &message, .error = plan->error };

    return job_finish(db, plan->core, answering->job, &end, err);
}

static int answer_open(struct db *db, const struct answering *answering, struct error *err)
{
    const struct plan *plan = &answering->plan;

    if (db_run(db, err,
               "UPDATE jobs SET state = ?, stage = ?, title = ?, args = ?, result = ? "
               "WHERE id = ?",
               VALUES(V(plan->state), V(plan->stage), V(plan->title), V(plan->args),
                      V(plan->result), V(answering->job))) < 0 ||
        change_add(db, "job", answering->job, err) < 0)
        return -1;
    return job_show(db, plan->core, answering->job, err);
}

static int answer_store(struct db *db, const struct answering *answering, struct error *err)
{
    const struct plan *plan = &answering->plan;
    long long job = answering->job;

    if (plan_input(db, plan, job, err) < 0 || plan_audit(db, plan, job, "answered", err) < 0 ||
        plan_decide(db, plan, job, err) < 0)
        return -1;
    if (plan->decided && plan_audit(db, plan, job, "decided", err) < 0)
        return -1;
    return job_state_is_final(plan->state) ? answer_end(db, answering, err)
                                           : answer_open(db, answering, err);
}

static int answer_write(struct db *db, void *argument, struct error *err)
{
    const struct answering *answering = argument;
    AUTO(arena) struct arena *arena = arena_new();
    struct job_row row;
    bool known;
    long long job;

    if (input_find(db, answering->who->request_key, &known, &job, err) < 0)
        return -1;
    if (known)
        return 0;
    if (job_load(db, arena, answering->job, &row, err) < 0 || check_question(&row, err) < 0)
        return -1;
    return answer_store(db, answering, err);
}

static int answering_load(struct answering *answering, struct error *err)
{
    struct core *core = answering->plan.core;
    AUTO(db) struct db *db = store_read_start(core_store(core), err);

    if (db == NULL ||
        job_load(db, answering->plan.arena, answering->job, &answering->row, err) < 0)
        return -1;
    return 0;
}

static int answering_check(const struct answering *answering, struct error *err)
{
    const struct ask *who = answering->who;
    AUTO(config) const struct config *config = core_config(answering->plan.core);
    const struct person *person = who->person != NULL
                                      ? config_person(config, who->person)
                                      : config_person_of(config, who->place.chat, who->user);

    if (person == NULL || !text_is(person->id, answering->row.person))
        return error_set(err, ERROR_DENIED, "#%lld asks %s", answering->job,
                         answering->row.person);
    return 0;
}

int job_answer(struct core *core, long long job, const struct ask *who,
               const struct json *values, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct answering answering = {
        .job = job, .who = who, .ask = *who, .plan = { .arena = arena, .core = core }
    };
    struct plan *plan = &answering.plan;
    int result;

    if (answering_load(&answering, err) < 0 || answering_check(&answering, err) < 0)
        return -1;
    answering.ask.place = job_place(&answering.row);
    answering.ask.place_proven = answering.row.place_proven;
    answering.ask.may_ask = true;
    answering.ask.line = answering.row.line;
    if (who->request_key == NULL)
        answering.ask.request_key =
            arena_printf(arena, "answer:%lld:%s", job, random_token(arena, 9));
    plan->ask = &answering.ask;
    answering_plan(&answering, values);
    plan->line = who->line != NULL ? core_redact(core, arena, who->line) : plan->title;
    if (who->line == NULL)
        plan->input_kind = "form";
    result = store_write(core_store(core), answer_write, &answering, err);
    plan_end(plan);
    return result;
}
