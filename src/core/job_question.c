/* A missing argument becomes a question: what it says, where it is looked for, and its end when nobody answers. */
#include <ctype.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/job.h"
#include "core/job_plan.h"
#include "core/job_row.h"
#include "core/parse_value.h"

enum {
    QUESTION_LIMIT_MS = 10 * 60 * 1000,
    CHOICES_SAID = 10 /* in a sentence; a form shows all */
};

static const char *upper(struct arena *arena, const char *key)
{
    char *name = arena_copy(arena, key);

    for (char *c = name; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return name;
}

/* None: anything. */
static struct strings field_choices(const struct plan *plan, const struct field *field)
{
    struct argument_context context = { .config = plan->config, .place = &plan->ask->place };

    return value_choices(plan->arena, &context, &plan->parsed.entry->command->args, field,
                         plan->args);
}

/* ": staging or production" */
static void add_choices(struct text *out, struct strings choices)
{
    if (choices.count > CHOICES_SAID)
        return;
    for (size_t i = 0; i < choices.count; i++) {
        text_add(out, i == 0 ? ": " : i + 1 == choices.count ? " or " : ", ");
        text_add(out, choices.items[i]);
    }
}

static const struct json *choices_json(struct arena *arena, struct strings choices)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < choices.count; i++)
        json_builder_add(list, NULL, V(choices.items[i]));
    return choices.count == 0 ? NULL : json_builder_done(list);
}

const char *question_text(const struct plan *plan, const struct strings *missing)
{
    const struct fields *fields = &plan->parsed.entry->command->args;
    struct text out = text_new(plan->arena, 1000);

    text_addf(&out, "%s needs ", plan->parsed.entry->name);
    for (size_t i = 0; i < missing->count; i++)
        text_addf(&out, "%s%s",
                  i == 0                    ? ""
                  : i + 1 == missing->count ? " and "
                                            : ", ",
                  upper(plan->arena, missing->items[i]));
    if (missing->count == 1)
        add_choices(&out, field_choices(plan, fields_find(fields, missing->items[0])));
    return text_string(&out);
}

const struct json *question_fields(const struct plan *plan, const struct strings *missing)
{
    const struct fields *fields = &plan->parsed.entry->command->args;
    struct json_builder *list = json_builder_new(plan->arena, JSON_ARRAY);

    for (size_t i = 0; i < missing->count; i++) {
        const struct field *field = fields_find(fields, missing->items[i]);

        json_builder_add(
            list, NULL,
            V(OBJECT(plan->arena, { "key", V(field->key) }, { "help", V(field->help) },
                     { "type", V(field_type_name(field)) },
                     { "choices", V(choices_json(plan->arena, field_choices(plan, field))) },
                     { "need", V(field->need) })));
    }
    return json_builder_done(list);
}

long long job_find_question(struct db *db, const char *person, const struct place *place)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error ignored = { 0 };
    const struct json *row;

    if (person == NULL || place->chat == NULL || place->channel == NULL)
        return 0;
    row = db_row(db, arena, &ignored,
                 "SELECT id FROM jobs WHERE state = 'waiting' AND finished_at IS NULL "
                 "AND stage = 'question' AND person = ? AND chat = ? AND channel = ? "
                 "AND created_at > ? ORDER BY id DESC LIMIT 1",
                 VALUES(V(person), V(place->chat), V(place->channel),
                        V(clock_now_ms() - QUESTION_LIMIT_MS)));
    return json_integer(row, "id", 0);
}

static int expire_one(struct db *db, struct core *core, long long job, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job_end end = { .state = "timed out" };
    struct job_row row;

    if (job_load(db, arena, job, &row, err) < 0)
        return -1;
    if (!text_is(row.stage, "question"))
        return 0;
    end.error = arena_printf(arena, "%s did not answer within %s", row.person,
                             duration_print(arena, QUESTION_LIMIT_MS));
    return job_finish(db, core, job, &end, err);
}

struct expiring {
    struct core *core;
    const struct json *rows;
};

static int expire_write(struct db *db, void *argument, struct error *err)
{
    const struct expiring *expiring = argument;

    for (size_t i = 0; i < json_count(expiring->rows); i++)
        if (expire_one(db, expiring->core, json_integer(json_at(expiring->rows, i), "id", 0),
                       err) < 0)
            return -1;
    return 0;
}

static const struct json *find_old_questions(struct core *core, struct arena *arena,
                                             long long now_ms, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);

    if (db == NULL)
        return NULL;
    return db_rows(db, arena, err,
                   "SELECT id FROM jobs WHERE state = 'waiting' AND finished_at IS NULL "
                   "AND stage = 'question' AND created_at <= ? LIMIT 100",
                   VALUES(V(now_ms - QUESTION_LIMIT_MS)));
}

int job_expire_questions(struct core *core, long long now_ms, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct expiring expiring = { .core = core };

    expiring.rows = find_old_questions(core, arena, now_ms, err);
    if (expiring.rows == NULL)
        return -1;
    if (json_count(expiring.rows) == 0)
        return 0;
    return store_write(core_store(core), expire_write, &expiring, err);
}
