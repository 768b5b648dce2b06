/* A chat platform, as the core sees it.  What one cannot do is a missing ability; the core replaces it for everyone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/field.h"
#include "core/input.h"
#include "core/message.h"

struct chat_account; /* one configured chat: its settings and the core behind it */
struct http_request;

enum chat_ability {
    CHAT_THREADS = 1,
    CHAT_EDITS = 2,
    CHAT_BUTTONS = 4, /* without: "reply: approve 412" */
    CHAT_PRIVATE = 8, /* only-for-you in a channel; without: a direct message */
    CHAT_FILES = 16,
    CHAT_FORMS = 32, /* without: questions one by one */
};

struct chat_platform {
    const char *name; /* "web": the type in the configuration and the folder */
    unsigned abilities;
    size_t text_limit;          /* bytes in one message; the core cuts */
    long long interval_ms;      /* between two messages into one channel */
    long long edit_interval_ms; /* between two edits of one message */
    struct fields config;

    /* Runs on its own thread; returns when the connection is lost or closing.  NULL: the platform calls us. */
    int (*listen)(struct chat_account *account, struct error *err);
    /* Or, where it calls us: verifies before anything else; answers the request itself.  NULL: none. */
    int (*receive)(struct chat_account *account, const char *what, struct http_request *request,
                   struct error *err);

    /* Both return 0 once the platform has it.  ERROR_BUSY with retry_after_s parks the channel; ERROR_UNREACHABLE is
     * tried again; everything else gives the message up.  *id: the platform's id, in the arena. */
    int (*send)(struct chat_account *account, struct arena *arena, const struct place *place,
                const char *only_for_user, const struct message *message, const char **id,
                struct error *err);
    int (*edit)(struct chat_account *account, struct arena *arena, const struct place *place,
                const char *id, const struct message *message, struct error *err);
};

const char *chat_name(const struct chat_account *account);
const void *chat_settings(const struct chat_account *account);
struct core *chat_core(struct chat_account *account);
bool chat_is_closing(const struct chat_account *account);
