/* What a gathering tells.  For core/gathering*.c. */
#pragma once

#include "core/gathering.h"

/* The message is made of this; its JSON is {statuses: {firing: 120, ...}, newest: [{title, status, severity, kind, url}]}. */
struct content {
    const struct json *statuses; /* an object of counts */
    const struct json
        *newest; /* of each subject the newest only, at most GATHERING_TITLES, newest first */
    long long count; /* of events */
};
struct content content_parse(struct arena *arena, const char *json); /* NULL: nothing yet */
const struct json *content_json(struct arena *arena, const struct content *content);

/* statuses: rows {status, count}; events: rows of events, newest first. */
struct content content_add(struct arena *arena, const struct content *content,
                           const struct json *statuses, const struct json *events);

/* For its title. */
struct gathering_about {
    const char *why, *route;
    long long created_ms, last_ms, due_ms;
};
struct message content_message(struct arena *arena, const struct config *config,
                               const struct gathering_about *about,
                               const struct content *content);
