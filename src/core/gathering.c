/* Gatherings: events are added to a row; the timer says what is due. */
#include "core/gathering.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/event_internal.h"
#include "core/gathering_internal.h"
#include "core/outbox.h"

enum {
    AT_ONCE = 100,             /* rows said in one transaction */
    QUIET_LOOK_MS = 60 * 1000, /* whether quiet hours are over */
    FLOOD_FIRST_MS = 1000,     /* a flood is told of at once, nearly */
    NEWEST_LOOKED_AT = 50,     /* events, for the titles of different subjects */
};

int flood_count(struct db *db, struct arena *arena, const struct route *route,
                const struct place *place, bool *over, struct error *err)
{
    const char *key = arena_printf(arena, "%s %s", route->name, place_print(arena, place));
    long long now_ms = clock_now_ms();
    long long new_since = now_ms - FLOOD_WINDOW_MS;
    const struct json *row =
        db_row(db, arena, err,
               "INSERT INTO route_paces (key, since, count, was_over) VALUES (?, ?, 1, 0) "
               "ON CONFLICT (key) DO UPDATE SET "
               "was_over = CASE WHEN route_paces.since > ? THEN route_paces.was_over "
               "WHEN route_paces.count > ? AND route_paces.since > ? THEN 1 ELSE 0 END, "
               "count = CASE WHEN route_paces.since > ? THEN route_paces.count + 1 ELSE 1 END, "
               "since = CASE WHEN route_paces.since > ? THEN route_paces.since ELSE ? END "
               "RETURNING count, was_over",
               VALUES(V(key), V(now_ms), V(new_since), V((int)FLOOD_MESSAGES),
                      V(new_since - FLOOD_WINDOW_MS), V(new_since), V(new_since), V(now_ms)));

    if (row == NULL)
        return -1;
    *over =
        json_integer(row, "count", 0) > FLOOD_MESSAGES || json_integer(row, "was_over", 0) != 0;
    return 0;
}

static const char *gathering_key(struct arena *arena, const struct gathered *gathered)
{
    return arena_printf(arena, "%s %s %s", gathered->why, gathered->route->name,
                        place_print(arena, gathered->place));
}

static long long first_due_ms(const struct gathered *gathered)
{
    if (text_is(gathered->why, "group"))
        return gathered->now_ms + gathered->route->group_s * 1000;
    if (text_is(gathered->why, "quiet"))
        return gathered->now_ms + QUIET_LOOK_MS;
    return gathered->now_ms + FLOOD_FIRST_MS;
}

static long long open_gathering(struct db *db, const struct gathered *gathered, const char *key,
                                struct error *err)
{
    if (db_run(db, err,
               "INSERT INTO gatherings (key, why, route, chat, channel, due_at, last_at, "
               "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(key), V(gathered->why), V(gathered->route->name),
                      V(gathered->place->chat), V(gathered->place->channel),
                      V(first_due_ms(gathered)), V(gathered->now_ms), V(gathered->now_ms))) < 0)
        return -1;
    return db_last_id(db);
}

int gathering_add(struct db *db, struct arena *arena, const struct gathered *gathered,
                  struct error *err)
{
    const char *key = gathering_key(arena, gathered);
    const struct json *row =
        db_row(db, arena, err, "SELECT id FROM gatherings WHERE key = ?", VALUES(V(key)));
    long long id;

    if (row == NULL)
        return -1;
    id = json_is(row, JSON_OBJECT) ? json_integer(row, "id", 0)
                                   : open_gathering(db, gathered, key, err);
    if (id < 0)
        return -1;
    return db_run(db, err, "INSERT INTO gathered (gathering, event) VALUES (?, ?)",
                  VALUES(V(id), V(gathered->event))) < 0
               ? -1
               : 0;
}

/* One look at what is due. */
struct flushing {
    const struct config *config;
    long long now_ms;
    long long count; /* out: rows looked at */
};

