/* Options of the subcommands: --name value, --name=value, -c value, flags; everything else is a word. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/field.h"
#include "cli/cli.h"

struct cli_option {
    const char *name;   /* without dashes; one letter: -c */
    const char **value; /* an option with a value, or: */
    bool *flag;
};

/* Returns -1 after it has said on stderr what is wrong and how it is used: the caller returns 2.  words: the rest, or NULL
 * when none are taken. */
MUST_CHECK int cli_read_options(const struct cli *cli, const struct cli_option *options,
                                size_t count, struct strings *words);

/* "opsroom run: TEXT" on stderr; returns 1, or 2 with the usage. */
int cli_fail(const struct cli *cli, const struct error *err);
int cli_usage(const struct cli *cli, const char *format, ...) PRINTF(2, 3);

/* The words as one line: a single word as it is, several joined with quotes where they need them. */
const char *cli_line(struct arena *arena, const struct strings *words);
