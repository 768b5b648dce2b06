/* Reading the configuration: what the config….c files share.  Nobody else but core.c includes it. */
#pragma once

#include <stdatomic.h>

#include "base/text.h"
#include "core/config.h"
#include "core/names.h"
#include "core/sealed.h"

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    NESTING_MAX = 32,
    NODES_MAX = 1000 * 1000, /* in one file, each alias counted as all that it stands for */
    FAULTS_MAX = 1000,       /* listed */
    PACKS_MAX = 1000,
    NAME_BYTES_MAX = 64,
    VALUE_BYTES_MAX = 64 * 1024 /* of one string once its references are put in */
};

/* A snapshot's memory and the indexes of its lookups. */
struct snapshot {
    struct arena *arena;
    struct config *config;
    atomic_int references;
    const struct names *people, *connections, *chats, *apps;
    const struct names *environments; /* of any app */
    const struct names *accounts;     /* chat -> struct names *: user -> person */
    const struct catalog *catalog;    /* made over it by core.c, in its memory */
};

/* One file that is read. */
struct source {
    const char *name;       /* as faults show it */
    const char *short_name; /* within the folder of the configuration: "packs/disk/pack.yaml" */
    const char *directory;  /* absolute */
    const char *text;
    size_t length;
    const struct json *root; /* NULL: unreadable */
    const size_t *lines;     /* where each line starts; made when the first fault is quoted */
    size_t line_count;
};

/* A place in a file. */
struct mark {
    const char *file; /* a source's name: compared as a pointer */
    unsigned line, column;
};

struct found_fault;
struct loader {
    struct arena *arena; /* the snapshot's */
    struct arena *fault_arena;
    enum config_mode mode;
    const struct registry *registry;
    struct config *config;
    struct snapshot *own;
    struct redactor *redactor;
    struct source *sources[1 + PACKS_MAX]; /* the configuration, then the packs */
    size_t source_count;
    struct sealed *sealed; /* opened when the first ${secret:} is met */
    struct error sealed_error;
    struct found_fault *faults;
    size_t fault_count, fault_capacity;
    size_t errors, left_out;
    const struct names *group_sizes; /* group or person -> size_t: members */
    bool quiet;                      /* what is read for a second time adds no faults again */
    const struct json **covered;     /* literals in the place of a secret: never quoted */
    size_t covered_count, covered_capacity;
};

/* config_fault.c */
struct mark mark_of(const struct json *value);
struct mark mark_of_key(const struct json_member *member);
void fault_add(struct loader *loader, struct mark mark, const char *format, ...) PRINTF(3, 4);
void warning_add(struct loader *loader, struct mark mark, const char *format, ...) PRINTF(3, 4);
/* ": did you mean \"channel\"?", or "" when nothing is near. */
const char *near_name(struct loader *loader, const char *word, const struct strings *names);
/* "a list", "a map", "\"5\"": what was found, for "must be ..., not ...". */
const char *describe(struct loader *loader, const struct json *value);
void cover(struct loader *loader, const struct json *literal);
void faults_finish(struct loader *loader, struct faults *faults);

/* config_yaml.c: fills source->root, or adds the faults that say why not. */
void yaml_read(struct loader *loader, struct source *source);

/* config_file.c */
/* The file's bytes and a zero byte; -1: err says what is in the way.  Not for secrets. */
MUST_CHECK int file_read(struct arena *arena, const char *path, struct span *bytes,
                         struct error *err);
/* Absolute by the directory, without "." parts. */
const char *path_in(struct arena *arena, const char *directory, const char *path);
/* The source that a value stands in. */
const struct source *source_of(const struct loader *loader, const struct json *value);
/* Opens the file and reads its YAML; NULL: it cannot be opened, and a fault at mark says so. */
struct source *source_add(struct loader *loader, const char *name, const char *short_name,
                          struct mark mark);

/* config_secret.c: key is what the value is for, in messages. */
/* A string with its ${env:X} put in; NULL: a fault was added. */
const char *value_text(struct loader *loader, const struct json *value, const char *key);
/* The same all over a tree; what is faulty stays as written. */
const struct json *value_tree(struct loader *loader, const struct json *value, const char *key);
/* As value_tree(), of what is read elsewhere and so adds no faults: the effective value, for digests. */
const struct json *value_effective(struct loader *loader, const struct json *value);
/* NULL: a fault was added. */
struct secret *value_secret(struct loader *loader, const struct json *value, const char *key);

/* config_section.c: a map of known keys. */
struct section {
    struct loader *loader;
    const struct json *map;
    const char *where; /* "connections.ci": for messages */
};
/* False, with a fault, when the value is no map. */
bool section_open(struct section *section, struct loader *loader, const struct json *value,
                  const char *where);
/* The same of an item of a list, which "where" names. */
bool item_open(struct section *section, struct loader *loader, const struct json *value,
               const char *where);
/* Fills the struct by the table, defaults first.  Unknown keys are faults, unless they are in also (NULL: none). */
void section_read(const struct section *section, const struct fields *fields, void *out,
                  const struct strings *also);
/* The map as it is effective: environment variables put in, secrets as written. */
const struct json *section_effective(const struct section *section,
                                     const struct fields *fields);
const struct json_member *section_member(const struct json *map, const char *key);
/* The place of the value; of the key when there is none, of the map when there is no key. */
struct mark section_mark(const struct section *section, const char *key);
/* Is it a name for people and commands to use?  Otherwise a fault at the key. */
bool name_check(struct loader *loader, const struct json_member *member, const char *what);
/* A section of the configuration itself; NULL: it is not there, or is no map (a fault). */
const struct json *root_map(struct loader *loader, const char *key);
/* The text of a member by itself; NULL: it is not there, or a fault was added. */
const char *section_text(const struct section *section, const char *key);
/* A string or a list of strings. */
struct strings value_strings(struct loader *loader, const struct json *value, const char *key);
/* Begins with http:// or https:// and names a host. */
bool is_web_address(const char *text);

/* One file each: a section of the configuration. */
void server_read(struct loader *loader);      /* and store: config_server.c */
void chats_read(struct loader *loader);       /* config_connection.c */
void connections_read(struct loader *loader); /* config_connection.c */
void people_read(struct loader *loader);      /* config_people.c */
void policy_read(struct loader *loader);      /* config_policy.c */
void apps_read(struct loader *loader);        /* config_app.c */
void packs_read(struct loader *loader);       /* config_pack.c: only the files */
void routes_read(struct loader *loader);      /* config_route.c: of all files */
void commands_read(struct loader *loader);    /* config_command.c: of all files */

/* config_connection.c */
bool chat_is_web(const struct chat_config *chat);
/* The one connector whose .runner runs the executables of this machine, or NULL. */
const struct connector *runner_connector(const struct registry *registry);

/* config_argument.c: "args" into command.args. */
void arguments_read(const struct section *command, struct custom_command *custom);

/* config_people.c: how many persons are in any of these groups, or are one of these persons. */
size_t member_count(const struct loader *loader, const struct strings *from);

/* config_hours.c: zone is for those who write none. */
MUST_CHECK int hours_parse(struct arena *arena, const char *text, const struct zone *zone,
                           struct hours *hours, struct error *err);
