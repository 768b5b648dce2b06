/*
 * A job: one run of a command, from the line to its one final state.  This file knows the rows; runner.h runs them.
 *
 *   submit ─┬─ refused / failed (no such command)                                  final
 *           ├─ waiting, stage question     an argument is missing and was asked for
 *           └─ queued, stage prepare ── pin, policy again ─┬─ waiting for approval, stage approval
 *                                                          └─ running, stage run ── step by step ── final
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "core/message.h"

/* Which door, and who stands there. */
struct ask {
    const char *door; /* "chat", "button", "api", "terminal", "job" */
    const char *
        person; /* id, when the door knows the person (token, session, socket); else NULL and: */
    const char *user;    /* the platform's user id in place.chat */
    const char *account; /* for the audit: "unix:ana", "web:ana", "token:3" */
    struct place place;
    bool place_proven; /* false: a local caller only said so */
    const char *line;
    const char *request_key; /* the same key twice starts nothing twice; NULL: none */
    bool
        may_ask; /* a missing argument becomes a question; else it fails and says what is missing */
    long long parent; /* the job whose step this is, 0 */
    long long again_of;
};

struct submitted {
    long long job;
    const char *state; /* "queued", "refused", "failed", "waiting" */
    bool repeated;     /* request_key was known: this is the job of the first time */
};

/*
 * Parse, identify, decide, and write job, decision, audit and (when it ended here) answer in one transaction.  Waits for
 * the commit.  -1 only when it could not be stored.  Every line gets a job, also one that is no command.
 */
MUST_CHECK int job_submit(struct core *core, const struct ask *ask, struct arena *arena,
                          struct submitted *submitted, struct error *err);

/* May this person start one more now?  ERROR_BUSY with retry_after_s.  job_submit() asks by itself, but for the steps of
 * other jobs; who uses job_submit_later() asks first. */
MUST_CHECK int job_limit(struct core *core, const char *person, struct error *err);

/* The same without waiting: done() is called on the writer thread after the commit, once.  The ask is copied.  For
 * handlers on the narrow lane. */
struct job_submission;
typedef void job_submitted(void *context, const struct submitted *submitted,
                           const struct error *err);
void job_submit_later(struct core *core, const struct ask *ask, job_submitted *done,
                      void *context);

/* Answers the question of a job in stage question: a text for the first missing argument, or values by key. */
MUST_CHECK int job_answer(struct core *core, long long job, const struct ask *who,
                          const struct json *values, struct error *err);
/* The job whose question this person would answer by typing in this place, 0: none (questions older than 10 minutes do
 * not count). */
long long job_find_question(struct db *db, const char *person, const struct place *place);

/* Asks for its end.  Checked by the caller: own job, or allowed.  ERROR_CONFLICT when it is already final. */
MUST_CHECK int job_cancel(struct core *core, long long job, const char *person,
                          const char *reason, struct error *err);

/* After "it happened / start again / stop" on a job in stage unsure. */
MUST_CHECK int job_resolve_unsure(struct core *core, long long job, const char *person,
                                  const char *what, struct error *err);

/* Wakes every job that waits on the key; writes without waiting. */
void job_wake(struct core *core, const char *key);

/* For the API and the console: {id, state, stage, line, title, command, person, place, created_at, …, text, rows, progress,
 * approval}.  NULL with ERROR_MISSING. */
const struct json *job_json(struct db *db, struct arena *arena, long long job,
                            struct error *err);
/* A page of them, newest first: filters may be NULL. */
struct job_filter {
    const char *person, *state, *command, *chat, *channel;
    bool open;        /* only those not final */
    long long before; /* id, 0: newest */
    long long limit;
};
const struct json *job_list(struct db *db, struct arena *arena, const struct job_filter *filter,
                            struct error *err);
/* The log from a byte position on, at most limit_bytes; *position is then where to go on. */
const char *job_log_text(struct db *db, struct arena *arena, long long job, long long *position,
                         size_t limit_bytes, struct error *err);
/* The last lines. */
const char *job_log_tail(struct db *db, struct arena *arena, long long job, size_t lines,
                         struct error *err);

/* The job's live message from its row (core/job_view.c): what chats, console and terminal show. */
struct message job_message(struct db *db, struct arena *arena, const struct config *config,
                           const struct json *row);

bool job_state_is_final(const char *state);
/* 0 succeeded; anything else failed, refused, cancelled, timed out or not over. */
bool job_state_is_good(const char *state);
