/* What a deployment would do: for --dry-run.  For core/deploy*.c. */
#pragma once

#include "core/call_core.h"
#include "core/lock.h"

struct deploy_report {
    const struct app *app;
    const struct environment *environment;
    const struct deployment *deployment;
    const char *previous_commit;
    const struct json
        *commits; /* rows {commit, author, at, title}, newest first; NULL: not known */
    struct deploy_gate gate;
};

MUST_CHECK int deploy_report_say(struct call *call, const struct deploy_report *report,
                                 struct error *err);
