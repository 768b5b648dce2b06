/* What we still have to say: rows of messages, and the threads that send them. */
#include "core/outbox.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/core_internal.h"
#include "core/outbox_internal.h"

long long outbox_last_place(struct db *db, struct arena *arena, const char *chat,
                            struct error *err)
{
    const struct json *row = db_row(db, arena, err,
                                    "SELECT max(place_in_queue) AS last FROM messages "
                                    "WHERE chat = ? AND place_in_queue IS NOT NULL",
                                    VALUES(V(chat)));

    return row == NULL ? -1 : json_integer(row, "last", 0) + 1;
}

/* What one outbox_put() works with. */
struct putting {
    struct db *db;
    struct arena *arena;
    const struct saying *saying;
    const char *content;
    long long now_ms;
};

static const struct json *find_message(const struct putting *putting, struct error *err)
{
    const struct place *place = &putting->saying->place;
    static const struct json none = { .kind = JSON_NULL };

    if (putting->saying->key == NULL)
        return &none;
    return db_row(putting->db, putting->arena, err,
                  "SELECT id, content, final, place_in_queue FROM messages "
                  "WHERE chat = ? AND channel = ? AND key = ?",
                  VALUES(V(place->chat), V(place->channel), V(putting->saying->key)));
}

static long long insert_message(const struct putting *putting, struct error *err)
{
    const struct saying *saying = putting->saying;
    long long last = outbox_last_place(putting->db, putting->arena, saying->place.chat, err);

    if (last < 0 ||
        db_run(
            putting->db, err,
            "INSERT INTO messages (chat, channel, thread, only_for, key, job, content, final, "
            "place_in_queue, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            VALUES(V(saying->place.chat), V(saying->place.channel), V(saying->place.thread),
                   V(saying->only_for), V(saying->key),
                   saying->job == 0 ? json_null() : V(saying->job), V(putting->content),
                   V(saying->final), V(last), V(putting->now_ms), V(putting->now_ms))) < 0)
        return -1;
    return db_last_id(putting->db);
}

/* Keeps its place when it waits already; one that was given up gets another chance with its new content. */
static long long update_message(const struct putting *putting, const struct json *row,
                                struct error *err)
{
    const struct saying *saying = putting->saying;
    long long id = json_integer(row, "id", 0);
    long long last;

    if (text_is(json_string(row, "content", NULL), putting->content) &&
        (json_integer(row, "final", 0) != 0) == saying->final)
        return id;
    last = outbox_last_place(putting->db, putting->arena, saying->place.chat, err);
    if (last < 0 ||
        db_run(
            putting->db, err,
            "UPDATE messages SET content = ?, final = ?, only_for = ?, revision = revision + 1, "
            "place_in_queue = coalesce(place_in_queue, ?), "
            "attempts = CASE WHEN dead IS NULL THEN attempts ELSE 0 END, "
            "due_at = CASE WHEN dead IS NULL THEN due_at ELSE 0 END, "
            "failing_since = CASE WHEN dead IS NULL THEN failing_since END, "
            "dead = NULL, updated_at = ? WHERE id = ?",
            VALUES(V(putting->content), V(saying->final), V(saying->only_for), V(last),
                   V(putting->now_ms), V(id))) < 0)
        return -1;
    return id;
}

long long outbox_put(struct db *db, const struct saying *saying, const struct message *message,
                     struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct putting putting = {
        .db = db,
        .arena = arena,
        .saying = saying,
        .content = json_print(arena, message_to_json(arena, message)),
        .now_ms = clock_now_ms(),
    };
    const struct json *row;

    ASSERT(saying->place.chat != NULL && saying->place.channel != NULL);
    row = find_message(&putting, err);
    if (row == NULL)
        return -1;
    return json_is(row, JSON_OBJECT) ? update_message(&putting, row, err)
                                     : insert_message(&putting, err);
}

static bool chat_entry(const struct config *config, size_t position, const char **name,
                       const void **thing)
{
    if (position >= config->chat_count)
        return false;
    *name = config->chats[position].name;
    *thing = &config->chats[position];
    return true;
}

static const struct follow_plan sender_plan = {
    .what = "sender",
    .entry = chat_entry,
    .run = outbox_send_all,
    .tick = outbox_measure,
};

struct outbox *outbox_start(struct core *core, struct error *err)
{
    struct outbox *outbox = memory_new(sizeof(*outbox));

    outbox->core = core;
    outbox->senders = follow_start(core, &sender_plan, err);
    if (outbox->senders != NULL)
        return outbox;
    free(outbox);
    return NULL;
}

void outbox_wake(struct outbox *outbox)
{
    follow_wake(outbox->senders);
}

void outbox_stop(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    follow_stop(outbox->senders);
    free(outbox);
}

const struct json *outbox_dead(struct db *db, struct arena *arena, long long before,
                               long long limit, struct error *err)
{
    return db_rows(
        db, arena, err,
        "SELECT id, chat, channel, job, dead AS why, attempts, created_at, updated_at "
        "FROM messages WHERE dead IS NOT NULL AND (? = 0 OR id < ?) "
        "ORDER BY id DESC LIMIT ?",
        VALUES(V(before), V(before), V(limit)));
}

static int retry_write(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    long long message = *(const long long *)argument;
    const struct json *row =
        db_row(db, arena, err, "SELECT chat FROM messages WHERE id = ? AND dead IS NOT NULL",
               VALUES(V(message)));
    long long last;

    if (row == NULL)
        return -1;
    if (!json_is(row, JSON_OBJECT))
        return error_set(err, ERROR_MISSING, "no message %lld was given up", message);
    last = outbox_last_place(db, arena, json_string(row, "chat", ""), err);
    if (last < 0)
        return -1;
    return db_run(
               db, err,
               "UPDATE messages SET dead = NULL, place_in_queue = ?, due_at = 0, attempts = 0, "
               "failing_since = NULL WHERE id = ?",
               VALUES(V(last), V(message))) < 0
               ? -1
               : 0;
}

int outbox_retry(struct core *core, long long message, struct error *err)
{
    return store_write(core_store(core), retry_write, &message, err);
}
