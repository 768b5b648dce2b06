/* The files that a configuration is made of, and the paths in them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_internal.h"

static int read_all(struct arena *arena, int file, struct span *bytes)
{
    /* One byte more than allowed, so that the reader of the bytes sees that there are too many. */
    size_t capacity = FILE_BYTES_MAX + 1, length = 0;
    struct stat status;

    if (fstat(file, &status) < 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    if (status.st_size < (off_t)capacity)
        capacity = (size_t)status.st_size + 1;
    char *buffer = arena_alloc(arena, capacity + 1);
    while (length < capacity) {
        ssize_t got = read(file, buffer + length, capacity - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *bytes = (struct span){ .start = buffer, .length = length };
    return 0;
}

int file_read(struct arena *arena, const char *path, struct span *bytes, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0)
        return error_system(err, errno, "cannot be opened");
    int result = read_all(arena, file, bytes);
    int reason = errno;
    close(file);
    return result < 0 ? error_system(err, reason, "cannot be read") : 0;
}

const char *path_in(struct arena *arena, const char *directory, const char *path)
{
    const char *whole = path[0] == '/' ? path : arena_printf(arena, "%s/%s", directory, path);
    struct span rest = span_of(whole), part;
    struct text text = text_new(arena, rest.length + 1);

    while (span_split(&rest, '/', &part)) {
        if (part.length == 0 || span_is(part, "."))
            continue;
        text_add_char(&text, '/');
        text_add_n(&text, part.start, part.length);
    }
    return text.length > 0 ? text_string(&text) : "/";
}

const struct source *source_of(const struct loader *loader, const struct json *value)
{
    for (size_t i = 0; i < loader->source_count; i++)
        if (loader->sources[i]->name == value->file)
            return loader->sources[i];
    return loader->sources[0];
}

static const char *directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? "/" : arena_copy_n(arena, path, (size_t)(slash - path));
}

struct source *source_add(struct loader *loader, const char *name, const char *short_name,
                          struct mark mark)
{
    struct source *source = ARENA_NEW(loader->arena, struct source);
    struct error err = { .kind = ERROR_NONE };
    struct span bytes;
    char here[4096] = "/";

    if (name[0] != '/' && getcwd(here, sizeof(here)) == NULL)
        error_system(&err, errno, "the current folder is unknown");
    const char *path = path_in(loader->arena, here, name);
    source->name = arena_copy(loader->arena, name);
    source->short_name = short_name;
    source->directory = directory_of(loader->arena, path);
    if (mark.file == NULL)
        mark.file = source->name;
    if (err.kind == ERROR_NONE)
        (void)!file_read(loader->arena, path, &bytes, &err);
    if (err.kind != ERROR_NONE && mark.file != source->name) {
        fault_add(loader, mark, "%s: %s", name, err.text);
        return NULL;
    }
    loader->sources[loader->source_count++] = source;
    if (err.kind != ERROR_NONE) {
        fault_add(loader, mark, "%s: make one with opsroom init, or name it with -c FILE",
                  err.text);
        return source;
    }
    source->text = bytes.start;
    source->length = bytes.length;
    yaml_read(loader, source);
    return source;
}
