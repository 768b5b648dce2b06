/* A table from names to things, in an arena: for the configuration's lookups, which must not be linear. */
#pragma once

#include "base/arena.h"

struct names;

struct names *names_new(struct arena *arena);

/* Neither key nor value is copied.  What the key stood for before is returned and stays; NULL: it was new. */
const void *names_add(struct names *names, const char *key, const void *value);

const void *names_find(const struct names *names,
                       const char *key); /* NULL: no such name, or no table */
