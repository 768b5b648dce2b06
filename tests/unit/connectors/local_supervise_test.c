/* The supervisor alone: how pipelines end, what holds them to their limits, what lives on and what does not. */
#include "connectors/local/supervise.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connectors/local/run_process.h"
#include "local_fixture.h"
#include "tap.h"

enum {
    LONG_S = 600
};

struct limits {
    long long time_s, output_bytes, memory_bytes;
};

static struct run_plan plan_of(struct arena *arena, const char *folder, const char *line,
                               struct limits limits)
{
    static const char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "WHO=ana" };
    const char **arguments = ARENA_ARRAY(arena, const char *, 3);

    arguments[0] = "sh";
    arguments[1] = "-c";
    arguments[2] = line;
    return (struct run_plan){
        .connection = "local",
        .program = "/bin/sh",
        .arguments = { .items = arguments, .count = 3 },
        .environment = { .items = environment, .count = COUNT_OF(environment) },
        .directory = folder,
        .time_s = limits.time_s != 0 ? limits.time_s : LONG_S,
        .output_bytes = limits.output_bytes != 0 ? limits.output_bytes : 1024 * 1024,
        .memory_bytes = limits.memory_bytes,
    };
}

static const char *run_new(struct arena *arena, const struct run_plan *plan)
{
    const char *run = arena_printf(arena, "%s/runs/1-a", plan->directory);
    struct error err = { 0 };

    CHECK_INT(run_create(run, plan, &err), 0);
    CHECK_STR(err.text, "");
    return run;
}

/* Runs a shell's line in a folder of its own; gives back the run's folder. */
static const char *run_line(struct arena *arena, const char *line, struct limits limits)
{
    struct run_plan plan = plan_of(arena, folder_new(arena), line, limits);
    const char *run = run_new(arena, &plan);
    const char *said = NULL;

    tap_case("%s", line);
    CHECK_INT(supervisor_start(arena, run, &said), 0);
    CHECK_STR(said, "");
    return run;
}

static const char *output_of(struct arena *arena, const char *run)
{
    return file_text(arena, run_file(arena, run, "output"));
}

static void test_ends(void)
{
    static const struct {
        const char *line;
        enum run_outcome outcome;
        long long status;
        const char *output;
    } rows[] = {
        { "echo out; echo err >&2; echo end", RUN_EXITED, 0, "out\nerr\nend\n" },
        { "exit 3", RUN_EXITED, 3, "" },
        { "kill -KILL $$", RUN_SIGNALLED, SIGKILL, "" },
        { "kill -TERM $$", RUN_SIGNALLED, SIGTERM, "" },
        { "cat", RUN_EXITED, 0, "" }, /* standard input is empty */
        { "exec 1>&- 2>&-; exit 4", RUN_EXITED, 4, "" },
        { "umask", RUN_EXITED, 0, "0022\n" },
        { "echo $WHO $HOME $USER", RUN_EXITED, 0, "ana\n" },
        { "read -r a b c d group session e < /proc/$$/stat;"
          "[ $group = $$ ] && [ $session = $$ ] && echo own",
          RUN_EXITED, 0, "own\n" },
        { "ls /proc/self/fd", RUN_EXITED, 0,
          "0\n1\n2\n3\n" },                            /* 3 is the folder that ls reads */
        { "kill -HUP $$", RUN_SIGNALLED, SIGHUP, "" }, /* though it is ignored here */
        { "grep SigBlk /proc/$$/status", RUN_EXITED, 0, "SigBlk:\t0000000000000000\n" },
    };

    signal(SIGHUP, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *run = run_line(arena, rows[i].line, (struct limits){ 0 });
        struct run_look look = run_await(arena, run);

        CHECK_INT(look.phase, RUN_ENDED);
        CHECK_INT(look.status.outcome, rows[i].outcome);
        CHECK_INT(look.status.status, rows[i].status);
        CHECK_STR(output_of(arena, run), rows[i].output);
        CHECK_INT(look.status.output_bytes, strlen(rows[i].output));
    }
    signal(SIGHUP, SIG_DFL);
}

static void test_directory(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *run = run_line(arena, "pwd -P", (struct limits){ 0 });

    run_await(arena, run);
    CHECK(text_starts(run, span_copy(arena, span_trim(span_of(output_of(arena, run))))));
}

