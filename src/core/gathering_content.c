/* What a gathering holds, and the message that tells of it: counts by status and the newest titles. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/gathering_internal.h"

static void add_status(struct json_builder *counts, const struct json *more,
                       const struct json_member *known)
{
    long long count = known->value.as.integer;

    for (size_t i = 0; i < json_count(more); i++)
        if (text_is(json_string(json_at(more, i), "status", ""), known->key))
            count += json_integer(json_at(more, i), "count", 0);
    json_builder_add(counts, known->key, V(count));
}

static const struct json *add_statuses(struct arena *arena, const struct json *known,
                                       const struct json *more)
{
    struct json_builder *counts = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < json_count(known); i++)
        add_status(counts, more, &known->as.object.members[i]);
    for (size_t i = 0; i < json_count(more); i++) {
        const char *status = json_string(json_at(more, i), "status", "");

        if (known == NULL || json_member(known, status) == NULL)
            json_builder_add(counts, status, V(json_integer(json_at(more, i), "count", 0)));
    }
    return json_builder_done(counts);
}

/* What tells subjects apart; NULL: it is only itself. */
static const char *subject_of(const struct json *event)
{
    return json_string(event, "subject", NULL);
}

static bool has_subject(const struct json *const *list, size_t count, const struct json *event)
{
    for (size_t i = 0; i < count; i++)
        if (subject_of(event) != NULL && text_is(subject_of(list[i]), subject_of(event)) &&
            text_is(json_string(list[i], "source", ""), json_string(event, "source", "")))
            return true;
    return false;
}

static size_t add_newest(const struct json **list, size_t count, const struct json *events)
{
    for (size_t i = 0; i < json_count(events) && count < GATHERING_TITLES; i++)
        if (!has_subject(list, count, json_at(events, i)))
            list[count++] = json_at(events, i);
    return count;
}

static const struct json *entry_of(struct arena *arena, const struct json *event)
{
    static const char *const kept[] = { "source",   "subject", "title", "status",
                                        "severity", "kind",    "url" };
    struct json_builder *entry = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        json_builder_add(entry, kept[i], V(json_string(event, kept[i], NULL)));
    return json_builder_done(entry);
}

struct content content_add(struct arena *arena, const struct content *content,
                           const struct json *statuses, const struct json *events)
{
    const struct json *newest[GATHERING_TITLES];
    struct json_builder *entries = json_builder_new(arena, JSON_ARRAY);
    struct content sum = { .count = content->count };
    size_t count = add_newest(newest, add_newest(newest, 0, events), content->newest);

    for (size_t i = 0; i < count; i++)
        json_builder_add(entries, NULL, V(entry_of(arena, newest[i])));
    for (size_t i = 0; i < json_count(statuses); i++)
        sum.count += json_integer(json_at(statuses, i), "count", 0);
    sum.newest = json_builder_done(entries);
    sum.statuses = add_statuses(arena, content->statuses, statuses);
    return sum;
}

const struct json *content_json(struct arena *arena, const struct content *content)
{
    return OBJECT(arena, { "statuses", V(content->statuses) },
                  { "newest", V(content->newest) });
}

struct content content_parse(struct arena *arena, const char *json)
{
    struct error ignored = { 0 };
    const struct json *parsed =
        json == NULL ? NULL : json_parse(arena, json, strlen(json), &ignored);
    struct content content = { .statuses = json_get(parsed, "statuses"),
                               .newest = json_get(parsed, "newest") };

    for (size_t i = 0; i < json_count(content.statuses); i++)
        content.count += json_at(content.statuses, i)->as.integer;
    return content;
}

/* "120 firing, 17 resolved" */
static const char *counts_print(struct arena *arena, const struct json *statuses)
{
    struct text out = text_new(arena, 1000);

    for (size_t i = 0; i < json_count(statuses); i++) {
        const struct json_member *member = &statuses->as.object.members[i];

        text_addf(&out, "%s%lld %s", i > 0 ? ", " : "", member->value.as.integer, member->key);
    }
    return text_string(&out);
}

/* The worst of what is there; good only when nothing else is. */
static enum tone worst_tone(const struct json *statuses)
{
    enum tone worst = TONE_GOOD;

    for (size_t i = 0; i < json_count(statuses); i++) {
        enum tone tone = route_tone(statuses->as.object.members[i].key, NULL);

        if (tone == TONE_BAD || (tone == TONE_WARN && worst != TONE_BAD) ||
            (tone == TONE_PLAIN && worst == TONE_GOOD))
            worst = tone;
    }
    return worst;
}

static void add_line(struct text *out, struct arena *arena, const struct json *entry)
{
    struct event event = { .status = json_string(entry, "status", ""),
                           .severity = json_string(entry, "severity", NULL),
                           .kind = json_string(entry, "kind", "") };
    const char *title = message_escape(arena, json_string(entry, "title", ""));
    const char *url = json_string(entry, "url", NULL);
    const char *words = route_status_words(arena, &event);

    text_addf(out, "%s• %s%s", out->length > 0 ? "\n" : "", message_escape(arena, words),
              words[0] != '\0' ? ": " : "");
    if (url != NULL && strpbrk(url, "()[] ") == NULL)
        text_addf(out, "[%s](%s)", title, url);
    else
        text_add(out, title);
}

static const char *lines_print(struct arena *arena, const struct json *newest, long long count)
{
    struct text out = text_new(arena, 32 * 1024);
    size_t shown = json_count(newest);

    for (size_t i = 0; i < shown; i++)
        add_line(&out, arena, json_at(newest, i));
    if (count > (long long)shown && shown == GATHERING_TITLES)
        text_addf(&out, "\nThese are the newest; events lists all of them.");
    return text_string(&out);
}

/* "in the last minute", "in the last 12 min" */
static const char *flood_time(struct arena *arena, const struct gathering_about *about)
{
    long long ms = about->last_ms - about->created_ms;

    return ms <= FLOOD_WINDOW_MS
               ? "in the last minute"
               : arena_printf(arena, "in the last %s", duration_rough(arena, ms));
}

/* "137 more events in the last minute" */
static const char *first_words(struct arena *arena, const struct config *config,
                               const struct gathering_about *about,
                               const struct content *content)
{
    const char *events = content->count == 1 ? "event" : "events";

    if (text_is(about->why, "flood"))
        return arena_printf(arena, "%lld more %s %s", content->count, events,
                            flood_time(arena, about));
    if (text_is(about->why, "quiet"))
        return arena_printf(arena, "%lld %s in quiet hours, since %s", content->count, events,
                            clock_print_short(arena, config->server.zone, about->created_ms));
    return arena_printf(arena, "%lld %s in %s", content->count, events,
                        duration_rough(arena, about->due_ms - about->created_ms));
}

struct message content_message(struct arena *arena, const struct config *config,
                               const struct gathering_about *about,
                               const struct content *content)
{
    const char *lines = lines_print(arena, content->newest, content->count);
    struct message message = {
        .title = arena_printf(arena, "%s: %s", first_words(arena, config, about, content),
                              counts_print(arena, content->statuses)),
        .text = lines,
        .tone = worst_tone(content->statuses),
    };

    if (text_is(about->why, "flood"))
        message.text = arena_printf(
            arena,
            "More than %d new messages in a minute would have come here by %s, so they are "
            "counted in this one until it is calmer.\n%s",
            FLOOD_MESSAGES, message_escape(arena, about->route), lines);
    return message;
}
