/* Jobs of a "run:" command, for the tests of what its steps do. */
#include "local_job.h"

#include "tap.h"

const char *const job_words[] = { "./pipeline", "one", "two job_words", NULL };

static void bell_init(struct bell *bell)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&bell->lock, NULL);
    pthread_cond_init(&bell->rung, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct job *job_new(struct arena *arena, const char *script)
{
    struct job *job = ARENA_NEW(arena, struct job);
    const char *folder = folder_new(arena);

    script_write(folder, "pipeline", arena_printf(arena, "#!/bin/sh\n%s\n", script));
    fields_defaults(&local_fields, arena, &job->settings);
    job->settings.directory = folder;
    bell_init(&job->bell);
    job->arena = arena;
    job->call = (struct call){ .arena = arena,
                               .state = &job->state,
                               .config = &job->settings,
                               .connection = "local",
                               .directory = "/",
                               .data = folder,
                               .token = "opsroom-412-abc",
                               .arguments = job_words,
                               .log = text_new(arena, 16 << 20),
                               .shown = text_new(arena, 1 << 20),
                               .bell = &job->bell };
    return job;
}

enum step job_step(struct job *job, size_t number, struct error *err)
{
    return local_runner.steps[number].run(&job->call, err);
}

void job_start(struct job *job)
{
    struct error err = { 0 };

    CHECK_INT(job_step(job, 0, &err), STEP_NEXT);
    CHECK_STR(err.text, "");
}

const char *job_run(struct job *job)
{
    return run_call_folder(&job->call, &job->state);
}

enum step job_follow(struct job *job, struct error *err)
{
    enum step step = job_step(job, 1, err);

    while (step == STEP_AGAIN) {
        if (job->call.wake_key != NULL)
            run_await(job->arena, job_run(job));
        step = job_step(job, 1, err);
    }
    return step;
}

const char *job_log(const struct job *job)
{
    return text_string(&job->call.log);
}

const char *job_shown(const struct job *job)
{
    return text_string(&job->call.shown);
}
