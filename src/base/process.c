/* Runs a program: posix_spawn() in a session of its own, a pidfd and two pipes in poll(), killed at the limit. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* One of the child's outputs. */
struct pipe_end {
    int read_fd;
    int write_fd;
    struct text text;
};

struct child {
    const struct process_plan *plan;
    struct arena *arena;
    pid_t pid;
    int pid_fd;
    struct pipe_end output;
    struct pipe_end errors;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int pipe_open(struct pipe_end *end, struct error *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_system(err, errno, "a pipe");
    end->read_fd = fds[0];
    end->write_fd = fds[1];
    if (fcntl(end->read_fd, F_SETFL, O_NONBLOCK) < 0)
        return error_system(err, errno, "a pipe");
    return 0;
}

/* Out of the variables of ours only these: tokens in our environment are nobody else's business. */
static const char *const *clean_environment(struct arena *arena)
{
    static const char *const kept[] = { "PATH", "HOME", "LANG" };
    const char **environment = ARENA_ARRAY(arena, const char *, COUNT_OF(kept) + 1);
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const char *value = getenv(kept[i]);

        if (value != NULL)
            environment[count++] = arena_printf(arena, "%s=%s", kept[i], value);
    }
    return environment;
}

/* posix_spawn() wants char *const [] and promises not to write. */
static char **copy_strings(struct arena *arena, const char *const *strings)
{
    size_t count = 0;
    char **copy;

    while (strings[count] != NULL)
        count++;
    copy = ARENA_ARRAY(arena, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy(arena, strings[i]);
    return copy;
}

static int spawn_actions(posix_spawn_file_actions_t *actions, const struct child *child)
{
    int fault = 0;

    if (child->plan->directory != NULL)
        fault = posix_spawn_file_actions_addchdir_np(actions, child->plan->directory);
    if (fault == 0)
        fault =
            posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (fault == 0)
        fault =
            posix_spawn_file_actions_adddup2(actions, child->output.write_fd, STDOUT_FILENO);
    if (fault == 0)
        fault =
            posix_spawn_file_actions_adddup2(actions, child->errors.write_fd, STDERR_FILENO);
    if (fault == 0)
        fault = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return fault;
}

/* Signals as a fresh program expects them, whatever we block or ignore. */
static int spawn_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int fault;

    sigemptyset(&none);
    sigfillset(&all);
    fault = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
    if (fault == 0)
        fault = posix_spawnattr_setsigmask(attributes, &none);
    if (fault == 0)
        fault = posix_spawnattr_setsigdefault(attributes, &all);
    return fault;
}

static int spawn(struct child *child, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes)
{
    const char *const *environment = child->plan->environment;
    char **arguments = copy_strings(child->arena, child->plan->arguments);

    if (environment == NULL)
        environment = clean_environment(child->arena);
    return posix_spawnp(&child->pid, arguments[0], actions, attributes, arguments,
                        copy_strings(child->arena, environment));
}

static int child_start(struct child *child, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fault;

    if (pipe_open(&child->output, err) < 0 || pipe_open(&child->errors, err) < 0)
        return -1;
    ASSERT(posix_spawn_file_actions_init(&actions) == 0);
    ASSERT(posix_spawnattr_init(&attributes) == 0);
    fault = spawn_actions(&actions, child);
    if (fault == 0)
        fault = spawn_attributes(&attributes);
    if (fault == 0)
        fault = spawn(child, &actions, &attributes);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close_fd(&child->output.write_fd);
    close_fd(&child->errors.write_fd);
    if (fault != 0) {
        error_system(err, fault, "it cannot be started");
        err->kind = fault == ENOENT || fault == ENOTDIR ? ERROR_MISSING : ERROR_INTERNAL;
        return -1;
    }
    return 0;
}

/* Reads what is there, and no more than a piece, so that a chatty program does not hold up the time limit. */
static void pipe_read(struct pipe_end *end)
{
    char piece[16 * 1024];
    ssize_t n = read(end->read_fd, piece, sizeof(piece));

    if (n > 0)
        text_add_n(&end->text, piece, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(&end->read_fd);
}

/* What still lies in the pipe after the end.  Others may hold the pipe and go on writing: one pipe's fill, then stop. */
static void pipe_drain(struct pipe_end *end)
{
    enum {
        PIECES_MAX = 64 /* 1 MiB, the most a pipe can be made to hold */
    };

    for (int i = 0; i < PIECES_MAX && end->read_fd >= 0; i++) {
        struct pollfd ready = { .fd = end->read_fd, .events = POLLIN };

        if (poll(&ready, 1, 0) <= 0)
            break;
        pipe_read(end);
    }
}

/* Until it ends; false when the limit comes first. */
static bool child_follow(struct child *child)
{
    long long end_ms = clock_steady_ms() + child->plan->limit_s * 1000LL;

    for (;;) {
        struct pollfd ready[] = {
            { .fd = child->pid_fd, .events = POLLIN },
            { .fd = child->output.read_fd, .events = POLLIN },
            { .fd = child->errors.read_fd, .events = POLLIN },
        };
        long long left_ms = end_ms - clock_steady_ms();

        if (left_ms <= 0)
            return false;
        if (poll(ready, COUNT_OF(ready), (int)(left_ms < 60000 ? left_ms : 60000)) < 0)
            continue; /* EINTR */
        if (ready[1].revents != 0)
            pipe_read(&child->output);
        if (ready[2].revents != 0)
            pipe_read(&child->errors);
        if (ready[0].revents != 0)
            return true;
    }
}

/* Kills what is left of the group.  Before waitid(): until then nobody else can get this pid. */
static int child_reap(struct child *child)
{
    siginfo_t info = { .si_status = 0 };

    kill(-child->pid, SIGKILL);
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static int child_run(struct child *child, struct process_result *result, struct error *err)
{
    bool ended;
    int status;

    if (child_start(child, err) < 0)
        return -1;
    child->pid_fd = pidfd_open(child->pid, 0);
    if (child->pid_fd < 0) {
        int fault = errno;

        child_reap(child);
        return error_system(err, fault, "it cannot be followed");
    }
    ended = child_follow(child);
    status = child_reap(child);
    if (!ended)
        return error_set(err, ERROR_UNREACHABLE, "it did not end within %d s and was killed",
                         child->plan->limit_s);
    pipe_drain(&child->output);
    pipe_drain(&child->errors);
    result->status = status;
    result->output =
        utf8_repair(child->arena, text_string(&child->output.text), child->output.text.length);
    result->errors =
        utf8_repair(child->arena, text_string(&child->errors.text), child->errors.text.length);
    return 0;
}

int process_run(const struct process_plan *plan, struct arena *arena,
                struct process_result *result, struct error *err)
{
    struct child child = {
        .plan = plan,
        .arena = arena,
        .pid_fd = -1,
        .output = { .read_fd = -1, .write_fd = -1 },
        .errors = { .read_fd = -1, .write_fd = -1 },
    };
    int outcome;

    ASSERT(plan->arguments[0] != NULL && plan->limit_s > 0);
    child.output.text = text_new(arena, plan->output_limit);
    child.errors.text = text_new(arena, plan->output_limit);
    outcome = child_run(&child, result, err);
    if (outcome < 0)
        error_prefix(err, "run \"%s\"", plan->arguments[0]);
    close_fd(&child.pid_fd);
    close_fd(&child.output.read_fd);
    close_fd(&child.output.write_fd);
    close_fd(&child.errors.read_fd);
    close_fd(&child.errors.write_fd);
    return outcome;
}
