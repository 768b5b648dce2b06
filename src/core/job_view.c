/* A job's live message: a title that says it all, details below, buttons last. */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/approval.h"
#include "core/job.h"
#include "core/job_row.h"
#include "core/job_view.h"
#include "core/progress.h"

enum {
    TITLE_BYTES = 200,
    VALUE_BYTES = 300,
    FACTS_MAX = 120,
    TAIL_LINES = 8
};

/* What is being put together. */
struct view {
    struct db *db;
    struct arena *arena;
    const struct config *config; /* NULL: times in UTC */
    const struct job_row *row;
    bool over;
    long long now_ms;
    struct json_builder *blocks;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
};

/* "Deploy api v1 to staging" */
static const char *capital_title(const struct view *view)
{
    char *title = utf8_cut(view->arena, view->row->title, TITLE_BYTES);

    title[0] = (char)toupper((unsigned char)title[0]);
    return title;
}

/* " after 12s"; "" when it never started. */
static const char *duration(const struct view *view, const char *before)
{
    const struct job_row *row = view->row;
    long long end_ms = view->over ? row->finished_at : view->now_ms;

    if (row->started_at == 0 || end_ms < row->started_at)
        return "";
    return arena_printf(view->arena, "%s%s", before,
                        duration_print(view->arena, end_ms - row->started_at));
}

static const char *state_words(const struct view *view)
{
    const struct job_row *row = view->row;

    if (text_is(row->stage, "unsure"))
        return arena_printf(view->arena, "waiting: did \"%s\" happen?",
                            row->step != NULL ? row->step : "it");
    if (!view->over && row->cancel_by != NULL)
        return "being cancelled";
    if (text_is(row->state, "succeeded"))
        return arena_printf(view->arena, "succeeded%s", duration(view, " in "));
    if (text_is(row->state, "failed") || text_is(row->state, "timed out"))
        return arena_printf(view->arena, "%s%s", row->state, duration(view, " after "));
    if (text_is(row->state, "running") || text_is(row->state, "waiting"))
        return arena_printf(view->arena, "%s%s", row->state, duration(view, ", "));
    return row->state;
}

static enum tone state_tone(const struct job_row *row)
{
    if (text_is(row->state, "succeeded"))
        return TONE_GOOD;
    if (text_is(row->state, "failed") || text_is(row->state, "timed out"))
        return TONE_BAD;
    if (text_is(row->state, "cancelled") || text_is(row->state, "refused") ||
        text_is(row->state, "waiting for approval") || text_is(row->stage, "unsure"))
        return TONE_WARN;
    return TONE_PLAIN;
}

/* What is said again replaces what was said before: what came out is newer than what was asked for. */
static void add_fact(struct view *view, const char *name, const char *value)
{
    size_t at = 0;

    while (at < view->fact_count && !text_is(view->facts[at].name, name))
        at++;
    if (at == FACTS_MAX || text_is_empty(value))
        return;
    view->facts[at] =
        (struct fact){ .name = name, .value = utf8_cut(view->arena, value, VALUE_BYTES) };
    if (at == view->fact_count)
        view->fact_count++;
}

static void add_object_facts(struct view *view, const struct json *object)
{
    for (size_t i = 0; json_is(object, JSON_OBJECT) && i < json_count(object); i++)
        add_fact(view, object->as.object.members[i].key,
                 short_value(view->arena, json_at(object, i)));
}

/* How it is done is of interest to those who must agree; afterwards what is done is enough. */
static void add_pins(struct view *view)
{
    static const char *const how[] = { "connection", "configuration" };
    const struct strings hidden = { .items = how, .count = COUNT_OF(how) };
    const struct json *pins = view->row->pins;

    for (size_t i = 0; json_is(pins, JSON_OBJECT) && i < json_count(pins); i++) {
        const char *name = pins->as.object.members[i].key;

        if (text_is(view->row->stage, "approval") || !strings_has(&hidden, name))
            add_fact(view, name, short_value(view->arena, json_at(pins, i)));
    }
}

