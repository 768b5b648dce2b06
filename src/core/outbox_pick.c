/* Which message goes next: in order within each channel, without any channel waiting for another. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/outbox_internal.h"

enum {
    WAIT_MAX_MS = 10 * 1000
};

static struct pace *find_pace(struct paces *paces, const char *channel)
{
    for (size_t i = 0; i < paces->count; i++)
        if (text_is(paces->list[i].channel, channel))
            return &paces->list[i];
    return NULL;
}

/* What is in the past tells nothing any more. */
static void forget_past(struct paces *paces, long long now_ms)
{
    for (size_t i = paces->count; i > 0; i--) {
        if (paces->list[i - 1].next_at > now_ms)
            continue;
        free(paces->list[i - 1].channel);
        paces->list[i - 1] = paces->list[--paces->count];
    }
}

void paces_set(struct paces *paces, const char *channel, long long next_at)
{
    struct pace *pace = find_pace(paces, channel);

    if (pace != NULL) {
        pace->next_at = next_at;
        return;
    }
    if (paces->count == paces->capacity) {
        paces->capacity = paces->capacity * 2 + 16;
        paces->list = memory_resize(paces->list, paces->capacity * sizeof(*paces->list));
    }
    paces->list[paces->count++] =
        (struct pace){ .channel = memory_copy(channel), .next_at = next_at };
}

void paces_free(struct paces *paces)
{
    for (size_t i = 0; i < paces->count; i++)
        free(paces->list[i].channel);
    free(paces->list);
}

/* The first of each channel, of those that do not merely keep the interval between two edits. */
static const struct json *channel_heads(struct db *db, struct arena *arena, const char *chat,
                                        long long now_ms, struct error *err)
{
    return db_rows(db, arena, err,
                   "SELECT m.id, m.channel, m.due_at, m.external_id IS NULL AS is_new "
                   "FROM messages m JOIN (SELECT min(place_in_queue) AS place FROM messages "
                   "WHERE chat = ? AND place_in_queue IS NOT NULL "
                   "AND NOT (attempts = 0 AND due_at > ?) GROUP BY channel) h "
                   "ON m.place_in_queue = h.place WHERE m.chat = ? ORDER BY m.place_in_queue",
                   VALUES(V(chat), V(now_ms), V(chat)));
}

static int next_edit(struct db *db, struct arena *arena, const char *chat, long long now_ms,
                     long long *at_ms, struct error *err)
{
    const struct json *row =
        db_row(db, arena, err,
               "SELECT min(due_at) AS at FROM messages WHERE chat = ? AND "
               "place_in_queue IS NOT NULL AND attempts = 0 AND due_at > ?",
               VALUES(V(chat), V(now_ms)));

    if (row == NULL)
        return -1;
    *at_ms = json_integer(row, "at", now_ms + WAIT_MAX_MS);
    return 0;
}

static long long may_go_at(struct paces *paces, const struct json *head)
{
    long long due_at = json_integer(head, "due_at", 0);
    const struct pace *pace = find_pace(paces, json_string(head, "channel", ""));

    if (json_integer(head, "is_new", 0) == 0 || pace == NULL || pace->next_at < due_at)
        return due_at;
    return pace->next_at;
}

static int load_outgoing(struct db *db, struct arena *arena, long long id,
                         struct outgoing *outgoing, struct error *err)
{
    const struct json *row =
        db_row(db, arena, err, "SELECT * FROM messages WHERE id = ?", VALUES(V(id)));
    const char *content = json_string(row, "content", "");
    struct error ignored = { 0 };

    if (row == NULL)
        return -1;
    *outgoing = (struct outgoing){
        .id = id,
        .job = json_integer(row, "job", 0),
        .revision = json_integer(row, "revision", 0),
        .attempts = json_integer(row, "attempts", 0),
        .failing_since = json_integer(row, "failing_since", 0),
        .place = { .chat = json_string(row, "chat", NULL),
                   .channel = json_string(row, "channel", NULL),
                   .thread = json_string(row, "thread", NULL) },
        .only_for = json_string(row, "only_for", NULL),
        .external_id = json_string(row, "external_id", NULL),
        .message =
            message_from_json(arena, json_parse(arena, content, strlen(content), &ignored)),
        .final = json_integer(row, "final", 0) != 0,
    };
    return 0;
}

static long long choose(struct paces *paces, const struct json *heads, long long now_ms,
                        long long *next_at)
{
    for (size_t i = 0; i < json_count(heads); i++) {
        long long at = may_go_at(paces, json_at(heads, i));

        if (at <= now_ms)
            return json_integer(json_at(heads, i), "id", 0);
        if (at < *next_at)
            *next_at = at;
    }
    return 0;
}

int outbox_pick(struct core *core, struct arena *arena, const char *chat, struct paces *paces,
                struct outgoing *outgoing, long long *wait_ms, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);
    long long now_ms = clock_now_ms();
    const struct json *heads;
    long long next_at;
    long long id;

    *outgoing = (struct outgoing){ 0 };
    forget_past(paces, now_ms);
    if (db == NULL || next_edit(db, arena, chat, now_ms, &next_at, err) < 0)
        return -1;
    heads = channel_heads(db, arena, chat, now_ms, err);
    if (heads == NULL)
        return -1;
    id = choose(paces, heads, now_ms, &next_at);
    if (id != 0)
        return load_outgoing(db, arena, id, outgoing, err);
    *wait_ms = next_at - now_ms > WAIT_MAX_MS ? WAIT_MAX_MS : next_at - now_ms;
    return 0;
}
