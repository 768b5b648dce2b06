/* How many commands one person may start in a minute.  Counted in memory, with a lock of its own: a restart begins anew. */
#pragma once

#include "base/compiler.h"
#include "base/error.h"

struct limit;

struct limit *limit_new(void);
void limit_free(struct limit *limit);
DEFINE_AUTO(limit);

/* ERROR_BUSY with retry_after_s when there were per_minute in this minute already. */
MUST_CHECK int limit_take(struct limit *limit, const char *person, long long per_minute,
                          long long now_ms, struct error *err);
