/* POST /hooks/NAME and /services/TOKEN: outside systems, each understood by its connector, answered once it is durable. */
#include <string.h>

#include "base/text.h"
#include "console/console_internal.h"
#include "core/receive.h"
#include "core/route.h"

/* A request of an outside system, while it is held. */
struct hook {
    struct http_request *request;
    struct core *core;
    struct reception reception;
    struct webhook_request told;
};

static const char *read_header(void *context, const char *name)
{
    return http_header(context, name);
}

static const char *read_query(void *context, const char *name)
{
    return http_query(context, name);
}

static const char *read_form(void *context, const char *name)
{
    return http_form(context, name);
}

static void release_config(void *config)
{
    config_release(config);
}

static struct hook *hook_new(struct http_request *request, struct console *console)
{
    struct arena *arena = http_arena(request);
    struct hook *hook = ARENA_NEW(arena, struct hook);
    /* The reference is the arena's. */
    union {
        const struct config *held;
        void *released;
    } snapshot = { .held = core_config(console->core) };

    arena_defer(arena, release_config, snapshot.released);
    hook->request = request;
    hook->core = console->core;
    hook->told = (struct webhook_request){ .method = http_method(request),
                                           .path = "",
                                           .body = http_body(request),
                                           .header = read_header,
                                           .query = read_query,
                                           .form = read_form,
                                           .context = request };
    hook->reception = (struct reception){ .config = snapshot.held, .request = &hook->told };
    return hook;
}

static void answer_reply(struct hook *hook, long long taken)
{
    const struct webhook_reply *reply = &hook->reception.reply;
    struct arena *arena = http_arena(hook->request);

    if (reply->status == 0)
        http_answer_json(hook->request, 200, OBJECT(arena, { "taken", V(taken) }));
    else
        http_answer(hook->request, reply->status,
                    reply->content_type != NULL ? reply->content_type
                                                : "text/plain; charset=utf-8",
                    span_of(reply->body));
}

/* On the writer's thread, after the commit. */
static void recorded(void *context, const struct event_batch *batch, const struct error *err)
{
    struct hook *hook = context;
    struct http_request *request = hook->request;

    if (err != NULL)
        http_answer_error(request, err);
    else
        answer_reply(hook, batch->taken);
    http_release(request);
}

static void answer_fault(struct hook *hook, const struct error *err)
{
    if (err->kind == ERROR_DENIED)
        answer_denied(hook->request, 401, err->text);
    else
        http_answer_error(hook->request, err);
}

static void take(struct hook *hook)
{
    struct arena *arena = http_arena(hook->request);
    struct reception *reception = &hook->reception;
    struct error err = { 0 };

    if (webhook_receive(hook->core, reception, arena, &err) < 0) {
        answer_fault(hook, &err);
        return;
    }
    if (reception->batch.count == 0) {
        answer_reply(hook, 0);
        return;
    }
    http_hold(hook->request);
    if (event_record_later(hook->core, &reception->batch, arena, recorded, hook, &err) < 0) {
        http_answer_error(hook->request, &err);
        http_release(hook->request);
    }
}

void handle_hook(struct http_request *request, void *context)
{
    struct hook *hook = hook_new(request, context);
    const char *name = http_parameter(request, "name");
    const struct connection *connection = config_connection(hook->reception.config, name);
    const char *rest = http_parameter(request, "rest");
    struct error err = { 0 };

    if (connection == NULL || connection->connector->webhook == NULL) {
        error_set(&err, ERROR_MISSING, "no connection \"%.60s\" takes webhooks", name);
        http_answer_error(request, &err);
        return;
    }
    hook->told.path = rest != NULL ? rest : "";
    hook->reception.connection = connection;
    take(hook);
}

static void answer_code(struct http_request *request, int status, const char *code)
{
    http_answer(request, status, "text/plain; charset=utf-8", span_of(code));
}

/* As Slack answers: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
void handle_service(struct http_request *request, void *context)
{
    struct hook *hook = hook_new(request, context);
    bool any;
    const struct connection *connection =
        service_find(hook->reception.config, http_parameter(request, "token"), &any);

    if (connection == NULL) {
        answer_code(request, any ? 403 : 404, any ? "invalid_token" : "no_service");
        return;
    }
    /* Where no route could take it, its sender has to know. */
    if (!routes_know_source(config_routes(hook->reception.config), connection->name)) {
        answer_code(request, 404, "channel_not_found");
        return;
    }
    hook->told.is_service = true;
    hook->reception.connection = connection;
    take(hook);
}