static void test_limits(void)
{
    static const struct {
        const char *line;
        struct limits limits;
        enum run_outcome outcome;
    } rows[] = {
        { "sleep 600", { .time_s = 1 }, RUN_TIMED_OUT },
        { "trap 'exit 0' TERM; sleep 600 & wait", { .time_s = 1 }, RUN_TIMED_OUT },
        { "exec yes", { .output_bytes = 100000 }, RUN_OUTPUT_LIMIT },
        { "trap '' TERM; exec yes", { .output_bytes = 100000 }, RUN_OUTPUT_LIMIT },
        { "head -c 100001 /dev/zero", { .output_bytes = 100000 }, RUN_OUTPUT_LIMIT },
        { "exec python3 -c 'x = bytearray(100 << 20); import time; time.sleep(600)'",
          { .memory_bytes = 64 << 20 },
          RUN_MEMORY_LIMIT },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *run = run_line(arena, rows[i].line, rows[i].limits);
        struct run_look look = run_await(arena, run);
        struct stat status = { .st_size = -1 };

        CHECK_INT(look.phase, RUN_ENDED);
        CHECK_INT(look.status.outcome, rows[i].outcome);
        CHECK_INT(stat(run_file(arena, run, "output"), &status), 0);
        CHECK_INT(look.status.output_bytes, status.st_size);
        if (rows[i].outcome == RUN_OUTPUT_LIMIT)
            CHECK_INT(status.st_size, rows[i].limits.output_bytes);
    }
}

static void test_output_up_to_the_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *run =
        run_line(arena, "head -c 100000 /dev/zero", (struct limits){ .output_bytes = 100000 });
    struct run_look look = run_await(arena, run);

    CHECK_INT(look.status.outcome, RUN_EXITED);
    CHECK_INT(look.status.output_bytes, 100000);
}

static long long printed_pid(struct arena *arena, const char *run)
{
    long long pid = 0;

    CHECK(text_to_integer(span_copy(arena, span_trim(span_of(output_of(arena, run)))), &pid));
    return pid;
}

static bool is_running(long long pid)
{
    struct process_facts facts;

    return process_find(pid, &facts) && facts.state != 'Z';
}

static void test_daemons_live_on(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *run =
        run_line(arena, "setsid sleep 600 > /dev/null & echo $!", (struct limits){ 0 });
    struct run_look look = run_await(arena, run);
    long long pid = printed_pid(arena, run);

    CHECK_INT(look.status.outcome, RUN_EXITED);
    CHECK_INT(look.status.status, 0);
    CHECK(is_running(pid));
    if (pid > 1)
        kill((pid_t)pid, SIGKILL);
}

static void test_leftovers_end(void)
{
    static const char *const lines[] = {
        "sleep 600 & echo $!",
        /* A group of its own. */
        "python3 -c 'import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True);"
        "time.sleep(600)' & while ! [ -s runs/1-a/output ]; do :; done",
        "(trap '' TERM; echo go > ready; sleep 600; sleep 600) & echo $!;"
        "while ! [ -s ready ]; do :; done",
    };

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *run = run_line(arena, lines[i], (struct limits){ 0 });
        struct run_look look = run_await(arena, run);

        CHECK_INT(look.status.outcome, RUN_EXITED);
        CHECK_INT(look.status.status, 0);
        CHECK(!is_running(printed_pid(arena, run)));
    }
}

static void test_cancel(void)
{
    static const char *const lines[] = {
        "trap 'echo bye; exit 0' TERM; echo go > ready; sleep 600 & wait",
        "trap '' TERM; echo go > ready; while true; do sleep 600; done",
    };

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *run = run_line(arena, lines[i], (struct limits){ 0 });
        struct run_look look;
        struct error err = { 0 };

        CHECK(file_await(run_file(arena, run, "../../ready"), "go"));
        CHECK_INT(run_look(arena, run, &look, &err), 0);
        CHECK_INT(look.phase, RUN_GOING);
        CHECK_INT(run_stop(&look.owner, 9000, &err), 0);
        CHECK_INT(run_look(arena, run, &look, &err), 0);
        CHECK_INT(look.phase, RUN_ENDED);
        CHECK_INT(look.status.outcome, RUN_CANCELLED);
        CHECK_STR(output_of(arena, run), i == 0 ? "bye\n" : "");
    }
}

