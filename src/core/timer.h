/* What has its time: expiry of approvals, questions and jobs; what is kept too long.  One thread. */
#pragma once

#include "base/error.h"
#include "core/core.h"

struct timer;
struct timer *timer_start(struct core *core, struct error *err);
void timer_stop(struct timer *timer); /* NULL is accepted */

/* Deletes finished jobs and all that belongs to them, messages and inputs older than server.retain_days; never the audit. */
MUST_CHECK int retention_run(struct core *core, long long now_ms, struct error *err);
