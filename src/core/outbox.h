/*
 * What we still have to say.  A message is one row with its newest content; it is to be sent while its revision is newer
 * than the one sent, so a flood of updates is the newest one by itself.  Order is kept per channel; a destination's limit,
 * Retry-After and back-off park that channel, not the account.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "core/core.h"
#include "core/message.h"
#include "store/store.h"

/* Given up: after this age without success; a final state after the longer one. */
enum {
    OUTBOX_AGE_LIMIT_S = 3600,
    OUTBOX_FINAL_AGE_LIMIT_S = 86400
};

/*
 * Inside a write function: says it, or updates what was said about key in that place (key NULL: always a new one).  The
 * place must have a chat and channel.  only_for: a person's id or NULL.  Returns the message's id, -1 on error.
 */
struct saying {
    struct place place;
    const char *key;
    const char *only_for;
    long long job;
    bool final;
};
long long outbox_put(struct db *db, const struct saying *saying, const struct message *message,
                     struct error *err);

struct outbox;
/* One sender thread per chat account of the configuration; follows reloads. */
struct outbox *outbox_start(struct core *core, struct error *err);
void outbox_wake(struct outbox *outbox); /* after commits; never blocks */
void outbox_stop(struct outbox *outbox);

/* Messages given up, newest first; and one more try for one of them. */
const struct json *outbox_dead(struct db *db, struct arena *arena, long long before,
                               long long limit, struct error *err);
MUST_CHECK int outbox_retry(struct core *core, long long message, struct error *err);
