/* What the two files of field tables share. */
#pragma once

#include "base/field.h"

void *field_member(const struct field *field, void *structure);

/* In double quotes, printable and short. */
const char *field_quote(struct arena *arena, const char *text);

/* "an integer", "a duration such as 90s, 15m or 2h". */
const char *field_expected(const struct field *field);

/* Choices and meaning. */
MUST_CHECK int field_check_string(const struct field *field, struct arena *arena,
                                  const char *text, struct error *err);

/* Stores it when it is within the limits. */
MUST_CHECK int field_set_integer(const struct field *field, long long value, void *structure,
                                 struct error *err);
