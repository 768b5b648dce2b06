/* Answers of outside systems: their JSON, or what went wrong in the kinds that a caller can decide on. */
#include <string.h>

#include "core/api_internal.h"

enum {
    MESSAGE_LIMIT_BYTES = 200,
    RETRY_AFTER_MAX_S = 3600
};

static bool says_json(const struct http_reply *reply)
{
    const char *type = http_reply_header(reply, "Content-Type");

    return type == NULL || text_has(type, "json");
}

/* A service's own words, from where services put them. */
static const char *service_message(struct arena *arena, const struct http_reply *reply)
{
    static const char *const paths[] = { "message",         "error.message", "error",
                                         "errorMessages.0", "detail",        "errors.0.message",
                                         "errors.0" };
    struct error ignored = { 0 };
    const struct json *body =
        says_json(reply) ? json_parse(arena, reply->body.start, reply->body.length, &ignored)
                         : NULL;

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const char *text = json_string(body, paths[i], NULL);

        if (!text_is_empty(text))
            return utf8_cut(arena, text_printable(arena, text), MESSAGE_LIMIT_BYTES);
    }
    return NULL;
}

static int retry_after_s(const struct http_reply *reply)
{
    long long seconds = 0;

    if (!text_to_integer(http_reply_header(reply, "Retry-After"), &seconds) || seconds < 0)
        return 0;
    return (int)(seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds);
}

struct meaning {
    enum error_kind kind;
    const char *words; /* when the service says nothing itself */
};

static struct meaning client_error_meaning(const struct http_reply *reply)
{
    switch (reply->status) {
    case 401:
        return (struct meaning){ ERROR_DENIED, "the credentials are not accepted" };
    case 403:
        if (http_reply_header(reply, "Retry-After") != NULL ||
            text_is(http_reply_header(reply, "X-RateLimit-Remaining"), "0"))
            return (struct meaning){ ERROR_BUSY, "too many requests" };
        return (struct meaning){ ERROR_DENIED, "the credentials do not allow this" };
    case 404:
    case 410:
        return (struct meaning){ ERROR_MISSING, "there is no such thing" };
    case 409:
    case 412:
    case 423:
        return (struct meaning){ ERROR_CONFLICT, "its state does not allow this" };
    case 429:
        return (struct meaning){ ERROR_BUSY, "too many requests" };
    default:
        return (struct meaning){ ERROR_INVALID, "the request is refused" };
    }
}

/* After a 5xx nobody knows whether a write happened; a read can be repeated either way. */
static struct meaning error_meaning(const struct api_request *request,
                                    const struct http_reply *reply)
{
    if (reply->status < 400)
        return (struct meaning){ ERROR_INVALID,
                                 "the answer leads somewhere else: is the url right?" };
    if (reply->status < 500)
        return client_error_meaning(reply);
    if (reply->status == 503 && text_is(request->method, "GET"))
        return (struct meaning){ ERROR_BUSY, "the service is not available" };
    return (struct meaning){ ERROR_UNREACHABLE, "the service has a fault" };
}

static void set_error(const struct api_request *request, const struct http_reply *reply,
                      struct error *err)
{
    struct arena *arena = request->call->arena;
    struct meaning meaning = error_meaning(request, reply);
    const char *own = service_message(arena, reply);
    const char *text = call_redact(request->call, own != NULL ? own : meaning.words);
    const char *name = call_connection(request->call);

    if (meaning.kind == ERROR_DENIED)
        error_set(err, meaning.kind,
                  "%s: %s (HTTP %d to %s %s); look at the credentials of the connection \"%s\"",
                  name, text, reply->status, request->method, request->shown, name);
    else
        error_set(err, meaning.kind, "%s: %s (HTTP %d to %s %s)", name, text, reply->status,
                  request->method, request->shown);
    err->status = reply->status;
    err->retry_after_s = meaning.kind == ERROR_BUSY ? retry_after_s(reply) : 0;
}

static const struct json *make_json(struct arena *arena, struct json value)
{
    struct json *json = ARENA_NEW(arena, struct json);

    *json = value;
    return json;
}

/* Of a write that has happened even a broken answer is no error: it becomes a string. */
static const struct json *read_body(const struct api_request *request,
                                    const struct http_reply *reply, struct error *err)
{
    struct arena *arena = request->call->arena;
    struct error fault = { 0 };
    const struct json *json;

    if (says_json(reply)) {
        json = json_parse(arena, reply->body.start, reply->body.length, &fault);
        if (json != NULL)
            return json;
        if (text_is(request->method, "GET")) {
            error_set(err, ERROR_INVALID, "%s: the answer to GET %s is not JSON: %s",
                      call_connection(request->call), request->shown, fault.text);
            return NULL;
        }
    }
    return make_json(
        arena, json_from_string(utf8_repair(arena, reply->body.start, reply->body.length)));
}

const struct json *api_read_reply(const struct api_request *request,
                                  const struct http_reply *reply, struct error *err)
{
    if (reply->status < 200 || reply->status > 299) {
        set_error(request, reply, err);
        return NULL;
    }
    if (span_trim(reply->body).length == 0)
        return make_json(request->call->arena, json_null());
    return read_body(request, reply, err);
}
