/* Starting, following, cancelling and watching runs, as the steps of a job do it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connectors/local/local.h"
#include "connectors/local/supervise.h"
#include "local_fixture.h"
#include "tap.h"

enum {
    AWAIT_S = 20
};

static const char *const words[] = { "./pipeline", "one", "two words", NULL };

/* A job of a "run:" command whose executable is the script. */
struct job {
    struct arena *arena;
    struct call call;
    struct run_state state;
    struct local_settings settings;
    struct bell bell;
};

static void bell_init(struct bell *bell)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&bell->lock, NULL);
    pthread_cond_init(&bell->rung, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct job *job_new(struct arena *arena, const char *script)
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
                               .arguments = words,
                               .log = text_new(arena, 16 << 20),
                               .shown = text_new(arena, 1 << 20),
                               .bell = &job->bell };
    return job;
}

static enum step run_step(struct job *job, size_t number, struct error *err)
{
    return local_runner.steps[number].run(&job->call, err);
}

static void start(struct job *job)
{
    struct error err = { 0 };

    CHECK_INT(run_step(job, 0, &err), STEP_NEXT);
    CHECK_STR(err.text, "");
}

static const char *run_of(struct job *job)
{
    return run_call_folder(&job->call, &job->state);
}

/* Follows to the end, waiting for the supervisor where the job would wait. */
static enum step follow(struct job *job, struct error *err)
{
    enum step step = run_step(job, 1, err);

    while (step == STEP_AGAIN) {
        if (job->call.wake_key != NULL)
            run_await(job->arena, run_of(job));
        step = run_step(job, 1, err);
    }
    return step;
}

static const char *log_of(const struct job *job)
{
    return text_string(&job->call.log);
}

static const char *shown_of(const struct job *job)
{
    return text_string(&job->call.shown);
}

static void test_a_pipeline(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo \"$#: $1, $2\"; echo ::step build; echo compiled\n"
                                     "echo ::step test; echo ::progress half; printf 'no end'\n"
                                     "printf '\\n::url http://127.0.0.1/ the app\\n'\n"
                                     "echo ::output version=v1; printf last");
    struct error err = { 0 };

    tap_case("pipeline");
    start(job);
    CHECK_STR(job->call.note, arena_printf(arena, "local: ./pipeline one two words in %s",
                                           job->settings.directory));
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_STR(err.text, "");
    CHECK_STR(log_of(job), "2: one, two words\ncompiled\nno end\nlast");
    CHECK_STR(shown_of(job), "step build running\nstep build succeeded\nstep test running\n"
                             "progress half\nlink the app http://127.0.0.1/\n"
                             "output version=v1\nstep test succeeded\n");
    CHECK_STR(json_string(job->call.answer.blocks, "0.text", NULL),
              "2: one, two words\ncompiled\nno end\nlast\n");
    CHECK_INT(access(run_file(arena, run_of(job), "seen"), F_OK), 0);
}