static const char *approver_names(const struct view *view)
{
    struct error ignored = { 0 };
    const struct json *rows =
        db_rows(view->db, view->arena, &ignored,
                "SELECT person FROM votes WHERE job = ? AND approve = 1 ORDER BY at",
                VALUES(V(view->row->id)));
    struct text out = text_new(view->arena, VALUE_BYTES);

    for (size_t i = 0; i < json_count(rows); i++)
        text_addf(&out, "%s%s", i > 0 ? ", " : "", json_string(json_at(rows, i), "person", ""));
    return text_string(&out);
}

/* "14:32", in the server's zone where it is known. */
static const char *print_time(const struct view *view, long long at_ms)
{
    const struct zone *zone = view->config != NULL ? view->config->server.zone : NULL;
    const char *time = clock_print_short(view->arena, zone, at_ms);

    return zone != NULL ? time : arena_printf(view->arena, "%s UTC", time);
}

/* "1 of leads by 14:32" */
static const char *approval_wish(const struct view *view)
{
    struct error ignored = { 0 };
    const struct json *row = approval_row(view->db, view->arena, view->row->id, &ignored);
    const struct json *needs;

    if (row == NULL)
        return NULL;
    needs = approval_needs(view->arena, row);
    return arena_printf(view->arena, "%lld of %s by %s", json_integer(needs, "count", 1),
                        approval_who(view->arena, needs),
                        print_time(view, json_integer(row, "expires_at", 0)));
}

static void add_facts(struct view *view)
{
    const struct job_row *row = view->row;

    add_fact(view, "asked by", row->person);
    add_pins(view);
    add_object_facts(view, json_get(row->progress, "outputs"));
    if (row->digest != NULL) {
        if (text_is(row->stage, "approval"))
            add_fact(view, "needs", approval_wish(view));
        add_fact(view, "approved by", approver_names(view));
    }
    json_builder_add(view->blocks, NULL,
                     block_facts(view->arena, view->facts, view->fact_count));
}

static void add_steps(struct view *view)
{
    struct progress *progress = ARENA_NEW(view->arena, struct progress);
    struct step_progress *steps;

    progress_from_json(view->row->progress, progress);
    steps = ARENA_ARRAY(view->arena, struct step_progress, progress->step_count + 1);
    for (size_t i = 0; i < progress->step_count; i++) {
        const struct progress_step *step = &progress->steps[i];

        steps[i] = (struct step_progress){ step->name, step->state, step->duration_ms };
        if (text_is(step->state, "running") && step->since_ms > 0)
            steps[i].duration_ms = view->now_ms - step->since_ms;
    }
    if (progress->step_count > 0)
        json_builder_add(view->blocks, NULL,
                         block_steps(view->arena, steps, progress->step_count));
    for (size_t i = 0; i < progress->link_count; i++)
        json_builder_add(
            view->blocks, NULL,
            block_link(view->arena, progress->links[i].name, progress->links[i].value));
}

static bool has_kind(const struct json *blocks, const char *kind)
{
    for (size_t i = 0; i < json_count(blocks); i++)
        if (text_is(json_string(json_at(blocks, i), "kind", ""), kind))
            return true;
    return false;
}

/* {columns, rows} as a table, unless the answer shows one itself. */
static void add_table(struct view *view, const struct json *rows, const struct json *blocks)
{
    const struct json *columns = json_get(rows, "columns");
    size_t count = json_count(columns);
    const char **names = ARENA_ARRAY(view->arena, const char *, count + 1);

    if (count == 0 || has_kind(blocks, "table"))
        return;
    for (size_t i = 0; i < count; i++)
        names[i] = json_string(json_at(columns, i), "", "");
    json_builder_add(view->blocks, NULL,
                     block_table(view->arena, names, count, json_get(rows, "rows")));
}

static void add_answer_blocks(struct view *view, const struct message *answer)
{
    for (size_t i = 0; i < json_count(answer->blocks); i++)
        json_builder_add(view->blocks, NULL, *json_at(answer->blocks, i));
    add_table(view, view->row->rows_json, answer->blocks);
}

