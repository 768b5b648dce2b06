/* Files of the sealed secrets; for sealed.c. */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* At most limit bytes into buffer, which has room for one more; -1 with errno, EFBIG when there are more. */
ssize_t sealed_read_file(const char *path, char *buffer, size_t limit, struct stat *status);

/* The whole file or nothing, mode 0600. */
MUST_CHECK int sealed_write_file(struct arena *arena, const char *path, struct span bytes,
                                 struct error *err);

/* An open file whose close() gives the lock back.  It is the folder itself: the files are replaced, and no lock file is
 * left behind. */
MUST_CHECK int sealed_lock(const char *directory, struct error *err);