static void test_failures(void)
{
    static const struct {
        const char *script, *text;
    } rows[] = {
        { "exit 3", "pipeline ended with status 3" },
        { "kill -9 $$", "pipeline was ended by signal 9 (Killed)" },
        { "sleep 600", "pipeline ran longer than 1s and was ended" },
        { "exec head -c 2000000 /dev/zero", "pipeline wrote more than 1 MiB and was ended" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct job *job =
            job_new(arena, arena_printf(arena, "echo ::step work; %s", rows[i].script));
        struct error err = { 0 };

        tap_case("%s", rows[i].script);
        job->settings.time_s = 1;
        job->settings.output_mib = 1;
        start(job);
        CHECK_INT(follow(job, &err), STEP_FAIL);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(err.kind, ERROR_CONFLICT);
        CHECK_STR(shown_of(job), "step work running\nstep work failed\n");
    }
}

static void test_it_cannot_be_started(void)
{
    static const char *const missing[] = { "./nowhere", NULL };
    static const char *const unknown[] = { "no-such-program", NULL };
    static const char *const plain[] = { "./plain", NULL };
    static const char *const empty[] = { "", NULL };
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "");
    const char *folder = job->settings.directory;
    const struct {
        const char *const *arguments;
        const char *text;
        enum error_kind kind;
    } rows[] = {
        { missing,
          arena_printf(arena, "the executable \"./nowhere\" in %s: No such file or directory",
                       folder),
          ERROR_MISSING },
        { unknown, "there is no executable \"no-such-program\" in /usr/local/bin:/usr/bin:/bin",
          ERROR_MISSING },
        { plain,
          arena_printf(arena,
                       "\"./plain\" in %s cannot be executed: it must be a file with the right "
                       "to execute it (chmod +x)",
                       folder),
          ERROR_INVALID },
        { empty, "the executable's name is empty", ERROR_INVALID },
        { NULL, "the arguments of this command cannot be filled in", ERROR_INVALID },
    };

    script_write(folder, "plain", "");
    CHECK_INT(chmod(run_file(arena, folder, "plain"), 0600), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };

        tap_case("start %zu", i);
        job->call.arguments = rows[i].arguments;
        CHECK_INT(run_step(job, 0, &err), STEP_FAIL);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK(access(run_of(job), F_OK) < 0);
    }
}

/* Found out only by executing it: said at once, and nothing is left behind. */
static void test_it_cannot_be_executed(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "");
    struct error err = { 0 };

    tap_case("no interpreter");
    script_write(job->settings.directory, "pipeline", "#!/no/such/interpreter\n");
    CHECK_INT(run_step(job, 0, &err), STEP_FAIL);
    CHECK(text_ends(err.text, "/pipeline\" cannot be executed: No such file or directory"));
    CHECK(access(run_of(job), F_OK) < 0);
    CHECK_INT(local_runner.steps[0].happened(&job->call, &err), HAPPENED_NO);
}

static void test_environment(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "env | grep -v -e ^PWD= -e ^OLDPWD= -e ^_= | sort");
    const char *home = getenv("HOME");
    struct error err = { 0 };

    tap_case("environment");
    job->settings.environment =
        OBJECT(arena, { "LANG", V("de_DE.UTF-8") }, { "REGION", V("eu west") });
    job->settings.path = "/usr/bin:/bin";
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_STR(log_of(job), arena_printf(arena,
                                        "HOME=%s\nLANG=de_DE.UTF-8\nOPSROOM_JOB=412\n"
                                        "OPSROOM_JOB_KEY=opsroom-412-abc\nOPSROOM_PERSON=ana\n"
                                        "PATH=/usr/bin:/bin\nREGION=eu west\n",
                                        home != NULL ? home : "/"));
}

static void test_environment_faults(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct {
        const struct json *environment;
        const char *text;
    } rows[] = {
        { OBJECT(arena, { "A B", V("x") }),
          "\"environment\": \"A B\" is no name for a variable" },
        { OBJECT(arena, { "1A", V("x") }),
          "\"environment\": \"1A\" is no name for a variable" },
        { OBJECT(arena, { "OPSROOM_JOB", V("1") }),
          "\"environment\": \"OPSROOM_JOB\" is set by opsroom itself" },
        { OBJECT(arena, { "A", V(OBJECT(arena, { "b", V("c") })) }),
          "\"environment\": \"A\" must be text" },
        { OBJECT(arena, { "A", V("x") }), "" },
        { NULL, "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };

        tap_case("environment %zu", i);
        CHECK_INT(launch_check_environment(rows[i].environment, &err),
                  rows[i].text[0] == '\0' ? 0 : -1);
        CHECK_STR(err.text, rows[i].text);
    }
}

static void test_long_output(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "seq 1 200000; printf '\\033[31mred\\033[0m\\n'");
    const char *text;
    struct error err = { 0 };

    tap_case("long output");
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_INT(job->call.log.length, job->state.offset);
    CHECK(text_starts(log_of(job), "1\n2\n3\n"));
    CHECK(text_has(log_of(job), "\n131071\n131072\n131073\n"));
    CHECK(text_has(log_of(job), "\n200000\n"));
    text = json_string(job->call.answer.blocks, "0.text", NULL);
    CHECK_STR(text, "199994\n199995\n199996\n199997\n199998\n199999\n200000\nred\n");
    CHECK_STR(job->call.answer.text, "The last lines; all of it: `job log 412`");
}

