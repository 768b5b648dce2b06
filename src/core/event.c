/* Events: what they may hold, reading them from JSON, values by name. */
#include "core/event.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/event_internal.h"

enum status_phase {
    BEGINS,
    ENDS,
    NEITHER
};

static const struct {
    const char *name;
    enum status_phase phase;
    bool is_bad;
} statuses[] = {
    { "queued", BEGINS, false }, { "running", BEGINS, false }, { "success", ENDS, false },
    { "failure", ENDS, true },   { "cancelled", ENDS, true },  { "firing", BEGINS, true },
    { "resolved", ENDS, false }, { "open", BEGINS, false },    { "closed", ENDS, false },
    { "info", NEITHER, false },
};

const char *event_status_list(void)
{
    return "queued, running, success, failure, cancelled, firing, resolved, open, closed, info";
}

/* Its place in the table; COUNT_OF(statuses): there is none. */
static size_t find_status(const char *status)
{
    size_t i = 0;

    while (i < COUNT_OF(statuses) && !text_is(statuses[i].name, status))
        i++;
    return i;
}

static bool has_phase(const char *status, enum status_phase phase)
{
    size_t found = find_status(status);

    return found < COUNT_OF(statuses) && statuses[found].phase == phase;
}

bool event_status_is_known(const char *status)
{
    return find_status(status) < COUNT_OF(statuses);
}

bool event_status_begins(const char *status)
{
    return has_phase(status, BEGINS);
}

bool event_status_ends(const char *status)
{
    return has_phase(status, ENDS);
}

bool event_status_is_bad(const char *status)
{
    size_t found = find_status(status);

    return found < COUNT_OF(statuses) && statuses[found].is_bad;
}

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "source", offsetof(struct event, source) },
    { "kind", offsetof(struct event, kind) },
    { "subject", offsetof(struct event, subject) },
    { "status", offsetof(struct event, status) },
    { "severity", offsetof(struct event, severity) },
    { "title", offsetof(struct event, title) },
    { "text", offsetof(struct event, text) },
    { "url", offsetof(struct event, url) },
    { "actor", offsetof(struct event, actor) },
};

static const char **member_of(struct event *event, size_t position)
{
    return (const char **)(void *)((char *)event + members[position].offset);
}

static size_t find_member(const char *name)
{
    size_t i = 0;

    while (i < COUNT_OF(members) && !text_is(members[i].name, name))
        i++;
    return i;
}

const char *event_value(const struct event *event, const char *name)
{
    size_t found = find_member(name);
    const char *value = NULL;

    if (found < COUNT_OF(members))
        value =
            *(const char *const *)(const void *)((const char *)event + members[found].offset);
    if (value != NULL)
        return value;
    const struct json *label = json_member(event->labels, name);
    return json_is(label, JSON_STRING) ? label->as.string : NULL;
}

/* Times as people and programs write them: RFC 3339, seconds or milliseconds since 1970. */
static int read_time(const struct json *value, long long *at_ms, struct error *err)
{
    static const long long seconds_end = 100LL * 1000 * 1000 * 1000; /* the year 5138 */
    long long number;

    if (json_is(value, JSON_STRING) && clock_parse_iso(value->as.string, at_ms))
        return 0;
    if (json_is_whole(value, &number) && number > 0) {
        *at_ms = number < seconds_end ? number * 1000 : number;
        return 0;
    }
    return error_set(
        err, ERROR_INVALID,
        "\"at\" must be a time such as 2026-11-24T13:42:50Z or seconds since 1970");
}

/* Text, numbers and booleans; what else there is cannot be matched. */
static const char *label_text(struct arena *arena, const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return value->as.string;
    if (json_is(value, JSON_INTEGER) || json_is(value, JSON_REAL) ||
        json_is(value, JSON_BOOLEAN))
        return json_print(arena, value);
    return NULL;
}

static int read_labels(struct arena *arena, const struct json *value, struct event *event,
                       struct error *err)
{
    struct json_builder *labels = json_builder_new(arena, JSON_OBJECT);

