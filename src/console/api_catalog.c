/* /api/v1/me, commands, complete, connections, status: what there is, for this person in this place. */
#include <string.h>

#include "base/text.h"
#include "console/console_internal.h"
#include "core/app.h"
#include "core/connection_health.h"
#include "core/parse.h"

/* Reads the caller and ?channel=; false: answered. */
static bool read_caller(struct http_request *request, void *context, struct caller *caller)
{
    struct error err = { 0 };

    if (caller_read(request, context, caller) < 0)
        return false;
    if (caller_set_place(caller, http_arena(request), http_query(request, "channel"), &err) ==
        0)
        return true;
    http_answer_error(request, &err);
    return false;
}

static const struct json *groups_json(struct arena *arena, const struct person *person)
{
    struct json_builder *groups = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < person->groups.count; i++)
        json_builder_add(groups, NULL, V(person->groups.items[i]));
    return json_builder_done(groups);
}

void handle_me(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct caller caller;

    if (!read_caller(request, context, &caller))
        return;
    http_answer_json(
        request, 200,
        OBJECT(arena,
               { "person", V(OBJECT(arena, { "id", V(caller.person->id) },
                                    { "name", V(caller.person->name) },
                                    { "groups", V(groups_json(arena, caller.person)) })) },
               { "account", V(caller.account) },
               { "channels", V(channel_list(arena, caller.config, caller.person)) },
               { "version", V(OPSROOM_VERSION) },
               { "zone", V(caller.config->server.zone_name) }));
}

static bool is_visible(void *context, const struct catalog_entry *entry)
{
    const struct caller *caller = context;
    AUTO(arena) struct arena *arena = arena_new();
    struct request request = { .config = caller->config,
                               .person = caller->person,
                               .entry = entry,
                               .place = &caller->place,
                               .at_ms = clock_now_ms() };

    return policy_decide(&request, arena).allowed;
}

void handle_commands(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    struct caller caller;

    if (!read_caller(request, context, &caller))
        return;
    for (size_t i = 0; i < caller.catalog->count; i++)
        if (is_visible(&caller, &caller.catalog->list[i]))
            json_builder_add(items, NULL, V(catalog_json(arena, &caller.catalog->list[i])));
    http_answer_json(
        request, 200,
        OBJECT(arena, { "items", V(json_builder_done(items)) }, { "next", json_null() }));
}

void handle_complete(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    const char *line = http_query(request, "line");
    struct argument_context arguments;
    struct caller caller;

    if (!read_caller(request, context, &caller))
        return;
    if (line == NULL || strlen(line) > LINE_LIMIT)
        line = "";
    arguments = (struct argument_context){ .config = caller.config, .place = &caller.place };
    http_answer_json(request, 200,
                     OBJECT(arena, { "items", V(line_complete(arena, caller.catalog, &arguments,
                                                              line, is_visible, &caller)) }));
}

void handle_connections(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct caller caller;

    if (!read_caller(request, context, &caller) ||
        !caller_must(&caller, request, "connections"))
        return;
    http_answer_json(request, 200,
                     OBJECT(arena, { "items", V(connection_health_rows(caller.core, arena)) },
                            { "next", json_null() }));
}

void handle_status(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct caller caller;
    AUTO(db) struct db *db = NULL;
    const struct json *rows;

    if (!read_caller(request, context, &caller) || !caller_must(&caller, request, "status"))
        return;
    db = store_read_start(core_store(caller.core), &err);
    rows = db == NULL
               ? NULL
               : app_status_rows(db, arena, caller.config, http_query(request, "app"), &err);
    answer(request,
           rows == NULL ? NULL : OBJECT(arena, { "items", V(rows) }, { "next", json_null() }),
           &err);
}
