/* Approvals as the API, the console and the "approvals" command show them. */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "core/approval.h"
#include "core/job_row.h"
#include "core/page.h"

static struct json time_json(struct arena *arena, const struct json *row, const char *name)
{
    return clock_json(arena, json_integer(row, name, 0));
}

static const struct json *votes_json(struct db *db, struct arena *arena, long long job,
                                     struct error *err)
{
    const struct json *rows =
        db_rows(db, arena, err,
                "SELECT person, approve, reason, at FROM votes WHERE job = ? ORDER BY at",
                VALUES(V(job)));
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);

        json_builder_add(
            list, NULL,
            V(OBJECT(arena, { "person", V(json_string(row, "person", NULL)) },
                     { "approve", json_from_boolean(json_integer(row, "approve", 0) == 1) },
                     { "reason", V(json_string(row, "reason", NULL)) },
                     { "at", time_json(arena, row, "at") })));
    }
    return json_builder_done(list);
}

static const struct json *pins_json(struct arena *arena, const struct json *row)
{
    const char *text = json_string(row, "pins", NULL);
    struct error ignored = { 0 };

    return text == NULL ? NULL : json_parse(arena, text, strlen(text), &ignored);
}

/* row: approvals.* and the job's title, command, person, chat, channel. */
static const struct json *row_json(struct db *db, struct arena *arena, const struct json *row,
                                   struct error *err)
{
    long long job = json_integer(row, "job", 0);
    struct place place = { .chat = json_string(row, "chat", NULL),
                           .channel = json_string(row, "channel", NULL) };
    const struct json *votes = votes_json(db, arena, job, err);

    if (votes == NULL)
        return NULL;
    return OBJECT(arena, { "id", V(job) }, { "job", V(job) },
                  { "state", V(json_string(row, "state", "")) },
                  { "title", V(json_string(row, "title", "")) },
                  { "command", V(json_string(row, "command", NULL)) },
                  { "person", V(json_string(row, "person", NULL)) },
                  { "place", V(place.chat == NULL ? NULL : place_print(arena, &place)) },
                  { "needs", V(approval_needs(arena, row)) }, { "votes", V(votes) },
                  { "pins", V(pins_json(arena, row)) },
                  { "requested_at", time_json(arena, row, "requested_at") },
                  { "expires_at", time_json(arena, row, "expires_at") },
                  { "decided_at", time_json(arena, row, "decided_at") });
}

#define APPROVAL_COLUMNS                                                                       \
    "SELECT approvals.*, jobs.title, jobs.command, jobs.person, jobs.chat, jobs.channel "      \
    "FROM approvals JOIN jobs ON jobs.id = approvals.job "

const struct json *approval_json(struct db *db, struct arena *arena, long long job,
                                 struct error *err)
{
    const struct json *row =
        db_row(db, arena, err, APPROVAL_COLUMNS "WHERE approvals.job = ?", VALUES(V(job)));

    if (row == NULL)
        return NULL;
    if (!json_is(row, JSON_OBJECT)) {
        error_set(err, ERROR_MISSING, "#%lld asks for no approval", job);
        return NULL;
    }
    return row_json(db, arena, row, err);
}

static const struct json *list_rows(struct db *db, struct arena *arena, const char *state,
                                    long long before, long long limit, struct error *err)
{
    if (before <= 0)
        before = LLONG_MAX;
    if (state == NULL)
        return db_rows(db, arena, err,
                       APPROVAL_COLUMNS
                       "WHERE approvals.job < ? ORDER BY approvals.job DESC LIMIT ?",
                       VALUES(V(before), V(limit)));
    return db_rows(db, arena, err,
                   APPROVAL_COLUMNS "WHERE approvals.state = ? AND approvals.job < ? "
                                    "ORDER BY approvals.job DESC LIMIT ?",
                   VALUES(V(state), V(before), V(limit)));
}

const struct json *approval_list(struct db *db, struct arena *arena, const char *state,
                                 long long before, long long limit, struct error *err)
{
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    const struct json *rows;

    limit = page_limit(limit);
    rows = list_rows(db, arena, state, before, limit, err);
    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *item = row_json(db, arena, json_at(rows, i), err);

        if (item == NULL)
            return NULL;
        json_builder_add(items, NULL, V(item));
    }
    return page_json(arena, json_builder_done(items), limit);
}
