/* The message that a route makes of an event. */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/parse.h"
#include "core/route.h"

enum {
    TITLE_BYTES = 700,
    MINUTE_S = 60,
    HOUR_S = 60 * MINUTE_S,
    DAY_S = 24 * HOUR_S,
    BUTTONS_MAX = 10,
};

const char *duration_rough(struct arena *arena, long long ms)
{
    long long s = ms / 1000;

    if (s < MINUTE_S)
        return arena_printf(arena, "%lld s", s);
    if (s < HOUR_S)
        return arena_printf(arena, "%lld min", s / MINUTE_S);
    if (s < DAY_S)
        return arena_printf(arena, "%lld h %lld min", s / HOUR_S, s % HOUR_S / MINUTE_S);
    return arena_printf(arena, "%lld d %lld h", s / DAY_S, s % DAY_S / HOUR_S);
}

/* What only tells something has no state; a message says itself what it is about. */
static bool has_status_word(const struct event *event)
{
    return !text_is(event->status, "info") && !text_is(event->kind, "message");
}

const char *route_status_words(struct arena *arena, const struct event *event)
{
    char *words;

    if (!has_status_word(event))
        return "";
    words = arena_copy(arena, event->status);
    for (char *at = words; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return event->severity == NULL ? words
                                   : arena_printf(arena, "%s %s", words, event->severity);
}

enum tone route_tone(const char *status, const char *severity)
{
    bool is_mild = text_is_nocase(severity, "warning") || text_is_nocase(severity, "info");

    if (text_is(status, "failure") || text_is(status, "firing"))
        return is_mild ? TONE_WARN : TONE_BAD;
    if (text_is(status, "cancelled"))
        return TONE_WARN;
    if (text_is(status, "success") || text_is(status, "resolved"))
        return TONE_GOOD;
    return text_is_nocase(severity, "warning")    ? TONE_WARN
           : text_is_nocase(severity, "critical") ? TONE_BAD
                                                  : TONE_PLAIN;
}

static const char *short_time(struct arena *arena, const struct config *config, long long at_ms)
{
    return clock_print_short(arena, config->server.zone, at_ms);
}

/* " (since 14:02, 4 min)", " (after 12 min)" */
static const char *time_words(struct arena *arena, const struct config *config,
                              const struct event *event, const struct turn *turn)
{
    long long age_ms = turn->now_ms - turn->since_ms;

    if (!has_status_word(event))
        return "";
    if (event_status_ends(event->status))
        return turn->lasted_ms <= 0
                   ? ""
                   : arena_printf(arena, " (after %s)", duration_rough(arena, turn->lasted_ms));
    if (age_ms < MINUTE_S * 1000)
        return arena_printf(arena, " (since %s)", short_time(arena, config, turn->since_ms));
    return arena_printf(arena, " (since %s, %s)", short_time(arena, config, turn->since_ms),
                        duration_rough(arena, age_ms));
}

static const char *default_title(struct arena *arena, const struct config *config,
                                 const struct event *event, const struct turn *turn)
{
    const char *words = route_status_words(arena, event);

    return arena_printf(arena, "%s%s%s%s", words, words[0] != '\0' ? ": " : "", event->title,
                        time_words(arena, config, event, turn));
}

const struct json *route_view(struct arena *arena, const struct config *config,
                              const struct event *event, const struct turn *turn)
{
    long long length_ms = turn->lasted_ms > 0 ? turn->lasted_ms : turn->now_ms - turn->since_ms;

    return OBJECT(
        arena, { "source", V(event->source) }, { "kind", V(event->kind) },
        { "subject", V(event->subject) }, { "status", V(event->status) },
        { "severity", V(event->severity) }, { "title", V(event->title) },
        { "text", V(event->text) }, { "url", V(event->url) }, { "actor", V(event->actor) },
        { "labels",
          event->labels != NULL ? V(event->labels) : *json_new_object(arena, NULL, 0) },
        { "at", V(short_time(arena, config, event->at_ms)) },
        { "since", V(short_time(arena, config, turn->since_ms)) },
        { "duration", V(duration_rough(arena, length_ms)) }, { "previous", V(turn->previous) });
}

static void escape_markup(struct text *out, const char *value)
{
    text_add(out, message_escape(out->arena, value));
}

static const char *one_line(struct arena *arena, const char *text)
{
    char *line = utf8_cut(arena, text, TITLE_BYTES);

    for (char *at = line; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    return line;
}

/* Is the text's first line the title once more? */
static bool begins_with_title(const struct event *event)
{
    size_t length = strlen(event->title);

    return event->text != NULL && text_starts(event->text, event->title) &&
           (event->text[length] == '\0' || event->text[length] == '\n');
}

static const char *default_text(struct arena *arena, const struct event *event)
{
    if (event->markup != NULL)
        return event->markup;
    return event->text == NULL ? NULL : message_escape(arena, event->text);
}

static void set_words(struct arena *arena, const struct config *config,
                      const struct route *route, const struct event *event,
                      const struct turn *turn, struct message *message)
{
    const struct json *view = NULL;

    if (route != NULL && (route->title != NULL || route->text != NULL))
        view = route_view(arena, config, event, turn);
    if (route != NULL && route->title != NULL)
        message->title = one_line(arena, template_fill(route->title, arena, view, NULL));
    else if (has_status_word(event) || !begins_with_title(event))
        message->title = one_line(arena, default_title(arena, config, event, turn));
    if (message->title != NULL && message->title[0] == '\0')
        message->title = event->title;
    if (route != NULL && route->text != NULL)
        message->text = template_fill(route->text, arena, view, escape_markup);
    else if (route == NULL || !route->is_whole)
        message->text = default_text(arena, event);
}

static void add_facts(struct json_builder *blocks, struct arena *arena,
                      const struct event *event)
{
    struct fact facts[ROUTE_LABELS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < json_count(event->labels) && count < ROUTE_LABELS_MAX; i++) {
        const struct json_member *label = &event->labels->as.object.members[i];

        /* Where it was sent is seen. */
        if (text_is(label->key, "channel") && text_is(label->value.as.string, event->channel))
            continue;
        if (!text_is_empty(label->value.as.string))
            facts[count++] = (struct fact){ label->key, label->value.as.string };
    }
    if (count > 0)
        json_builder_add(blocks, NULL, block_facts(arena, facts, count));
}

/* One whose line cannot be filled in (it would be too long) is left out. */
static void add_buttons(struct json_builder *blocks, struct arena *arena,
                        const struct config *config, const struct route *route,
                        const struct event *event, const struct turn *turn)
{
    struct button buttons[BUTTONS_MAX];
    size_t count = 0;
    const struct json *view;

    if (route->button_count == 0)
        return;
    view = route_view(arena, config, event, turn);
    for (size_t i = 0; i < route->button_count && count < BUTTONS_MAX; i++) {
        const struct route_button *button = &route->buttons[i];
        struct error ignored = { 0 };
        const char *line = line_fill(arena, button->line, view, &ignored);

        if (line != NULL)
            buttons[count++] = (struct button){ .label = button->label,
                                                .line = line,
                                                .style = button->style,
                                                .confirm = button->confirm };
    }
    if (count > 0)
        json_builder_add(blocks, NULL, block_buttons(arena, buttons, count));
}

struct message route_message(struct arena *arena, const struct config *config,
                             const struct route *route, const struct event *event,
                             const struct turn *turn)
{
    struct json_builder *blocks = json_builder_new(arena, JSON_ARRAY);
    struct message message = { .tone = route_tone(event->status, event->severity) };

    set_words(arena, config, route, event, turn, &message);
    if (route == NULL || !route->is_whole)
        add_facts(blocks, arena, event);
    if (event->url != NULL)
        json_builder_add(blocks, NULL, block_link(arena, "Open", event->url));
    if (route != NULL)
        add_buttons(blocks, arena, config, route, event, turn);
    message.blocks = json_builder_done(blocks);
    return message;
}
