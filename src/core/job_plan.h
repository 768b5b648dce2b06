/*
 * What will become of a line, worked out from one snapshot before anything is written: parse, identify, decide.  Pure; the
 * write functions in job_submit.c and job_question.c only store it.  For core/ only.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "core/core.h"
#include "core/job.h"
#include "core/parse.h"
#include "core/policy.h"

struct plan {
    struct arena *arena;
    struct core *core;
    const struct ask *ask;
    const struct config *config; /* held until plan_end() */
    const struct person *person; /* NULL: a stranger */
    struct parsed parsed;        /* entry NULL: no such command */

    /* What is stored; secrets are taken out. */
    const char *state, *stage;
    const char *line, *title;
    const char *command;
    const struct json *args;
    const char *lane, *connection;
    bool quick;
    bool decided;
    struct decision decision;
    const struct json *result; /* a message; in stage question with one more member, "fields" */
    const char *error;
    const char *input_kind; /* message, button, form */
};

/* The whole way, from the ask's line. */
void plan_make(struct plan *plan);
void plan_end(struct plan *plan);

/* The outcomes, for others who find one. */
void plan_fail(struct plan *plan, const char *text);
void plan_ask(struct plan *plan, const struct strings *missing, const char *problem);

/* "deploy needs ENVIRONMENT: staging or production" (core/job_question.c). */
const char *question_text(const struct plan *plan, const struct strings *missing);
/* What a form shows: {key, help, type, choices, need, value}. */
const struct json *question_fields(const struct plan *plan, const struct strings *missing);

/* Inside write functions, shared by a new job and by an answered question. */
MUST_CHECK int plan_audit(struct db *db, const struct plan *plan, long long job,
                          const char *kind, struct error *err);
/* Decision row, and the queue row when it is queued. */
MUST_CHECK int plan_decide(struct db *db, const struct plan *plan, long long job,
                           struct error *err);
/* What was typed, for dedupe and history. */
MUST_CHECK int plan_input(struct db *db, const struct plan *plan, long long job,
                          struct error *err);
/* Has the key been used before, and for which job (0: none)?  NULL never was. */
MUST_CHECK int input_find(struct db *db, const char *request_key, bool *known, long long *job,
                          struct error *err);
