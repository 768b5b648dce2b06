/* Is what was deployed well: an address that must answer 2xx, or a command that must end with 0.  For core/deploy.c. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"

bool health_is_configured(const struct environment *environment);

/* One look, at most 10 s.  0: well.  err says what was seen. */
MUST_CHECK int health_check(struct arena *arena, const char *directory,
                            const struct environment *environment, struct error *err);
