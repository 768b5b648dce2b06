/* Events inside a transaction: stored once, their subject's state kept, said where their routes lead. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/event_internal.h"
#include "core/feed.h"
#include "core/gathering.h"
#include "core/mute.h"
#include "core/outbox.h"

/* What becomes of an event in a place, the least first: the greatest of all is the event's own. */
enum outcome {
    UNROUTED,
    UNCHANGED,
    MUTED,
    HELD,
    COLLAPSED,
    ROUTED,
};
static const char *const outcome_names[] = {
    "unrouted", "unchanged", "muted", "held", "collapsed", "routed",
};

enum act {
    ACT_NOT,
    ACT_SAY,
    ACT_UPDATE,
    ACT_QUIET,
    ACT_GROUP,
    ACT_FLOOD,
};
static const enum outcome outcome_of[] = { UNCHANGED, ROUTED, ROUTED, HELD, HELD, COLLAPSED };
static const char *const why_of[] = { NULL, NULL, NULL, "quiet", "group", "flood" };

enum {
    PLACES_MAX = 64 /* that one event is said in */
};

/* One place that one event goes to. */
struct target {
    const struct route *route;
    struct place place;
    enum act act;
    enum outcome outcome;
    const char
        *thread; /* ACT_UPDATE: the platform's id of the message that is there, or NULL */
};

/* One event being written. */
struct writing {
    struct db *db;
    struct arena *arena;
    const struct event_plan *plan;
    struct planned *planned;
    const struct mutes *mutes;
    struct turn turn;
    const char *key; /* of its subject's message, or NULL */
    struct target *targets;
    size_t target_count;
    enum outcome outcome;
    bool is_muted;
};

/* "#ops", "ops" or "web#ops" */
static bool is_channel(const struct place *place, const char *chat_channel, const char *wanted)
{
    return text_is(chat_channel, wanted) || text_is(place->channel, wanted) ||
           (wanted[0] == '#' && text_is(place->channel, wanted + 1));
}

/* What the sender wished for counts only if one of its routes leads there. */
static bool wish_is_granted(const struct planned *planned)
{
    const char *wanted = planned->event.channel;

    for (size_t i = 0; wanted != NULL && i < planned->route_count; i++)
        for (size_t j = 0; j < planned->routes[i]->to.count; j++)
            if (is_channel(&planned->routes[i]->places[j], planned->routes[i]->to.items[j],
                           wanted))
                return true;
    return false;
}

/* Once in every place, by the first route that leads there. */
static void add_target(struct writing *writing, const struct route *route,
                       const struct place *place)
{
    for (size_t i = 0; i < writing->target_count; i++)
        if (text_is(writing->targets[i].place.chat, place->chat) &&
            text_is(writing->targets[i].place.channel, place->channel))
            return;
    if (writing->target_count < PLACES_MAX)
        writing->targets[writing->target_count++] =
            (struct target){ .route = route, .place = *place };
}

static size_t count_places(const struct planned *planned)
{
    size_t count = planned->event.is_direct ? 1 : 0;

    for (size_t i = 0; i < planned->route_count; i++)
        count += planned->routes[i]->to.count;
    return count < PLACES_MAX ? count : PLACES_MAX;
}

static void find_targets(struct writing *writing)
{
    const struct planned *planned = writing->planned;
    bool chosen = wish_is_granted(planned);
    struct place place;

    writing->targets = ARENA_ARRAY(writing->arena, struct target, count_places(planned));
    if (planned->event.is_direct) {
        if (place_parse(writing->arena, planned->event.channel, &place))
            add_target(writing, planned->routes[0], &place);
        return;
    }
    for (size_t i = 0; i < planned->route_count; i++) {
        const struct route *route = planned->routes[i];

        for (size_t j = 0; j < route->to.count; j++)
            if (!chosen ||
                is_channel(&route->places[j], route->to.items[j], planned->event.channel))
                add_target(writing, route, &route->places[j]);
    }
}

/* Is its subject's message there already? */
static int find_message(const struct writing *writing, struct target *target, bool *found,
                        struct error *err)
{
    const struct json *row;

