/* A copy of the whole database as it is at one moment, made while it is in use. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/store_internal.h"

/* All in one step: in several, each write of others would make it start again. */
static int pages_copy(struct db *from, struct db *to, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");

    if (backup == NULL)
        return db_fail(to, err, "backup");
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK ? 0 : db_fail(to, err, "backup");
}

/* One file that can be read from anywhere, without a log beside it. */
static int single_file_make(struct db *db, struct error *err)
{
    return db_execute(db, "PRAGMA journal_mode = DELETE", err);
}

/* So that the new name survives a power cut. */
static int folder_sync(const char *path, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *name = path_name(path);
    const char *folder = name == path ? "." : arena_copy_n(arena, path, (size_t)(name - path));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    if (file < 0 || fsync(file) < 0)
        result = error_system(err, errno, "the folder of %s cannot be flushed", name);
    if (file >= 0)
        close(file);
    return result;
}

static int copy_write(struct db *db, const char *path, struct error *err)
{
    struct db *copy = db_open(path, DB_WRITE, err);
    int result = -1;

    if (copy == NULL)
        return -1;
    if (pages_copy(db, copy, err) == 0 && single_file_make(copy, err) == 0)
        result = 0;
    db_close(copy);
    return result < 0 ? -1 : folder_sync(path, err);
}

int backup_write(struct db *db, const char *path, struct error *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0 && errno == EEXIST)
        return error_set(err, ERROR_CONFLICT,
                         "%s exists already: choose another name for the backup", path);
    if (file < 0)
        return error_system(err, errno, "the backup %s cannot be made", path);
    close(file);
    if (copy_write(db, path, err) == 0)
        return 0;
    unlink(path);
    return error_prefix(err, "backup to %s", path);
}
