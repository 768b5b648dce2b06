/* Programs are run without a shell, in a clean environment, and do not outlive their limit. */
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tap.h"

static const char *const shell_words[] = { "/bin/sh", "-c" };

/* Runs a line with sh -c, so that the tests can say in one line what the program does. */
static int run_line(struct arena *arena, const char *line, struct process_plan plan,
                    struct process_result *result, struct error *err)
{
    const char *arguments[] = { shell_words[0], shell_words[1], line, NULL };

    plan.arguments = arguments;
    if (plan.limit_s == 0)
        plan.limit_s = 20;
    if (plan.output_limit == 0)
        plan.output_limit = 64 * 1024;
    return process_run(&plan, arena, result, err);
}

static void test_results(void)
{
    static const struct {
        const char *line;
        int status;
        const char *output, *errors;
    } rows[] = {
        { "echo out; echo err >&2", 0, "out\n", "err\n" },
        { "exit 3", 3, "", "" },
        { "kill -TERM $$", 128 + SIGTERM, "", "" },
        { "kill -KILL $$", 128 + SIGKILL, "", "" },
        { "cat", 0, "", "" }, /* standard input is empty */
        { "exec 1>&- 2>&-; exit 4", 4, "", "" },
        { "printf 'a\\0b\\377c'", 0,
          "a\xEF\xBF\xBD"
          "b\xEF\xBF\xBD"
          "c",
          "" },
        { "sleep 60 & echo started", 0, "started\n", "" }, /* ends with the main process */
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct process_result result = { .status = -1 };
        struct error err = { .kind = ERROR_NONE };

        tap_case("%s", rows[i].line);
        CHECK_INT(run_line(arena, rows[i].line, (struct process_plan){ 0 }, &result, &err), 0);
        CHECK_INT(result.status, rows[i].status);
        CHECK_STR(result.output, rows[i].output);
        CHECK_STR(result.errors, rows[i].errors);
    }
}

static void test_arguments_are_not_split(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *const arguments[] = { "printf", "<%s>", "a b", "$(id)", "; ls", "", NULL };
    struct process_plan plan = { .arguments = arguments, .limit_s = 20, .output_limit = 1000 };
    struct process_result result = { .status = -1 };
    struct error err = { .kind = ERROR_NONE };

    tap_case("arguments");
    CHECK_INT(process_run(&plan, arena, &result, &err), 0);
    CHECK_STR(result.output, "<a b><$(id)><; ls><>");
}

static void test_faults(void)
{
    static const char *const missing[] = { "no-such-program-here", NULL };
    static const char *const no_right[] = { "/etc/passwd", NULL };
    AUTO(arena) struct arena *arena = arena_new();
    struct process_plan plan = { .arguments = missing, .limit_s = 20, .output_limit = 1000 };
    struct process_result result = { .status = -1 };
    struct error err = { .kind = ERROR_NONE };

    tap_case("faults");
    CHECK_INT(process_run(&plan, arena, &result, &err), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_STR(err.text, "run \"no-such-program-here\": it cannot be started: "
                        "No such file or directory");
    plan.arguments = no_right;
    CHECK_INT(process_run(&plan, arena, &result, &err), -1);
    CHECK_INT(err.kind, ERROR_INTERNAL);
    CHECK_STR(err.text, "run \"/etc/passwd\": it cannot be started: Permission denied");
    CHECK_INT(run_line(arena, "true", (struct process_plan){ .directory = "/no/such" }, &result,
                       &err),
              -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_INT(result.status, -1);
}

static void test_output_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct process_result result = { .status = -1 };
    struct error err = { .kind = ERROR_NONE };

    tap_case("output limit");
    CHECK_INT(run_line(arena, "yes 0123456789 | head -n 30000; echo end >&2",
                       (struct process_plan){ .output_limit = 1000 }, &result, &err),
              0);
    CHECK_INT(result.status, 0);
    CHECK_INT(strlen(result.output), 1000);
    CHECK_STR(result.errors, "end\n");
}

/* A child of the program holds a named pipe open: its end is seen there, whoever inherits the dead child. */
static void test_time_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct process_result result = { .status = -1 };
    struct error err = { .kind = ERROR_NONE };
    char folder[] = "/tmp/opsroom-process-XXXXXX";
    long long began_ms = clock_steady_ms();
    const char *fifo;
    struct pollfd ended = { .events = POLLIN };

    tap_case("time limit");
    CHECK(mkdtemp(folder) != NULL);
    fifo = arena_printf(arena, "%s/fifo", folder);
    CHECK_INT(mkfifo(fifo, 0600), 0);
    ended.fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK_INT(run_line(arena, "sleep 60 > fifo & wait",
                       (struct process_plan){ .limit_s = 1, .directory = folder }, &result,
                       &err),
              -1);
    CHECK(clock_steady_ms() - began_ms < 30000);
    CHECK_INT(err.kind, ERROR_UNREACHABLE);
    CHECK_STR(err.text, "run \"/bin/sh\": it did not end within 1 s and was killed");
    CHECK_INT(poll(&ended, 1, 10000), 1);
    CHECK((ended.revents & POLLHUP) != 0);
    close(ended.fd);
    CHECK_INT(unlink(fifo), 0);
    CHECK_INT(rmdir(folder), 0);
}

static void test_surroundings(void)
{
    static const char *const environment[] = { "A=1", "B=two words", NULL };
    AUTO(arena) struct arena *arena = arena_new();
    struct process_result result = { .status = -1 };
    struct error err = { .kind = ERROR_NONE };
    int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

    tap_case("surroundings");
    setenv("OPSROOM_PROCESS_TEST", "seen", 1);
    setenv("LANG", "C", 1);
    CHECK_INT(run_line(arena, "echo \"$LANG|$OPSROOM_PROCESS_TEST|$PWD\"; ls /proc/self/fd",
                       (struct process_plan){ .directory = "/usr" }, &result, &err),
              0);
    CHECK_STR(result.output, "C||/usr\n0\n1\n2\n3\n"); /* 3 is the folder that ls reads */
    CHECK_INT(run_line(arena, "echo \"$A|$B|$LANG\"",
                       (struct process_plan){ .environment = environment }, &result, &err),
              0);
    CHECK_STR(result.output, "1|two words|\n");
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(run_line(arena, "set -- $(cat /proc/$$/stat); [ $6 = $$ ] && kill -PIPE $$",
                       (struct process_plan){ 0 }, &result, &err),
              0);
    CHECK_INT(result.status, 128 + SIGPIPE); /* leads a session, signals as usual */
    close(leaked);
}

/* Nothing is left open, whatever the outcome. */
static void test_no_leaks(void)
{
    int before = dup(0);
    int after;

    close(before);
    test_results();
    test_faults();
    tap_case("descriptors");
    after = dup(0);
    CHECK_INT(after, before);
    close(after);
}

int main(void)
{
    test_arguments_are_not_split();
    test_output_limit();
    test_time_limit();
    test_surroundings();
    test_no_leaks();
    return tap_done();
}
