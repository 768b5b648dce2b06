/*
 * Who may do what, where, when, and whose agreement it needs.  Pure functions over one snapshot; one decision for every
 * door.  Deny by default; a matching deny wins; all matching allow rules count.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "core/catalog.h"
#include "core/config.h"
#include "core/message.h"

struct request {
    const struct config *config;
    const struct person *person; /* NULL: a stranger */
    const struct catalog_entry *entry;
    const struct json *args;   /* key -> value as text; NULL: only the name is asked about */
    const struct place *place; /* chat NULL: no channel */
    long long at_ms;
};

struct decision {
    bool allowed;
    const struct rule
        *rule; /* that decides (the first allow, or the deny); NULL: none, or needs no rule */
    const char *where; /* "opsroom.yaml:41", or NULL */
    const char *why; /* a sentence for the audit and explain: which rule, or what is missing */
    const char *
        refusal; /* for the person: "Not allowed: deploying to production is for deployers in #ops
                                (opsroom.yaml:41). Ask ana or lea." */
    struct approval_rule
        approval; /* asked: needed; from is met by persons who are in each of from_all */
    const struct strings *from_all; /* one list per rule that asks */
    size_t from_all_count;
};

/* With args NULL: could any argument make it allowed?  (Argument conditions are taken as met; a deny rule counts only if
 * it has none.) */
struct decision policy_decide(const struct request *request, struct arena *arena);
/* The same by the rules alone, for commands that need none for what is one's own: other people's jobs. */
struct decision policy_decide_by_rules(const struct request *request, struct arena *arena);

/* Who could allow it: the persons who may run it themselves or approve it, for "ask ana or lea". */
struct strings policy_who_can(const struct request *request, struct arena *arena);

/* May this person approve what the decision asks for?  The requester never. */
bool policy_may_approve(const struct decision *decision, const struct person *approver,
                        const struct person *requester);
const char *approval_print(struct arena *arena,
                           const struct decision *decision); /* "1 of leads within 30m" */
