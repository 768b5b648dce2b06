/* How many durable writes a second, with 1, 16 and 64 threads that wait for each of theirs. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
    THREADS_MAX = 64,
    RUN_MS = 3000,
    SAMPLES = 100000
};

struct bench {
    pthread_t thread;
    struct store *store;
    int number;
    long long until_ms;
    long long count;
    int *waits_us;
};

/* About what a command costs: an input and a job. */
static int pair_add(struct db *db, void *argument, struct error *err)
{
    const char *text = argument;

    if (db_run(db, err, "INSERT INTO notes (text, size) VALUES (?, ?)",
               VALUES(V(text), V(1.5))) < 0)
        return -1;
    return db_run(db, err, "INSERT INTO others (note, text) VALUES (?, ?)",
                  VALUES(V(db_last_id(db)), V(text))) < 0
               ? -1
               : 0;
}

static int table_add(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return db_run(
               db, err,
               "CREATE TABLE others (id INTEGER PRIMARY KEY, note INTEGER NOT NULL, text TEXT NOT NULL)",
               NO_VALUES) < 0
               ? -1
               : 0;
}

static void *bench_run(void *context)
{
    struct bench *bench = context;

    while (clock_steady_ms() < bench->until_ms) {
        char text[200];
        long long start_us = clock_steady_us();
        struct error err;

        snprintf(text, sizeof(text), "%d %lld %0120d", bench->number, bench->count, 0);
        ASSERT(store_write(bench->store, pair_add, text, &err) == 0);
        if (bench->count < SAMPLES)
            bench->waits_us[bench->count] = (int)(clock_steady_us() - start_us);
        bench->count++;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void report(struct bench *threads, int count, long long commits)
{
    int *all = memory_new((size_t)count * SAMPLES * sizeof(*all));
    long long total = 0;
    size_t n = 0;

    for (int i = 0; i < count; i++) {
        total += threads[i].count;
        for (long long j = 0; j < threads[i].count && j < SAMPLES; j++)
            all[n++] = threads[i].waits_us[j];
        free(threads[i].waits_us);
    }
    qsort(all, n, sizeof(*all), compare);
    printf(
        "%2d waiting: %6lld writes/s, %5.1f a commit, wait p50 %d us, p99 %d us, max %d us\n",
        count, total * 1000 / RUN_MS, (double)total / (double)commits, all[n / 2],
        all[n * 99 / 100], all[n - 1]);
    free(all);
}

static void count_commit(void *counter)
{
    atomic_fetch_add((atomic_llong *)counter, 1);
}

static void bench(int count)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();
    AUTO(store) struct store *store = fixture_store(fixture);
    struct bench threads[THREADS_MAX];
    atomic_llong commits = 0;
    struct error err;

    ASSERT(store_write(store, table_add, NULL, &err) == 0);
    store_on_commit(store, count_commit, &commits);
    for (int i = 0; i < count; i++) {
        threads[i] = (struct bench){ .store = store,
                                     .number = i,
                                     .until_ms = clock_steady_ms() + RUN_MS };
        threads[i].waits_us = memory_new(SAMPLES * sizeof(int));
        ASSERT(pthread_create(&threads[i].thread, NULL, bench_run, &threads[i]) == 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i].thread, NULL);
    report(threads, count, atomic_load(&commits));
}

int main(void)
{
    bench(1);
    bench(16);
    bench(64);
    return 0;
}
