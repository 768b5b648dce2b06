/* Inside the generic webhook: what its files share. */
#pragma once

#include "core/call.h"

extern const struct connector webhook_connector;

/* Labels as they are found: the first of a name counts, what is over the limit is left out. */
struct labels {
    struct arena *arena;
    struct json_member list[EVENT_LABELS_MAX];
    size_t count;
};
void label_add(struct labels *labels, const char *name, const char *value);
const struct json *labels_done(const struct labels *labels);

/* body.c: any JSON object as an event; ERROR_INVALID: it says nothing. */
MUST_CHECK int body_to_event(struct arena *arena, const struct json *body, struct event *event,
                             struct error *err);

/* slack.c: the body of a Slack incoming webhook.  NULL: it is in event; else Slack's code for what is wrong. */
const char *slack_to_event(struct arena *arena, const struct json *payload,
                           struct event *event);

/* Text that is put together from parts: plain, and the same in our markup. */
struct parts {
    struct arena *arena;
    struct text plain, markup;
    const char
        *heading; /* the first thing said, when it is a title of its own: no part of the text */
    const char *heading_url;
    bool begun;
};
struct parts parts_new(struct arena *arena);
/* A paragraph; empty ones add nothing. */
void parts_add(struct parts *parts, const char *plain, const char *markup);
/* A title of its own, with a link perhaps: the heading if it comes first. */
void parts_add_title(struct parts *parts, const char *title, const char *url);

/* mrkdwn.c: Slack's text: <url|label>, <@U1>, <!here>, &lt; decoded. */
const char *mrkdwn_plain(struct arena *arena, const char *text);
const char *mrkdwn_markup(struct arena *arena, const char *text);
void parts_add_mrkdwn(struct parts *parts, const char *text);

/* slack_blocks.c: fields of sections are added to labels. */
void blocks_add(struct parts *parts, const struct json *blocks, struct labels *labels);
