/* Runs another program without a shell: argument list, clean environment, output caught, time limited. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"

struct process_result {
    int status; /* exit status, or 128 + signal */
    /* Standard output and standard error, each cut at output_limit, repaired to be UTF-8. */
    const char *output;
    const char *errors;
};

struct process_plan {
    /* NULL-terminated; [0] is looked up in our PATH unless it has a slash. */
    const char *const *arguments;
    const char *const *environment; /* NULL-terminated "K=V"; NULL: PATH, HOME, LANG only */
    const char *directory;          /* NULL: ours */
    int limit_s;
    size_t output_limit;
};

/*
 * Waits for it.  -1 only when it could not be started (ERROR_MISSING: no such program or directory) or was cut off
 * (ERROR_UNREACHABLE: nobody knows what it did until then); a non-zero status is a result.  The program leads a
 * session of its own without a terminal, and what it leaves running in its process group is killed when it ends.
 */
MUST_CHECK int process_run(const struct process_plan *plan, struct arena *arena,
                           struct process_result *result, struct error *err);