static void test_answers(void)
{
    static const struct {
        const char *script, *text, *code;
    } rows[] = {
        { "true", "Done", NULL },
        { "echo ::step x", "Done", NULL },
        { "seq 1 20", NULL,
          "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n" },
        { "seq 1 21", "The last lines; all of it: `job log 412`",
          "14\n15\n16\n17\n18\n19\n20\n21\n" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct job *job = job_new(arena, rows[i].script);
        struct error err = { 0 };

        tap_case("%s", rows[i].script);
        start(job);
        CHECK_INT(follow(job, &err), STEP_NEXT);
        CHECK_STR(job->call.answer.text, rows[i].text);
        CHECK_STR(json_string(job->call.answer.blocks, "0.text", NULL), rows[i].code);
        CHECK_INT(job->call.answer.tone, TONE_GOOD);
    }
}

/* Once before the crash, and never again after it. */
static void test_happened(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo once >> effects; echo ::step work; sleep 0.3");
    const struct command_step *step = &local_runner.steps[0];
    struct error err = { 0 };

    tap_case("happened");
    CHECK_INT(step->happened(&job->call, &err), HAPPENED_NO);
    start(job);
    for (int i = 0; i < 2; i++) {
        job->state = (struct run_state){ .run = NULL }; /* as it was before the step */
        CHECK_INT(step->happened(&job->call, &err), HAPPENED_YES);
        CHECK(job->state.run != NULL);
        start(job);
        CHECK_INT(follow(job, &err), STEP_NEXT);
    }
    CHECK_STR(file_text(arena, run_file(arena, job->settings.directory, "effects")), "once\n");
}

/* Killed between the plan and the supervisor: nothing has begun, and it begins with the old plan. */
static void test_planned_only(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo \"$1\"");
    struct launch launch = { .arguments = words };
    struct run_plan plan;
    struct error err = { 0 };

    tap_case("planned only");
    CHECK_INT(launch_plan(&job->call, &launch, &plan, &err), 0);
    CHECK_INT(run_create(run_of(job), &plan, &err), 0);
    CHECK_INT(local_runner.steps[0].happened(&job->call, &err), HAPPENED_NO);
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_STR(log_of(job), "one\n");
}

static void kill_supervisor(struct job *job)
{
    struct run_look look;
    struct error err = { 0 };

    CHECK_INT(run_look(job->arena, run_of(job), &look, &err), 0);
    CHECK_INT(look.phase, RUN_GOING);
    kill((pid_t)look.owner.pid, SIGKILL);
    CHECK(process_await_end(look.owner.pid));
}

/* Nobody knows: a person is asked; "start again" does, "it happened" goes on as if it had ended well. */
static void test_lost(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo again >> effects; echo ::step work\n"
                                     "[ -s second ] || exec sleep 600");
    const char *folder = job->settings.directory;
    struct error err = { 0 };

    tap_case("lost");
    start(job);
    CHECK(file_await(run_file(arena, run_of(job), "output"), "work"));
    kill_supervisor(job);
    CHECK_INT(run_step(job, 1, &err), STEP_FAIL);
    CHECK_STR(err.text,
              "pipeline was cut off and its end is not known: its supervisor was killed");
    CHECK_INT(local_runner.steps[0].happened(&job->call, &err), HAPPENED_UNKNOWN);
    CHECK_STR(err.text, "it was begun, but the supervisor is gone without a word");
    CHECK_INT(run_step(job, 1, &err), STEP_NEXT);
    script_write(folder, "second", "x");
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_STR(file_text(arena, run_file(arena, folder, "effects")), "again\nagain\n");
}

