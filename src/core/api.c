/* HTTP for connectors: base URL, credentials, limits, retry, and the audit's note of each request. */
#include <string.h>

#include "base/metrics.h"
#include "core/api_internal.h"

void api_bearer(struct api_request *request, const struct secret *token)
{
    request->bearer = token;
}

void api_basic(struct api_request *request, const char *user, const struct secret *password)
{
    request->user = user;
    request->password = password;
}

void api_header(struct api_request *request, const char *name, const char *value)
{
    ASSERT(request->header_count < API_HEADERS_MAX);
    request->headers[request->header_count++] = (struct http_header){ name, value };
}

/* A member of the connection's settings by its key; NULL when there is none of that type. */
static const void *setting(const struct call *call, const char *key, enum field_type type)
{
    const struct connection *connection = call_connection_now(call);
    const struct field *field = fields_find(&connection->connector->config, key);

    if (field == NULL || field->type != type)
        return NULL;
    return (const char *)connection->settings + field->offset;
}

static const char *setting_string(const struct call *call, const char *key)
{
    const char *const *value = setting(call, key, FIELD_STRING);

    return value == NULL || text_is_empty(*value) ? NULL : *value;
}

static const struct secret *setting_secret(const struct call *call, const char *key)
{
    struct secret *const *value = setting(call, key, FIELD_SECRET);

    return value == NULL ? NULL : *value;
}

static int authorise(struct api_request *request, struct error *err)
{
    const struct call *call = request->call;
    const struct connector *connector = call_connection_now(call)->connector;
    const char *user = setting_string(call, "user");
    const struct secret *token = setting_secret(call, "token");

    if (connector->authorise != NULL)
        return connector->authorise(request->call, request, err);
    if (user != NULL && token != NULL)
        api_basic(request, user, token);
    else if (token != NULL)
        api_bearer(request, token);
    return 0;
}

static int set_url(struct api_request *request, const char *path, struct error *err)
{
    const char *base = setting_string(request->call, "api_url");
    size_t length;

    if (base == NULL)
        base = setting_string(request->call, "url");
    if (base == NULL)
        return error_set(err, ERROR_INVALID, "the connection \"%s\" has no url",
                         call_connection(request->call));
    length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    request->url = arena_printf(request->call->arena, "%.*s%s%s", (int)length, base,
                                path[0] == '/' || path[0] == '\0' ? "" : "/", path);
    request->shown = path;
    return 0;
}

static void add_headers(struct api_request *request)
{
    struct call *call = request->call;

    api_header(request, "Accept", "application/json");
    api_header(request, "User-Agent", "opsroom/" OPSROOM_VERSION);
    if (request->body != NULL)
        api_header(request, "Content-Type", "application/json");
    if (call->has_effect && text_is(request->method, "POST"))
        api_header(request, "Idempotency-Key",
                   arena_printf(call->arena, "%s-%u", call_token(call), ++call->post_count));
}

static int limit_s(const struct call *call)
{
    long long left_ms =
        call->deadline_ms == 0 ? API_LIMIT_S * 1000 : call->deadline_ms - clock_now_ms();

    if (left_ms >= API_LIMIT_S * 1000)
        return API_LIMIT_S;
    return left_ms < 1000 ? 1 : (int)(left_ms / 1000);
}

static bool is_cut(void *context)
{
    return call_is_cancelled(context);
}

static void observe(const struct api_request *request, int status, long long took_us)
{
    const char *name = call_connection(request->call);
    const char *code = status == 0 ? "none" : arena_printf(request->call->arena, "%d", status);

    metric_add(metric_get(METRIC_COUNTER, "opsroom_api_requests_total",
                          "Requests to outside systems", "connection,method,code"),
               (const char *const[]){ name, request->method, code }, 1);
    metric_observe(metric_get(METRIC_HISTOGRAM, "opsroom_api_seconds",
                              "How long outside systems took to answer", "connection"),
                   &name, (double)took_us / 1e6);
    call_note(request->call, "%s %s: %s in %lld ms", request->method, request->url,
              status == 0 ? "no answer" : code, took_us / 1000);
}

