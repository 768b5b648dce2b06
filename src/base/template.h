/* Mustache (the specification's mandatory part): variables, sections, inverted sections, comments, delimiters. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

struct template; /* immutable once parsed; lives in its arena */

const struct template *template_parse(struct arena *arena, const char *source,
                                      struct error *err);

/* How a value is written where it goes: NULL writes it as it is. {{{x}}} and {{&x}} are never escaped. */
typedef void template_escape(struct text *out, const char *value);
void template_escape_html(struct text *out, const char *value);
void template_escape_json(struct text *out, const char *value);
void template_escape_url(struct text *out, const char *value);

/* A dotted name looks in the object and outwards through the sections; what is absent is empty. */
const char *template_fill(const struct template *template, struct arena *arena,
                          const struct json *data, template_escape *escape);

/* Parse and fill in one go, for short texts. */
const char *template_once(struct arena *arena, const char *source, const struct json *data,
                          template_escape *escape, struct error *err);