static void test_cancel(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "trap 'echo bye; exit 0' TERM; echo ::step work\n"
                                     "echo busy; sleep 600 & wait");
    struct error err = { 0 };

    tap_case("cancel");
    start(job);
    CHECK(file_await(run_file(arena, run_of(job), "output"), "busy"));
    CHECK_INT(run_step(job, 1, &err), STEP_AGAIN);
    CHECK_STR(job->call.wake_key, arena_printf(arena, "local:%s", job->state.run));
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_STR(log_of(job), "busy\nbye\n");
    CHECK_STR(shown_of(job), "step work running\nstep work failed\n");
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_INT(run_step(job, 1, &err), STEP_FAIL);
    CHECK_STR(err.text, "pipeline was told to end");
}

static void test_cancel_before_it_begins(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo x > effects");
    struct launch launch = { .arguments = words };
    struct run_plan plan;
    const char *said = NULL;
    struct error err = { 0 };

    tap_case("cancel before");
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_INT(launch_plan(&job->call, &launch, &plan, &err), 0);
    CHECK_INT(run_create(run_of(job), &plan, &err), 0);
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    /* One that was on its way finds the place taken. */
    CHECK_INT(supervisor_start(arena, run_of(job), &said), 0);
    CHECK(access(run_file(arena, job->settings.directory, "effects"), F_OK) < 0);
}

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
    start(job);
    for (step = run_step(job, 1, &err); step == STEP_AGAIN; step = run_step(job, 1, &err)) {
        CHECK(await_bell(&job->bell, heard));
        heard = rings_of(&job->bell);
    }
    CHECK_INT(step, STEP_NEXT);
    CHECK_STR(log_of(job), "1\n2\n3\n");
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
    start(job);
    run_await(arena, run_of(job));
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
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_INT(mkdir(draft, 0700), 0);
    runs_sweep(runs);
    CHECK_INT(access(run_of(job), F_OK), 0);
    CHECK_INT(access(draft, F_OK), 0);
    set_age(run_file(arena, run_of(job), "seen"), 3600);
    set_age(draft, 3 * 24 * 3600);
    runs_sweep(runs);
    CHECK(access(run_of(job), F_OK) < 0);
    CHECK(access(draft, F_OK) < 0);
}

/* Nobody has read it yet: it waits for a month. */
static void test_sweep_unseen(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo x");
    const char *runs = runs_folder(arena, job->call.data);

    tap_case("sweep of unseen runs");
    start(job);
    run_await(arena, run_of(job));
    set_age(run_file(arena, run_of(job), "plan"), 20 * 24 * 3600);
    runs_sweep(runs);
    CHECK_INT(access(run_of(job), F_OK), 0);
    set_age(run_file(arena, run_of(job), "plan"), 40 * 24 * 3600);
    runs_sweep(runs);
    CHECK(access(run_of(job), F_OK) < 0);
}

/* Without a connection of its own: the defaults, in the directory of its file. */
static void test_without_a_connection(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "pwd -P");
    struct error err = { 0 };

    tap_case("no connection");
    job->call.config = NULL;
    job->call.connection = NULL;
    job->call.directory = job->settings.directory;
    start(job);
    CHECK_INT(follow(job, &err), STEP_NEXT);
    CHECK_STR(log_of(job), arena_printf(arena, "%s\n", job->settings.directory));
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], SUPERVISE_WORD) == 0)
        return supervise(count - 2, arguments + 2);
    test_a_pipeline();
    test_failures();
    test_it_cannot_be_started();
    test_it_cannot_be_executed();
    test_environment();
    test_environment_faults();
    test_long_output();
    test_answers();
    test_happened();
    test_planned_only();
    test_lost();
    test_cancel();
    test_cancel_before_it_begins();
    test_watch();
    test_watch_finds_old_runs();
    test_sweep();
    test_sweep_unseen();
    test_without_a_connection();
    return tap_done();
}
