/* Input: an event as POST /api/v1/events takes it.  What is taken is cleaned, matched and made a message of. */
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "core/event_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const struct event *event)
{
    ASSERT(event->title != NULL && strlen(event->title) <= EVENT_TITLE_BYTES);
    ASSERT(strchr(event->title, '\n') == NULL);
    ASSERT(event->source != NULL && event->kind != NULL);
    ASSERT(event->subject == NULL || strlen(event->subject) <= EVENT_ID_BYTES);
    ASSERT(json_count(event->labels) <= EVENT_LABELS_MAX);
    ASSERT(event->at_ms > 0);
    ASSERT(utf8_is_valid(event->title, strlen(event->title)));
}

static void make_message(struct arena *arena, const struct event *event)
{
    struct server_config server = { .zone_name = "UTC" };
    struct config config = { .server = server };
    struct subject unknown = { .status = NULL };
    struct turn turn = subject_turn(&unknown, event, event->at_ms + 61000);
    struct message message = route_message(arena, &config, NULL, event, &turn);

    ASSERT(message.title != NULL || message.text != NULL);
    ASSERT(message_plain(arena, &message)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct cleaning cleaning = { .arena = arena, .now_ms = 1800000000000 };
    struct error err = { .kind = ERROR_NONE };
    const struct json *json = json_parse(arena, (const char *)data, size, &err);
    struct event event, clean;

    if (json == NULL || event_from_json(arena, json, &event, &err) < 0) {
        ASSERT(err.text[0] != '\0');
        return 0;
    }
    if (event_clean(&cleaning, &event, &clean, &err) < 0)
        return 0;
    check_clean(&clean);
    make_message(arena, &clean);
    return 0;
}
