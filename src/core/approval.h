/*
 * Who must agree, and to exactly what: bound to a digest of requester, command, arguments, place, pins and the target's
 * configuration; used once; void when anything differs when the job starts.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "core/policy.h"
#include "store/store.h"

/* The digest, hex: SHA-256 of the canonical JSON of all it is bound to. */
struct approval_subject {
    const char *person;
    const char *command;
    const struct json *args;
    const char *place;
    const struct json *pins;
    const struct json *target; /* the effective configuration of the target, or NULL */
};
const char *approval_digest(struct arena *arena, const struct approval_subject *subject);

/* A pin as people read it: a commit by its first characters, a long value cut. */
const char *short_value(struct arena *arena, const struct json *value);
/* What differs, for "changed since it was approved: commit a1b2c3d is now d4e5f6a"; NULL: nothing. */
const char *approval_difference(struct arena *arena, const struct json *approved_pins,
                                const struct json *pins_now);

/* The approval's row of a job (NULL with ERROR_MISSING), what it needs, and that as the policy knows it. */
const struct json *approval_row(struct db *db, struct arena *arena, long long job,
                                struct error *err);
const struct json *approval_needs(struct arena *arena, const struct json *row);
struct decision approval_decision(struct arena *arena, const struct json *needs);
/* "leads", "ana or leads", "leads who are also in security" */
const char *approval_who(struct arena *arena, const struct json *needs);

/* What is asked for: the decision that was written, its row, what was pinned and the digest of it all. */
struct approval_wish {
    const struct decision *needs;
    long long decision;
    const struct json *pins;
    const char *digest;
};

/* Inside write functions. */
MUST_CHECK int approval_request(struct db *db, long long job, const struct approval_wish *wish,
                                struct error *err);

/* Before the first step of a job that has a digest: is its approval there, for exactly this, and still in time?
 * ERROR_CONFLICT says why not. */
MUST_CHECK int approval_check(struct db *db, long long job, const char *digest,
                              long long now_ms, struct error *err);

/* One person's word.  Checks person (never the requester; in every list the rule names; by person, not by account), state
 * and expiry inside the transaction.  When enough have agreed the job is queued again.  text: what to tell the voter. */
struct vote {
    long long job;
    const struct person *person;
    const char *account;
    bool approve;
    const char *reason; /* needed to deny */
    long long vote_job;
};
MUST_CHECK int approval_vote(struct core *core, const struct vote *vote, struct arena *arena,
                             const char **text, struct error *err);

/* Ends what has expired: called by the timer. */
MUST_CHECK int approval_expire(struct core *core, long long now_ms, struct error *err);

/* {id, job, state, title, command, person, place, needs: {count, from, within_s, text}, votes: [{person, approve, reason,
 * at}], pins, requested_at, expires_at, decided_at}.  A page of them, newest first: {items, next}; state NULL: all. */
const struct json *approval_json(struct db *db, struct arena *arena, long long job,
                                 struct error *err);
const struct json *approval_list(struct db *db, struct arena *arena, const char *state,
                                 long long before, long long limit, struct error *err);
