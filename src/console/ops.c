/* /healthz, /readyz, /metrics, and the metrics of requests. */
#include <malloc.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "console/console_internal.h"
#include "core/connection_health.h"

enum {
    METRICS_LIMIT = 16 * 1024 * 1024
};

void console_observe(void *context, const char *method, const char *path, int status,
                     double seconds)
{
    char code[8];
    const char *const values[] = { path, method, code };

    (void)context;
    snprintf(code, sizeof(code), "%d", status);
    metric_add(metric_get(METRIC_COUNTER, "opsroom_http_requests_total",
                          "HTTP requests answered", "path,method,code"),
               values, 1);
    metric_observe(metric_get(METRIC_HISTOGRAM, "opsroom_http_request_seconds",
                              "Time to the end of the answer", "path"),
                   values, seconds);
}

void handle_health(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain; charset=utf-8", span_of("ok\n"));
}

/* 503 only for what makes this server useless: its store, its queues, its end. */
void handle_ready(struct http_request *request, void *context)
{
    struct console *console = context;
    struct arena *arena = http_arena(request);
    bool store = store_is_well(core_store(console->core));
    bool closing = core_is_closing(console->core);
    bool ready = store && !closing;

    http_answer_json(
        request, ready ? 200 : 503,
        OBJECT(arena, { "ready", V(ready) }, { "store", V(store ? "ok" : "failing") },
               { "queue", V((long long)store_queue_depth(core_store(console->core))) },
               { "closing", V(closing) },
               { "connections", V(connection_health_rows(console->core, arena)) }));
}

/* Resident memory, as the kernel counts it. */
static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128];
    long long pages = 0;
    struct span rest;
    struct span word;

    if (file == NULL)
        return 0;
    rest = span_of(fgets(line, sizeof(line), file));
    fclose(file);
    if (span_split(&rest, ' ', &word) && span_split(&rest, ' ', &word)) {
        AUTO(arena) struct arena *arena = arena_new();

        (void)text_to_integer(span_copy(arena, word), &pages);
    }
    return (double)pages * 4096;
}

void handle_metrics(struct http_request *request, void *context)
{
    struct console *console = context;
    struct text out = text_new(http_arena(request), METRICS_LIMIT);

    metric_set(metric_get(METRIC_GAUGE, "opsroom_store_queue_depth",
                          "Writes that wait for the writer", NULL),
               NULL, (double)store_queue_depth(core_store(console->core)));
    metric_set(
        metric_get(METRIC_GAUGE, "opsroom_resident_memory_bytes", "Resident memory", NULL),
        NULL, resident_bytes());
    metrics_print(&out);
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8",
                (struct span){ text_string(&out), out.length });
}
