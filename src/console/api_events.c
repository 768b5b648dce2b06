/* /api/v1/events: what happened outside, sent by programs; and the list of it. */
#include "base/text.h"
#include "console/console_internal.h"
#include "core/event.h"

static const struct json *page_of(struct arena *arena, const struct json *events,
                                  long long limit)
{
    size_t count = json_count(events);
    long long last = json_integer(count > 0 ? json_at(events, count - 1) : NULL, "id", 0);
    bool more = count == (size_t)limit && last > 1;

    return OBJECT(
        arena, { "items", V(events) },
        { "next", more ? V((const char *)arena_printf(arena, "%lld", last)) : json_null() });
}

void handle_events(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct page page = page_read(request);
    struct error err = { 0 };
    struct caller caller;
    AUTO(db) struct db *db = NULL;
    const struct json *events;
    struct event_filter filter = { .source = http_query(request, "source"),
                                   .kind = http_query(request, "kind"),
                                   .status = http_query(request, "status"),
                                   .subject = http_query(request, "subject"),
                                   .text = http_query(request, "text"),
                                   .before = page.before,
                                   .limit = page.limit };

    if (caller_read(request, context, &caller) < 0 || !caller_must(&caller, request, "events"))
        return;
    db = store_read_start(core_store(caller.core), &err);
    events = db == NULL ? NULL : event_list(db, arena, &filter, &err);
    answer(request, events == NULL ? NULL : page_of(arena, events, page.limit), &err);
}

/* An event on its way in, while the request is held. */
struct sending {
    struct http_request *request;
    struct caller caller;
    struct event event;
    struct event_batch batch;
};

/* On the writer's thread, after the commit. */
static void recorded(void *context, const struct event_batch *batch, const struct error *err)
{
    struct sending *sending = context;
    struct http_request *request = sending->request;

    if (err != NULL)
        http_answer_error(request, err);
    else
        http_answer_json(request, 202,
                         OBJECT(http_arena(request), { "id", V(batch->first_id) },
                                { "outcome", V(batch->outcome) }));
    http_release(request);
}

/* A connection's events come through its hook, signed; "opsroom" is us. */
static int check_source(const struct sending *sending, struct error *err)
{
    const char *source = sending->event.source;

    if (config_connection(sending->caller.config, source) != NULL)
        return error_set(err, ERROR_DENIED,
                         "\"%.60s\" is a connection: its events come to /hooks/%.60s", source,
                         source);
    if (text_is(source, "opsroom"))
        return error_set(err, ERROR_DENIED, "what \"opsroom\" reports is its own");
    return 0;
}

/* The label "channel" of a notification is an order. */
static int read_channel(struct sending *sending, struct error *err)
{
    const struct json *label = json_member(sending->event.labels, "channel");
    struct arena *arena = http_arena(sending->request);
    const char *channel = json_is(label, JSON_STRING) ? label->as.string : NULL;
    struct place place;

    if (!text_is(sending->event.source, "notify") || text_is_empty(channel))
        return 0;
    if (!place_parse(arena, channel, &place) ||
        !config_has_channel(sending->caller.config, place.chat, place.channel))
        return error_set(err, ERROR_INVALID,
                         "there is no channel \"%.60s\": write it as chat#channel", channel);
    sending->event.channel = channel;
    sending->event.is_direct = true;
    return caller_set_place(&sending->caller, arena, channel, err);
}

/* A notification may be sent by whoever may notify; without a channel also by whoever may send events. */
static bool check_right(const struct sending *sending)
{
    const struct caller *caller = &sending->caller;
    struct arena *arena = http_arena(sending->request);

    if (!text_is(sending->event.source, "notify"))
        return caller_must(caller, sending->request, "event send");
    if (!sending->event.is_direct && caller_may(caller, arena, "event send", NULL))
        return true;
    return caller_must(caller, sending->request, "notify");
}

void handle_event_send(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct sending *sending = ARENA_NEW(arena, struct sending);
    struct error err = { 0 };
    const struct json *body;

    sending->request = request;
    if (caller_read(request, context, &sending->caller) < 0)
        return;
    body = http_body_json(request, &err);
    if (body == NULL)
        err.kind = ERROR_INVALID;
    if (body == NULL || event_from_json(arena, body, &sending->event, &err) < 0 ||
        check_source(sending, &err) < 0 || read_channel(sending, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    if (!check_right(sending))
        return;
    sending->batch = (struct event_batch){ .events = &sending->event, .count = 1 };
    http_hold(request);
    if (event_record_later(sending->caller.core, &sending->batch, arena, recorded, sending,
                           &err) < 0) {
        http_answer_error(request, &err);
        http_release(request);
    }
}
