/* What anything may send to /hooks/NAME: an object with an event's members, or one in which a title can be found. */
#include <string.h>

#include "connectors/webhook/webhook.h"

/* Members under the names that senders use; the first that is there is taken. */
static const char *const title_keys[] = { "title", "message", "summary", "text", "subject" };
static const char *const text_keys[] = { "text", "description", "message", "body" };
static const char *const url_keys[] = { "url", "link", "html_url" };
static const char *const delivery_keys[] = { "id", "delivery", "event_id" };

/* What is said of itself by a member of its own, and so is no label. */
static const char *const own_keys[] = {
    "source", "kind",  "subject", "severity", "title", "text",
    "url",    "actor", "at",      "labels",   "id",    "status",
};

static const struct {
    const char *said, *meant;
} statuses[] = {
    { "ok", "success" },         { "passed", "success" },      { "succeeded", "success" },
    { "successful", "success" }, { "failed", "failure" },      { "fail", "failure" },
    { "error", "failure" },      { "errored", "failure" },     { "broken", "failure" },
    { "canceled", "cancelled" }, { "aborted", "cancelled" },   { "pending", "queued" },
    { "started", "running" },    { "in_progress", "running" }, { "alerting", "firing" },
    { "triggered", "firing" },   { "recovered", "resolved" },  { "fixed", "resolved" },
};

static const char *scalar(struct arena *arena, const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return value->as.string;
    if (json_is(value, JSON_INTEGER) || json_is(value, JSON_REAL) ||
        json_is(value, JSON_BOOLEAN))
        return json_print(arena, value);
    return NULL;
}

static const char *find(struct arena *arena, const struct json *body, const char *const *keys,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = scalar(arena, json_member(body, keys[i]));

        if (!text_is_empty(text))
            return text;
    }
    return NULL;
}

static void set_status(struct event *event, const char *said)
{
    event->status = event_status_is_known(said) ? said : "info";
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (text_is_nocase(statuses[i].said, said))
            event->status = statuses[i].meant;
}

static bool is_own(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(own_keys); i++)
        if (text_is(own_keys[i], key))
            return true;
    return false;
}

void label_add(struct labels *labels, const char *name, const char *value)
{
    if (text_is_empty(name) || text_is_empty(value) || labels->count == EVENT_LABELS_MAX)
        return;
    for (size_t i = 0; i < labels->count; i++)
        if (text_is(labels->list[i].key, name))
            return;
    labels->list[labels->count++] = (struct json_member){ .key = name, .value = V(value) };
}

const struct json *labels_done(const struct labels *labels)
{
    return json_new_object(labels->arena, labels->list, labels->count);
}

static void add_labels(struct labels *labels, const struct json *object, bool is_body)
{
    for (size_t i = 0; json_is(object, JSON_OBJECT) && i < json_count(object) &&
                       labels->count < EVENT_LABELS_MAX;
         i++) {
        const struct json_member *member = &object->as.object.members[i];

        if (!is_body || !is_own(member->key))
            label_add(labels, member->key, scalar(labels->arena, &member->value));
    }
}

static long long read_time(const struct json *body)
{
    static const long long seconds_end = 100LL * 1000 * 1000 * 1000;
    const struct json *at = json_member(body, "at");
    long long ms = 0;

    if (json_is(at, JSON_STRING))
        return clock_parse_iso(at->as.string, &ms) ? ms : 0;
    if (!json_is_whole(at, &ms) || ms < 0)
        return 0;
    return ms < seconds_end ? ms * 1000 : ms;
}

int body_to_event(struct arena *arena, const struct json *body, struct event *event,
                  struct error *err)
{
    struct labels labels = { .arena = arena };
    const char *kind = json_string(json_is(body, JSON_OBJECT) ? body : NULL, "kind", NULL);

    if (!json_is(body, JSON_OBJECT))
        return error_set(err, ERROR_INVALID, "the body must be a JSON object");
    *event = (struct event){
        .delivery = find(arena, body, delivery_keys, COUNT_OF(delivery_keys)),
        .kind = text_is_empty(kind) ? "webhook" : kind,
        .title = find(arena, body, title_keys, COUNT_OF(title_keys)),
        .text = find(arena, body, text_keys, COUNT_OF(text_keys)),
        .url = find(arena, body, url_keys, COUNT_OF(url_keys)),
        .severity = scalar(arena, json_member(body, "severity")),
        .actor = scalar(arena, json_member(body, "actor")),
        .at_ms = read_time(body),
    };
    if (event->title == NULL)
        return error_set(err, ERROR_INVALID,
                         "nothing in the body says what happened: give it a \"title\"");
    if (text_is(event->text, event->title))
        event->text = NULL;
    /* A subject that had to be the title is none. */
    if (json_member(body, "title") != NULL)
        event->subject = scalar(arena, json_member(body, "subject"));
    set_status(event, scalar(arena, json_member(body, "status")));
    add_labels(&labels, json_member(body, "labels"), false);
    add_labels(&labels, body, true);
    event->labels = labels_done(&labels);
    return 0;
}
