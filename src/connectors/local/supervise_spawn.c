/* From the supervisor to the pipeline: a session of its own, a clean environment, nothing inherited. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "connectors/local/supervise_internal.h"

enum {
    PIPELINE_UMASK = 022
};

/* How far the child came, and the errno there. */
enum stage {
    STAGE_PREPARE,
    STAGE_DIRECTORY,
    STAGE_EXECUTE,
};
struct report {
    enum stage stage;
    int fault;
};

struct child {
    char **arguments;
    char **environment;
    const struct supervisor *supervisor;
    pid_t parent;
    int report;
};

static char **copy_strings(struct arena *arena, const struct strings *strings)
{
    char **copy = ARENA_ARRAY(arena, char *, strings->count + 1);

    for (size_t i = 0; i < strings->count; i++)
        copy[i] = arena_copy(arena, strings->items[i]);
    return copy;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static int prepare(const struct child *child)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    /* Unsupervised it would have no limits and no end that anybody hears of. */
    if (null < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0)
        return -1;
    if (getppid() != child->parent)
        _exit(1);
    if (dup2(null, STDIN_FILENO) < 0 || dup2(child->supervisor->output, STDOUT_FILENO) < 0 ||
        dup2(child->supervisor->output, STDERR_FILENO) < 0)
        return -1;
    umask(PIPELINE_UMASK);
    return 0;
}

/* In the child.  Every descriptor beyond the first three closes when it executes the pipeline. */
static _Noreturn void become_pipeline(const struct child *child)
{
    const struct run_plan *plan = &child->supervisor->plan;
    struct report report = { .stage = STAGE_PREPARE };

    if (prepare(child) == 0) {
        report.stage = STAGE_DIRECTORY;
        if (chdir(plan->directory) == 0) {
            report.stage = STAGE_EXECUTE;
            reset_signals();
            execve(plan->program, child->arguments, child->environment);
        }
    }
    report.fault = errno;
    if (write(child->report, &report, sizeof(report)) < 0)
        _exit(1);
    _exit(127);
}

static int tell(const struct run_plan *plan, const struct report *report, struct error *err)
{
    switch (report->stage) {
    case STAGE_PREPARE:
        break;
    case STAGE_DIRECTORY:
        return error_system(err, report->fault, "directory \"%s\"", plan->directory);
    case STAGE_EXECUTE:
        if (report->fault == ENOEXEC)
            return error_set(err, ERROR_INVALID,
                             "\"%s\" cannot be executed: a script needs #! and its "
                             "interpreter in the first line",
                             plan->program);
        return error_system(err, report->fault, "\"%s\" cannot be executed", plan->program);
    }
    return error_system(err, report->fault, "preparing the pipeline");
}

/* Until it is executed, or has said why not. */
static int await_execution(const struct run_plan *plan, int reports, struct error *err)
{
    struct report report;
    ssize_t got;

    do
        got = read(reports, &report, sizeof(report));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(report) ? tell(plan, &report, err) : 0;
}

int supervisor_spawn(struct supervisor *supervisor, struct error *err)
{
    struct child child = {
        .arguments = copy_strings(supervisor->arena, &supervisor->plan.arguments),
        .environment = copy_strings(supervisor->arena, &supervisor->plan.environment),
        .supervisor = supervisor,
        .parent = getpid(),
    };
    int reports[2];
    int result;

    if (pipe2(reports, O_CLOEXEC) < 0)
        return error_system(err, errno, "a pipe");
    child.report = reports[1];
    supervisor->main = fork();
    if (supervisor->main == 0)
        become_pipeline(&child);
    result = supervisor->main < 0 ? error_system(err, errno, "starting a process") : 0;
    close(reports[1]);
    if (result == 0)
        result = await_execution(&supervisor->plan, reports[0], err);
    close(reports[0]);
    return result;
}
