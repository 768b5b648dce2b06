/* Requests of connectors against a service on loopback: paths, credentials, retry, kinds of failure. */
#include <stdio.h>

#include "core/api_internal.h"
#include "lab.h"
#include "net/http_client.h"
#include "net/http_server.h"

static struct {
    atomic_int requests;
    int refuse_first; /* so many get a 503 */
} service;

static void handle_echo(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);

    (void)context;
    atomic_fetch_add(&service.requests, 1);
    http_answer_json(request, 200,
                     OBJECT(arena, { "method", V(http_method(request)) },
                            { "path", V(http_path(request)) },
                            { "q", V(http_query(request, "q")) },
                            { "authorization", V(http_header(request, "Authorization")) },
                            { "extra", V(http_header(request, "X-Extra")) },
                            { "key", V(http_header(request, "Idempotency-Key")) },
                            { "body", V(http_body_json(request, &(struct error){ 0 })) }));
}

static void handle_status(struct http_request *request, void *context)
{
    long long status = 500;

    (void)context;
    atomic_fetch_add(&service.requests, 1);
    text_to_integer(http_parameter(request, "status"), &status);
    if (http_query(request, "after") != NULL)
        http_answer_header(request, "Retry-After", http_query(request, "after"));
    if (http_query(request, "plain") != NULL)
        http_answer(request, (int)status, "text/plain", span_of(http_query(request, "plain")));
    else
        http_answer_json(request, (int)status,
                         OBJECT(http_arena(request), { "message", V("its own words") }));
}

static void handle_flaky(struct http_request *request, void *context)
{
    (void)context;
    if (atomic_fetch_add(&service.requests, 1) < service.refuse_first)
        http_answer(request, 503, "text/plain", span_of("later"));
    else
        http_answer(request, 204, NULL, span_of(NULL));
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/base/echo/{rest*}", .handle = handle_echo },
    { .method = "POST", .path = "/base/echo/{rest*}", .handle = handle_echo },
    { .method = "PUT", .path = "/base/echo/{rest*}", .handle = handle_echo },
    { .method = "PATCH", .path = "/base/echo/{rest*}", .handle = handle_echo },
    { .method = "DELETE", .path = "/base/echo/{rest*}", .handle = handle_echo },
    { .method = "GET", .path = "/base/status/{status}", .handle = handle_status },
    { .method = "POST", .path = "/base/status/{status}", .handle = handle_status },
    { .method = "GET", .path = "/base/flaky", .handle = handle_flaky },
    { .method = "POST", .path = "/base/flaky", .handle = handle_flaky },
};

static int own_authorise(struct call *call, struct api_request *request, struct error *err)
{
    const struct lab_config *config = call_config(call);

    (void)err;
    api_basic(request, "robot", config->token);
    api_header(request, "X-Extra", "yes");
    return 0;
}
static const struct connector own_connector = {
    .name = "own",
    .help = "Authorises by itself",
    .config = FIELDS(struct lab_config, lab_config_fields),
    .authorise = own_authorise,
};
static const struct connector *const connectors[] = { &lab_connector, &own_connector };
static const struct registry registry = { connectors, 2, engine_platforms, 1 };

struct fixture {
    struct engine engine;
    struct http_server *server;
    const struct config *config;
};

static void fixture_open(struct fixture *fixture)
{
    static const struct http_address loopback[] = { { .host = "127.0.0.1" } };
    struct http_server_plan plan = {
        .addresses = loopback,
        .address_count = 1,
        .routes = routes,
        .route_count = COUNT_OF(routes),
        .narrow_threads = 2,
        .wide_threads = 1,
    };
    struct error err = { 0 };

    http_client_start();
    fixture->server = http_server_start(&plan, &err);
    if (fixture->server == NULL) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    lab_make(&fixture->engine, "");
    engine_write(&fixture->engine,
                 arena_printf(fixture->engine.arena,
                              "store: sqlite:test.db\nconnections:\n"
                              "  lab: { type: lab, url: \"http://127.0.0.1:%u/base/\", "
                              "token: \"${env:FAKE_TOKEN}\" }\n"
                              "  own: { type: own, url: \"http://127.0.0.1:%u/base\", "
                              "token: \"${env:FAKE_TOKEN}\" }\n"
                              "  dead: { type: lab, url: \"http://127.0.0.1:1\" }\n",
                              http_server_port(fixture->server),
                              http_server_port(fixture->server)));
    lab_new(&fixture->engine, &registry);
    fixture->config = core_config(fixture->engine.core);
}

static void fixture_close(struct fixture *fixture)
{
    config_release(fixture->config);
    engine_free(&fixture->engine);
    http_server_drain(fixture->server, 1);
    http_server_free(fixture->server);
    http_client_stop();
}

static struct call *make_call(struct fixture *fixture, struct arena *arena, const char *name)
{
    return call_new(fixture->engine.core, fixture->config,
                    config_connection(fixture->config, name), arena);
}

