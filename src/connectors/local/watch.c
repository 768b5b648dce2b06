/* Watches the runs of a connection and wakes their jobs when there is more to read. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/local/local.h"

enum {
    STRIKE_APART_MS = 200,
    CLOSING_LOOK_MS = 250, /* how long a stop of the server may stay unseen */
    SWEEP_MS = 10 * 60 * 1000,
    EVENT_BYTES = 16 * 1024
};

/* One run, while it goes on. */
struct watched {
    struct watched *next;
    int id;
    char *name;
    bool is_due; /* something happened that its job has not been told */
    long long struck_ms;
};

struct watch {
    struct call *call;
    const char *runs;
    int notify;
    int runs_id;
    struct watched *list;
    long long swept_ms;
};

static void strike(struct watch *watch, struct watched *watched)
{
    AUTO(arena) struct arena *arena = arena_new();

    call_wake(watch->call, run_wake_key(arena, watched->name));
    watched->is_due = false;
    watched->struck_ms = clock_steady_ms();
}

static struct watched *find(const struct watch *watch, int id)
{
    struct watched *at = watch->list;

    while (at != NULL && at->id != id)
        at = at->next;
    return at;
}

static void forget(struct watch *watch, struct watched *watched)
{
    struct watched **at = &watch->list;

    while (*at != watched)
        at = &(*at)->next;
    *at = watched->next;
    free(watched->name);
    free(watched);
}

static bool is_ours(struct watch *watch, struct arena *arena, const char *folder)
{
    const char *connection = call_connection(watch->call);
    struct error ignored = { 0 };
    struct run_plan plan;

    return run_read_plan(arena, folder, &plan, &ignored) == 0 &&
           text_is(plan.connection, connection);
}

/* What has happened before it is watched is told at once. */
static void add(struct watch *watch, const char *name)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *folder = run_file(arena, watch->runs, name);
    struct watched *watched;
    int id;

    if (name[0] == '.' || !is_ours(watch, arena, folder))
        return;
    if (access(run_file(arena, folder, "seen"), F_OK) == 0)
        return;
    id = inotify_add_watch(watch->notify, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    if (id < 0)
        return;
    watched = find(watch, id);
    if (watched != NULL) {
        watched->is_due = true;
        return;
    }
    watched = memory_new(sizeof(*watched));
    *watched = (struct watched){ .next = watch->list, .id = id, .name = memory_copy(name) };
    watch->list = watched;
    strike(watch, watched);
}

static void hear(struct watch *watch, const struct inotify_event *event)
{
    struct watched *watched;

    if (event->wd == watch->runs_id) {
        if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0 && event->len > 0)
            add(watch, event->name);
        return;
    }
    watched = find(watch, event->wd);
    if (watched == NULL)
        return;
    if ((event->mask & IN_IGNORED) != 0) {
        forget(watch, watched);
        return;
    }
    if (event->len == 0)
        return;
    if (strcmp(event->name, "seen") == 0)
        inotify_rm_watch(watch->notify, watched->id);
    else if (strcmp(event->name, "status") == 0)
        strike(watch, watched);
    else if (strcmp(event->name, "output") == 0)
        watched->is_due = true;
}

static void scan(struct watch *watch)
{
    DIR *directory = opendir(watch->runs);
    struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        add(watch, entry->d_name);
    closedir(directory);
}

static void hear_all(struct watch *watch)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    ssize_t got = read(watch->notify, bytes, sizeof(bytes));

    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(bytes + at);

        /* Too many at once: some were lost. */
        if ((event->mask & IN_Q_OVERFLOW) != 0)
            scan(watch);
        else
            hear(watch, event);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
}

/* How long nothing is due. */
static int strike_due(struct watch *watch)
{
    long long now_ms = clock_steady_ms();
    long long wait_ms = CLOSING_LOOK_MS;

    for (struct watched *at = watch->list; at != NULL; at = at->next) {
        long long left_ms = at->struck_ms + STRIKE_APART_MS - now_ms;

        if (at->is_due && left_ms <= 0)
            strike(watch, at);
        else if (at->is_due && left_ms < wait_ms)
            wait_ms = left_ms;
    }
    return (int)wait_ms;
}

static void sweep(struct watch *watch)
{
    long long now_ms = clock_steady_ms();

    if (watch->swept_ms != 0 && now_ms - watch->swept_ms < SWEEP_MS)
        return;
    watch->swept_ms = now_ms;
    runs_sweep(watch->runs);
}

static int watch_open(struct watch *watch, struct error *err)
{
    if (mkdir(watch->runs, 0700) < 0 && errno != EEXIST)
        return error_system(err, errno, "the folder \"%s\"", watch->runs);
    watch->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->notify < 0)
        return error_system(err, errno, "watching \"%s\"", watch->runs);
    watch->runs_id =
        inotify_add_watch(watch->notify, watch->runs, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    if (watch->runs_id < 0)
        return error_system(err, errno, "watching \"%s\"", watch->runs);
    return 0;
}

static void watch_run(struct watch *watch)
{
    scan(watch);
    while (!call_is_closing(watch->call)) {
        struct pollfd ready = { .fd = watch->notify, .events = POLLIN };

        sweep(watch);
        if (poll(&ready, 1, strike_due(watch)) > 0)
            hear_all(watch);
    }
}

int local_watch(struct call *call, struct error *err)
{
    struct watch watch = {
        .call = call,
        .runs = runs_folder(call_arena(call), call_data_directory(call)),
        .notify = -1,
    };
    int result = watch_open(&watch, err);

    if (result == 0)
        watch_run(&watch);
    while (watch.list != NULL)
        forget(&watch, watch.list);
    if (watch.notify >= 0)
        close(watch.notify);
    return result;
}
