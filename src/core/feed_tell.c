/* Changes on their way to those who look on: page by page, each thing once, loaded once for all. */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "core/feed_internal.h"
#include "core/names.h"

enum {
    PAGE_ROWS = 500
};

/* Under the lock: who takes part, and where the earliest of them is; -1: nobody. */
static long long start_page_locked(struct feed *feed, bool has_waiters)
{
    long long from = has_waiters ? feed->cursor : -1;

    for (struct feed_subscription *each = feed->subscriptions; each != NULL;
         each = each->next) {
        each->reading = !each->finished;
        if (each->reading && (from < 0 || each->after < from))
            from = each->after;
    }
    return from;
}

static void end_page_locked(struct feed *feed, long long last)
{
    for (struct feed_subscription *each = feed->subscriptions; each != NULL;
         each = each->next) {
        if (each->reading && each->after < last)
            each->after = last;
        each->reading = false;
    }
    if (feed->cursor < last)
        feed->cursor = last;
}

void feed_unlink_locked(struct feed *feed, struct feed_subscription *subscription)
{
    struct feed_subscription **at = &feed->subscriptions;

    while (*at != NULL && *at != subscription)
        at = &(*at)->next;
    if (*at != NULL)
        *at = subscription->next;
}

/* Ends the call of `before` (NULL: none) and begins that of the next one that wants the change. */
static struct feed_subscription *next_reader(struct feed *feed,
                                             struct feed_subscription *before, long long change)
{
    struct feed_subscription *next;

    pthread_mutex_lock(&feed->lock);
    next = before == NULL ? feed->subscriptions : before->next;
    if (before != NULL && before->removed) {
        feed_unlink_locked(feed, before);
        free(before);
    }
    while (next != NULL && (!next->reading || next->finished || next->after >= change))
        next = next->next;
    feed->calling = next;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    return next;
}

static void change_fill(struct arena *arena, struct change *change)
{
    const struct json *json = change->json;
    const char *place = json_string(json, "place", NULL);

    change->only_for = json_string(json, "only_for", NULL);
    change->person = json_string(json, "person", NULL);
    if (text_is(change->kind, "job") && json_boolean(json, "message.only_for_user", false))
        change->only_for = change->person;
    if (!place_parse(arena, place, &change->place))
        change->place = (struct place){ .chat = place };
}

/* Loaded when the first reader wants it, once for all. */
static void tell(struct feed *feed, struct db *db, const struct json *row)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct change change = {
        .id = json_integer(row, "id", 0),
        .kind = json_string(row, "kind", ""),
        .item = json_integer(row, "item", 0),
    };
    struct feed_subscription *reader = next_reader(feed, NULL, change.id);

    if (reader != NULL) {
        change.json = feed_item(db, arena, change.kind, change.item);
        change_fill(arena, &change);
    }
    while (reader != NULL) {
        if (change.json != NULL && !reader->changed(reader->context, &change))
            reader->finished = true;
        reader = next_reader(feed, reader, change.id);
    }
}

/* Only the last change of each thing; from the newest to the oldest they are marked, then told in order. */
static void tell_page(struct feed *feed, struct db *db, const struct json *rows)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct names *seen = names_new(arena);
    size_t count = json_count(rows);
    bool *is_last = ARENA_ARRAY(arena, bool, count + 1);

    for (size_t i = count; i > 0; i--) {
        const struct json *row = json_at(rows, i - 1);
        const char *key = arena_printf(arena, "%s %lld", json_string(row, "kind", ""),
                                       json_integer(row, "item", 0));

        is_last[i - 1] = names_add(seen, key, row) == NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (is_last[i])
            tell(feed, db, json_at(rows, i));
}

bool feed_tell_page(struct feed *feed, struct db *db, bool has_waiters)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    const struct json *rows;
    long long from;
    size_t count;

    pthread_mutex_lock(&feed->lock);
    from = start_page_locked(feed, has_waiters);
    pthread_mutex_unlock(&feed->lock);
    if (from < 0)
        return false;
    rows = db_rows(db, arena, &err,
                   "SELECT id, kind, item FROM changes WHERE id > ? ORDER BY id LIMIT ?",
                   VALUES(V(from), V((int)PAGE_ROWS)));
    if (rows == NULL) {
        log_warn(0, "reading what changed: %s", err.text);
        return false;
    }
    count = json_count(rows);
    if (count == 0)
        return false;
    tell_page(feed, db, rows);
    pthread_mutex_lock(&feed->lock);
    feed_mark_waiters_locked(feed, rows);
    end_page_locked(feed, json_integer(json_at(rows, count - 1), "id", 0));
    pthread_mutex_unlock(&feed->lock);
    return count == PAGE_ROWS;
}
