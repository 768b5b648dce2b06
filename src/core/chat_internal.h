/* One configured chat as its platform sees it.  For core/, and for server/, which hands requests to receive(). */
#pragma once

#include <stdatomic.h>

#include "core/chat.h"
#include "core/config.h"
#include "core/core.h"

struct chat_account {
    struct core *core;
    const struct config *config; /* held by whoever made it */
    const struct chat_config *chat;
    const atomic_bool *closing; /* its thread is to end; NULL: when the server is */
};

/* The message in the form that the platform can show: buttons as lines to type, cut to its length. */
struct message chat_adapt(struct arena *arena, const struct chat_platform *platform,
                          const struct message *message);
/* The platform's id of a person; the person's own id where no account is configured. */
const char *chat_user_of(const struct config *config, const char *chat, const char *person);
