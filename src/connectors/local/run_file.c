/* Small files that appear whole: written under another name, flushed, then named. */
#include "connectors/local/run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/local/run.h"

/* NULL with errno. */
static char *read_whole(int file, struct arena *arena, size_t limit_bytes, size_t *length)
{
    struct stat status;
    char *bytes;
    ssize_t got;

    if (fstat(file, &status) < 0)
        return NULL;
    if (status.st_size < 0 || (size_t)status.st_size > limit_bytes) {
        errno = EFBIG;
        return NULL;
    }
    bytes = arena_alloc(arena, (size_t)status.st_size + 1);
    got = read(file, bytes, (size_t)status.st_size);
    *length = got < 0 ? 0 : (size_t)got;
    return got < 0 ? NULL : bytes;
}

const struct json *run_file_read(struct arena *arena, const char *folder, const char *name,
                                 size_t limit_bytes, struct error *err)
{
    const char *path = run_file(arena, folder, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    char *bytes = file < 0 ? NULL : read_whole(file, arena, limit_bytes, &length);
    int fault = errno;
    const struct json *json;

    if (file >= 0)
        close(file);
    if (bytes == NULL) {
        error_system(err, fault, "\"%s\"", path);
        return NULL;
    }
    json = json_parse(arena, bytes, length, err);
    if (json == NULL)
        error_prefix(err, "\"%s\"", path);
    return json;
}

int run_folder_flush(const char *folder, struct error *err)
{
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = directory < 0 ? -1 : fsync(directory);
    int fault = errno;

    if (directory >= 0)
        close(directory);
    return result < 0 ? error_system(err, fault, "the folder \"%s\"", folder) : 0;
}

static int write_all(int file, const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length;) {
        ssize_t written = write(file, text + at, length - at);

        if (written < 0 && errno != EINTR)
            return -1;
        at += written > 0 ? (size_t)written : 0;
    }
    return fsync(file);
}

static int write_draft(const char *path, int flags, const char *text, struct error *err)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    int result = file < 0 ? -1 : write_all(file, text);
    int fault = errno;

    if (file >= 0)
        close(file);
    return result < 0 ? error_system(err, fault, "writing \"%s\"", path) : 0;
}

int run_file_write(const char *folder, const char *name, const char *text, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    if (write_draft(run_file(arena, folder, name), O_CREAT | O_TRUNC, text, err) < 0)
        return -1;
    return run_folder_flush(folder, err);
}

int run_file_replace(const char *folder, const char *draft, const char *name, const char *text,
                     struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *from = run_file(arena, folder, draft);

    if (write_draft(from, O_CREAT, text, err) < 0)
        return -1;
    if (rename(from, run_file(arena, folder, name)) < 0)
        return error_system(err, errno, "naming \"%s\"", from);
    return run_folder_flush(folder, err);
}

int run_file_claim(const char *folder, const char *name, const char *text, bool *claimed,
                   struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *draft =
        arena_printf(arena, "%s/%s.%d.%d", folder, name, (int)getpid(), (int)gettid());
    int result, fault;

    if (write_draft(draft, O_CREAT | O_TRUNC, text, err) < 0)
        return -1;
    result = link(draft, run_file(arena, folder, name));
    fault = errno;
    unlink(draft);
    if (result < 0 && fault != EEXIST)
        return error_system(err, fault, "making \"%s/%s\"", folder, name);
    if (run_folder_flush(folder, err) < 0)
        return -1;
    *claimed = result == 0;
    return 0;
}
