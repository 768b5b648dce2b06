/* Webhooks on their way through connectors, and what those and other calls say has happened. */
#include "core/receive.h"

#include <string.h>

#include "core/call_internal.h"

static void collect(struct call *call, const struct event *event)
{
    if (call->event_count == call->event_capacity) {
        size_t capacity = call->event_capacity * 2 + 4;
        struct event *events = ARENA_ARRAY(call->arena, struct event, capacity);

        if (call->event_count > 0)
            memcpy(events, call->events, call->event_count * sizeof(*events));
        call->events = events;
        call->event_capacity = capacity;
    }
    call->events[call->event_count++] = *event;
}

/* A step that is repeated says the same once. */
static void record_now(struct call *call, struct event *event)
{
    struct event_batch batch = { .events = event, .count = 1 };
    struct error err = { 0 };

    if (event->delivery == NULL && call->row.id != 0)
        event->delivery =
            arena_printf(call->arena, "%s:%zu", call_token(call), call->event_count++);
    if (event_record(call->core, &batch, call->arena, &err) < 0)
        log_error(call->row.id, "an event of %s is lost: %s", event->source, err.text);
}

void event_emit(struct call *call, const struct event *event)
{
    struct event own = *event;

    if (call_connection(call) != NULL)
        own.source = call_connection(call);
    /* An order is for those who were asked for the right. */
    own.is_direct = false;
    if (call->collects_events)
        collect(call, &own);
    else
        record_now(call, &own);
}

int webhook_receive(struct core *core, struct reception *reception, struct arena *arena,
                    struct error *err)
{
    struct call *call = call_new(core, reception->config, reception->connection, arena);

    call->collects_events = true;
    reception->reply = (struct webhook_reply){ 0 };
    if (reception->connection->connector->webhook(call, reception->request, &reception->reply,
                                                  err) < 0)
        return -1;
    reception->batch =
        (struct event_batch){ .events = call->events, .count = call->event_count };
    return 0;
}

/* All are looked at, so that the time tells nothing. */
const struct connection *service_find(const struct config *config, const char *token, bool *any)
{
    const struct connection *found = NULL;

    *any = false;
    for (size_t i = 0; i < config->connection_count; i++) {
        const struct connection *connection = &config->connections[i];
        const struct connector *connector = connection->connector;

        if (connector->serves == NULL)
            continue;
        *any = true;
        if (connector->serves(connection->settings, token) && found == NULL)
            found = connection;
    }
    return found;
}