static int send_once(const struct api_request *request, struct http_reply *reply,
                     struct error *err)
{
    struct call *call = request->call;
    struct http_call http = {
        .method = request->method,
        .url = request->url,
        .headers = request->headers,
        .header_count = request->header_count,
        .body = span_of(request->body == NULL ? NULL : json_print(call->arena, request->body)),
        .bearer = request->bearer,
        .user = request->user,
        .password = request->password,
        .limit_s = limit_s(call),
        .is_cancelled = is_cut,
        .context = call,
    };
    long long started_us = clock_steady_us();
    int result = http_send(&http, call->arena, reply, err);

    observe(request, result < 0 ? 0 : reply->status, clock_steady_us() - started_us);
    return result;
}

static bool is_worth_repeating(int result, const struct http_reply *reply,
                               const struct error *err)
{
    if (result < 0)
        return err->kind == ERROR_UNREACHABLE;
    return reply->status == 502 || reply->status == 504 ||
           (reply->status == 503 && http_reply_header(reply, "Retry-After") == NULL);
}

static bool has_time(const struct call *call, long long pause_ms)
{
    return !call_is_cancelled(call) &&
           (call->deadline_ms == 0 || clock_now_ms() + pause_ms < call->deadline_ms);
}

/* Reads are tried again after a short pause; what writes is sent once. */
static int send_with_retry(const struct api_request *request, struct http_reply *reply,
                           struct error *err)
{
    static const long long pauses_ms[API_GET_ATTEMPTS - 1] = { 300, 1000 };
    int attempts = text_is(request->method, "GET") ? API_GET_ATTEMPTS : 1;

    for (int i = 0;; i++) {
        int result = send_once(request, reply, err);

        if (i + 1 == attempts || !is_worth_repeating(result, reply, err) ||
            !has_time(request->call, pauses_ms[i]))
            return result;
        call_pause(request->call, pauses_ms[i]);
    }
}

static const struct json *api_send(struct call *call, const char *method,
                                   const struct json *body, struct error *err, const char *path)
{
    struct api_request request = { .call = call, .method = method, .body = body };
    struct http_reply reply;

    ASSERT(call_connection_now(call) != NULL);
    if (path == NULL || set_url(&request, path, err) < 0 || authorise(&request, err) < 0)
        return NULL;
    add_headers(&request);
    if (send_with_retry(&request, &reply, err) < 0) {
        error_prefix(err, "%s: %s %s", call_connection(call), method, request.shown);
        return NULL;
    }
    return api_read_reply(&request, &reply, err);
}

const struct json *api_get(struct call *call, struct error *err, const char *path, ...)
{
    va_list values;
    const char *filled;

    va_start(values, path);
    filled = api_path(call->arena, err, path, values);
    va_end(values);
    return api_send(call, "GET", NULL, err, filled);
}

const struct json *api_post(struct call *call, const struct json *body, struct error *err,
                            const char *path, ...)
{
    va_list values;
    const char *filled;

    va_start(values, path);
    filled = api_path(call->arena, err, path, values);
    va_end(values);
    return api_send(call, "POST", body, err, filled);
}

const struct json *api_put(struct call *call, const struct json *body, struct error *err,
                           const char *path, ...)
{
    va_list values;
    const char *filled;

    va_start(values, path);
    filled = api_path(call->arena, err, path, values);
    va_end(values);
    return api_send(call, "PUT", body, err, filled);
}

const struct json *api_patch(struct call *call, const struct json *body, struct error *err,
                             const char *path, ...)
{
    va_list values;
    const char *filled;

    va_start(values, path);
    filled = api_path(call->arena, err, path, values);
    va_end(values);
    return api_send(call, "PATCH", body, err, filled);
}

const struct json *api_delete(struct call *call, struct error *err, const char *path, ...)
{
    va_list values;
    const char *filled;

    va_start(values, path);
    filled = api_path(call->arena, err, path, values);
    va_end(values);
    return api_send(call, "DELETE", NULL, err, filled);
}