    *found = false;
    if (writing->key == NULL || target->route->update == ROUTE_NEW)
        return 0;
    row = db_row(writing->db, writing->arena, err,
                 "SELECT external_id FROM messages WHERE chat = ? AND channel = ? AND key = ?",
                 VALUES(V(target->place.chat), V(target->place.channel), V(writing->key)));
    if (row == NULL)
        return -1;
    *found = json_is(row, JSON_OBJECT);
    target->thread = json_string(row, "external_id", NULL);
    return 0;
}

static int decide_new(const struct writing *writing, struct target *target, struct error *err)
{
    const struct event *event = &writing->planned->event;
    bool over = false;

    if (event->is_direct) {
        target->act = ACT_SAY;
        return 0;
    }
    if (route_is_quiet(target->route, event, writing->turn.now_ms)) {
        target->act = ACT_QUIET;
        return 0;
    }
    if (target->route->group_s > 0) {
        target->act = ACT_GROUP;
        return 0;
    }
    if (flood_count(writing->db, writing->arena, target->route, &target->place, &over, err) < 0)
        return -1;
    target->act = over ? ACT_FLOOD : ACT_SAY;
    return 0;
}

/* A message that is there is kept true whatever holds new ones back: rewriting it disturbs nobody. */
static int decide(const struct writing *writing, struct target *target, struct error *err)
{
    const struct event *event = &writing->planned->event;
    bool found;

    target->act = ACT_NOT;
    target->outcome = UNCHANGED;
    if (writing->turn.is_late || !route_says(target->route, event, &writing->turn))
        return 0;
    if (find_message(writing, target, &found, err) < 0)
        return -1;
    if (found) {
        target->act = ACT_UPDATE;
    } else if (writing->is_muted ||
               route_is_muted(target->route, event, writing->turn.now_ms)) {
        target->outcome = MUTED;
        return 0;
    } else if (decide_new(writing, target, err) < 0) {
        return -1;
    }
    target->outcome = outcome_of[target->act];
    return 0;
}

static int decide_all(struct writing *writing, struct error *err)
{
    writing->is_muted = !writing->planned->event.is_direct &&
                        mutes_cover(writing->mutes, &writing->planned->event);
    find_targets(writing);
    for (size_t i = 0; i < writing->target_count; i++) {
        if (decide(writing, &writing->targets[i], err) < 0)
            return -1;
        if (writing->targets[i].outcome > writing->outcome)
            writing->outcome = writing->targets[i].outcome;
    }
    return 0;
}

static const struct json *routes_json(const struct writing *writing)
{
    struct json_builder *list;

    if (writing->target_count == 0)
        return NULL;
    list = json_builder_new(writing->arena, JSON_ARRAY);
    for (size_t i = 0; i < writing->target_count; i++) {
        const struct target *target = &writing->targets[i];

        json_builder_add(list, NULL,
                         V(OBJECT(writing->arena, { "route", V(target->route->name) },
                                  { "channel", V(place_print(writing->arena, &target->place)) },
                                  { "outcome", V(outcome_names[target->outcome]) })));
    }
    return json_builder_done(list);
}

static long long insert_event(const struct writing *writing, struct error *err)
{
    const struct event *event = &writing->planned->event;

    if (db_run(writing->db, err,
               "INSERT INTO events (source, delivery, kind, subject, status, severity, title, "
               "text, markup, url, actor, labels, outcome, routes, at, received_at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(event->source), V(event->delivery), V(event->kind), V(event->subject),
                      V(event->status), V(event->severity), V(event->title), V(event->text),
                      V(event->markup), V(event->url), V(event->actor),
                      V(writing->planned->labels), V(outcome_names[writing->outcome]),
                      V(routes_json(writing)), V(event->at_ms), V(writing->turn.now_ms))) < 0)
        return -1;
    return db_last_id(writing->db);
}

static int put(const struct writing *writing, const struct target *target, const char *key,
               const struct message *message, struct error *err)
{
    const char *status = writing->planned->event.status;
    struct saying saying = {
        .place = target->place,
        .key = key,
        .final = !text_is(status, "queued") && !text_is(status, "running"),
    };

    /* The thread of a message is fixed when it is made; an update of it keeps its place. */
    saying.place.thread = key == NULL ? target->thread : NULL;
    return outbox_put(writing->db, &saying, message, err) < 0 ? -1 : 0;
}

