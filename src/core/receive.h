/* What outside systems send, through their connectors.  For console/. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "core/core.h"
#include "core/event.h"
#include "core/webhook.h"

struct reception {
    const struct config *config; /* held by the caller */
    const struct connection *connection;
    const struct webhook_request *request;
    /* Out: what is to be recorded before reply is sent. */
    struct event_batch batch;
    struct webhook_reply reply;
};
/* Asks the connector, without the database. */
MUST_CHECK int webhook_receive(struct core *core, struct reception *reception,
                               struct arena *arena, struct error *err);

/* The connection whose incoming webhook has this token, or NULL; *any: there are such connections at all. */
const struct connection *service_find(const struct config *config, const char *token,
                                      bool *any);
