/* /api/v1/tokens: made over the local socket, or by who may run "token create". */
#include "base/text.h"
#include "console/console_internal.h"

static const struct body_member create_members[] = { { "person", BODY_TEXT },
                                                     { "note", BODY_TEXT },
                                                     { "expires_in", BODY_WHOLE },
                                                     { "link", BODY_FLAG },
                                                     { 0 } };

enum {
    LIFETIME_YEARS_MAX = 10,
    YEAR_S = 366 * 86400,
};

/* Over the socket always: who may open it may also stop the server. */
static bool may(const struct caller *caller, struct http_request *request, const char *command)
{
    return caller->is_local || caller_must(caller, request, command);
}

static const char *base_url(const struct caller *caller, struct arena *arena)
{
    const struct server_config *server = &caller->config->server;

    if (server->public_url != NULL)
        return server->public_url;
    return arena_printf(arena, "http%s://%s", server->tls_cert != NULL ? "s" : "",
                        server->listen.count > 0 ? server->listen.items[0] : "127.0.0.1");
}

static int read_plan(const struct json *body, struct token_plan *plan, struct error *err)
{
    const long long most_s = (long long)LIFETIME_YEARS_MAX * YEAR_S;

    *plan =
        (struct token_plan){ .kind = json_boolean(body, "link", false) ? TOKEN_LINK : TOKEN_API,
                             .person = json_string(body, "person", NULL),
                             .note = json_string(body, "note", NULL),
                             .lifetime_s = json_integer(body, "expires_in", 0) };
    if (text_is_empty(plan->person))
        return error_set(err, ERROR_INVALID, "\"person\" is missing");
    if (plan->lifetime_s < 0 || plan->lifetime_s > most_s)
        return error_set(err, ERROR_INVALID,
                         "\"expires_in\" must be a number of seconds up to %d years",
                         LIFETIME_YEARS_MAX);
    return 0;
}

void handle_token_create(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct caller caller;
    const struct json *body;
    struct token_plan plan;
    const char *token;
    long long id;

    if (caller_read(request, context, &caller) < 0 || !may(&caller, request, "token create"))
        return;
    body = body_read(request, create_members);
    if (body == NULL)
        return;
    token = NULL;
    if (read_plan(body, &plan, &err) == 0) {
        plan.made_by = caller.account;
        token = token_create(caller.core, &plan, arena, &id, &err);
    }
    if (token == NULL)
        http_answer_error(request, &err);
    else if (plan.kind == TOKEN_LINK)
        http_answer_json(
            request, 200,
            OBJECT(arena, { "id", V(id) },
                   { "link", V((const char *)arena_printf(arena, "%s/signin/%s",
                                                          base_url(&caller, arena), token)) }));
    else
        http_answer_json(request, 200, OBJECT(arena, { "id", V(id) }, { "token", V(token) }));
}

static const struct json *token_item(struct arena *arena, const struct json *row)
{
    return OBJECT(arena, { "id", V(json_integer(row, "id", 0)) },
                  { "person", V(json_string(row, "person", "")) },
                  { "kind", V(json_string(row, "kind", "")) },
                  { "note", V(json_string(row, "note", NULL)) },
                  { "created_at", clock_json(arena, json_integer(row, "created_at", 0)) },
                  { "expires_at", clock_json(arena, json_integer(row, "expires_at", 0)) });
}

void handle_tokens(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    struct error err = { 0 };
    struct caller caller;
    AUTO(db) struct db *db = NULL;
    const struct json *rows;

    if (caller_read(request, context, &caller) < 0 || !may(&caller, request, "token list"))
        return;
    db = store_read_start(core_store(caller.core), &err);
    rows = db == NULL ? NULL : token_list(db, arena, http_query(request, "person"), &err);
    for (size_t i = 0; i < json_count(rows); i++)
        json_builder_add(items, NULL, V(token_item(arena, json_at(rows, i))));
    answer(request,
           rows == NULL ? NULL
                        : OBJECT(arena, { "items", V(json_builder_done(items)) },
                                 { "next", json_null() }),
           &err);
}

void handle_token_revoke(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    long long number;

    if (caller_read(request, context, &caller) < 0 || !may(&caller, request, "token revoke"))
        return;
    number = path_number(request, "id");
    if (number == 0)
        return;
    if (token_revoke(caller.core, number, caller.person->id, &err) < 0)
        http_answer_error(request, &err);
    else
        http_answer_json(request, 200, OBJECT(http_arena(request), { "revoked", V(number) }));
}
