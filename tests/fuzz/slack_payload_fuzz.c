/* Input: the JSON of a Slack incoming webhook.  What is taken has a title, valid text and markup that can be read. */
#include <stdint.h>
#include <string.h>

#include "connectors/webhook/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct json *json = json_parse(arena, (const char *)data, size, &err);
    struct event event = { .title = NULL };

    if (json == NULL)
        return 0;
    if (slack_to_event(arena, json, &event) != NULL)
        return 0;
    ASSERT(event.title != NULL && event.title[0] != '\0');
    ASSERT(event_status_is_known(event.status));
    ASSERT(utf8_is_valid(event.title, strlen(event.title)));
    ASSERT((event.text == NULL) == (event.markup == NULL));
    if (event.markup != NULL)
        ASSERT(utf8_is_valid(event.text, strlen(event.text)) &&
               markup_plain(arena, event.markup) != NULL);
    ASSERT(json_count(event.labels) <= EVENT_LABELS_MAX);
    return 0;
}
