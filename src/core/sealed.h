/* The sealed secrets file beside the configuration: NAME -> value, encrypted with a key of its own (0600). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/field.h"
#include "base/secret.h"
#include "base/text.h"

enum {
    SEALED_NAME_BYTES_MAX = 64, /* letters, digits, _ . - */
    SEALED_VALUE_BYTES_MAX = 64 * 1024,
    SEALED_FILE_BYTES_MAX = 16 * 1024 * 1024
};

/* directory: of the configuration file.  Files: opsroom.secrets (sealed), opsroom.key (32 bytes, mode 0600; or
 * $OPSROOM_KEY_FILE). */
MUST_CHECK int sealed_set(const char *directory, const char *name, struct span value,
                          struct error *err);
MUST_CHECK int sealed_remove(const char *directory, const char *name, struct error *err);
MUST_CHECK int sealed_list(const char *directory, struct arena *arena, struct strings *names,
                           struct error *err);
/* NULL with ERROR_MISSING when there is no such name. */
struct secret *sealed_get(const char *directory, const char *name, struct error *err);

/* For many at once: the files are read a single time.  No file is no fault: then there is no name in it. */
struct sealed;
struct sealed *sealed_open(const char *directory, struct error *err);
void sealed_free(struct sealed *sealed);
DEFINE_AUTO(sealed);
/* As sealed_get(); length: of the value in bytes, or NULL. */
struct secret *sealed_find(struct sealed *sealed, const char *name, size_t *length,
                           struct error *err);

/* 32 bytes derived from the key for one purpose ("audit"): a signing seed. */
MUST_CHECK int sealed_seed(const char *directory, const char *purpose, unsigned char seed[32],
                           struct error *err);
