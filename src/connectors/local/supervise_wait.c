/* Waits for the pipeline's end, holds it to its limits, and clears away what it leaves behind. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "connectors/local/session.h"
#include "connectors/local/supervise_internal.h"

enum {
    KILL_AFTER_MS = 5000,
    LEAVE_MS = 1000,
    LEFTOVERS_MS = 2000,
    LEFTOVERS_LOOK_MS = 20,
    /* The output is a file, so that processes the pipeline leaves behind can go on writing: its size is looked at. */
    OUTPUT_LOOK_MS = 100,
    OUTPUT_LOOK_BUSY_MS = 10,
    WEIGH_MS = 250
};

/* Reaps what was left to us by others.  Main stays until the very end. */
static void reap(struct supervisor *supervisor)
{
    for (;;) {
        siginfo_t info = { .si_pid = 0 };

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        if (info.si_pid == supervisor->main) {
            supervisor->ended = true;
            return;
        }
        waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
    }
}

static void end(struct supervisor *supervisor, enum run_outcome why)
{
    if (supervisor->ending)
        return;
    supervisor->ending = true;
    supervisor->why = why;
    supervisor->kill_ms = clock_steady_ms() + KILL_AFTER_MS;
    session_signal(supervisor->main, SIGTERM);
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        if (info.ssi_signo == SIGTERM) {
            /* It may have ended by itself just before. */
            reap(supervisor);
            if (!supervisor->ended)
                end(supervisor, RUN_CANCELLED);
        }
    reap(supervisor);
}

static long long output_size(const struct supervisor *supervisor)
{
    struct stat status;

    return fstat(supervisor->output, &status) < 0 ? 0 : (long long)status.st_size;
}

/* Somebody who goes on writing after SIGTERM does not get the whole grace. */
static void check_output(struct supervisor *supervisor)
{
    long long bytes = output_size(supervisor);

    supervisor->grows = bytes > supervisor->output_bytes;
    supervisor->output_bytes = bytes;
    if (bytes > supervisor->plan.output_bytes)
        end(supervisor, RUN_OUTPUT_LIMIT);
    if (bytes > 2 * supervisor->plan.output_bytes)
        supervisor->kill_ms = clock_steady_ms();
}

static void check_memory(struct supervisor *supervisor, long long now_ms)
{
    if (supervisor->plan.memory_bytes == 0 || now_ms < supervisor->weigh_ms)
        return;
    supervisor->weigh_ms = now_ms + WEIGH_MS;
    if (session_memory(supervisor->main) > supervisor->plan.memory_bytes)
        end(supervisor, RUN_MEMORY_LIMIT);
}

static void check_limits(struct supervisor *supervisor)
{
    long long now_ms = clock_steady_ms();

    if (now_ms >= supervisor->time_end_ms)
        end(supervisor, RUN_TIMED_OUT);
    check_output(supervisor);
    check_memory(supervisor, now_ms);
    if (supervisor->ending && clock_steady_ms() >= supervisor->kill_ms) {
        session_signal(supervisor->main, SIGKILL);
        supervisor->kill_ms = now_ms + KILL_AFTER_MS;
    }
}

static void wait_for_main(struct supervisor *supervisor)
{
    reap(supervisor);
    while (!supervisor->ended) {
        struct pollfd ready = { .fd = supervisor->signals, .events = POLLIN };

        if (poll(&ready, 1, supervisor->grows ? OUTPUT_LOOK_BUSY_MS : OUTPUT_LOOK_MS) > 0)
            read_signals(supervisor);
        if (!supervisor->ended)
            check_limits(supervisor);
    }
}

/* True: they have gone, or made sessions of their own. */
static bool others_go_within(const struct supervisor *supervisor, int limit_ms)
{
    long long until_ms = clock_steady_ms() + limit_ms;

    while (session_has_others(supervisor->main)) {
        if (clock_steady_ms() >= until_ms)
            return false;
        poll(NULL, 0, LEFTOVERS_LOOK_MS);
    }
    return true;
}

/*
 * What has made a session of its own lives on; one that was started just before the end has a moment to do so.  The rest
 * is told to end and has two seconds for it.
 */
static void clear_leftovers(struct supervisor *supervisor)
{
    if (others_go_within(supervisor, supervisor->ending ? 0 : LEAVE_MS))
        return;
    session_signal(supervisor->main, SIGTERM);
    if (!others_go_within(supervisor, LEFTOVERS_MS))
        session_signal(supervisor->main, SIGKILL);
}

static void read_end(struct supervisor *supervisor, struct run_status *status)
{
    siginfo_t info = { .si_status = 0 };

    while (waitid(P_PID, (id_t)supervisor->main, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    status->status = info.si_status;
    status->outcome = info.si_code == CLD_EXITED ? RUN_EXITED : RUN_SIGNALLED;
    if (supervisor->ending)
        status->outcome = supervisor->why;
}

/* What it wrote between the last look and its end counts too. */
static void cut_output(struct supervisor *supervisor, struct run_status *status)
{
    long long limit = supervisor->plan.output_bytes;

    status->output_bytes = output_size(supervisor);
    if (status->output_bytes <= limit)
        return;
    if (ftruncate(supervisor->output, (off_t)limit) == 0)
        status->output_bytes = limit;
    if (status->outcome == RUN_EXITED)
        status->outcome = RUN_OUTPUT_LIMIT;
}

void supervisor_wait(struct supervisor *supervisor, struct run_status *status)
{
    supervisor->time_end_ms = clock_steady_ms() + supervisor->plan.time_s * 1000;
    *status = (struct run_status){ .outcome = RUN_EXITED };
    wait_for_main(supervisor);
    clear_leftovers(supervisor);
    read_end(supervisor, status);
    cut_output(supervisor, status);
}
