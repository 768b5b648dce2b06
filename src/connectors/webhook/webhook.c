/* Webhooks of anything: signed or with a token at /hooks/NAME, and as a Slack incoming webhook at /services/TOKEN. */
#include "connectors/webhook/webhook.h"

#include <string.h>

#include "base/hash.h"

enum {
    TIMESTAMP_BYTES_MAX = 1024,
    CLOCK_MARGIN_S = 5 * 60
};

struct webhook_settings {
    struct secret *secret;
    struct secret *token;
    const char *header;
    const char *timestamp_header;
};
static const struct field settings_fields[] = {
    FIELD(struct webhook_settings, secret, .key = "secret",
          .help = "the key that the sender signs with (HMAC-SHA256)"),
    FIELD(struct webhook_settings, token, .key = "token",
          .help = "what the sender shows: in /services/TOKEN, or as Authorization: Bearer"),
    FIELD(struct webhook_settings, header, .key = "header", .fallback = "X-Signature-256",
          .help = "where the signature is, in hex"),
    FIELD(struct webhook_settings, timestamp_header, .key = "timestamp_header",
          .help = "where the time of sending is; it is then part of what is signed"),
};

/* What a request was understood to be, in a body of its own kind. */
struct hearing {
    struct call *call;
    const struct webhook_settings *settings;
    const struct webhook_request *request;
    struct webhook_reply *reply;
};

static const char *header_of(const struct hearing *hearing, const char *name)
{
    return hearing->request->header(hearing->request->context, name);
}

static const char *signature_of(const struct hearing *hearing)
{
    const char *signature = header_of(hearing, hearing->settings->header);

    return signature != NULL && text_starts(signature, "v0=") ? signature + 3 : signature;
}

/* Seconds since 1970 or RFC 3339, not more than five minutes from now. */
static bool is_fresh(const char *timestamp)
{
    long long at;
    long long distance_ms;

    if (text_is_empty(timestamp))
        return false;
    if (text_to_integer(timestamp, &at) && at >= 0 && at < CLOCK_LAST_MS / 1000)
        at *= 1000;
    else if (!clock_parse_iso(timestamp, &at))
        return false;
    distance_ms = clock_now_ms() - at;
    return distance_ms <= CLOCK_MARGIN_S * 1000 && distance_ms >= -CLOCK_MARGIN_S * 1000;
}

static bool is_signed(const struct hearing *hearing, const char *before, const char *timestamp,
                      const char *between)
{
    struct span body = hearing->request->body;
    struct arena *arena = call_arena(hearing->call);
    struct text whole = text_new(arena, body.length + TIMESTAMP_BYTES_MAX);

    text_addf(&whole, "%s%s%s", before, timestamp, between);
    text_add_n(&whole, body.start, body.length);
    return hmac_sha256_is(hearing->settings->secret,
                          (struct span){ text_string(&whole), whole.length },
                          signature_of(hearing));
}

/* Over the body; with a time of sending over "TIME:BODY", "TIME.BODY" or, as Slack does, "v0:TIME:BODY". */
static bool has_signature(const struct hearing *hearing, struct error *err)
{
    const char *timestamp = hearing->settings->timestamp_header == NULL
                                ? NULL
                                : header_of(hearing, hearing->settings->timestamp_header);

    if (hearing->settings->timestamp_header == NULL)
        return hmac_sha256_is(hearing->settings->secret, hearing->request->body,
                              signature_of(hearing));
    if (!is_fresh(timestamp)) {
        error_set(err, ERROR_DENIED,
                  "%s is missing or more than five minutes from now: what was sent before may "
                  "not be sent again",
                  hearing->settings->timestamp_header);
        return false;
    }
    return is_signed(hearing, "", timestamp, ":") || is_signed(hearing, "", timestamp, ".") ||
           is_signed(hearing, "v0:", timestamp, ":");
}

static bool has_token(const struct hearing *hearing)
{
    const char *authorization = header_of(hearing, "Authorization");

    if (hearing->settings->token == NULL || authorization == NULL ||
        !text_starts(authorization, "Bearer "))
        return false;
    authorization += strlen("Bearer ");
    return secret_is(hearing->settings->token, authorization, strlen(authorization));
}