    if (!json_is(value, JSON_OBJECT))
        return error_set(err, ERROR_INVALID, "\"labels\" must be an object of texts");
    for (size_t i = 0; i < json_count(value); i++) {
        const struct json_member *member = &value->as.object.members[i];
        const char *text = label_text(arena, &member->value);

        if (text == NULL && !json_is(&member->value, JSON_NULL))
            return error_set(err, ERROR_INVALID, "the label \"%.60s\" must be text",
                             member->key);
        json_builder_add(labels, member->key, V(text));
    }
    event->labels = json_builder_done(labels);
    return 0;
}

static int read_member(struct arena *arena, const struct json_member *member,
                       struct event *event, struct error *err)
{
    size_t found = find_member(member->key);
    bool is_id = text_is(member->key, "id");

    if (json_is(&member->value, JSON_NULL))
        return 0;
    if (text_is(member->key, "labels"))
        return read_labels(arena, &member->value, event, err);
    if (text_is(member->key, "at"))
        return read_time(&member->value, &event->at_ms, err);
    if (found == COUNT_OF(members) && !is_id)
        return error_set(err, ERROR_INVALID,
                         "unknown member \"%.60s\": an event has id, source, kind, subject, "
                         "status, severity, title, text, url, actor, labels, at",
                         member->key);
    const char *text = is_id || json_is(&member->value, JSON_STRING)
                           ? label_text(arena, &member->value)
                           : NULL;
    if (text == NULL)
        return error_set(err, ERROR_INVALID, "\"%s\" must be text", member->key);
    *(is_id ? &event->delivery : member_of(event, found)) = text;
    return 0;
}

static int check_needed(const struct event *event, struct error *err)
{
    if (text_is_empty(event->source))
        return error_set(err, ERROR_INVALID, "\"source\" is missing: who reports it");
    if (text_is_empty(event->kind))
        return error_set(err, ERROR_INVALID,
                         "\"kind\" is missing: what sort of thing happened, such as build or "
                         "alert");
    if (text_is_empty(event->title))
        return error_set(err, ERROR_INVALID, "\"title\" is missing: what happened, in a line");
    if (!event_status_is_known(event->status))
        return error_set(err, ERROR_INVALID, "unknown status \"%.60s\": there are %s",
                         event->status, event_status_list());
    return 0;
}

int event_from_json(struct arena *arena, const struct json *json, struct event *event,
                    struct error *err)
{
    struct event read = { .status = "info" };

    if (!json_is(json, JSON_OBJECT))
        return error_set(err, ERROR_INVALID, "an event must be a JSON object");
    for (size_t i = 0; i < json_count(json); i++)
        if (read_member(arena, &json->as.object.members[i], &read, err) < 0)
            return -1;
    if (check_needed(&read, err) < 0)
        return -1;
    *event = read;
    return 0;
}

const struct json *event_to_json(struct arena *arena, const struct event *event)
{
    return OBJECT(arena, { "id", V(event->delivery) }, { "source", V(event->source) },
                  { "kind", V(event->kind) }, { "subject", V(event->subject) },
                  { "status", V(event->status) }, { "severity", V(event->severity) },
                  { "title", V(event->title) }, { "text", V(event->text) },
                  { "url", V(event->url) }, { "actor", V(event->actor) },
                  { "labels", V(event->labels) }, { "at", clock_json(arena, event->at_ms) });
}

/* Printable ASCII throughout, which most of it is: nothing to be taken out. */
static bool is_plain(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if ((*at < ' ' && *at != '\n' && *at != '\t') || *at >= 0x7F)
            return false;
    return true;
}

/* Without secrets, within its limit, nothing in it that a terminal or chat must not see. */
static const char *clean_text(const struct cleaning *cleaning, const char *text, size_t limit)
{
    if (text_is_empty(text))
        return NULL;
    if (cleaning->core != NULL)
        text = core_redact(cleaning->core, cleaning->arena, text);
    if (!is_plain(text))
        text = text_printable(cleaning->arena, text);
    return strlen(text) > limit ? utf8_cut(cleaning->arena, text, limit) : text;
}

