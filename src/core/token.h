/*
 * What lets a person in over HTTP: tokens for programs, one-time sign-in links, browser sessions.  Only their SHA-256 is
 * kept; a token can act as its person and nothing more.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/core.h"
#include "store/store.h"

enum token_kind {
    TOKEN_API,     /* until revoked or expires */
    TOKEN_LINK,    /* once, within an hour */
    TOKEN_SESSION, /* a browser; made from a link or a token; 30 days */
};

struct token_plan {
    enum token_kind kind;
    const char *person;
    const char *note;     /* what it is for, or NULL */
    long long lifetime_s; /* 0: the kind's default (TOKEN_API: none) */
    const char *made_by;  /* for the audit: a person, "unix:ana" */
    long long parent;     /* the token a session is begun with, or 0: revoked together */
};

/* Returns the token itself, the only time it is seen, in the arena, and its number; NULL on error. */
const char *token_create(struct core *core, const struct token_plan *plan, struct arena *arena,
                         long long *id, struct error *err);

/* Whose it is.  ERROR_DENIED when it is unknown, used, expired or revoked, or its person is no longer in "people". */
struct token_owner {
    long long id;
    const char *person;
    long long expires_at_ms; /* 0: never */
};
MUST_CHECK int token_check(struct core *core, enum token_kind kind, const char *token,
                           struct arena *arena, struct token_owner *owner, struct error *err);

/* A link becomes a session, once: the session's token. */
const char *token_use_link(struct core *core, const char *link, struct arena *arena,
                           const char **person, struct error *err);

/* {id, person, kind, note, created_at, expires_at}, those that still work; person NULL: everyone's. */
const struct json *token_list(struct db *db, struct arena *arena, const char *person,
                              struct error *err);
/* A revoked token is told to the live feed too (kind "token"), so that streams end. */
MUST_CHECK int token_revoke(struct core *core, long long id, const char *by, struct error *err);
/* Ends the session or token itself. */
MUST_CHECK int token_end(struct core *core, const char *token, struct error *err);
