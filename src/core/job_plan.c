/* From a line to its outcome: who asks, which command, may they, what is missing. */
#include "core/job_plan.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/job_row.h"

/* In the plan's memory: the text may be on somebody's stack. */
static const char *clean(const struct plan *plan, const char *text)
{
    return core_redact(plan->core, plan->arena, arena_copy(plan->arena, text));
}

static void plan_answer(struct plan *plan, const char *state, const struct message *message)
{
    plan->state = state;
    plan->stage = "final";
    plan->result =
        core_redact_json(plan->core, plan->arena, message_to_json(plan->arena, message));
}

void plan_fail(struct plan *plan, const char *text)
{
    struct message message = { .text = message_escape(plan->arena, text), .tone = TONE_BAD };

    plan->error = clean(plan, text);
    plan_answer(plan, "failed", &message);
}

static void plan_refuse(struct plan *plan, const struct decision *decision)
{
    struct message message = {
        .text = message_escape(plan->arena, decision->refusal),
        .tone = TONE_WARN,
        .only_for_user = true,
    };

    plan->decided = true;
    plan->decision = *decision;
    plan->error = clean(plan, decision->refusal);
    plan_answer(plan, "refused", &message);
}

static void plan_queue(struct plan *plan, const struct decision *decision)
{
    plan->decided = true;
    plan->decision = *decision;
    plan->state = "queued";
    plan->stage = "prepare";
}

static void plan_help(struct plan *plan)
{
    struct message message = { .text = catalog_help(plan->arena, plan->parsed.entry) };

    plan_answer(plan, "succeeded", &message);
}

void plan_ask(struct plan *plan, const struct strings *missing, const char *problem)
{
    struct arena *arena = plan->arena;
    const char *usage = catalog_usage(arena, plan->parsed.entry);
    const struct json *question = OBJECT(
        arena, { "title", V(question_text(plan, missing)) },
        { "text", V(problem != NULL ? message_escape(arena, problem)
                                    : arena_printf(arena, "Usage: `%s`", usage)) },
        { "tone", V(tone_name(TONE_PLAIN)) }, { "fields", V(question_fields(plan, missing)) });

    plan->state = "waiting";
    plan->stage = "question";
    plan->result = core_redact_json(plan->core, arena, question);
}

/* What is wrong with the arguments, and how they go. */
static void plan_fail_usage(struct plan *plan, const char *text)
{
    if (!text_has(text, "Usage: "))
        text =
            arena_printf(plan->arena, text_ends(text, "?") ? "%s Usage: %s" : "%s. Usage: %s",
                         text, catalog_usage(plan->arena, plan->parsed.entry));
    plan_fail(plan, text);
}

static void plan_missing(struct plan *plan, const struct strings *missing)
{
    if (plan->ask->may_ask) {
        plan_ask(plan, missing, NULL);
        return;
    }
    plan_fail_usage(plan, question_text(plan, missing));
}

static struct decision decide(const struct plan *plan, const struct json *args)
{
    struct request request = {
        .config = plan->config,
        .person = plan->person,
        .entry = plan->parsed.entry,
        .args = args,
        .place = &plan->ask->place,
        .at_ms = clock_now_ms(),
    };

    return policy_decide(&request, plan->arena);
}

/* The command is known and may be asked for: now its arguments are looked at. */
static void plan_arguments(struct plan *plan)
{
    struct argument_context context = { .config = plan->config, .place = &plan->ask->place };
    struct strings missing = { 0 };
    struct error err = { 0 };
    struct decision decision;
    void *structure;

    if (parse_arguments(plan->arena, &context, &plan->parsed, &structure, &missing, &err) < 0) {
        plan_fail_usage(plan, err.text);
        return;
    }
    plan->args = core_redact_json(plan->core, plan->arena, plan->parsed.args);
    if (missing.count > 0) {
        plan_missing(plan, &missing);
        return;
    }
    plan->title = clean(plan, line_print(plan->arena, plan->parsed.entry, plan->parsed.args));
    decision = decide(plan, plan->parsed.args);
    if (decision.allowed)
        plan_queue(plan, &decision);
    else
        plan_refuse(plan, &decision);
}

/* Names are copied: the snapshot may be gone when they are written. */
static void plan_command(struct plan *plan)
{
    const struct catalog_entry *entry = plan->parsed.entry;

    plan->command = arena_copy(plan->arena, entry->name);
    plan->lane = lane_of(entry);
    if (entry->connection != NULL)
        plan->connection = arena_copy(plan->arena, entry->connection->name);
    plan->quick = entry->command->run != NULL;
}

static void plan_known_person(struct plan *plan, const char *line)
{
    struct error err = { 0 };
    struct decision decision;
    int parsed = parse_name(plan->arena, core_catalog(plan->core, plan->config), line,
                            &plan->parsed, &err);

    if (plan->parsed.entry != NULL)
        plan_command(plan);
    if (parsed < 0) {
        plan_fail(plan, err.text);
        return;
    }
    if (plan->parsed.help) {
        plan_help(plan);
        return;
    }
    decision = decide(plan, NULL);
    if (decision.allowed)
        plan_arguments(plan);
    else
        plan_refuse(plan, &decision);
}

static void plan_stranger(struct plan *plan)
{
    const struct ask *ask = plan->ask;
    struct decision decision = { .why = "nobody in \"people\" has this account" };

    decision.refusal =
        ask->user != NULL && ask->place.chat != NULL
            ? arena_printf(plan->arena,
                           "I do not know you: ask an administrator to add accounts.%s: %s to "
                           "people",
                           ask->place.chat, ask->user)
            : "I do not know you: ask an administrator to add you to people";
    plan_refuse(plan, &decision);
}

static const struct person *identify(const struct plan *plan)
{
    const struct ask *ask = plan->ask;

    if (ask->person != NULL)
        return config_person(plan->config, ask->person);
    if (ask->user != NULL && ask->place.chat != NULL)
        return config_person_of(plan->config, ask->place.chat, ask->user);
    return NULL;
}

/* Valid, one line, of a length that can be stored even when it is too long to be a command. */
static const char *line_of(const struct plan *plan)
{
    const char *line = plan->ask->line != NULL ? plan->ask->line : "";
    size_t length = strlen(line);

    if (!utf8_is_valid(line, length))
        line = utf8_repair(plan->arena, line, length);
    return line_repair(plan->arena, line);
}

void plan_make(struct plan *plan)
{
    const char *line;

    plan->config = core_config(plan->core);
    plan->person = identify(plan);
    line = line_of(plan);
    plan->line = clean(plan, utf8_cut(plan->arena, line, LINE_LIMIT));
    plan->title = plan->line;
    plan->quick = true;
    plan->input_kind = text_is(plan->ask->door, "button") ? "button" : "message";
    if (plan->person == NULL)
        plan_stranger(plan);
    else
        plan_known_person(plan, line);
}

void plan_end(struct plan *plan)
{
    config_release(plan->config);
    plan->config = NULL;
}