static void methods_and_credentials(struct fixture *fixture)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = make_call(fixture, arena, "lab");
    const struct json *body = OBJECT(arena, { "a", V(1) });
    struct error err = { 0 };
    const struct json *reply =
        api_get(call, &err, "echo/%s/%lld?q=%s", "a b/../c", 12LL, "x&y=%");

    CHECK_STR(json_string(reply, "path", NULL), "/base/echo/a b/../c/12");
    CHECK_STR(json_string(reply, "q", NULL), "x&y=%");
    CHECK_STR(json_string(reply, "authorization", NULL), "Bearer hunter2-hunter2");
    CHECK(json_get(reply, "key") == NULL);
    reply = api_post(call, body, &err, "echo/x");
    CHECK_STR(json_string(reply, "method", NULL), "POST");
    CHECK_INT(json_integer(reply, "body.a", 0), 1);
    CHECK(json_get(reply, "key") == NULL);
    CHECK_STR(json_string(api_put(call, body, &err, "echo/x"), "method", NULL), "PUT");
    CHECK_STR(json_string(api_patch(call, body, &err, "echo/x"), "method", NULL), "PATCH");
    CHECK_STR(json_string(api_delete(call, &err, "echo/x"), "method", NULL), "DELETE");
    call->has_effect = true;
    reply = api_post(call, body, &err, "echo/x");
    CHECK_STR(json_string(reply, "key", NULL), arena_printf(arena, "%s-1", call_token(call)));
    call = make_call(fixture, arena, "own");
    reply = api_get(call, &err, "/echo/x");
    CHECK(text_starts(json_string(reply, "authorization", NULL), "Basic "));
    CHECK_STR(json_string(reply, "extra", NULL), "yes");
    CHECK_INT(call->note_count, 1);
    CHECK(text_starts(call->notes[0], "GET http://127.0.0.1:"));
    CHECK(text_has(call->notes[0], "/base/echo/x: 200 in "));
}

static void failures(struct fixture *fixture)
{
    static const struct {
        const char *path;
        bool writes;
        enum error_kind kind;
        int status, retry_after_s, requests;
        const char *text;
    } rows[] = {
        { "status/404", false, ERROR_MISSING, 404, 0, 1,
          "lab: its own words (HTTP 404 to GET status/404)" },
        { "status/401", false, ERROR_DENIED, 401, 0, 1,
          "lab: its own words (HTTP 401 to GET status/401); look at the credentials of the "
          "connection \"lab\"" },
        { "status/403?plain=no", false, ERROR_DENIED, 403, 0, 1, NULL },
        { "status/403?after=7", false, ERROR_BUSY, 403, 7, 1, NULL },
        { "status/409", true, ERROR_CONFLICT, 409, 0, 1, NULL },
        { "status/422", true, ERROR_INVALID, 422, 0, 1,
          "lab: its own words (HTTP 422 to POST status/422)" },
        { "status/429?after=3", true, ERROR_BUSY, 429, 3, 1, NULL },
        { "status/500", false, ERROR_UNREACHABLE, 500, 0, 1, NULL },
        { "status/500", true, ERROR_UNREACHABLE, 500, 0, 1, NULL },
        { "status/502", true, ERROR_UNREACHABLE, 502, 0, 1, NULL },
        { "status/502", false, ERROR_UNREACHABLE, 502, 0, 3, NULL },
        { "status/503?after=9", false, ERROR_BUSY, 503, 9, 1, NULL },
        { "status/302?plain=x", false, ERROR_INVALID, 302, 0, 1, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct call *call = make_call(fixture, arena, "lab");
        struct error err = { 0 };
        const char *query = strchr(rows[i].path, '?');
        const char *status = arena_copy_n(arena, rows[i].path + 7, 3);

        tap_case("%s %s", rows[i].writes ? "POST" : "GET", rows[i].path);
        service.requests = 0;
        if (query == NULL)
            CHECK((rows[i].writes ? api_post(call, NULL, &err, "status/%s", status)
                                  : api_get(call, &err, "status/%s", status)) == NULL);
        else if (text_starts(query, "?after="))
            CHECK((rows[i].writes
                       ? api_post(call, NULL, &err, "status/%s?after=%s", status, query + 7)
                       : api_get(call, &err, "status/%s?after=%s", status, query + 7)) == NULL);
        else
            CHECK(api_get(call, &err, "status/%s?plain=no", status) == NULL);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK_INT(err.status, rows[i].status);
        CHECK_INT(err.retry_after_s, rows[i].retry_after_s);
        CHECK_INT(service.requests, rows[i].requests);
        if (rows[i].text != NULL)
            CHECK_STR(err.text, rows[i].text);
    }
}

static void retries(struct fixture *fixture)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = make_call(fixture, arena, "lab");
    struct error err = { 0 };

    service.requests = 0;
    service.refuse_first = 2;
    CHECK(json_is(api_get(call, &err, "flaky"), JSON_NULL));
    CHECK_INT(service.requests, 3);
    CHECK_INT(call->note_count, 3);
    service.requests = 0;
    CHECK(api_post(call, NULL, &err, "flaky") == NULL);
    CHECK_INT(err.kind, ERROR_UNREACHABLE);
    CHECK_INT(service.requests, 1);
    /* Cut off: no pause, no second try. */
    call = make_call(fixture, arena, "dead");
    call_cut(call);
    CHECK(api_get(call, &err, "x") == NULL);
    CHECK_INT(err.kind, ERROR_UNREACHABLE);
    CHECK_INT(call->note_count, 1);
}

static void answers(struct fixture *fixture)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = make_call(fixture, arena, "lab");
    struct error err = { 0 };
    const struct json *text = api_get(call, &err, "status/200?plain=%s", "just words");

    CHECK_STR(json_string(text, "", NULL), "just words");
}

static void bad_paths(struct fixture *fixture)
{
    static const char *const values[] = { "", ".", "..", NULL };

    service.requests = 0;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { 0 };

        tap_case("value %zu", i);
        CHECK(api_get(make_call(fixture, arena, "lab"), &err, "echo/%s/x", values[i]) == NULL);
        CHECK_INT(err.kind, ERROR_INVALID);
    }
    CHECK_INT(service.requests, 0);
}

int main(void)
{
    struct fixture fixture;

    log_start("text", "error");
    fixture_open(&fixture);
    methods_and_credentials(&fixture);
    failures(&fixture);
    retries(&fixture);
    answers(&fixture);
    bad_paths(&fixture);
    fixture_close(&fixture);
    return tap_done();
}
