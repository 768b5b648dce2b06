/* The outbox's inside.  For core/outbox*.c. */
#pragma once

#include "core/follow.h"
#include "core/message.h"
#include "core/outbox.h"

struct outbox {
    struct core *core;
    struct follower *senders;
};

/* A row that is to be sent. */
struct outgoing {
    long long id; /* 0: none */
    long long job, revision, attempts, failing_since;
    struct place place;
    const char *only_for, *external_id;
    struct message message;
    bool final;
};

/* When the next message may go into each channel. */
struct pace {
    char *channel;
    long long next_at;
};
struct paces {
    struct pace *list;
    size_t count, capacity;
};
void paces_set(struct paces *paces, const char *channel, long long next_at);
void paces_free(struct paces *paces);

/*
 * outbox_pick.c: the oldest row of any channel that need not wait.  A row that failed holds up those behind it in its
 * channel; one that waits only because it was edited just now does not.  None: *wait_ms says for how long.
 */
MUST_CHECK int outbox_pick(struct core *core, struct arena *arena, const char *chat,
                           struct paces *paces, struct outgoing *outgoing, long long *wait_ms,
                           struct error *err);

/* outbox_sender.c: one chat's thread. */
int outbox_send_all(struct followed *followed, struct error *err);
/* The metrics of what waits. */
void outbox_measure(struct core *core);

/* Inside a write function: the place behind everything that waits in this chat. */
long long outbox_last_place(struct db *db, struct arena *arena, const char *chat,
                            struct error *err);
