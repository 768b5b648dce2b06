/* GET /api/v1/stream: what happens, as it happens, to those who may see it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "console/console_internal.h"
#include "core/feed.h"

/* One browser's stream.  Lives from the answer's start until the feed has ended. */
struct stream {
    struct core *core;
    char *person;
    char *channel;   /* only messages of this one; NULL: of all */
    long long token; /* what it was opened with, 0: the local socket */
    long long expires_at_ms;
    struct feed_subscription *subscription;
    struct http_feed *feed;
};

static void free_stream(void *context)
{
    struct stream *stream = context;

    feed_unsubscribe(core_feed(stream->core), stream->subscription);
    free(stream->person);
    free(stream->channel);
    free(stream);
}

/* A look through today's configuration: rights may have changed since the stream began. */
static bool look(struct caller *caller, const struct stream *stream,
                 const struct config *config)
{
    *caller = (struct caller){ .core = stream->core,
                               .config = config,
                               .catalog = core_catalog(stream->core, config),
                               .person = config_person(config, stream->person) };
    return caller->person != NULL;
}

/* The token was revoked or has expired. */
static bool is_over(const struct stream *stream, const struct change *change)
{
    if (stream->expires_at_ms != 0 && clock_now_ms() >= stream->expires_at_ms)
        return true;
    return stream->token != 0 && text_is(change->kind, "token") &&
           change->item == stream->token;
}

static bool sees_entry(const struct stream *stream, const struct caller *caller,
                       struct arena *arena, const struct change *change)
{
    if (change->only_for != NULL && !text_is(change->only_for, stream->person))
        return false;
    if (stream->channel != NULL &&
        !text_is(stream->channel, place_print(arena, &change->place)))
        return false;
    return channel_has(caller->config, caller->person, &change->place);
}

static bool sees(const struct stream *stream, const struct caller *caller, struct arena *arena,
                 const struct change *change)
{
    if (text_is(change->kind, "message") || text_is(change->kind, "input"))
        return sees_entry(stream, caller, arena, change);
    if (text_is(change->kind, "token"))
        return false;
    if (text_is(change->kind, "event"))
        return caller_may(caller, arena, "events", NULL);
    if (text_is(change->person, stream->person))
        return true;
    if (text_is(change->kind, "approval"))
        return caller_may(caller, arena, "approvals", NULL);
    return caller_may(caller, arena, text_is(change->kind, "log") ? "job log" : "job show",
                      NULL);
}

static const struct json *shown(const struct caller *caller, struct arena *arena,
                                const struct change *change)
{
    if (text_is(change->kind, "message") || text_is(change->kind, "input"))
        return entry_for(arena, change->kind, change->json);
    if (text_is(change->kind, "job"))
        return job_for(caller, arena, change->json);
    if (text_is(change->kind, "approval"))
        return approval_for(caller, arena, change->json);
    if (text_is(change->kind, "event"))
        return change->json;
    return OBJECT(arena, { "job", V(change->item) },
                  { "next", V(json_integer(change->json, "log_bytes", 0)) });
}

static bool changed(void *context, const struct change *change)
{
    struct stream *stream = context;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(config) const struct config *config = core_config(stream->core);
    struct caller caller;

    if (is_over(stream, change) || !look(&caller, stream, config)) {
        http_feed_close(stream->feed);
        return false;
    }
    if (!sees(stream, &caller, arena, change))
        return true;
    if (http_feed_send(stream->feed, arena_printf(arena, "%lld", change->id), change->kind,
                       json_print(arena, shown(&caller, arena, change))))
        return true;
    http_feed_close(stream->feed);
    return false;
}

/* Where to go on: the browser's Last-Event-ID, or ?after=; else from now on. */
static long long read_position(struct http_request *request, long long newest)
{
    const char *text = http_header(request, "Last-Event-ID");
    long long position = 0;

    if (text == NULL)
        text = http_query(request, "after");
    if (text == NULL || !text_to_integer(text, &position) || position <= 0)
        return newest;
    return position < newest ? position : newest;
}

static struct stream *new_stream(const struct caller *caller, const char *channel)
{
    struct stream *stream = memory_new(sizeof(*stream));

    *stream = (struct stream){ .core = caller->core,
                               .person = memory_copy(caller->person->id),
                               .token = caller->token.id,
                               .expires_at_ms = caller->token.expires_at_ms };
    if (channel != NULL)
        stream->channel = memory_copy(channel);
    return stream;
}

/* The first event says where it begins, so that a break before the second one loses nothing. */
void handle_stream(struct http_request *request, void *context)
{
    const char *channel = http_query(request, "channel");
    struct error err = { 0 };
    struct caller caller;
    struct stream *stream;
    long long position;

    if (caller_read(request, context, &caller) < 0)
        return;
    position = feed_position(core_feed(caller.core));
    if (position < 0) {
        error_set(&err, ERROR_INTERNAL, "the store cannot be read");
        http_answer_error(request, &err);
        return;
    }
    position = read_position(request, position);
    stream = new_stream(&caller, channel);
    stream->feed = http_feed_start(request, free_stream, stream);
    (void)http_feed_send(stream->feed, arena_printf(http_arena(request), "%lld", position),
                         "hello", "{}");
    stream->subscription = feed_subscribe(core_feed(caller.core), position, changed, stream);
    if (stream->subscription == NULL)
        http_feed_close(stream->feed);
}
