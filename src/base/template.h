/* Mustache (the specification's mandatory part): variables, sections, inverted sections, comments, delimiters. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

struct template; /* immutable once parsed; lives in its arena */

enum {
    TEMPLATE_DEPTH_MAX = 16,          /* sections within sections */
    TEMPLATE_OUTPUT_MAX = 256 * 1024, /* bytes; what is longer is cut and ends in "…" */
    TEMPLATE_WORK_MAX = 1000 * 1000,  /* tags and texts written by one filling; then the same */
};

/* Copies source.  A fault says what and where: "line 1, column 12: section "x" is not closed". */
const struct template *template_parse(struct arena *arena, const char *source,
                                      struct error *err);

/* How a value is written where it goes: NULL writes it as it is. {{{x}}} and {{&x}} are never escaped. */
typedef void template_escape(struct text *out, const char *value);
void template_escape_html(struct text *out, const char *value);
void template_escape_json(struct text *out, const char *value); /* within the quotes */
void template_escape_url(struct text *out, const char *value);

/*
 * A dotted name looks in the object and outwards through the sections; what is absent is empty.
 * Sections skip absent, null, false, 0, "" and []; numbers, objects and lists print as JSON.
 */
const char *template_fill(const struct template *template, struct arena *arena,
                          const struct json *data, template_escape *escape);

/* Parse and fill in one go, for short texts. */
const char *template_once(struct arena *arena, const char *source, const struct json *data,
                          template_escape *escape, struct error *err);

/* Does a tag name it, or something inside it?  {{version.major}} uses "version". */
bool template_uses(const struct template *template, const char *name);
