/* The fixture of the local runner's tests. */
#include "local_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"
#include "connectors/local/supervise.h"
#include "tap.h"

enum {
    AWAIT_MS = 20 * 1000,
    LOOK_MS = 5
};

static int run_quietly(struct arena *arena, const char *const *arguments)
{
    struct process_plan plan = { .arguments = arguments, .limit_s = 30, .output_limit = 4096 };
    struct process_result result = { .status = -1 };
    struct error err = { 0 };

    return process_run(&plan, arena, &result, &err) < 0 ? -1 : result.status;
}

static void folder_remove(void *path)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *const arguments[] = { "rm", "-rf", path, NULL };

    run_quietly(arena, arguments);
}

const char *folder_new(struct arena *arena)
{
    char *path = arena_copy(arena, "/tmp/opsroom-test-XXXXXX");

    ASSERT(mkdtemp(path) != NULL);
    arena_defer(arena, folder_remove, path);
    return path;
}

void script_write(const char *folder, const char *name, const char *text)
{
    AUTO(arena) struct arena *arena = arena_new();
    int file =
        open(run_file(arena, folder, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    ASSERT(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
}

const char *file_text(struct arena *arena, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *text;
    ssize_t got = 0;

    if (file < 0)
        return "";
    ASSERT(fstat(file, &status) == 0);
    text = arena_alloc(arena, (size_t)status.st_size + 1);
    got = read(file, text, (size_t)status.st_size);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static bool file_has(const char *path, const char *text)
{
    AUTO(arena) struct arena *arena = arena_new();

    return text_has(file_text(arena, path), text);
}

bool file_await(const char *path, const char *text)
{
    long long until_ms = clock_steady_ms() + AWAIT_MS;

    while (!file_has(path, text) && clock_steady_ms() < until_ms)
        poll(NULL, 0, LOOK_MS);
    return file_has(path, text);
}

bool process_await_end(long long pid)
{
    struct pollfd ended = { .fd = pidfd_open((pid_t)pid, 0), .events = POLLIN };
    bool gone = ended.fd < 0 || poll(&ended, 1, AWAIT_MS) == 1;

    if (ended.fd >= 0)
        close(ended.fd);
    return gone;
}

int supervisor_start(struct arena *arena, const char *run, const char **said)
{
    const char *const arguments[] = { "/proc/self/exe", SUPERVISE_WORD, run, NULL };
    struct process_plan plan = { .arguments = arguments, .limit_s = 30, .output_limit = 4096 };
    struct process_result result = { .status = -1 };
    struct error err = { 0 };

    if (process_run(&plan, arena, &result, &err) < 0)
        return -1;
    *said = span_copy(arena, span_trim(span_of(result.errors)));
    return result.status;
}

struct run_look run_await(struct arena *arena, const char *run)
{
    struct error err = { 0 };
    struct run_look look = { .phase = RUN_ABSENT };
    struct pollfd ended = { .fd = -1, .events = POLLIN };

    CHECK_INT(run_look(arena, run, &look, &err), 0);
    if (look.phase != RUN_GOING)
        return look;
    ended.fd = pidfd_open((pid_t)look.owner.pid, 0);
    if (ended.fd >= 0) {
        CHECK_INT(poll(&ended, 1, AWAIT_MS), 1);
        close(ended.fd);
    }
    CHECK_INT(run_look(arena, run, &look, &err), 0);
    return look;
}
