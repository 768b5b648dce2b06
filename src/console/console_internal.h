/* What the API's files share: who is calling, and how a handler ends.  For console/ only. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "console/console.h"
#include "core/catalog.h"
#include "core/config.h"
#include "core/core.h"
#include "core/message.h"
#include "core/policy.h"
#include "core/token.h"
#include "net/http_server.h"

struct console {
    struct core *core;
};

#define SESSION_COOKIE "opsroom_session"

enum {
    PAGE_DEFAULT = 50,
    PAGE_MAX = 200,
};

/* Who is calling, by token, session or socket.  The snapshot is the request's own: released when its arena is freed. */
struct caller {
    struct core *core;
    const struct config *config;
    const struct catalog *catalog;
    const struct person *person;
    const char *account;      /* "token:3", "session:7", "unix:ana" */
    struct token_owner token; /* id 0: none, over the socket */
    bool is_local;            /* over the Unix socket */
    struct place
        place; /* of ?channel= or the body's "channel", when the caller may speak for it; chat NULL: none */
    bool place_proven;
};

/* With ?as= of who came over the local socket.  Answers 400, 401 or 403 itself and returns -1. */
MUST_CHECK int caller_read(struct http_request *request, struct console *console,
                           struct caller *caller);

/* Another person's name: only whoever may open the local socket.  NULL: nothing is done. */
MUST_CHECK int caller_become(struct caller *caller, const char *person, struct error *err);

/* No page of another site, as far as the browser says. */
bool caller_is_of_our_origin(struct http_request *request);

/* 401 or 403 in JSON. */
void answer_denied(struct http_request *request, int status, const char *text);

/* "web#lobby", NULL: none.  ERROR_INVALID when it is no channel's name; a channel in which the person is no member is left
 * out (place.chat NULL) unless the caller is local. */
MUST_CHECK int caller_set_place(struct caller *caller, struct arena *arena, const char *channel,
                                struct error *err);

/* Is the person a member of this web channel (and is it one)? */
bool channel_has(const struct config *config, const struct person *person,
                 const struct place *place);
/* Those of a person: [{channel, name, direct}]. */
const struct json *channel_list(struct arena *arena, const struct config *config,
                                const struct person *person);

/* The policy's word on a command by its name, for paths that stand for one. */
bool caller_may(const struct caller *caller, struct arena *arena, const char *command,
                const char **refusal);
/* The same, answering 403. */
bool caller_must(const struct caller *caller, struct http_request *request,
                 const char *command);

/* ?limit= and ?cursor= of a list. */
struct page {
    long long limit;
    long long before; /* 0: newest */
};
struct page page_read(struct http_request *request);

/* What a member of a body may be; null counts as not given. */
enum body_kind {
    BODY_TEXT,
    BODY_NUMBER,
    BODY_WHOLE, /* a number without a fraction */
    BODY_FLAG,
    BODY_OBJECT,
};
struct body_member {
    const char *name;
    enum body_kind kind;
};
/* The body as an object, with no members but these (the last one's name is NULL); answers 400 and returns NULL otherwise. */
const struct json *body_read(struct http_request *request, const struct body_member *members);

/* A number in the path; answers 404 and returns 0 when it is none. */
long long path_number(struct http_request *request, const char *name);

/* Ends a handler with what was read, or with the error. */
void answer(struct http_request *request, const struct json *json, const struct error *err);

/* A job as the API shows it: what is the caller's to see, buttons without their lines. */
const struct json *job_for(const struct caller *caller, struct arena *arena,
                           const struct json *job);
/* A page {items, next} with each item as the caller may see it. */
typedef const struct json *item_for(const struct caller *caller, struct arena *arena,
                                    const struct json *item);
const struct json *page_for(const struct caller *caller, struct arena *arena,
                            const struct json *page, item_for *shown);
const struct json *approval_for(const struct caller *caller, struct arena *arena,
                                const struct json *approval);
const struct json *message_for_clients(struct arena *arena, const struct json *message);
/* {id: "m12" or "i34", kind, at, …} of a message or input of feed.h. */
const struct json *entry_for(struct arena *arena, const char *kind, const struct json *item);

/* What POST /run says of a job. */
const struct json *run_reply(const struct caller *caller, struct arena *arena, long long job,
                             struct error *err);

/* The handlers, by file; the paths are in routes.c. */
http_handler handle_run; /* api_run.c */
http_handler handle_jobs, handle_job, handle_job_log, handle_job_cancel, handle_job_again,
    handle_job_answer;                                      /* api_jobs.c */
http_handler handle_approvals, handle_approve, handle_deny; /* api_approvals.c */
http_handler handle_audit, handle_audit_export;             /* api_audit.c */
http_handler handle_events, handle_event_send;              /* api_events.c */
http_handler handle_hook, handle_service;                   /* hooks.c */
http_handler handle_me, handle_commands, handle_complete, handle_connections,
    handle_status;                                                       /* api_catalog.c */
http_handler handle_channels, handle_messages, handle_say, handle_press; /* api_chat.c */
http_handler handle_stream;                                              /* api_stream.c */
http_handler handle_tokens, handle_token_create, handle_token_revoke;    /* api_token.c */
http_handler handle_sign_in_page, handle_sign_in, handle_session_start,
    handle_session_end;                                   /* session.c */
http_handler handle_health, handle_ready, handle_metrics; /* ops.c */
http_handler handle_openapi, handle_file, handle_index;   /* files.c */
