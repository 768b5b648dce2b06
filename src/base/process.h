/* Runs another program without a shell: argument list, clean environment, output caught, time limited. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"

struct process_result {
    int status;         /* exit status, or 128 + signal */
    const char *output; /* standard output, cut at output_limit */
    const char *errors; /* standard error, likewise */
};

struct process_plan {
    const char *const
        *arguments; /* NULL-terminated; [0] is looked up in PATH unless it has a slash */
    const char *const *environment; /* NULL-terminated "K=V"; NULL: PATH, HOME, LANG only */
    const char *directory;          /* NULL: ours */
    int limit_s;
    size_t output_limit;
};

/* Waits for it.  -1 only when it could not be started or was cut off; a non-zero status is a result. */
MUST_CHECK int process_run(const struct process_plan *plan, struct arena *arena,
                           struct process_result *result, struct error *err);
