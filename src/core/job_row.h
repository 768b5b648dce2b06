/* The jobs table as a struct, and the transitions between its states.  For core/ only: job*.c, approval.c, runner*.c. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "core/message.h"
#include "core/policy.h"
#include "store/store.h"

struct job_row {
    long long id;
    /* Answered at once, by run(): the answer itself is its message. */
    bool quick;
    const char *state, *stage, *line, *title, *command;
    const struct json *args, *pins;
    const char *digest, *door, *person, *account, *chat, *channel, *thread;
    bool place_proven;
    long long parent, again_of;
    const char *step;
    long long step_position;
    bool step_running;
    long long attempt;
    const struct json *state_json;
    /* {line, steps: [{name, state, duration_ms}], links: [{text, url}], outputs: {key: value}}; states as in block_steps */
    const struct json *progress;
    const struct json *result;    /* a message: the answer, or the question in stage question */
    const struct json *rows_json; /* {columns, rows} */
    const char *error, *cancel_by, *cancel_reason;
    long long message, log_bytes, created_at, started_at, deadline_at, finished_at;
};

/* ERROR_MISSING: "there is no job #412". */
MUST_CHECK int job_load(struct db *db, struct arena *arena, long long job, struct job_row *row,
                        struct error *err);
/* The same from what db_row gives for "SELECT * FROM jobs". */
void job_row_read(struct arena *arena, const struct json *json, struct job_row *row);
struct place job_place(const struct job_row *row);

/* A person's reason is cut after so many bytes. */
enum {
    REASON_LIMIT = 1000
};

/* {count, from: [[...]], within_s, text}, NULL when the decision asks for no approval. */
const struct json *needs_json(struct arena *arena, const struct decision *decision);

/* Writes a decision row; returns its id, -1 on error. */
long long decision_add(struct db *db, const struct config *config, long long job,
                       const struct decision *decision, struct error *err);

/*
 * The transitions.  All inside a write function; each re-reads the row, refuses what the state does not allow
 * (ERROR_CONFLICT), writes the audit record, the live message and the change, so that no caller can forget one.
 */

/* Claimable at wake_at, with the id of an allow decision. */
MUST_CHECK int job_queue(struct db *db, struct core *core, long long job, long long decision,
                         long long wake_at, struct error *err);

/* The queue's rows underneath: one more, or the same one made claimable again with a newer fence. */
struct queued {
    long long job, decision;
    const char *lane;
    const char *connection; /* NULL: none */
    long long wake_at;
    long long fence;
};
MUST_CHECK int queue_add(struct db *db, const struct queued *queued, struct error *err);
const char *lane_of(const struct catalog_entry *entry);
/* Whoever waits on the key may be claimed now. */
MUST_CHECK int queue_strike(struct db *db, const char *key, struct error *err);

/* Its one final state: "succeeded", "failed", "cancelled", "refused" or "timed out".  Removes it from the queue, voids a
 * pending approval, wakes who waits on "job:ID".  result may be NULL (then error says it), rows too. */
struct job_end {
    const char *state;
    const struct message *result;
    const struct json *rows; /* {columns, rows} */
    const char *error;       /* one sentence for a person */
};
MUST_CHECK int job_finish(struct db *db, struct core *core, long long job,
                          const struct job_end *end, struct error *err);

/* stage approval: pins, digest and approval row written, out of the queue. */
struct approval_wish;
MUST_CHECK int job_await_approval(struct db *db, struct core *core, long long job,
                                  const struct approval_wish *wish, struct error *err);

/* stage unsure: out of the queue until somebody says whether the step happened (job_resolve_unsure).  text: what is not
 * known, one sentence for a person. */
MUST_CHECK int job_await_person(struct db *db, struct core *core, long long job,
                                const char *text, struct error *err);

/* Appends to the log (already redacted); at most LOG_LIMIT bytes a job, then one line says that the rest was left out. */
enum {
    JOB_LOG_LIMIT = 16 * 1024 * 1024
};
MUST_CHECK int job_log_add(struct db *db, long long job, const char *text, struct error *err);

/* The live message, rewritten from the row as it is now (outbox_put with key "job:ID"); nothing when it has no place.
 * Quick commands without steps get theirs only when they end. */
MUST_CHECK int job_show(struct db *db, struct core *core, long long job, struct error *err);

/* Its content (core/job_view.c). */
struct message job_row_message(struct db *db, struct arena *arena, const struct config *config,
                               const struct job_row *row);

/* Ends questions that nobody has answered for ten minutes: called by the timer. */
MUST_CHECK int job_expire_questions(struct core *core, long long now_ms, struct error *err);
