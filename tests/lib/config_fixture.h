/* Configurations written into a temporary folder, which is the current one, and read from it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "fake_registry.h"
#include "tap.h"

/* Makes the folder and goes there; the name is good until the program ends. */
static inline const char *fixture_start(struct arena *arena)
{
    char *folder = mkdtemp(arena_printf(arena, "%s/opsroom-config-XXXXXX", P_tmpdir));

    CHECK(folder != NULL && chdir(folder) == 0);
    return folder;
}

static inline void fixture_write(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(name, "w");

    CHECK(file != NULL && fwrite(bytes, 1, length, file) == length);
    if (file != NULL)
        fclose(file);
}

static inline void fixture_text(const char *name, const char *text)
{
    fixture_write(name, text, strlen(text));
}

/* Reads opsroom.yaml with that text; *print is what a person would see of the faults. */
static inline struct config *fixture_read(struct arena *arena, const char *text,
                                          enum config_mode mode, const char **print)
{
    struct faults faults = { .count = 0 };

    fixture_text("opsroom.yaml", text);
    struct config *config = config_read("opsroom.yaml", mode, &fake_registry, arena, &faults);
    *print = faults_print(arena, &faults);
    CHECK((config == NULL) == (faults.errors > 0));
    return config;
}

/* One that has to be without any fault or warning. */
static inline struct config *fixture_good(struct arena *arena, const char *text)
{
    const char *print = NULL;
    struct config *config = fixture_read(arena, text, CONFIG_WHOLE, &print);

    CHECK_STR(print, "");
    return config;
}
