/* Whether each connection works: asked on demand, at most every few minutes, by the connector's own check. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "core/core.h"

/* [{name, type, state: "ok" | "failing" | "unknown", note, checked_at}]: what was last found; starts a look in the background
 * when that is older than a minute.  Never waits for the outside. */
const struct json *connection_health_rows(struct core *core, struct arena *arena);

/* Made by core_new(), freed by core_free() after everything has stopped. */
struct connection_health;
struct connection_health *connection_health_new(struct core *core);
void connection_health_free(struct connection_health *health);