static const char *clean_line(const struct cleaning *cleaning, const char *text, size_t limit)
{
    const char *clean = clean_text(cleaning, text, limit);
    char *line;

    if (clean == NULL || strpbrk(clean, "\n\t") == NULL)
        return clean;
    line = arena_copy(cleaning->arena, clean);
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    return line;
}

/* Two that begin alike stay two. */
static const char *clean_id(const struct cleaning *cleaning, const char *id)
{
    const size_t kept = EVENT_ID_BYTES - SHA256_HEX - 4;
    char digest[SHA256_HEX];
    const char *start;

    if (id == NULL || strlen(id) <= EVENT_ID_BYTES)
        return clean_line(cleaning, id, EVENT_ID_BYTES);
    sha256_hex(id, strlen(id), digest);
    start = clean_line(cleaning, utf8_cut(cleaning->arena, id, kept), kept);
    return arena_printf(cleaning->arena, "%s %s", start, digest);
}

/* Redaction may make two names one. */
static bool has_label(const struct json_member *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(labels[i].key, name))
            return true;
    return false;
}

static const struct json *clean_labels(const struct cleaning *cleaning,
                                       const struct json *labels)
{
    size_t count = json_count(labels);
    struct json_member *clean;
    size_t kept = 0;

    if (count == 0 || !json_is(labels, JSON_OBJECT))
        return NULL;
    clean = ARENA_ARRAY(cleaning->arena, struct json_member, count);
    for (size_t i = 0; i < count && kept < EVENT_LABELS_MAX; i++) {
        const struct json_member *label = &labels->as.object.members[i];
        const char *name = clean_line(cleaning, label->key, EVENT_NAME_BYTES);
        const char *value = json_is(&label->value, JSON_STRING) ? label->value.as.string : NULL;

        if (name == NULL || value == NULL || has_label(clean, kept, name))
            continue;
        value = clean_text(cleaning, value, EVENT_LABEL_BYTES);
        clean[kept++] = (struct json_member){ .key = name, .value = V(value ? value : "") };
    }
    return json_new_object(cleaning->arena, clean, kept);
}

static const char *clean_url(const struct cleaning *cleaning, const char *url)
{
    const char *clean = clean_line(cleaning, url, EVENT_URL_BYTES);

    if (clean == NULL || strlen(url) > EVENT_URL_BYTES ||
        !(text_starts(clean, "https://") || text_starts(clean, "http://")))
        return NULL;
    return clean;
}

int event_clean(const struct cleaning *cleaning, const struct event *event, struct event *clean,
                struct error *err)
{
    if (check_needed(event, err) < 0)
        return -1;
    *clean = (struct event){
        .source = clean_line(cleaning, event->source, EVENT_NAME_BYTES),
        .delivery = clean_id(cleaning, event->delivery),
        .kind = clean_line(cleaning, event->kind, EVENT_NAME_BYTES),
        .subject = clean_id(cleaning, event->subject),
        .status = event->status,
        .severity = clean_line(cleaning, event->severity, EVENT_NAME_BYTES),
        .title = clean_line(cleaning, event->title, EVENT_TITLE_BYTES),
        .text = clean_text(cleaning, event->text, EVENT_TEXT_BYTES),
        .markup = clean_text(cleaning, event->markup, EVENT_TEXT_BYTES),
        .url = clean_url(cleaning, event->url),
        .actor = clean_line(cleaning, event->actor, EVENT_NAME_BYTES),
        .labels = clean_labels(cleaning, event->labels),
        .at_ms = event->at_ms > 0 ? event->at_ms : cleaning->now_ms,
        .channel = clean_line(cleaning, event->channel, EVENT_NAME_BYTES),
        .is_direct = event->is_direct,
    };
    /* A sender's clock that runs ahead must not keep later news out. */
    if (clean->at_ms > cleaning->now_ms)
        clean->at_ms = cleaning->now_ms;
    return 0;
}
