/* Threads for connections that watch something and for chats that are dialled. */
#include "core/watch.h"

#include <stdlib.h>

#include "core/call_internal.h"
#include "core/chat_internal.h"
#include "core/follow.h"

struct watches {
    struct follower *connections;
    struct follower *chats;
};

static bool connection_entry(const struct config *config, size_t position, const char **name,
                             const void **thing)
{
    const struct connection *connection;

    if (position >= config->connection_count)
        return false;
    connection = &config->connections[position];
    *name = connection->name;
    *thing = connection->connector->watch == NULL ? NULL : connection;
    return true;
}

static int watch_connection(struct followed *followed, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct connection *connection = followed->thing;
    struct call *call = call_new(followed->core, followed->config, connection, arena);

    call->closing = &followed->closing;
    return connection->connector->watch(call, err);
}

static bool chat_entry(const struct config *config, size_t position, const char **name,
                       const void **thing)
{
    const struct chat_config *chat;

    if (position >= config->chat_count)
        return false;
    chat = &config->chats[position];
    *name = chat->name;
    *thing = chat->platform->listen == NULL ? NULL : chat;
    return true;
}

static int listen_to_chat(struct followed *followed, struct error *err)
{
    const struct chat_config *chat = followed->thing;
    struct chat_account account = {
        .core = followed->core,
        .config = followed->config,
        .chat = chat,
        .closing = &followed->closing,
    };

    return chat->platform->listen(&account, err);
}

static const struct follow_plan connection_plan = { .what = "watch",
                                                    .entry = connection_entry,
                                                    .run = watch_connection };
static const struct follow_plan chat_plan = { .what = "link",
                                              .entry = chat_entry,
                                              .run = listen_to_chat };

struct watches *watches_start(struct core *core, struct error *err)
{
    struct watches *watches = memory_new(sizeof(*watches));

    watches->connections = follow_start(core, &connection_plan, err);
    if (watches->connections != NULL)
        watches->chats = follow_start(core, &chat_plan, err);
    if (watches->chats != NULL)
        return watches;
    watches_stop(watches);
    return NULL;
}

void watches_stop(struct watches *watches)
{
    if (watches == NULL)
        return;
    follow_stop(watches->chats);
    follow_stop(watches->connections);
    free(watches);
}
