/* The parsed form of a template, shared by template.c and template_parse.c. */
#pragma once

#include <stdbool.h>

#include "base/template.h"

enum template_kind {
    TEMPLATE_TEXT,
    TEMPLATE_VALUE,
    TEMPLATE_RAW, /* {{{x}}} and {{&x}} */
    TEMPLATE_SECTION,
    TEMPLATE_INVERTED,
};

struct template_node {
    enum template_kind kind;
    struct span text; /* TEMPLATE_TEXT */
    const char *name;
    const char *const *parts; /* of the dotted name; none for "." */
    size_t part_count;
    struct template_node *children;
    struct template_node *next;
};

struct template
{
    struct template_node *nodes;
};