static void test_not_started(void)
{
    static const struct {
        const char *program, *directory, *said;
    } rows[] = {
        { "/etc/passwd", "/", "\"/etc/passwd\" cannot be executed: Permission denied" },
        { "/no/such", "/", "\"/no/such\" cannot be executed: No such file or directory" },
        { "/bin/true", "/no/such", "directory \"/no/such\": No such file or directory" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct run_plan plan = plan_of(arena, folder_new(arena), "true", (struct limits){ 0 });
        const char *run, *said = NULL;
        struct run_look look;

        run = arena_printf(arena, "%s/runs/1-a", plan.directory);
        plan.program = rows[i].program;
        plan.directory = rows[i].directory;
        tap_case("%s in %s", rows[i].program, rows[i].directory);
        CHECK_INT(run_create(run, &plan, &(struct error){ 0 }), 0);
        CHECK_INT(supervisor_start(arena, run, &said), 1);
        CHECK_STR(said, rows[i].said);
        look = run_await(arena, run);
        CHECK_INT(look.status.outcome, RUN_NOT_STARTED);
        CHECK_STR(look.status.text, rows[i].said);
    }
}

static void test_script_without_interpreter(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct run_plan plan = plan_of(arena, folder_new(arena), "", (struct limits){ 0 });
    const char *run, *said = NULL;

    tap_case("no #!");
    script_write(plan.directory, "plain", "echo hello\n");
    plan.program = run_file(arena, plan.directory, "plain");
    run = run_new(arena, &plan);
    CHECK_INT(supervisor_start(arena, run, &said), 1);
    CHECK(text_ends(said, "a script needs #! and its interpreter in the first line"));
}

/* However many are started, one of them runs the pipeline, once. */
static void test_exactly_once(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *run = run_line(arena, "echo once >> effects; sleep 0.2", (struct limits){ 0 });
    const char *said = NULL;
    struct error err = { 0 };
    bool claimed = true;

    for (int i = 0; i < 3; i++)
        CHECK_INT(supervisor_start(arena, run, &said), 0);
    run_await(arena, run);
    CHECK_INT(supervisor_start(arena, run, &said), 0);
    CHECK_STR(file_text(arena, run_file(arena, run, "../../effects")), "once\n");
    CHECK_INT(run_claim(run, true, &claimed, &err), 0);
    CHECK(!claimed);
}

/* The server is killed right after it has started the supervisor. */
static void test_the_server_is_killed(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct run_plan plan =
        plan_of(arena, folder_new(arena), "echo go > ready; sleep 1; echo end; exit 5",
                (struct limits){ 0 });
    const char *run = run_new(arena, &plan);
    struct run_look look;
    pid_t server = fork();

    tap_case("SIGKILL of the server");
    if (server == 0) {
        const char *said;

        supervisor_start(arena, run, &said);
        raise(SIGKILL);
    }
    CHECK_INT(waitpid(server, NULL, 0), server);
    look = run_await(arena, run);
    CHECK_INT(look.phase, RUN_ENDED);
    CHECK_INT(look.status.outcome, RUN_EXITED);
    CHECK_INT(look.status.status, 5);
    CHECK_STR(output_of(arena, run), "end\n");
}

/* Unsupervised nothing goes on, and nobody pretends to know how it ended. */
static void test_the_supervisor_is_killed(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *run = run_line(arena, "echo $$; exec sleep 600", (struct limits){ 0 });
    struct error err = { 0 };
    struct run_look look;

    CHECK(file_await(run_file(arena, run, "output"), "\n"));
    CHECK_INT(run_look(arena, run, &look, &err), 0);
    CHECK_INT(look.phase, RUN_GOING);
    kill((pid_t)look.owner.pid, SIGKILL);
    look = run_await(arena, run);
    CHECK_INT(look.phase, RUN_LOST);
    CHECK(!look.rebooted);
    CHECK(process_await_end(printed_pid(arena, run)));
}

static void test_usage(void)
{
    char word[] = "/no/such/folder";
    char *words[] = { word, word };

    tap_case("usage");
    CHECK_INT(supervise(0, words), 1);
    CHECK_INT(supervise(2, words), 1);
    CHECK_INT(supervise(1, words), 1);
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], SUPERVISE_WORD) == 0)
        return supervise(count - 2, words + 2);
    test_ends();
    test_directory();
    test_limits();
    test_output_up_to_the_limit();
    test_daemons_live_on();
    test_leftovers_end();
    test_cancel();
    test_not_started();
    test_script_without_interpreter();
    test_exactly_once();
    test_the_server_is_killed();
    test_the_supervisor_is_killed();
    test_usage();
    return tap_done();
}
