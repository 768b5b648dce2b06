/* The steps of "run:" commands. */
#include "connectors/local/local.h"

static enum step pipeline_start(struct call *call, struct error *err)
{
    struct launch launch = { .arguments = call_run_arguments(call, err) };

    if (launch.arguments == NULL)
        return STEP_FAIL;
    return run_start(call, &launch, call_state(call), err);
}

static enum happened pipeline_started(struct call *call, struct error *err)
{
    return run_started(call, call_state(call), err);
}

static enum step pipeline_follow(struct call *call, struct error *err)
{
    struct run_state *state = call_state(call);
    enum step step = run_follow(call, state, err);

    if (step == STEP_NEXT)
        run_answer(call, state);
    return step;
}

static int pipeline_cancel(struct call *call, struct error *err)
{
    return run_cancel(call, call_state(call), err);
}

static const struct command_step steps[] = {
    { .name = "start", .run = pipeline_start, .happened = pipeline_started },
    { .name = "follow", .run = pipeline_follow },
};

/* A template: each command of the configuration has name, help and arguments of its own. */
const struct command local_runner = {
    .name = "run",
    .help = "Run an executable of this machine",
    .risk = RISK_CHANGE,
    .steps = steps,
    .step_count = COUNT_OF(steps),
    .state = RUN_STATE_FIELDS,
    .cancel = pipeline_cancel,
};
