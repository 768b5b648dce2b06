/* Replays the seeds of a fuzz target as an ordinary test: whole, cut short, and with bytes flipped. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

enum {
    EIGHTHS = 8,
    FLIPS = 5,
    PATH_BYTES = 4096
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* NULL when it cannot be read. */
static uint8_t *read_seed(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0) {
        rewind(file);
        bytes = malloc((size_t)end + 1);
        *size = bytes != NULL ? fread(bytes, 1, (size_t)end, file) : 0;
    }
    fclose(file);
    return bytes;
}

/*
 * A copy of exactly that size, so that the address sanitizer sees a read past the end.  What is tried is printed first:
 * after a crash it is the last line of the log.
 */
static void try_input(const uint8_t *bytes, size_t size, size_t flipped, const char *how)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    if (flipped < size)
        copy[flipped] ^= 0x55;
    printf("# %s, %zu bytes, place %zu\n", how, size, flipped);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void try_seed(const uint8_t *bytes, size_t size)
{
    try_input(bytes, size, size, "whole");
    for (size_t i = 0; i < EIGHTHS; i++)
        try_input(bytes, size * i / EIGHTHS, size, "cut");
    for (size_t i = 0; i < FLIPS && i < size; i++)
        try_input(bytes, size, (size - 1) * i / FLIPS, "flipped");
}

static void replay(const char *directory, const char *name)
{
    char path[PATH_BYTES];
    uint8_t *bytes;
    size_t size = 0;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    printf("# seed %s\n", path);
    bytes = read_seed(path, &size);
    if (bytes != NULL)
        try_seed(bytes, size);
    tap_check(bytes != NULL, name, path, 1);
    free(bytes);
}

int main(int argument_count, char **arguments)
{
    const char *directory = argument_count == 2 ? arguments[1] : ".";
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_seed, alphasort);

    setvbuf(stdout, NULL, _IOLBF, 0);
    tap_check(count > 0, "there are seeds", directory, 1);
    for (int i = 0; i < count; i++) {
        replay(directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return tap_done();
}
