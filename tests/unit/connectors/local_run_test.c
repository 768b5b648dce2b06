/* Starting, following and cancelling runs, as the steps of a job do it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/local/supervise.h"
#include "local_job.h"
#include "tap.h"

static void test_a_pipeline(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo \"$#: $1, $2\"; echo ::step build; echo compiled\n"
                                     "echo ::step test; echo ::progress half; printf 'no end'\n"
                                     "printf '\\n::url http://127.0.0.1/ the app\\n'\n"
                                     "echo ::output version=v1; printf last");
    struct error err = { 0 };

    tap_case("pipeline");
    job_start(job);
    CHECK_STR(job->call.note, arena_printf(arena, "local: ./pipeline one two job_words in %s",
                                           job->settings.directory));
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_STR(err.text, "");
    CHECK_STR(job_log(job), "2: one, two job_words\ncompiled\nno end\nlast");
    CHECK_STR(job_shown(job), "step build running\nstep build succeeded\nstep test running\n"
                              "progress half\nlink the app http://127.0.0.1/\n"
                              "output version=v1\nstep test succeeded\n");
    CHECK_STR(json_string(job->call.answer.blocks, "0.text", NULL),
              "2: one, two job_words\ncompiled\nno end\nlast\n");
    CHECK_INT(access(run_file(arena, job_run(job), "seen"), F_OK), 0);
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
        job_start(job);
        CHECK_INT(job_follow(job, &err), STEP_FAIL);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(err.kind, ERROR_CONFLICT);
        CHECK_STR(job_shown(job), "step work running\nstep work failed\n");
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
        CHECK_INT(job_step(job, 0, &err), STEP_FAIL);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK(access(job_run(job), F_OK) < 0);
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
    CHECK_INT(job_step(job, 0, &err), STEP_FAIL);
    CHECK(text_ends(err.text, "/pipeline\" cannot be executed: No such file or directory"));
    CHECK(access(job_run(job), F_OK) < 0);
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
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_STR(job_log(job), arena_printf(arena,
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
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_INT(job->call.log.length, job->state.offset);
    CHECK(text_starts(job_log(job), "1\n2\n3\n"));
    CHECK(text_has(job_log(job), "\n131071\n131072\n131073\n"));
    CHECK(text_has(job_log(job), "\n200000\n"));
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
        job_start(job);
        CHECK_INT(job_follow(job, &err), STEP_NEXT);
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
    job_start(job);
    for (int i = 0; i < 2; i++) {
        job->state = (struct run_state){ .run = NULL }; /* as it was before the step */
        CHECK_INT(step->happened(&job->call, &err), HAPPENED_YES);
        CHECK(job->state.run != NULL);
        job_start(job);
        CHECK_INT(job_follow(job, &err), STEP_NEXT);
    }
    CHECK_STR(file_text(arena, run_file(arena, job->settings.directory, "effects")), "once\n");
}

/* Killed between the plan and the supervisor: nothing has begun, and it begins with the old plan. */
static void test_planned_only(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo \"$1\"");
    struct launch launch = { .arguments = job_words };
    struct run_plan plan;
    struct error err = { 0 };

    tap_case("planned only");
    CHECK_INT(launch_plan(&job->call, &launch, &plan, &err), 0);
    CHECK_INT(run_create(job_run(job), &plan, &err), 0);
    CHECK_INT(local_runner.steps[0].happened(&job->call, &err), HAPPENED_NO);
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_STR(job_log(job), "one\n");
}

static void kill_supervisor(struct job *job)
{
    struct run_look look;
    struct error err = { 0 };

    CHECK_INT(run_look(job->arena, job_run(job), &look, &err), 0);
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
    job_start(job);
    CHECK(file_await(run_file(arena, job_run(job), "output"), "work"));
    kill_supervisor(job);
    CHECK_INT(job_step(job, 1, &err), STEP_FAIL);
    CHECK_STR(err.text,
              "pipeline was cut off and its end is not known: its supervisor was killed");
    CHECK_INT(local_runner.steps[0].happened(&job->call, &err), HAPPENED_UNKNOWN);
    CHECK_STR(err.text, "it was begun, but the supervisor is gone without a word");
    CHECK_INT(job_step(job, 1, &err), STEP_NEXT);
    script_write(folder, "second", "x");
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_STR(file_text(arena, run_file(arena, folder, "effects")), "again\nagain\n");
}

static void test_cancel(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "trap 'echo bye; exit 0' TERM; echo ::step work\n"
                                     "echo busy; sleep 600 & wait");
    struct error err = { 0 };

    tap_case("cancel");
    job_start(job);
    CHECK(file_await(run_file(arena, job_run(job), "output"), "busy"));
    CHECK_INT(job_step(job, 1, &err), STEP_AGAIN);
    CHECK_STR(job->call.wake_key, arena_printf(arena, "local:%s", job->state.run));
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_STR(job_log(job), "busy\nbye\n");
    CHECK_STR(job_shown(job), "step work running\nstep work failed\n");
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_INT(job_step(job, 1, &err), STEP_FAIL);
    CHECK_STR(err.text, "pipeline was told to end");
}

static void test_cancel_before_it_begins(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct job *job = job_new(arena, "echo x > effects");
    struct launch launch = { .arguments = job_words };
    struct run_plan plan;
    const char *said = NULL;
    struct error err = { 0 };

    tap_case("cancel before");
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    CHECK_INT(launch_plan(&job->call, &launch, &plan, &err), 0);
    CHECK_INT(run_create(job_run(job), &plan, &err), 0);
    CHECK_INT(local_runner.cancel(&job->call, &err), 0);
    /* One that was on its way finds the place taken. */
    CHECK_INT(supervisor_start(arena, job_run(job), &said), 0);
    CHECK(access(run_file(arena, job->settings.directory, "effects"), F_OK) < 0);
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
    job_start(job);
    CHECK_INT(job_follow(job, &err), STEP_NEXT);
    CHECK_STR(job_log(job), arena_printf(arena, "%s\n", job->settings.directory));
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], SUPERVISE_WORD) == 0)
        return supervise(count - 2, words + 2);
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
    test_without_a_connection();
    return tap_done();
}
