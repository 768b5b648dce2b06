/* One argument's text against what it means: apps, environments, persons, channels, job numbers.  For core/parse*.c. */
#pragma once

#include "core/parse.h"

/* Checks *text, writes the member, and leaves in *text the canonical form (the app's own name, "web#lobby" for here). */
MUST_CHECK int parse_value(struct arena *arena, const struct argument_context *context,
                           const struct fields *fields, const struct field *field,
                           void *structure, const char **text, struct error *err);

/* Which arguments are there so far, by field: text as typed, or NULL; up to where the line cannot be read any more. */
const char *const *parse_given(struct arena *arena, const struct argument_context *context,
                               const struct parsed *parsed);

/* The values a person may choose from for this argument, when they are few: apps, environments, choices, people. */
struct strings value_choices(struct arena *arena, const struct argument_context *context,
                             const struct fields *fields, const struct field *field,
                             const struct json *args);
