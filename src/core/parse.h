/*
 * A line of chat -> command and arguments.  Pure: no store, no policy.  docs/language.md describes the grammar:
 * words, "quotes", key=value, --flag value, sentence words (to, on, from), a pipe ( | ) and && between commands.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/catalog.h"
#include "core/message.h"

enum {
    LINE_LIMIT = 16 * 1024,
    WORDS_LIMIT = 500
};

/* Typographic quotes (but those inside plain ones), dashes before a word, non-breaking spaces repaired; control
 * characters out; one line. */
const char *line_repair(struct arena *arena, const char *line);

struct word {
    const char *text; /* without its quotes */
    bool
        quoted; /* some part was in quotes, and not as --flag="...": never a flag, a sentence word or a pipe */
    bool whole;        /* one pair of quotes stands round all of it */
    const char *key;   /* KEY of KEY=VALUE, or NULL; text is then the VALUE */
    size_t start, end; /* in the repaired line, for query and rest */
};

/* Splits without meaning: an open quote is ERROR_INVALID with its place. */
MUST_CHECK int line_words(struct arena *arena, const char *line, const struct word **words,
                          size_t *count, struct error *err);

struct parsed {
    const struct catalog_entry *entry;
    const struct json
        *args;         /* key -> text as typed, only what was given; typed by parse_arguments */
    const char *line;  /* repaired */
    size_t name_words; /* how many of its words are the name */
    bool help;         /* --help was among the words: nothing else matters */
};

/*
 * Which command: by its longest name, in any connection's noun.  ERROR_MISSING: no such command, err's text has the
 * "did you mean"; ERROR_INVALID: quotes, limits, a pipe.  Only the name is looked at and nothing about what exists is
 * told: arguments come after the policy's first word.
 */
MUST_CHECK int parse_name(struct arena *arena, const struct catalog *catalog, const char *line,
                          struct parsed *parsed, struct error *err);

/*
 * Then its arguments, by position, sentence word, flag or key=value, checked against their types (apps, environments,
 * persons, channels against config).  *structure is the command's args struct in arena.  ERROR_INVALID names the
 * argument.  missing: the keys that are needed and not there (then the return is 0 and *structure NULL).
 */
struct argument_context {
    const struct config *config;
    const struct place *place;
};
MUST_CHECK int parse_arguments(struct arena *arena, const struct argument_context *context,
                               struct parsed *parsed, void **structure, struct strings *missing,
                               struct error *err);

/* The command as one would type it in full, sentence form: the title of its message, and what "again" runs. */
const char *line_print(struct arena *arena, const struct catalog_entry *entry,
                       const struct json *args);

/* A value as one word of a line: in quotes where it must be. */
void word_print(struct text *out, const char *value, bool always_quoted);

/* A line that is a template over arguments, split into words first and filled after: a value can never become another
 * word, a flag or a pipe. */
const char *line_fill(struct arena *arena, const char *line, const struct json *args,
                      struct error *err);

/* Completion for a line being typed: objects {text, help, kind} that may replace the last word.  Only what visible()
 * says. */
const struct json *line_complete(struct arena *arena, const struct catalog *catalog,
                                 const struct argument_context *context, const char *line,
                                 bool (*visible)(void *context,
                                                 const struct catalog_entry *entry),
                                 void *visible_context);