/* The last lines while it goes on, and where it ended badly. */
static void add_tail(struct view *view)
{
    struct error ignored = { 0 };
    const char *tail;

    if (view->row->log_bytes == 0 || text_is(view->row->state, "succeeded") ||
        text_is(view->row->state, "refused"))
        return;
    tail = job_log_tail(view->db, view->arena, view->row->id, TAIL_LINES, &ignored);
    if (!text_is_empty(tail))
        json_builder_add(view->blocks, NULL, block_code(view->arena, tail));
}

/* Title and text of the answer, one below the other. */
static const char *answer_text(const struct view *view, const struct message *answer)
{
    if (answer->title == NULL)
        return answer->text;
    if (answer->text == NULL)
        return message_escape(view->arena, answer->title);
    return arena_printf(view->arena, "%s\n%s", message_escape(view->arena, answer->title),
                        answer->text);
}

static const char *live_text(const struct view *view, const struct message *answer)
{
    const struct job_row *row = view->row;
    const char *line = json_string(row->progress, "line", NULL);

    if (view->over && row->error != NULL)
        return message_escape(view->arena, row->error);
    if (view->over)
        return answer_text(view, answer);
    if (row->error != NULL)
        return message_escape(view->arena, row->error);
    if (row->cancel_by != NULL)
        line = arena_printf(view->arena, "%s asked to cancel it", row->cancel_by);
    return line == NULL ? NULL : message_escape(view->arena, line);
}

static struct message view_live(struct view *view)
{
    struct message answer = message_from_json(view->arena, view->row->result);
    struct message message = {
        .title = arena_printf(view->arena, "%s: %s", capital_title(view), state_words(view)),
        .text = live_text(view, &answer),
        .tone = state_tone(view->row),
    };

    if (view->over && answer.tone != TONE_PLAIN && message.tone == TONE_GOOD)
        message.tone = answer.tone;
    add_facts(view);
    add_steps(view);
    if (view->over)
        add_answer_blocks(view, &answer);
    add_tail(view);
    return message;
}

/* What was answered at once: the answer itself; the reason where there is none. */
static struct message view_answer(struct view *view)
{
    const struct job_row *row = view->row;
    struct message message = message_from_json(view->arena, row->result);

    add_answer_blocks(view, &message);
    if (row->result != NULL)
        return message;
    message.tone = state_tone(row);
    message.title = arena_printf(view->arena, "%s: %s", capital_title(view), row->state);
    message.text = row->error == NULL ? NULL : message_escape(view->arena, row->error);
    add_tail(view);
    return message;
}

static struct message view_question(struct view *view)
{
    json_builder_add(
        view->blocks, NULL,
        block_form(view->arena, view->row->id, json_get(view->row->result, "fields")));
    return message_from_json(view->arena, view->row->result);
}

/* Refused or not understood: nothing was started that could be reported on. */
static bool is_answer(const struct view *view)
{
    const struct job_row *row = view->row;

    return view->over && (row->quick || (row->result != NULL && row->started_at == 0));
}

struct message job_row_message(struct db *db, struct arena *arena, const struct config *config,
                               const struct job_row *row)
{
    struct view *view = ARENA_NEW(arena, struct view);
    struct message message;

    *view = (struct view){ .db = db,
                           .arena = arena,
                           .config = config,
                           .row = row,
                           .over = job_state_is_final(row->state),
                           .now_ms = clock_now_ms(),
                           .blocks = json_builder_new(arena, JSON_ARRAY) };
    if (is_answer(view))
        message = view_answer(view);
    else if (text_is(row->stage, "question"))
        message = view_question(view);
    else
        message = view_live(view);
    job_buttons(arena, row, view->blocks);
    message.job = row->id;
    message.only_for_user = message.only_for_user && is_answer(view);
    message.blocks = json_builder_done(view->blocks);
    return message;
}

struct message job_message(struct db *db, struct arena *arena, const struct config *config,
                           const struct json *json)
{
    struct job_row *row = ARENA_NEW(arena, struct job_row);

    job_row_read(arena, json, row);
    return job_row_message(db, arena, config, row);
}
