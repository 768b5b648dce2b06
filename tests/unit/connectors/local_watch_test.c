/* The watch wakes jobs when their pipelines have written something, and sweeps what nobody needs. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connectors/local/supervise.h"
#include "local_job.h"
#include "tap.h"

enum {
    AWAIT_S = 20
};

static void *watch_main(void *context)
{
    struct error err = { 0 };

    if (local_watch(context, &err) < 0)
        fprintf(stderr, "# watch: %s\n", err.text);
    return NULL;
}

/* Until the bell has been rung more than heard times. */
static bool await_bell(struct bell *bell, unsigned heard)
{
    struct timespec until;
    int fault = 0;
    bool rung;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += AWAIT_S;
    pthread_mutex_lock(&bell->lock);
    while (bell->rings <= heard && fault == 0)
        fault = pthread_cond_timedwait(&bell->rung, &bell->lock, &until);
    rung = bell->rings > heard;
    pthread_mutex_unlock(&bell->lock);
    return rung;
}

static unsigned rings_of(struct bell *bell)
{
    unsigned rings;

    pthread_mutex_lock(&bell->lock);
    rings = bell->rings;
    pthread_mutex_unlock(&bell->lock);
    return rings;
}

static void watch_end(struct bell *bell, pthread_t thread)
{
    pthread_mutex_lock(&bell->lock);
    bell->closing = true;
    pthread_mutex_unlock(&bell->lock);
    pthread_join(thread, NULL);
}

/* The steps wait for nothing but the watch's bell. */
static void test_watch(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(arena) struct arena *watch_arena = arena_new();
    struct job *job = job_new(arena, "for i in 1 2 3; do echo $i; sleep 0.3; done");
    struct call watch_call = job->call;
    unsigned heard = 0;
    enum step step;
    pthread_t thread;
    struct error err = { 0 };

    tap_case("watch");
    watch_call.arena = watch_arena;
    CHECK_INT(pthread_create(&thread, NULL, watch_main, &watch_call), 0);
    job_start(job);
    for (step = job_step(job, 1, &err); step == STEP_AGAIN; step = job_step(job, 1, &err)) {
        CHECK(await_bell(&job->bell, heard));
        heard = rings_of(&job->bell);
    }
    CHECK_INT(step, STEP_NEXT);
    CHECK_STR(job_log(job), "1\n2\n3\n");
    watch_end(&job->bell, thread);
    CHECK_STR(job->bell.key, run_wake_key(arena, job->state.run));
    CHECK(job->bell.rings >= 2 && job->bell.rings <= 8);
}

/* After a restart the watch finds what is there already. */
static void test_watch_finds_old_runs(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(arena) struct arena *watch_arena = arena_new();
    struct job *job = job_new(arena, "echo x");
    struct call watch_call = job->call;
    pthread_t thread;

    tap_case("watch after a restart");
    watch_call.arena = watch_arena;
    job_start(job);
    run_await(arena, job_run(job));
    CHECK_INT(pthread_create(&thread, NULL, watch_main, &watch_call), 0);
    CHECK(await_bell(&job->bell, 0));
    watch_end(&job->bell, thread);
}

static void set_age(const char *path, long long age_s)
{
    struct timespec times[2] = { { .tv_sec = time(NULL) - age_s } };

    times[1] = times[0];
    CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_sweep(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo x");
    const char *runs = runs_folder(arena, job->call.data);
    const char *draft = run_file(arena, runs, ".new-abcdef");
    struct error err = { 0 };

    tap_case("sweep");
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_INT(mkdir(draft, 0700), 0);
    runs_sweep(runs);
    CHECK_INT(access(job_run(job), F_OK), 0);
    CHECK_INT(access(draft, F_OK), 0);
    set_age(run_file(arena, job_run(job), "seen"), 3600);
    set_age(draft, 3 * 24 * 3600);
    runs_sweep(runs);
    CHECK(access(job_run(job), F_OK) < 0);
    CHECK(access(draft, F_OK) < 0);
}

/* Nobody has read it yet: it waits for a month. */
static void test_sweep_unseen(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo x");
    const char *runs = runs_folder(arena, job->call.data);

    tap_case("sweep of unseen runs");
    job_start(job);
    run_await(arena, job_run(job));
    set_age(run_file(arena, job_run(job), "plan"), 20 * 24 * 3600);
    runs_sweep(runs);
    CHECK_INT(access(job_run(job), F_OK), 0);
    set_age(run_file(arena, job_run(job), "plan"), 40 * 24 * 3600);
    runs_sweep(runs);
    CHECK(access(job_run(job), F_OK) < 0);
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], SUPERVISE_WORD) == 0)
        return supervise(count - 2, words + 2);
    test_watch();
    test_watch_finds_old_runs();
    test_sweep();
    test_sweep_unseen();
    return tap_done();
}
