/* What a gathering holds, and the message that tells of it: counts by status and the newest titles. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/gathering_internal.h"

static const struct json *entry_of(struct arena *arena, const struct gathered *gathered)
{
    const struct event *event = gathered->event;
    const struct turn *turn = gathered->turn;
    const char *subject = event->subject == NULL ? NULL : subject_key(arena, event, turn);

    return OBJECT(arena, { "event", V(gathered->id) }, { "subject", V(subject) },
                  { "title", V(event->title) }, { "status", V(event->status) },
                  { "severity", V(event->severity) }, { "kind", V(event->kind) },
                  { "url", V(event->url) }, { "since", V(turn->since_ms) },
                  { "begun", V(turn->begun_ms) }, { "lasted", V(turn->lasted_ms) },
                  { "episode", V(turn->episode) }, { "previous", V(turn->previous) });
}

struct turn content_turn(const struct json *entry, long long now_ms)
{
    return (struct turn){ .previous = json_string(entry, "previous", NULL),
                          .since_ms = json_integer(entry, "since", 0),
                          .begun_ms = json_integer(entry, "begun", 0),
                          .lasted_ms = json_integer(entry, "lasted", 0),
                          .episode = json_integer(entry, "episode", 0),
                          .now_ms = now_ms };
}

static const struct json *add_newest(struct arena *arena, const struct json *newest,
                                     const struct gathered *gathered)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    const struct json *entry = entry_of(arena, gathered);
    const char *subject = json_string(entry, "subject", NULL);
    size_t count = 1;

    json_builder_add(list, NULL, V(entry));
    for (size_t i = 0; i < json_count(newest) && count < GATHERING_TITLES; i++) {
        const struct json *old = json_at(newest, i);

        if (subject != NULL && text_is(json_string(old, "subject", NULL), subject))
            continue;
        json_builder_add(list, NULL, V(old));
        count++;
    }
    return json_builder_done(list);
}

static const struct json *add_status(struct arena *arena, const struct json *statuses,
                                     const char *status)
{
    struct json_builder *counts = json_builder_new(arena, JSON_OBJECT);
    bool found = false;

    for (size_t i = 0; i < json_count(statuses); i++) {
        const struct json_member *member = &statuses->as.object.members[i];
        bool is_it = text_is(member->key, status);

        found = found || is_it;
        json_builder_add(counts, member->key, V(member->value.as.integer + is_it));
    }
    if (!found)
        json_builder_add(counts, status, V(1));
    return json_builder_done(counts);
}

const struct json *content_add(struct arena *arena, const struct json *content,
                               const struct gathered *gathered)
{
    return OBJECT(arena,
                  { "statuses", V(add_status(arena, json_get(content, "statuses"),
                                             gathered->event->status)) },
                  { "newest", V(add_newest(arena, json_get(content, "newest"), gathered)) });
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

/* "in the last minute", "in 12 min" */
static const char *flood_time(struct arena *arena, const struct json *row)
{
    long long ms = json_integer(row, "last_at", 0) - json_integer(row, "created_at", 0);

    return ms <= FLOOD_WINDOW_MS
               ? "in the last minute"
               : arena_printf(arena, "in the last %s", duration_rough(arena, ms));
}

static const char *gathering_title(struct arena *arena, const struct config *config,
                                   const struct json *row, const char *counts)
{
    const char *why = json_string(row, "why", "");
    long long count = json_integer(row, "count", 0);
    const char *events = count == 1 ? "event" : "events";
    long long created_ms = json_integer(row, "created_at", 0);

    if (text_is(why, "flood"))
        return arena_printf(arena, "%lld more %s %s: %s", count, events, flood_time(arena, row),
                            counts);
    if (text_is(why, "quiet"))
        return arena_printf(arena, "%lld %s in quiet hours, since %s: %s", count, events,
                            clock_print_short(arena, config->server.zone, created_ms), counts);
    return arena_printf(arena, "%lld %s in %s: %s", count, events,
                        duration_rough(arena, json_integer(row, "due_at", 0) - created_ms),
                        counts);
}

struct message gathering_message(struct arena *arena, const struct config *config,
                                 const struct json *row)
{
    const char *text = json_string(row, "content", "");
    struct error ignored = { 0 };
    const struct json *content = json_parse(arena, text, strlen(text), &ignored);
    const struct json *statuses = json_get(content, "statuses");
    const struct json *newest = json_get(content, "newest");
    const char *lines = lines_print(arena, newest, json_integer(row, "count", 0));
    struct message message = {
        .title = gathering_title(arena, config, row, counts_print(arena, statuses)),
        .text = lines,
        .tone = worst_tone(statuses),
    };

    if (text_is(json_string(row, "why", ""), "flood"))
        message.text = arena_printf(
            arena,
            "More than %d new messages in a minute would have come here by %s, so they are "
            "counted in this one until it is calmer.\n%s",
            FLOOD_MESSAGES, message_escape(arena, json_string(row, "route", "a route")), lines);
    return message;
}
