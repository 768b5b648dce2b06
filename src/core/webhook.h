/* A request from an outside system to /hooks/NAME or /services/TOKEN, as its connector sees it: whole, and what is answered. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/event.h"

struct webhook_request {
    const char *method; /* POST, GET, HEAD */
    const char *path;   /* what follows /hooks/NAME/, or "" */
    /* It came to /services/TOKEN, and the token is this connection's: it is answered as Slack does. */
    bool is_service;
    struct span body;                                       /* raw: signatures are over it */
    const char *(*header)(void *context, const char *name); /* NULL: absent */
    const char *(*query)(void *context, const char *name);
    const char *(*form)(void *context, const char *name); /* of a form body */
    void *context;
};

/* Sent only after the events are durable.  status 0: 200 and {"taken": N}. */
struct webhook_reply {
    int status;
    const char *content_type;
    const char *body;
};
