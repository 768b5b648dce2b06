/*
 * The configuration: one immutable snapshot, read whole from YAML (and the packs it names), replaced whole on reload.
 * Read through field tables; every fault is reported at once with file, line and column.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/field.h"
#include "base/redact.h"
#include "core/command.h"
#include "core/registry.h"

/* One thing wrong.  Printed as FILE:LINE:COL: text, then the line and a mark under the place. */
struct fault {
    const char *file;
    unsigned line, column; /* from 1, in characters; 0: the file as a whole */
    bool warning;          /* shown, does not refuse the configuration */
    const char *text;      /* what, and what to do */
    /* That line and the mark, two lines; literal secrets in it are covered.  NULL: there is no line. */
    const char *quote;
};
struct faults {
    struct arena *arena;
    const struct fault *list; /* by file, line and column */
    size_t count;             /* with warnings */
    size_t errors;            /* without */
};

struct routes;

struct person {
    const char *id;   /* "ana" */
    const char *name; /* "Ana Silva"; the id when not given */
    struct strings groups;
    /* Chat's name -> the platform's immutable user id; "local" -> a Unix user.  NULL: none. */
    const struct json *accounts;
    const char *email;
};

/* "Mon-Fri 09:00-17:00 Europe/Lisbon" */
struct hours {
    const char *text;
    unsigned days;              /* bit 0: Monday */
    int from_minute, to_minute; /* to <= from: over midnight */
    const struct zone *zone;
};

/* An approval that a rule asks for. */
struct approval_rule {
    bool asked;
    bool none;           /* "approval: none" */
    struct strings from; /* groups or persons */
    long long count;
    long long within_s;
};

struct rule {
    bool deny;
    struct strings who;      /* groups, persons, "everyone" */
    struct strings commands; /* patterns; * matches any characters */
    const struct json *when; /* argument -> a value, a pattern or a list of them; NULL: any */
    struct strings channels; /* "chat#channel" patterns; none: anywhere */
    struct hours hours;      /* text NULL: always */
    struct approval_rule approval;
    const char *file;
    unsigned line;
};

struct connection {
    const char *name;
    const struct connector *connector;
    const void *settings;    /* the struct of connector->config */
    const struct json *node; /* environment variables put in, secrets as written: for digests */
    unsigned line;
};

struct chat_config {
    const char *name;
    const struct chat_platform *platform;
    const void *settings; /* the struct of platform->config */
    const struct json *node;
    unsigned line;
};

struct environment {
    const char *name;
    const struct connection *connection; /* of "deploy:" */
    const void *target;                  /* the struct of the deployer's target_config */
    /* The whole environment, environment variables put in: part of the approval's digest. */
    const struct json *node;
    const char *health;        /* an http(s) URL, or NULL */
    struct strings health_run; /* a command as an argument list, or none */
    long long health_within_s;
    bool rollback_on_failure;
    bool refuse_when_busy;      /* concurrency: refuse */
    const struct hours *freeze; /* windows in which nobody deploys there */
    size_t freeze_count;
    unsigned line;
};

struct app {
    const char *name;
    const char *repository; /* absolute when it is a path of this machine */
    const struct environment *environments;
    size_t environment_count;
    unsigned line;
};

/* A command without code: "run:" (an executable) or "steps:" (a list of lines). */
struct custom_command {
    /* name, help, args made from "args:", each in a slot of 8 bytes whatever its type. */
    struct command command;
    /* Argument list; templates over the arguments.  A first one with ./ or ../ is absolute. */
    struct strings run;
    struct strings steps;  /* lines; templates over the arguments */
    const char *directory; /* of the file it stands in */
    /* The local connection it runs with, or NULL: directory of the file. */
    const struct connection *connection;
    const struct json *node;
    unsigned line;
};

struct server_config {
    struct strings listen; /* "host:port" */
    const char *tls_cert, *tls_key;
    const char *public_url;         /* without a slash at its end; NULL: not given */
    const char *socket;             /* absolute path */
    struct strings trusted_proxies; /* addresses */
    const char *zone_name;
    const struct zone *zone; /* for times that nobody's zone is known for */
    long long body_limit, hook_limit;
    long long commands_per_minute; /* of one person */
    long long workers;
    const char *log_format, *log_level;
    long long retain_days; /* jobs, messages, inputs; the audit is kept */
};

struct config {
    const char *path;      /* absolute */
    const char *directory; /* of it */
    struct server_config server;
    const char *store_url; /* "sqlite:/absolute/opsroom.db" */
    const struct chat_config *chats;
    size_t chat_count;
    const struct connection *connections;
    size_t connection_count;
    const struct person *people; /* "local" is always among them */
    size_t person_count;
    const struct rule *rules;
    size_t rule_count;
    const struct app *apps;
    size_t app_count;
    const struct custom_command *commands;
    size_t command_count;
    const struct json *routes;        /* a list of maps, the file's and then the packs' */
    const struct routes *route_table; /* the same, compiled: core/route.h */
    const struct redactor *redactor;  /* over every secret value in it */
    char digest[65];   /* SHA-256 of the files, for "did it change" and the audit */
    long long version; /* counts reloads; config_read() leaves 1 */
    struct snapshot
        *own; /* its memory, references and indexes; NULL when put together by hand */
};

enum config_mode {
    CONFIG_WHOLE,
    CONFIG_CLIENT, /* only "server:" and "store:" are read and no secret is resolved */
};

/* NULL when there are errors; faults (in arena) are filled either way.  The snapshot has memory of its own and one
 * reference, the caller's. */
struct config *config_read(const char *path, enum config_mode mode,
                           const struct registry *registry, struct arena *arena,
                           struct faults *faults);
const struct config *config_hold(const struct config *config); /* one more reference */
void config_release(const struct config *config);
static inline void config_auto(const struct config **config)
{
    config_release(*config);
}

/* The faults as a person reads them in the terminal. */
const char *faults_print(struct arena *arena, const struct faults *faults);

const struct person *config_person(const struct config *config, const char *id);
/* By account; NULL: a stranger.  A person without accounts.CHAT for the web chat is known there by the id. */
const struct person *config_person_of(const struct config *config, const char *chat,
                                      const char *user);
bool person_is_in(const struct person *person,
                  const char *group_or_person); /* "everyone" too */
const struct connection *config_connection(const struct config *config, const char *name);
const struct chat_config *config_chat(const struct config *config, const char *name);
const struct app *config_app(const struct config *config, const char *name);
const struct environment *app_environment(const struct app *app, const char *name);
bool config_has_environment(const struct config *config, const char *name); /* of any app */
/* Does it have this chat?  Of the web chat also: is the channel there (lobby, configured, or somebody's own)? */
bool config_has_channel(const struct config *config, const char *chat, const char *channel);
bool hours_include(const struct hours *hours, long long at_ms);
