/*
 * What a command is.  By the time run() or the first step is called the arguments have been parsed and checked, the
 * person identified, the policy asked, every approval given and the intent written to the audit.  No command does any of
 * that.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/field.h"

struct call;
struct deployer;
struct api_request;
struct webhook_request;
struct webhook_reply;

/* Never grants anything: shown in help, decides how a button looks and whether it asks first. */
enum risk {
    RISK_READ,
    RISK_CHANGE,
    RISK_DANGER,
};

/* What a step says. */
enum step {
    STEP_NEXT, /* this step is over: on to the next, or the job has succeeded if it was the last */
    STEP_AGAIN, /* run this step again: returned by call_again_in() and call_wake_on() */
    STEP_DONE,  /* the job has succeeded, whatever steps are left */
    STEP_FAIL,  /* with err */
};

/* The server stopped, or the answer never came, while a step with an effect was under way: did it happen? */
enum happened {
    HAPPENED_YES, /* the state is filled in: go on with the next step */
    HAPPENED_NO,  /* certainly not: run it again */
    HAPPENED_ASK_AGAIN, /* not known yet: ask again in a few seconds (returned by call_ask_again_in()) */
    HAPPENED_UNKNOWN, /* a person must say: buttons "it happened", "start again", "stop" */
};

struct command_step {
    const char *name; /* stored in the job: renaming one needs a migration */
    enum step (*run)(struct call *call, struct error *err);
    /* NULL: run() changes nothing outside and is simply repeated. */
    enum happened (*happened)(struct call *call, struct error *err);
};

/* Another right that an invocation needs beside the command's own, because of its arguments. */
struct also_needed {
    const char *command; /* as rules name it: "freeze override"; NULL: none */
    bool with_approval;  /* its rule must ask for somebody's agreement */
};

struct command {
    const char
        *name; /* "job cancel"; for a connector's command the part after the noun: "pr merge" */
    const char *help;    /* one line, without full stop */
    const char *example; /* "deploy api v1.2 to staging", or NULL */
    enum risk risk;
    bool core; /* answered by the workers kept for core reads, approve, deny, cancel */
    bool
        own; /* needs no rule: the command itself checks what is one's own (approve, deny, help, whoami, can) */
    int limit_s; /* 0: 60 for run(), an hour for steps */
    struct fields args;
    struct also_needed (*also)(const struct json *args); /* NULL: never anything */
    const char
        *dry; /* a boolean argument with which nothing is changed: no approval is asked */

    /*
     * What the command is about, exactly (version -> commit, pull request -> head sha): read-only, before policy's last
     * word and approval, again when the job starts.  Fills pins with call_pin(); they are part of the approval's digest.
     */
    int (*pin)(struct call *call, struct error *err);

    /* Either: answers within limit_s, on one thread, and only reads (or changes only our own store). */
    int (*run)(struct call *call, struct error *err);

    /* Or: a job.  Between steps only the state struct survives. */
    const struct command_step *steps;
    size_t step_count;
    struct fields state;

    /* Stops what the job has started outside; the job becomes cancelled (or timed out) when it returns 0. */
    int (*cancel)(struct call *call, struct error *err);
};

/* One kind of outside system. */
struct connector {
    const char *name; /* "jenkins": the type in the configuration and the folder */
    const char *help;
    struct fields config;
    const struct command *const *commands;
    size_t command_count;
    const struct deployer *deployer; /* NULL: nothing can be deployed through it */
    /* A command whose steps, state and cancel run the "run:" commands of the configuration; one connector has it. */
    const struct command *runner;
    /* Puts the credentials on an api_… request (api_bearer and friends in core/call.h).  NULL: the configuration's fields
     * "user" and "token" as HTTP basic, "token" alone as bearer, neither: none. */
    int (*authorise)(struct call *call, struct api_request *request, struct error *err);
    /* Reachable, credentials valid: for doctor and /readyz.  0, or err says what is wrong; note: what was found. */
    int (*check)(struct call *call, const char **note, struct error *err);
    /* What the outside system tells us at POST /hooks/NAME: verifies it before anything else, says with event_emit() what
     * happened; never blocks.  ERROR_DENIED: not from it (401); ERROR_INVALID: cannot be read (400). */
    int (*webhook)(struct call *call, const struct webhook_request *request,
                   struct webhook_reply *reply, struct error *err);
    /* Is it the token of this connection's incoming webhook (POST /services/TOKEN)?  config: the struct of .config; compares
     * in constant time.  NULL: it has none. */
    bool (*serves)(const void *config, const char *token);
    /* A thread of its own for a connection that must watch something (files, sockets); returns when closing. */
    int (*watch)(struct call *call, struct error *err);
};

/* What a deployment is about, for a deployer. */
struct deployment {
    const char *app;
    const char *environment;
    const char *repository;       /* as configured, or NULL */
    const char *version;          /* as typed or chosen; NULL: the head of the default branch */
    const char *commit;           /* pinned; NULL when unversioned */
    const char *previous_version; /* what runs there now, or NULL */
    bool rollback;
    const void *
        target; /* the struct of target_config, filled from the environment's "deploy:" section */
};

/* How "deploy" works through a connector.  The four verbs look like steps of a command; call_state() is state. */
struct deployer {
    struct fields target_config; /* keys of "deploy:" beside "connection" */
    struct fields state;
    /* version (NULL: newest) -> commit and the version to show; both from the call's arena. */
    int (*resolve)(struct call *call, const struct deployment *deployment, const char **version,
                   const char **commit, struct error *err);
    enum step (*start)(struct call *call, const struct deployment *deployment,
                       struct error *err);
    enum happened (*started)(struct call *call, const struct deployment *deployment,
                             struct error *err);
    enum step (*follow)(struct call *call, const struct deployment *deployment,
                        struct error *err);
    int (*cancel)(struct call *call, struct error *err);
    /* Rows {commit, author, at, title} between two commits, newest first; NULL: not known. */
    const struct json *(*commits_between)(struct call *call,
                                          const struct deployment *deployment, const char *from,
                                          const char *to, struct error *err);
};
