/* The files of the sealed secrets: read with a limit, replaced whole, locked by their folder. */
#include "core/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

ssize_t sealed_read_file(const char *path, char *buffer, size_t limit, struct stat *status)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t length = 0;
    ssize_t got = file >= 0 && fstat(file, status) == 0 ? 1 : -1;

    if (got > 0 && !S_ISREG(status->st_mode)) {
        errno = EINVAL;
        got = -1;
    }
    while (got > 0 && length <= limit) {
        got = read(file, buffer + length, limit + 1 - length);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            length += (size_t)got;
    }
    int reason = length > limit ? EFBIG : errno;
    if (file >= 0)
        close(file);
    errno = reason;
    return got < 0 || length > limit ? -1 : (ssize_t)length;
}

static int write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);

        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return fsync(file);
}

static int sync_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder =
        slash != NULL ? arena_copy_n(arena, path, (size_t)(slash - path) + 1) : ".";
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = file >= 0 ? fsync(file) : -1;

    if (file >= 0)
        close(file);
    return result;
}

int sealed_write_file(struct arena *arena, const char *path, struct span bytes,
                      struct error *err)
{
    char *temporary = arena_printf(arena, "%s.XXXXXX", path);
    int file = mkostemp(temporary, O_CLOEXEC);

    if (file < 0)
        return error_system(err, errno, "%s cannot be written", path);
    int result = write_all(file, bytes.start, bytes.length);
    int reason = errno;
    close(file);
    if (result == 0) {
        result = rename(temporary, path);
        reason = errno;
    }
    if (result < 0) {
        unlink(temporary);
        return error_system(err, reason, "%s cannot be written", path);
    }
    if (sync_folder(arena, path) < 0)
        return error_system(err, errno, "%s cannot be made durable", path);
    return 0;
}

int sealed_lock(const char *directory, struct error *err)
{
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = folder >= 0 ? 0 : -1;

    while (folder >= 0 && (result = flock(folder, LOCK_EX)) < 0 && errno == EINTR)
        continue;
    if (result == 0)
        return folder;
    int reason = errno;
    if (folder >= 0)
        close(folder);
    return error_system(err, reason, "the folder %s of the sealed secrets", directory);
}
