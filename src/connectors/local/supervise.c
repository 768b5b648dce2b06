/* The supervisor's beginning and end: apart from the server, first on the disk, then the pipeline, last the status. */
#include "connectors/local/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/text.h"
#include "connectors/local/supervise_internal.h"

enum {
    SAID_BYTES = 500,
    /* A full disk may be emptied again. */
    STATUS_TRIES = 600,
    STATUS_APART_MS = 1000
};

/* Its working directory is the run's folder. */
static const char here[] = ".";

/* Out of the starter's session, without its descriptors and deaf to the terminal. */
static int detach(struct supervisor *supervisor, struct error *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t all, heard;

    if (null < 0 || setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_system(err, errno, "leaving the server's session");
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (dup2(null, i) < 0)
            return error_system(err, errno, "/dev/null");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&heard);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGCHLD);
    supervisor->signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signals < 0)
        return error_system(err, errno, "listening to signals");
    return 0;
}

static int open_output(struct supervisor *supervisor, struct error *err)
{
    supervisor->output = open("output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return supervisor->output < 0 ? error_system(err, errno, "the output's file") : 0;
}

static void write_status(const struct run_status *status)
{
    struct error ignored = { 0 };

    for (int i = 0; i < STATUS_TRIES && run_write_status(here, status, &ignored) < 0; i++)
        poll(NULL, 0, STATUS_APART_MS);
}

/* Everything up to the pipeline's first instruction.  *claimed false: another supervisor has the run. */
static int begin(struct supervisor *supervisor, bool *claimed, struct error *err)
{
    if (detach(supervisor, err) < 0 || run_reserve_status(here, err) < 0 ||
        open_output(supervisor, err) < 0 || run_claim(here, false, claimed, err) < 0)
        return -1;
    if (!*claimed || supervisor_spawn(supervisor, err) == 0)
        return 0;
    write_status(&(struct run_status){ .outcome = RUN_NOT_STARTED, .text = err->text });
    return -1;
}

static const char good_news[] = "+";

/* To the starter, which waits for the end of it. */
static void say(int told, const char *text)
{
    (void)!write(told, text, strlen(text));
    close(told);
}

static int supervisor_main(struct supervisor *supervisor, int told)
{
    struct error err = { 0 };
    struct run_status status;
    bool claimed = false;

    if (begin(supervisor, &claimed, &err) < 0) {
        say(told, err.text);
        return 1;
    }
    say(told, good_news);
    if (!claimed)
        return 0;
    supervisor_wait(supervisor, &status);
    fsync(supervisor->output);
    write_status(&status);
    return 0;
}

static int complain(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return 1;
}

/* The supervisor's word: good news, or why it could not begin.  Nothing when it was killed before it could say so. */
static int await_word(int told)
{
    char text[SAID_BYTES];
    size_t length = 0;
    ssize_t got;

    do {
        got = read(told, text + length, sizeof(text) - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    text[length] = '\0';
    if (text_is(text, good_news))
        return 0;
    return complain(length > 0 ? text : "the supervisor was killed at once");
}

static int start(struct supervisor *supervisor)
{
    int told[2];
    pid_t child;

    if (pipe2(told, O_CLOEXEC) < 0)
        return complain("no pipe can be made");
    child = fork();
    if (child < 0)
        return complain("no process can be started");
    if (child > 0) {
        close(told[1]);
        return await_word(told[0]);
    }
    close(told[0]);
    return supervisor_main(supervisor, told[1]);
}

int supervise(int count, char **words)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct supervisor supervisor = { .arena = arena };
    struct error err = { 0 };

    if (count != 1)
        return complain("the supervisor is started by opsroom itself, with a run's folder");
    if (chdir(words[0]) < 0) {
        error_system(&err, errno, "the folder \"%s\"", words[0]);
        return complain(err.text);
    }
    if (run_read_plan(arena, here, &supervisor.plan, &err) < 0)
        return complain(err.text);
    return start(&supervisor);
}
