/* Which message goes next: in order within each channel, without any channel waiting for another. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/outbox_internal.h"

enum {
    WAIT_MAX_MS = 10 * 1000,
    LOOK_FIRST = 4, /* rows: mostly the first one may go */
    LOOK_AT_ONCE = 200,
    LOOK_MAX = 5000, /* rows, when everything before them has to wait */
    BLOCKED_MAX = 500
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

/* Going through the queue in its order. */
struct search {
    struct arena *arena;
    struct paces *paces;
    long long now_ms;
    long long place;      /* behind what has been looked at */
    long long next_at;    /* when the first of those that wait may go */
    const char **blocked; /* channels whose first row waits */
    size_t blocked_count;
    long long found; /* id, 0: none yet */
};

static bool is_blocked(const struct search *search, const char *channel)
{
    for (size_t i = 0; i < search->blocked_count; i++)
        if (text_is(search->blocked[i], channel))
            return true;
    return false;
}

static long long may_go_at(const struct search *search, const struct json *row)
{
    long long due_at = json_integer(row, "due_at", 0);
    const struct pace *pace = find_pace(search->paces, json_string(row, "channel", ""));

    if (json_integer(row, "is_new", 0) == 0 || pace == NULL || pace->next_at < due_at)
        return due_at;
    return pace->next_at;
}

static void look_at(struct search *search, const struct json *row)
{
    const char *channel = json_string(row, "channel", "");
    long long at = may_go_at(search, row);
    bool was_edited =
        json_integer(row, "is_new", 0) == 0 && json_integer(row, "attempts", 0) == 0;

    if (is_blocked(search, channel))
        return;
    if (at <= search->now_ms) {
        search->found = json_integer(row, "id", 0);
        return;
    }
    if (at < search->next_at)
        search->next_at = at;
    if (!was_edited)
        search->blocked[search->blocked_count++] = channel;
}

static bool is_over(const struct search *search)
{
    return search->found != 0 || search->blocked_count == BLOCKED_MAX;
}

/* How many rows there were, -1 on error. */
static long long look_on(struct db *db, const char *chat, struct search *search,
                         long long limit, struct error *err)
{
    const struct json *rows =
        db_rows(db, search->arena, err,
                "SELECT id, channel, due_at, attempts, place_in_queue, external_id IS NULL AS "
                "is_new FROM messages WHERE chat = ? AND place_in_queue > ? "
                "ORDER BY place_in_queue LIMIT ?",
                VALUES(V(chat), V(search->place), V(limit)));

    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < json_count(rows) && !is_over(search); i++) {
        look_at(search, json_at(rows, i));
        search->place = json_integer(json_at(rows, i), "place_in_queue", 0);
    }
    return (long long)json_count(rows);
}

static int search_queue(struct db *db, const char *chat, struct search *search,
                        struct error *err)
{
    long long looked = 0;
    long long limit = LOOK_FIRST;
    long long count;

    search->blocked = ARENA_ARRAY(search->arena, const char *, BLOCKED_MAX);
    for (;;) {
        count = look_on(db, chat, search, limit, err);
        looked += count;
        if (count < 0)
            return -1;
        if (is_over(search) || count < limit || looked >= LOOK_MAX)
            return 0;
        limit = LOOK_AT_ONCE;
    }
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

int outbox_pick(struct core *core, struct arena *arena, const char *chat, struct paces *paces,
                struct outgoing *outgoing, long long *wait_ms, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);
    long long now_ms = clock_now_ms();
    struct search search = {
        .arena = arena, .paces = paces, .now_ms = now_ms, .next_at = now_ms + WAIT_MAX_MS
    };

    *outgoing = (struct outgoing){ 0 };
    forget_past(paces, now_ms);
    if (db == NULL || search_queue(db, chat, &search, err) < 0)
        return -1;
    if (search.found != 0)
        return load_outgoing(db, arena, search.found, outgoing, err);
    *wait_ms = search.next_at - now_ms;
    return 0;
}
