/* The subcommands of the binary.  Each gets the words after its name and returns the exit status: 0, 1 it failed,
 * 2 usage. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "core/registry.h"

struct cli {
    const struct registry *registry;
    struct arena *arena; /* for as long as it runs */
    const struct cli_command *command;
    int count; /* of words after it */
    char **words;
};

struct cli_command {
    const char *name;
    const char *usage; /* "opsroom run [--as PERSON] ... LINE" */
    const char *help;  /* what it does, a few lines */
    int (*run)(const struct cli *cli);
};

extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;

/* The whole help, and that of one subcommand, on stdout. */
void cli_print_help(void);
