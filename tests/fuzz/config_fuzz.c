/* Input: a configuration file.  Read whole it may have any faults, but each has a place within the file. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "core/config.h"
#include "fake_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];

        ASSERT(fault->file != NULL && fault->text[0] != '\0');
        ASSERT((fault->line == 0) == (fault->column == 0));
    }
}

static void read_as(const char *path, enum config_mode mode)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct faults faults = { .count = 0 };
    AUTO(config)
    const struct config *config = config_read(path, mode, &fake_registry, arena, &faults);

    ASSERT((config == NULL) == (faults.errors > 0));
    check_faults(&faults);
    ASSERT(utf8_is_valid(faults_print(arena, &faults), strlen(faults_print(arena, &faults))));
}

/* A file in memory.  Packs would make it walk through this machine's folders. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];

    if (memmem(data, size, "packs", 5) != NULL)
        return 0;
    int file = memfd_create("opsroom.yaml", MFD_CLOEXEC);
    ASSERT(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    read_as(path, CONFIG_WHOLE);
    read_as(path, CONFIG_CLIENT);
    close(file);
    return 0;
}
