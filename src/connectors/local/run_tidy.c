/* The end of runs: stopping one, removing its folder, sweeping those that nobody needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "connectors/local/run.h"
#include "connectors/local/run_process.h"

enum {
    SEEN_KEPT_S = 10 * 60,
    DRAFT_KEPT_S = 24 * 3600,
    /* A server that was down for a month does not come back for it. */
    UNSEEN_KEPT_S = 30 * 24 * 3600
};

/* Until the process has ended; false when it has not by then. */
static bool wait_for_end(int process, int wait_ms)
{
    long long until_ms = clock_steady_ms() + wait_ms;

    for (;;) {
        struct pollfd ended = { .fd = process, .events = POLLIN };
        long long left_ms = until_ms - clock_steady_ms();
        int ready = poll(&ended, 1, left_ms > 0 ? (int)left_ms : 0);

        if (ready > 0)
            return true;
        if (ready == 0 && left_ms <= 0)
            return false;
    }
}

int run_stop(const struct run_owner *owner, int wait_ms, struct error *err)
{
    int process = pidfd_open((pid_t)owner->pid, 0);
    bool ended;

    if (process < 0)
        return errno == ESRCH ? 0 : error_system(err, errno, "process %lld", owner->pid);
    /* Looked at again now that the descriptor holds it: the pid cannot have changed hands since. */
    ended = !process_is_alive(owner->pid, owner->start);
    if (!ended && pidfd_send_signal(process, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
        error_system(err, errno, "telling process %lld to end", owner->pid);
        close(process);
        return -1;
    }
    ended = ended || wait_for_end(process, wait_ms);
    close(process);
    if (!ended)
        return error_set(err, ERROR_BUSY, "the pipeline has not ended within %d s",
                         wait_ms / 1000);
    return 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void run_remove(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        if (!is_dots(entry->d_name))
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    rmdir(folder);
}

/* Seconds since it was changed; -1: there is none. */
static long long age_s(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return -1;
    return (long long)(time(NULL) - status.st_mtim.tv_sec);
}

static bool is_going(struct arena *arena, const char *folder)
{
    struct run_look look;
    struct error ignored;

    return run_look(arena, folder, &look, &ignored) < 0 || look.phase == RUN_GOING;
}

static bool is_over(struct arena *arena, const char *runs, const char *name)
{
    const char *folder = run_file(arena, runs, name);

    if (name[0] == '.')
        return age_s(folder) > DRAFT_KEPT_S;
    if (age_s(run_file(arena, folder, "seen")) > SEEN_KEPT_S)
        return true;
    return age_s(run_file(arena, folder, "plan")) > UNSEEN_KEPT_S && !is_going(arena, folder);
}

void runs_sweep(const char *runs)
{
    DIR *directory = opendir(runs);
    struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        AUTO(arena) struct arena *arena = arena_new();

        if (!is_dots(entry->d_name) && is_over(arena, runs, entry->d_name))
            run_remove(run_file(arena, runs, entry->d_name));
    }
    closedir(directory);
}
