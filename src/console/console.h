/* The web console and the JSON API: what server/ needs to serve them. */
#pragma once

#include <stddef.h>

#include "core/core.h"
#include "net/http_server.h"

struct console;

struct console *console_new(struct core *core);
void console_free(struct console *console);
DEFINE_AUTO(console);

/* Every path of product.md and the console's files; their context is the struct console.  hook_limit: bytes of a body that
 * is sent to /hooks. */
const struct http_route *console_routes(struct arena *arena, size_t hook_limit, size_t *count);

/* For http_server_plan.observe: the request metrics. */
void console_observe(void *context, const char *method, const char *path, int status,
                     double seconds);