static int check_sender(const struct hearing *hearing, struct error *err)
{
    const struct webhook_settings *settings = hearing->settings;
    struct error why = { .kind = ERROR_NONE };

    if ((settings->secret != NULL && has_signature(hearing, &why)) || has_token(hearing))
        return 0;
    if (why.kind != ERROR_NONE) {
        *err = why;
        return -1;
    }
    if (settings->secret != NULL)
        return error_set(err, ERROR_DENIED, "the signature in %s does not fit the body",
                         settings->header);
    return error_set(
        err, ERROR_DENIED,
        settings->token != NULL
            ? "Authorization must be \"Bearer TOKEN\" with this webhook's token"
            : "this webhook has neither a secret nor a token in the configuration");
}

/* The sender's own id of it.  Where the time is signed, so must be what tells two apart: the body's id, or the signature. */
static const char *delivery_of(const struct hearing *hearing, const struct event *event)
{
    static const char *const names[] = { "X-Delivery-Id", "X-Request-Id", "Idempotency-Key" };

    if (hearing->settings->timestamp_header != NULL && signature_of(hearing) != NULL)
        return event->delivery != NULL ? event->delivery : signature_of(hearing);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!text_is_empty(header_of(hearing, names[i])))
            return header_of(hearing, names[i]);
    return event->delivery;
}

static int hear_hook(const struct hearing *hearing, struct error *err)
{
    struct span body = hearing->request->body;
    struct arena *arena = call_arena(hearing->call);
    const struct json *json;
    struct event event;

    if (check_sender(hearing, err) < 0)
        return -1;
    json = json_parse(arena, body.start, body.length, err);
    if (json == NULL || body_to_event(arena, json, &event, err) < 0) {
        err->kind = ERROR_INVALID;
        return -1;
    }
    event.delivery = delivery_of(hearing, &event);
    event_emit(hearing->call, &event);
    return 0;
}

static int reply_code(const struct hearing *hearing, int status, const char *code)
{
    *hearing->reply = (struct webhook_reply){ .status = status, .body = code };
    return 0;
}

/* A form's "payload", or JSON under whatever type: curl -d says it is a form. */
static int hear_service(const struct hearing *hearing)
{
    const struct webhook_request *request = hearing->request;
    const char *payload = request->form(request->context, "payload");
    struct span body = payload != NULL ? span_of(payload) : request->body;
    struct error ignored = { 0 };
    const struct json *json =
        json_parse(call_arena(hearing->call), body.start, body.length, &ignored);
    const char *fault;
    struct event event;

    if (json == NULL)
        return reply_code(hearing, 400, "invalid_payload");
    fault = slack_to_event(call_arena(hearing->call), json, &event);
    if (fault != NULL)
        return reply_code(hearing, 400, fault);
    event_emit(hearing->call, &event);
    return reply_code(hearing, 200, "ok");
}

static int webhook(struct call *call, const struct webhook_request *request,
                   struct webhook_reply *reply, struct error *err)
{
    struct hearing hearing = {
        .call = call, .settings = call_config(call), .request = request, .reply = reply
    };

    if (!text_is(request->method, "POST"))
        return reply_code(&hearing, 405, "a webhook is sent with POST\n");
    return request->is_service ? hear_service(&hearing) : hear_hook(&hearing, err);
}

static bool serves(const void *config, const char *token)
{
    const struct webhook_settings *settings = config;

    return token[0] != '\0' && secret_is(settings->token, token, strlen(token));
}

static int check(struct call *call, const char **note, struct error *err)
{
    const struct webhook_settings *settings = call_config(call);

    if (settings->secret == NULL && settings->token == NULL)
        return error_set(err, ERROR_INVALID,
                         "it has neither a secret nor a token: nothing it is sent is taken");
    *note = settings->secret != NULL ? "takes what is signed" : "takes what shows its token";
    return 0;
}

const struct connector webhook_connector = {
    .name = "webhook",
    .help = "Anything that can send a signed or Slack-compatible webhook",
    .config = FIELDS(struct webhook_settings, settings_fields),
    .check = check,
    .webhook = webhook,
    .serves = serves,
};
