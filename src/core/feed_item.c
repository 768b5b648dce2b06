/* What a change is about, as JSON. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/approval.h"
#include "core/event.h"
#include "core/feed.h"
#include "core/job.h"

static struct json place_json(struct arena *arena, const struct json *row)
{
    struct place place = { .chat = json_string(row, "chat", NULL),
                           .channel = json_string(row, "channel", NULL) };

    return place.chat == NULL ? json_null() : V(place_print(arena, &place));
}

static struct json value_or_null(const struct json *row, const char *name)
{
    const struct json *value = json_member(row, name);

    return value == NULL ? json_null() : *value;
}

static struct json time_json(struct arena *arena, const struct json *row, const char *name)
{
    return clock_json(arena, json_integer(row, name, 0));
}

const struct json *message_row_json(struct arena *arena, const struct json *row)
{
    const char *content = json_string(row, "content", "null");
    struct error ignored = { 0 };

    return OBJECT(
        arena, { "id", value_or_null(row, "id") }, { "place", place_json(arena, row) },
        { "thread", value_or_null(row, "thread") }, { "job", value_or_null(row, "job") },
        { "only_for", value_or_null(row, "only_for") },
        { "message", V(json_parse(arena, content, strlen(content), &ignored)) },
        { "at", time_json(arena, row, "created_at") },
        { "updated_at", time_json(arena, row, "updated_at") });
}

const struct json *input_row_json(struct arena *arena, const struct json *row)
{
    return OBJECT(
        arena, { "id", value_or_null(row, "id") }, { "place", place_json(arena, row) },
        { "thread", value_or_null(row, "thread") }, { "kind", value_or_null(row, "kind") },
        { "person", value_or_null(row, "person") }, { "user", value_or_null(row, "user_id") },
        { "text", value_or_null(row, "text") }, { "job", value_or_null(row, "job") },
        { "at", time_json(arena, row, "created_at") });
}

static const struct json *log_row_json(struct arena *arena, const struct json *row)
{
    return OBJECT(arena, { "id", value_or_null(row, "id") },
                  { "log_bytes", value_or_null(row, "log_bytes") },
                  { "person", value_or_null(row, "person") },
                  { "place", place_json(arena, row) });
}

static const struct json *token_row_json(struct arena *arena, const struct json *row)
{
    return OBJECT(arena, { "id", value_or_null(row, "id") },
                  { "person", value_or_null(row, "person") });
}

static const struct json *
load(struct db *db, struct arena *arena, const char *sql, long long item,
     const struct json *(*print)(struct arena *arena, const struct json *row))
{
    struct error ignored = { 0 };
    const struct json *row = db_row(db, arena, &ignored, sql, VALUES(V(item)));

    return json_is(row, JSON_OBJECT) ? print(arena, row) : NULL;
}

const struct json *feed_item(struct db *db, struct arena *arena, const char *kind,
                             long long item)
{
    struct error ignored = { 0 };

    if (text_is(kind, "message"))
        return load(db, arena, "SELECT * FROM messages WHERE id = ?", item, message_row_json);
    if (text_is(kind, "input"))
        return load(db, arena, "SELECT * FROM inputs WHERE id = ?", item, input_row_json);
    if (text_is(kind, "log"))
        return load(db, arena,
                    "SELECT id, log_bytes, person, chat, channel FROM jobs WHERE id = ?", item,
                    log_row_json);
    if (text_is(kind, "job"))
        return job_json(db, arena, item, &ignored);
    if (text_is(kind, "token"))
        return load(db, arena, "SELECT id, person FROM tokens WHERE id = ?", item,
                    token_row_json);
    if (text_is(kind, "event"))
        return event_json(db, arena, item, &ignored);
    if (text_is(kind, "approval"))
        return approval_json(db, arena, item, &ignored);
    return NULL;
}
