/* "steps:" of the configuration: one line after the other, each a job of its own under the same person. */
#include "core/workflow.h"

#include "core/call_core.h"
#include "core/catalog.h"
#include "core/job.h"
#include "core/job_row.h"
#include "core/parse.h"

enum {
    CHILD_LIMIT_MS = 3600 * 1000
};

struct workflow {
    long long position; /* of the line that is under way */
    long long child;    /* its job, 0: not started */
};

static const struct field workflow_fields[] = {
    FIELD(struct workflow, position, .key = "position"),
    FIELD(struct workflow, child, .key = "child"),
};
const struct fields workflow_state = FIELDS(struct workflow, workflow_fields);

/* The same line of the same job is the same request: a crash in between starts nothing twice. */
static int start_line(struct call *call, struct workflow *workflow, const char *line,
                      struct error *err)
{
    struct arena *arena = call_arena(call);
    struct submitted submitted;
    struct ask ask = {
        .door = "job",
        .person = call_person(call),
        .account = call_account(call),
        .place = *call_place(call),
        .place_proven = true,
        .request_key = arena_printf(arena, "job:%lld:%lld", call_job(call), workflow->position),
        .parent = call_job(call),
    };

    ask.line = line_fill(arena, line, call_arguments(call), err);
    if (ask.line == NULL || job_submit(call_core(call), &ask, arena, &submitted, err) < 0)
        return -1;
    workflow->child = submitted.job;
    show_step(call, ask.line, "running");
    return 0;
}

static int load_child(struct call *call, long long job, struct job_row *row, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);

    return db == NULL ? -1 : job_load(db, call_arena(call), job, row, err);
}

static enum step after_child(struct call *call, struct workflow *workflow,
                             const struct job_row *child, struct error *err)
{
    if (!job_state_is_final(child->state))
        return call_wake_on(call, arena_printf(call_arena(call), "job:%lld", child->id),
                            CHILD_LIMIT_MS);
    if (!job_state_is_good(child->state)) {
        show_step(call, child->line, "failed");
        error_set(err, ERROR_CONFLICT, "step %lld, %s (#%lld), %s%s%s", workflow->position + 1,
                  child->line, child->id, child->state, child->error != NULL ? ": " : "",
                  child->error != NULL ? child->error : "");
        return STEP_FAIL;
    }
    show_step(call, child->line, "succeeded");
    workflow->position++;
    workflow->child = 0;
    return call_again_in(call, 0);
}

static enum step run_lines(struct call *call, struct error *err)
{
    struct workflow *workflow = call_state(call);
    const struct strings *lines = &call_entry(call)->custom->steps;
    struct job_row child;

    if (workflow->position >= (long long)lines->count) {
        say(call, TONE_GOOD, "%zu of %zu steps done", lines->count, lines->count);
        return STEP_DONE;
    }
    if (workflow->child == 0 &&
        start_line(call, workflow, lines->items[workflow->position], err) < 0)
        return STEP_FAIL;
    if (load_child(call, workflow->child, &child, err) < 0)
        return STEP_FAIL;
    return after_child(call, workflow, &child, err);
}

int workflow_cancel(struct call *call, struct error *err)
{
    struct workflow *workflow = call_state(call);
    struct error ended = { 0 };

    if (workflow->child == 0 ||
        job_cancel(call_core(call), workflow->child, call_person(call),
                   "its workflow was cancelled", &ended) == 0 ||
        ended.kind == ERROR_CONFLICT)
        return 0;
    *err = ended;
    return -1;
}

const struct command_step workflow_steps[] = {
    { .name = "lines", .run = run_lines },
};
const size_t workflow_step_count = COUNT_OF(workflow_steps);