static int say_new(const struct writing *writing, const struct target *target,
                   const struct message *message, struct error *err)
{
    bool is_one = target->route->update != ROUTE_NEW;

    return put(writing, target, is_one ? writing->key : NULL, message, err);
}

/* In a thread each change is said too, once its first message is out: until then nobody has read that. */
static int say_update(const struct writing *writing, const struct target *target,
                      const struct message *message, struct error *err)
{
    if (put(writing, target, writing->key, message, err) < 0)
        return -1;
    if (target->route->update != ROUTE_THREAD || target->thread == NULL ||
        text_is(writing->turn.previous, writing->planned->event.status))
        return 0;
    return put(writing, target, NULL, message, err);
}

static int act(const struct writing *writing, const struct target *target, long long id,
               struct error *err)
{
    const struct event *event = &writing->planned->event;
    struct gathered gathered = { .why = why_of[target->act],
                                 .route = target->route,
                                 .place = &target->place,
                                 .event = id,
                                 .now_ms = writing->turn.now_ms };
    struct message message;

    if (target->act == ACT_NOT)
        return 0;
    if (gathered.why != NULL)
        return gathering_add(writing->db, writing->arena, &gathered, err);
    message = route_message(writing->arena, writing->plan->config,
                            event->is_direct ? NULL : target->route, event, &writing->turn);
    return target->act == ACT_SAY ? say_new(writing, target, &message, err)
                                  : say_update(writing, target, &message, err);
}

static int write_new(struct writing *writing, long long *id, struct error *err)
{
    const struct event *event = &writing->planned->event;
    struct subject before;

    if (subject_read(writing->db, writing->arena, event, &before, err) < 0)
        return -1;
    writing->turn = subject_turn(&before, event, clock_now_ms());
    writing->key = subject_key(writing->arena, event, &writing->turn);
    if (decide_all(writing, err) < 0)
        return -1;
    *id = insert_event(writing, err);
    if (*id < 0 || subject_write(writing->db, event, &writing->turn, *id, err) < 0)
        return -1;
    for (size_t i = 0; i < writing->target_count; i++)
        if (act(writing, &writing->targets[i], *id, err) < 0)
            return -1;
    return change_add(writing->db, "event", *id, err);
}

static const char *static_outcome(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(outcome_names); i++)
        if (text_is(outcome_names[i], name))
            return outcome_names[i];
    return outcome_names[UNROUTED];
}

/* The same delivery again: its id and outcome as the first time. */
static int find_repeated(const struct writing *writing, long long *id, const char **outcome,
                         struct error *err)
{
    const struct event *event = &writing->planned->event;
    const struct json *row;

    if (event->delivery == NULL)
        return 0;
    row = db_row(writing->db, writing->arena, err,
                 "SELECT id, outcome FROM events WHERE source = ? AND delivery = ?",
                 VALUES(V(event->source), V(event->delivery)));
    if (row == NULL)
        return -1;
    if (json_is(row, JSON_OBJECT)) {
        *id = json_integer(row, "id", 0);
        *outcome = static_outcome(json_string(row, "outcome", ""));
    }
    return 0;
}

static int write_one(struct writing *writing, long long *id, struct error *err)
{
    struct planned *planned = writing->planned;

    planned->is_new = false;
    if (find_repeated(writing, id, &planned->outcome, err) < 0)
        return -1;
    if (*id != 0)
        return 0;
    if (write_new(writing, id, err) < 0)
        return -1;
    planned->is_new = true;
    planned->outcome = outcome_names[writing->outcome];
    return 0;
}

int event_write(struct db *db, struct event_plan *plan, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct mutes *mutes = mutes_load(plan->core, db, clock_now_ms(), err);
    struct writing *writing = ARENA_NEW(arena, struct writing);

    if (mutes == NULL)
        return -1;
    plan->taken = 0;
    for (size_t i = 0; i < plan->count; i++) {
        long long id = 0;

        *writing = (struct writing){
            .db = db, .arena = arena, .plan = plan, .planned = &plan->events[i], .mutes = mutes
        };
        if (write_one(writing, &id, err) < 0)
            return -1;
        plan->taken += plan->events[i].is_new;
        if (i == 0) {
            plan->first_id = id;
            plan->outcome = plan->events[i].outcome;
        }
    }
    return 0;
}