/* A row that is due. */
struct due {
    struct db *db;
    struct arena *arena;
    const struct flushing *flushing;
    const struct json *row;
    long long id;
    const struct route *route; /* NULL: it is no longer in the configuration */
    /* What is not told yet. */
    long long subjects, newest_ms;
    const struct json *events;
    struct content content; /* with it */
    bool has_news;
};

#define GATHERED_EVENTS                                                                        \
    "FROM gathered JOIN events ON events.id = gathered.event WHERE gathering = ? "

static int read_news(struct due *due, struct error *err)
{
    struct content told = content_parse(due->arena, json_string(due->row, "content", NULL));
    const struct json *sums = db_row(
        due->db, due->arena, err,
        "SELECT count(DISTINCT coalesce(source || ' ' || subject, 'event ' || events.id)) AS "
        "subjects, max(received_at) AS newest " GATHERED_EVENTS,
        VALUES(V(due->id)));
    const struct json *statuses = db_rows(due->db, due->arena, err,
                                          "SELECT status, count(*) AS count " GATHERED_EVENTS
                                          "GROUP BY status ORDER BY min(events.id)",
                                          VALUES(V(due->id)));

    due->events = db_rows(due->db, due->arena, err,
                          "SELECT events.* " GATHERED_EVENTS "ORDER BY events.id DESC LIMIT ?",
                          VALUES(V(due->id), V((int)NEWEST_LOOKED_AT)));
    if (sums == NULL || statuses == NULL || due->events == NULL)
        return -1;
    due->subjects = json_integer(sums, "subjects", 0);
    due->newest_ms = json_integer(sums, "newest", json_integer(due->row, "last_at", 0));
    due->content = content_add(due->arena, &told, statuses, due->events);
    due->has_news = json_count(due->events) > 0;
    return 0;
}

static int forget_news(const struct due *due, struct error *err)
{
    return db_run(due->db, err, "DELETE FROM gathered WHERE gathering = ?",
                  VALUES(V(due->id))) < 0
               ? -1
               : 0;
}

static int remove_row(const struct due *due, struct error *err)
{
    if (forget_news(due, err) < 0)
        return -1;
    return db_run(due->db, err, "DELETE FROM gatherings WHERE id = ?", VALUES(V(due->id))) < 0
               ? -1
               : 0;
}

static int look_again(const struct due *due, long long in_ms, struct error *err)
{
    return db_run(due->db, err, "UPDATE gatherings SET due_at = ? WHERE id = ?",
                  VALUES(V(due->flushing->now_ms + in_ms), V(due->id))) < 0
               ? -1
               : 0;
}

static int put(const struct due *due, const char *key, bool final,
               const struct message *message, struct error *err)
{
    struct saying saying = { .place = { .chat = json_string(due->row, "chat", NULL),
                                        .channel = json_string(due->row, "channel", NULL) },
                             .key = key,
                             .final = final };

    return outbox_put(due->db, &saying, message, err) < 0 ? -1 : 0;
}

static struct message sum_message(const struct due *due)
{
    struct gathering_about about = { .why = json_string(due->row, "why", ""),
                                     .route = json_string(due->row, "route", ""),
                                     .created_ms = json_integer(due->row, "created_at", 0),
                                     .last_ms = due->newest_ms,
                                     .due_ms = json_integer(due->row, "due_at", 0) };

    return content_message(due->arena, due->flushing->config, &about, &due->content);
}

/* As it was when the event was written: nothing about its subject came after it, or that would be here too. */
static struct turn turn_now(const struct subject *subject, const struct event *event,
                            long long now_ms)
{
    struct turn turn = { .since_ms = event->at_ms,
                         .begun_ms = event->at_ms,
                         .episode = subject->episode,
                         .now_ms = now_ms };

    if (!text_is(subject->status, event->status))
        return turn;
    turn.since_ms = subject->since_ms;
    turn.begun_ms = subject->begun_ms;
    if (event_status_ends(event->status))
        turn.lasted_ms = subject->since_ms - subject->begun_ms;
    return turn;
}

