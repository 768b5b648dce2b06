/* What /metrics shows, to the byte. */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>

#include "tap.h"

static const char *print(struct arena *arena)
{
    struct text out = text_new(arena, 1024 * 1024);

    metrics_print(&out);
    return text_string(&out);
}

static void test_counter(void)
{
    static const char *const get[] = { "/api/v1/run", "GET" };
    static const char *const odd[] = { "a\"b\\c\nd", "\xff" };
    static const char *const absent[] = { NULL, "POST" };
    AUTO(arena) struct arena *arena = arena_new();
    struct metric *metric = metric_get(METRIC_COUNTER, "opsroom_requests_total",
                                       "Requests \\ answered\nso far", "path,method");

    tap_case("counter");
    CHECK_STR(print(arena), "");
    CHECK(metric_get(METRIC_COUNTER, "opsroom_requests_total", "again", "path,method") ==
          metric);
    metric_add(metric, get, 1);
    metric_add(metric, odd, 2.5);
    metric_add(metric, get, 41);
    metric_add(metric, absent, 1e15);
    CHECK_STR(print(arena),
              "# HELP opsroom_requests_total Requests \\\\ answered\\nso far\n"
              "# TYPE opsroom_requests_total counter\n"
              "opsroom_requests_total{path=\"/api/v1/run\",method=\"GET\"} 42\n"
              "opsroom_requests_total{path=\"a\\\"b\\\\c\\nd\",method=\"other\"} 2.5\n"
              "opsroom_requests_total{path=\"\",method=\"POST\"} 1e+15\n");
}

static void test_gauge(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct metric *metric =
        metric_get(METRIC_GAUGE, "opsroom_queue_length", "Jobs that wait", NULL);

    tap_case("gauge");
    CHECK(text_has(print(arena), "\nopsroom_queue_length 0\n"));
    metric_set(metric, NULL, 12);
    metric_add(metric, NULL, -2);
    CHECK(text_has(print(arena), "# HELP opsroom_queue_length Jobs that wait\n"
                                 "# TYPE opsroom_queue_length gauge\n"
                                 "opsroom_queue_length 10\n"));
    metric_set(metric, NULL, HUGE_VAL);
    CHECK(text_has(print(arena), "\nopsroom_queue_length +Inf\n"));
    metric_set(metric, NULL, -HUGE_VAL);
    CHECK(text_has(print(arena), "\nopsroom_queue_length -Inf\n"));
    metric_set(metric, NULL, (double)NAN);
    CHECK(text_has(print(arena), "\nopsroom_queue_length NaN\n"));
}

static void test_histogram(void)
{
    static const char *const run[] = { "run" };
    AUTO(arena) struct arena *arena = arena_new();
    struct metric *metric = metric_get(METRIC_HISTOGRAM, "opsroom_job_seconds",
                                       "Time from claim to end", "command");

    tap_case("histogram");
    metric_observe(metric, run, 0.001);
    metric_observe(metric, run, 0.75);
    metric_observe(metric, run, 1000);
    CHECK(text_has(print(arena), "# HELP opsroom_job_seconds Time from claim to end\n"
                                 "# TYPE opsroom_job_seconds histogram\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.001\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.0025\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.005\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.01\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.025\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.05\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.1\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.25\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"0.5\"} 1\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"1\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"2.5\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"5\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"10\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"30\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"60\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"300\"} 2\n"
                                 "opsroom_job_seconds_bucket{command=\"run\",le=\"+Inf\"} 3\n"
                                 "opsroom_job_seconds_sum{command=\"run\"} 1000.751\n"
                                 "opsroom_job_seconds_count{command=\"run\"} 3\n"));
}

static void test_plain_histogram(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    tap_case("histogram without labels");
    metric_get(METRIC_HISTOGRAM, "opsroom_flush_seconds", "Time of one flush", NULL);
    CHECK(text_has(print(arena), "\nopsroom_flush_seconds_bucket{le=\"0.001\"} 0\n"));
    CHECK(text_has(print(arena), "\nopsroom_flush_seconds_sum 0\n"
                                 "opsroom_flush_seconds_count 0\n"));
}

static void test_series_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct metric *metric =
        metric_get(METRIC_COUNTER, "opsroom_many_total", "Of many kinds", "kind");
    const char *text;
    size_t lines = 0;

    tap_case("series limit");
    for (int i = 0; i < 1500; i++) {
        const char *const values[] = { arena_printf(arena, "k%d", i) };

        metric_add(metric, values, 1);
        metric_add(metric, values, 1);
    }
    text = print(arena);
    CHECK(text_has(text, "{kind=\"k999\"} 2\n"));
    CHECK(!text_has(text, "{kind=\"k1000\"}"));
    CHECK(text_has(text, "opsroom_many_total{kind=\"other\"} 1000\n"));
    while ((text = strstr(text, "\nopsroom_many_total{")) != NULL) {
        lines++;
        text++;
    }
    CHECK_INT(lines, 1001);
}

static void test_long_value(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct metric *metric =
        metric_get(METRIC_COUNTER, "opsroom_long_total", "Long ones", "path");
    char *path = arena_alloc(arena, 202);
    const char *const values[] = { path };

    tap_case("long value");
    memset(path, 'x', 200);
    metric_add(metric, values, 1);
    CHECK(text_has(print(arena), arena_printf(arena, "{path=\"%s\"} 1\n", path)));
    path[200] = 'x';
    metric_add(metric, values, 1);
    CHECK(text_has(print(arena), "opsroom_long_total{path=\"other\"} 1\n"));
}

enum {
    THREADS = 4,
    ROUNDS = 2000
};

static void *count(void *context)
{
    static const char *const values[] = { "a", "b" };

    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        struct metric *metric =
            metric_get(METRIC_COUNTER, "opsroom_shared_total", "From threads", "letter");

        metric_add(metric, &values[i % 2], 1);
    }
    return NULL;
}

static void test_threads(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    pthread_t threads[THREADS];

    tap_case("threads");
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, count, NULL), 0);
    CHECK(print(arena) != NULL);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK(text_has(print(arena), "opsroom_shared_total{letter=\"a\"} 4000\n"));
    CHECK(text_has(print(arena), "opsroom_shared_total{letter=\"b\"} 4000\n"));
}

int main(void)
{
    test_counter();
    test_gauge();
    test_histogram();
    test_plain_histogram();
    test_series_limit();
    test_long_value();
    test_threads();
    return tap_done();
}
