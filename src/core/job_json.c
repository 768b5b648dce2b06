/* Jobs as the API and the console show them. */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/approval.h"
#include "core/job.h"
#include "core/job_row.h"
#include "core/page.h"

static struct json absent(void)
{
    return (struct json){ .kind = JSON_ABSENT };
}

/* Buttons say how to answer: that is of use only while something is asked. */
static const char *plain_text(struct arena *arena, const struct job_row *row,
                              const struct message *message)
{
    struct message shown = *message;
    struct json_builder *blocks = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(message->blocks); i++) {
        const struct json *block = json_at(message->blocks, i);

        if (!job_state_is_final(row->state) ||
            !text_is(json_string(block, "kind", ""), "buttons"))
            json_builder_add(blocks, NULL, *block);
    }
    shown.blocks = json_builder_done(blocks);
    return message_plain(arena, &shown);
}

/* What a waiting job waits for; NULL when it waits for nobody. */
static const char *waiting_for(struct db *db, struct arena *arena, const struct job_row *row)
{
    struct error ignored = { 0 };
    const struct json *approval;

    if (text_is(row->stage, "question"))
        return json_string(row->result, "title", NULL);
    if (text_is(row->stage, "unsure"))
        return row->error;
    if (text_is(row->stage, "approval")) {
        approval = approval_row(db, arena, row->id, &ignored);
        return json_string(approval_needs(arena, approval), "text", NULL);
    }
    return text_is(row->state, "waiting") ? json_string(row->progress, "line", NULL) : NULL;
}

static void add_row(struct json_builder *out, struct arena *arena, const struct job_row *row)
{
    struct place place = job_place(row);

    json_builder_add(out, "id", V(row->id));
    json_builder_add(out, "state", V(row->state));
    json_builder_add(out, "ok", V(job_state_is_good(row->state)));
    json_builder_add(out, "stage", V(row->stage));
    json_builder_add(out, "line", V(row->line));
    json_builder_add(out, "title", V(row->title));
    json_builder_add(out, "command", row->command == NULL ? json_null() : V(row->command));
    json_builder_add(out, "args", V(row->args));
    json_builder_add(out, "person", row->person == NULL ? json_null() : V(row->person));
    json_builder_add(out, "account", V(row->account));
    json_builder_add(out, "door", V(row->door));
    json_builder_add(out, "place",
                     row->chat == NULL ? json_null() : V(place_print(arena, &place)));
    json_builder_add(out, "thread", V(row->thread));
    json_builder_add(out, "parent", row->parent == 0 ? absent() : V(row->parent));
    json_builder_add(out, "again_of", row->again_of == 0 ? absent() : V(row->again_of));
    json_builder_add(out, "step", V(row->step));
    json_builder_add(out, "error", V(row->error));
    json_builder_add(out, "cancel_by", V(row->cancel_by));
    json_builder_add(out, "cancel_reason", V(row->cancel_reason));
    json_builder_add(out, "log_bytes", V(row->log_bytes));
    json_builder_add(out, "created_at", clock_json(arena, row->created_at));
    json_builder_add(out, "started_at", clock_json(arena, row->started_at));
    json_builder_add(out, "finished_at", clock_json(arena, row->finished_at));
}

static int add_whole(struct json_builder *out, struct db *db, struct arena *arena,
                     const struct job_row *row, struct error *err)
{
    struct message message = job_row_message(db, arena, NULL, row);
    const struct json *approval = NULL;

    if (row->digest != NULL) {
        approval = approval_json(db, arena, row->id, err);
        if (approval == NULL)
            return -1;
    }
    json_builder_add(out, "text", V(plain_text(arena, row, &message)));
    json_builder_add(out, "rows", V(json_get(row->rows_json, "rows")));
    json_builder_add(out, "columns", V(json_get(row->rows_json, "columns")));
    json_builder_add(out, "waiting_for", V(waiting_for(db, arena, row)));
    json_builder_add(out, "pins", V(row->pins));
    json_builder_add(out, "progress", V(row->progress));
    json_builder_add(out, "approval", V(approval));
    json_builder_add(out, "message", V(message_to_json(arena, &message)));
    return 0;
}

const struct json *job_json(struct db *db, struct arena *arena, long long job,
                            struct error *err)
{
    struct json_builder *out = json_builder_new(arena, JSON_OBJECT);
    struct job_row row;

    if (job_load(db, arena, job, &row, err) < 0)
        return NULL;
    add_row(out, arena, &row);
    if (add_whole(out, db, arena, &row, err) < 0)
        return NULL;
    return json_builder_done(out);
}

/* The conditions that are set, and their values. */
struct conditions {
    struct text sql;
    struct json values[8];
    size_t count;
};

static void add_condition(struct conditions *conditions, const char *condition,
                          const char *value)
{
    if (value == NULL)
        return;
    text_addf(&conditions->sql, " AND %s", condition);
    conditions->values[conditions->count++] = V(value);
}

const struct json *job_list(struct db *db, struct arena *arena, const struct job_filter *filter,
                            struct error *err)
{
    struct conditions where = { .sql = text_new(arena, 2000) };
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    long long limit = page_limit(filter->limit);
    const struct json *rows;

    text_add(&where.sql, "SELECT * FROM jobs WHERE id < ?");
    where.values[where.count++] = V(filter->before > 0 ? filter->before : LLONG_MAX);
    add_condition(&where, "person = ?", filter->person);
    add_condition(&where, "state = ?", filter->state);
    add_condition(&where, "command = ?", filter->command);
    add_condition(&where, "chat = ?", filter->chat);
    add_condition(&where, "channel = ?", filter->channel);
    text_add(&where.sql, filter->open ? " AND finished_at IS NULL" : "");
    text_add(&where.sql, " ORDER BY id DESC LIMIT ?");
    where.values[where.count++] = V(limit);
    rows = db_rows(db, arena, err, text_string(&where.sql), where.values, where.count);
    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++) {
        struct json_builder *item = json_builder_new(arena, JSON_OBJECT);
        struct job_row row;

        job_row_read(arena, json_at(rows, i), &row);
        add_row(item, arena, &row);
        json_builder_add(items, NULL, V(json_builder_done(item)));
    }
    return page_json(arena, json_builder_done(items), limit);
}