/* Only one thing was gathered: it is said as it would have been, and kept up to date from now on. */
static int say_single(const struct due *due, struct error *err)
{
    struct event event = event_from_row(due->arena, json_at(due->events, 0));
    bool is_one = due->route == NULL || due->route->update != ROUTE_NEW;
    struct subject subject;
    struct turn turn;
    struct message message;

    if (subject_read(due->db, due->arena, &event, &subject, err) < 0)
        return -1;
    turn = turn_now(&subject, &event, due->flushing->now_ms);
    message = route_message(due->arena, due->flushing->config, due->route, &event, &turn);
    return put(due, is_one ? subject_key(due->arena, &event, &turn) : NULL, true, &message,
               err);
}

static int keep_told(const struct due *due, struct error *err)
{
    if (forget_news(due, err) < 0)
        return -1;
    return db_run(due->db, err, "UPDATE gatherings SET content = ?, last_at = ? WHERE id = ?",
                  VALUES(V(content_json(due->arena, &due->content)), V(due->newest_ms),
                         V(due->id))) < 0
               ? -1
               : 0;
}

static int say_flood(const struct due *due, struct error *err)
{
    bool is_over = due->flushing->now_ms - due->newest_ms >= FLOOD_WINDOW_MS;
    struct message message;

    if (due->has_news || is_over) {
        message = sum_message(due);
        if (put(due, arena_printf(due->arena, "flood:%lld", due->id), is_over, &message, err) <
            0)
            return -1;
    }
    if (is_over)
        return remove_row(due, err);
    if (due->has_news && keep_told(due, err) < 0)
        return -1;
    return look_again(due, FLOOD_SHOW_MS, err);
}

static int say_all(const struct due *due, struct error *err)
{
    struct message message;
    int said = 0;

    if (due->subjects == 1) {
        said = say_single(due, err);
    } else if (due->has_news) {
        message = sum_message(due);
        said = put(due, NULL, true, &message, err);
    }
    return said < 0 ? -1 : remove_row(due, err);
}

static int say_due(struct due *due, struct error *err)
{
    const char *why = json_string(due->row, "why", "");

    if (text_is(why, "quiet") && due->route != NULL &&
        route_is_quiet(due->route, NULL, due->flushing->now_ms))
        return look_again(due, QUIET_LOOK_MS, err);
    if (read_news(due, err) < 0)
        return -1;
    return text_is(why, "flood") ? say_flood(due, err) : say_all(due, err);
}

static int flush_write(struct db *db, void *argument, struct error *err)
{
    struct flushing *flushing = argument;
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *rows = db_rows(
        db, arena, err, "SELECT * FROM gatherings WHERE due_at <= ? ORDER BY due_at LIMIT ?",
        VALUES(V(flushing->now_ms), V((int)AT_ONCE)));

    if (rows == NULL)
        return -1;
    flushing->count = (long long)json_count(rows);
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        struct due due = { .db = db,
                           .arena = arena,
                           .flushing = flushing,
                           .row = row,
                           .id = json_integer(row, "id", 0),
                           .route = routes_find(config_routes(flushing->config),
                                                json_string(row, "route", "")) };

        if (say_due(&due, err) < 0)
            return -1;
    }
    return 0;
}

/* Mostly there is nothing: a look costs no write. */
static int has_due(struct core *core, long long now_ms, bool *found, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(db) struct db *db = store_read_start(core_store(core), err);
    const struct json *row =
        db == NULL
            ? NULL
            : db_row(db, arena, err, "SELECT id FROM gatherings WHERE due_at <= ? LIMIT 1",
                     VALUES(V(now_ms)));

    *found = json_is(row, JSON_OBJECT);
    return row == NULL ? -1 : 0;
}

int gathering_flush(struct core *core, long long now_ms, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    struct flushing flushing = { .config = config, .now_ms = now_ms };
    bool found;

    do {
        if (has_due(core, now_ms, &found, err) < 0)
            return -1;
        if (found && store_write(core_store(core), flush_write, &flushing, err) < 0)
            return -1;
    } while (found && flushing.count == AT_ONCE && !core_is_closing(core));
    return 0;
}
