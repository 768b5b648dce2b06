/* All commands: core's own, the connectors' under each connection's noun, the configuration's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "core/command.h"
#include "core/config.h"

struct catalog_entry {
    const char *name; /* the one name everywhere: "github pr merge" */
    const char *
        alias; /* the type's noun while the connection is the only one of its type ("jenkins build"); rules match
                          either; NULL when the same */
    const struct command *command;
    const struct connection *connection; /* NULL: core's or the configuration's */
    const struct custom_command *custom; /* NULL: code */
};

/* A name that finds an entry: its own or its alias. */
struct catalog_name {
    const char *name;
    const struct catalog_entry *entry;
};

struct catalog {
    const struct catalog_entry *list; /* by name */
    size_t count;
    const struct catalog_name *names; /* by name, aliases among them */
    size_t name_count;
};

/* In the arena, over the snapshot's memory: must not outlive either. */
const struct catalog *catalog_new(struct arena *arena, const struct config *config);

const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *name);

/* "deploy APP [VERSION] to ENVIRONMENT [--dry-run]" */
const char *catalog_usage(struct arena *arena, const struct catalog_entry *entry);
/* The whole help of one command: usage, help, arguments with types, an example. */
const char *catalog_help(struct arena *arena, const struct catalog_entry *entry);
/* For /api/v1/commands and forms: {name, help, usage, risk, args: [{key, help, type, choices, need, fallback}]} */
const struct json *catalog_json(struct arena *arena, const struct catalog_entry *entry);

/* core/commands.c: the list of core's own commands. */
extern const struct command *const core_commands[];
extern const size_t core_command_count;
