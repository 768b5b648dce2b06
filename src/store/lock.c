/* Keeps a second server from the same database: a lock on PATH.lock, which holds the first one's process id. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store_internal.h"

static int lock_refused(int file, const char *path, struct error *err)
{
    char text[24] = { 0 };
    ssize_t length = pread(file, text, sizeof(text) - 1, 0);
    struct span pid = span_trim((struct span){ text, length > 0 ? (size_t)length : 0 });

    close(file);
    if (pid.length == 0)
        return error_set(err, ERROR_CONFLICT, "%s is in use by another opsroom",
                         path_name(path));
    return error_set(err, ERROR_CONFLICT, "%s is in use by another opsroom (pid %.*s)",
                     path_name(path), (int)pid.length, pid.start);
}

/* The file stays when we end: to remove it would let two others lock two different ones. */
int lock_take(const char *path, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *lock_path = arena_printf(arena, "%s.lock", path);
    int file = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (file < 0)
        return error_system(err, errno, "%s cannot be locked: %s", path_name(path), lock_path);
    if (flock(file, LOCK_EX | LOCK_NB) < 0)
        return lock_refused(file, path, err);
    if (ftruncate(file, 0) < 0 || dprintf(file, "%ld\n", (long)getpid()) < 0) {
        error_system(err, errno, "%s cannot be locked: %s", path_name(path), lock_path);
        close(file);
        return -1;
    }
    return file;
}
