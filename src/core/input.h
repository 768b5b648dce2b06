/* What a person did in a chat: typed, pressed, filled in.  Stored once, then acknowledged. */
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "core/message.h"

enum input_kind {
    INPUT_MESSAGE, /* in a channel, not addressed to us: kept as history in the web chat, never a command elsewhere */
    INPUT_COMMAND, /* addressed to us: mention, direct message, slash command; our mention is removed */
    INPUT_BUTTON,
    INPUT_FORM,
};

struct input {
    enum input_kind kind;
    const char *id; /* the platform's id of it: the same input twice is handled once */
    struct place place;
    const char *user;          /* the platform's user id */
    const char *text;          /* as typed; for a button: the free text it asked for, or NULL */
    long long message;         /* BUTTON: our message's id */
    long long button;          /* BUTTON: its number in the message, from 0 */
    long long job;             /* FORM: whose question is answered */
    const struct json *values; /* FORM */
};

struct taken {
    long long input; /* its row */
    long long job;   /* the job it became, 0: none */
    bool repeated;
};

/* Returns after the commit; only then may the platform be told.  A button's line comes from our stored message, never from
 * outside. */
MUST_CHECK int chat_deliver(struct core *core, const struct input *input, struct arena *arena,
                            struct taken *taken, struct error *err);
