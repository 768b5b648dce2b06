/* Where a deployment goes and what it needs to get there: shared by the steps and the commands.  For core/deploy*.c. */
#pragma once

#include "core/call_core.h"
#include "core/deployment.h"
#include "core/lock.h"

struct deploy_args {
    const char *app;
    const char *version;
    const char *from; /* promote */
    const char *environment;
    const char *override; /* the reason to deploy through a freeze */
    bool dry_run;
};

struct deploy_state {
    const struct json *deployer; /* the deployer's own state */
    long long health_until;      /* ms; 0: not asked yet */
};

/* What one call of a deployer's verb needs. */
struct site {
    const struct app *app;
    const struct environment *environment;
    const struct deployer *deployer;
    struct deployment deployment;
    const char *previous_commit; /* known while it is pinned */
};

bool site_is_rollback(const struct call *call);

/* From the arguments and pins; ERROR_MISSING when the configuration has it no more. */
MUST_CHECK int site_find(struct call *call, struct site *site, struct error *err);
struct deploy_gate site_gate(struct call *call, const struct site *site);

/* The deployer's state struct, out of ours and back again. */
void *site_open_state(struct call *call, const struct site *site, struct error *err);
void site_close_state(struct call *call, const struct site *site, const void *own);

/* version -> commit, and what the approval is bound to beside the arguments: pin() of the deploy verbs. */
int deploy_pin(struct call *call, struct error *err);

/* The verbs' steps. */
enum {
    DEPLOY_STEP_COUNT = 4
};
extern const struct command_step deploy_steps[DEPLOY_STEP_COUNT];
int deploy_cancel(struct call *call, struct error *err);
