/* Input: the JSON that anything may send to /hooks/NAME. */
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
    if (body_to_event(arena, json, &event, &err) < 0) {
        ASSERT(err.text[0] != '\0');
        return 0;
    }
    ASSERT(event.title[0] != '\0' && event.kind[0] != '\0');
    ASSERT(event_status_is_known(event.status));
    ASSERT(json_count(event.labels) <= EVENT_LABELS_MAX);
    return 0;
}
