/*
 * Workers: claim a row with a lease, note the step that starts, commit; run the step; then in one transaction save
 * state, next step or wake-up time, audit and what was said.  A worker that lost its lease cannot commit (fence).
 */
#pragma once

#include "base/error.h"
#include "core/core.h"

struct runner;

/* threads for connectors' work, core_threads for core's own commands. */
struct runner *runner_start(struct core *core, unsigned threads, unsigned core_threads,
                            struct error *err);
/* Something may be claimable: called after commits; never blocks. */
void runner_wake(struct runner *runner);
/* Claims nothing more, waits up to limit_s for steps under way, hands the rest back. */
void runner_stop(struct runner *runner, int limit_s);
void runner_free(struct runner *runner);

/* At start, before the workers: jobs whose command or step no longer exists are parked and reported; steps that were under
 * way are left marked so that the worker asks happened(). */
MUST_CHECK int runner_recover(struct core *core, struct error *err);
/* Time limits: called by the timer. */
MUST_CHECK int runner_expire(struct core *core, long long now_ms, struct error *err);
