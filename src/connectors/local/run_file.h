/* Small files that appear whole, on the disk, or not at all.  For run.c. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"

/* NULL: ERROR_MISSING when there is no such file. */
const struct json *run_file_read(struct arena *arena, const char *folder, const char *name,
                                 size_t limit_bytes, struct error *err);

MUST_CHECK int run_file_write(const char *folder, const char *name, const char *text,
                              struct error *err);
/* Writes into a file that is there already, then gives it its name. */
MUST_CHECK int run_file_replace(const char *folder, const char *draft, const char *name,
                                const char *text, struct error *err);
/* As run_file_write, but only one of several at once succeeds: *claimed. */
MUST_CHECK int run_file_claim(const char *folder, const char *name, const char *text,
                              bool *claimed, struct error *err);
MUST_CHECK int run_folder_flush(const char *folder, struct error *err);
