/* Every path this server answers. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "console/console_internal.h"

/* What only hands a write over goes by the narrow lane; what reads the database or waits by the wide one. */
static const struct http_route routes[] = {
    { "GET", "/healthz", false, 0, handle_health },
    { "GET", "/readyz", false, 0, handle_ready },
    { "GET", "/metrics", true, 0, handle_metrics },
    { "POST", "/api/v1/run", false, 0, handle_run },
    { "GET", "/api/v1/openapi.json", false, 0, handle_openapi },
    { "GET", "/api/v1/me", true, 0, handle_me },
    { "GET", "/api/v1/commands", true, 0, handle_commands },
    { "GET", "/api/v1/complete", true, 0, handle_complete },
    { "GET", "/api/v1/connections", true, 0, handle_connections },
    { "GET", "/api/v1/status", true, 0, handle_status },
    { "GET", "/api/v1/jobs", true, 0, handle_jobs },
    { "GET", "/api/v1/jobs/{id}", true, 0, handle_job },
    { "GET", "/api/v1/jobs/{id}/log", true, 0, handle_job_log },
    { "POST", "/api/v1/jobs/{id}/cancel", true, 0, handle_job_cancel },
    { "POST", "/api/v1/jobs/{id}/again", true, 0, handle_job_again },
    { "POST", "/api/v1/jobs/{id}/answer", true, 0, handle_job_answer },
    { "GET", "/api/v1/approvals", true, 0, handle_approvals },
    { "POST", "/api/v1/approvals/{id}/approve", true, 0, handle_approve },
    { "POST", "/api/v1/approvals/{id}/deny", true, 0, handle_deny },
    { "GET", "/api/v1/audit", true, 0, handle_audit },
    { "GET", "/api/v1/audit/export", true, 0, handle_audit_export },
    { "GET", "/api/v1/events", true, 0, handle_events },
    { "POST", "/api/v1/events", false, 0, handle_event_send },
    { "POST", "/hooks/{name}", false, 0, handle_hook },
    { "POST", "/hooks/{name}/{rest*}", false, 0, handle_hook },
    { "GET", "/hooks/{name}", false, 0, handle_hook },
    { "POST", "/services/{token*}", false, 0, handle_service },
    { "GET", "/api/v1/channels", true, 0, handle_channels },
    { "GET", "/api/v1/messages", true, 0, handle_messages },
    { "POST", "/api/v1/messages", true, 0, handle_say },
    { "POST", "/api/v1/messages/{id}/press", true, 0, handle_press },
    { "GET", "/api/v1/stream", true, 0, handle_stream },
    { "GET", "/api/v1/tokens", true, 0, handle_tokens },
    { "POST", "/api/v1/tokens", true, 0, handle_token_create },
    { "DELETE", "/api/v1/tokens/{id}", true, 0, handle_token_revoke },
    { "POST", "/api/v1/session", true, 0, handle_session_start },
    { "DELETE", "/api/v1/session", true, 0, handle_session_end },
    { "GET", "/signin/{token}", true, 0, handle_sign_in_page },
    { "POST", "/signin/{token}", true, 0, handle_sign_in },
    { "GET", "/", false, 0, handle_index },
    { "GET", "/{rest*}", false, 0, handle_file },
};

const struct http_route *console_routes(struct arena *arena, size_t hook_limit, size_t *count)
{
    struct http_route *all = ARENA_ARRAY(arena, struct http_route, COUNT_OF(routes));

    memcpy(all, routes, sizeof(routes));
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (text_starts(all[i].path, "/hooks/"))
            all[i].body_limit = hook_limit;
    *count = COUNT_OF(routes);
    return all;
}

struct console *console_new(struct core *core)
{
    struct console *console = memory_new(sizeof(*console));

    console->core = core;
    return console;
}

void console_free(struct console *console)
{
    free(console);
}
