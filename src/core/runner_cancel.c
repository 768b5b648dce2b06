/* Ending a job before it is done: cancelled by somebody, or over its time. */
#include "base/clock.h"
#include "core/runner_internal.h"

bool unit_is_late(const struct unit *unit)
{
    return unit->row->deadline_at != 0 && clock_now_ms() >= unit->row->deadline_at;
}

static const char *stop_text(const struct unit *unit)
{
    const struct job_row *row = unit->row;

    if (row->cancel_by == NULL)
        return arena_printf(unit->arena, "Not done within %s",
                            duration_print(unit->arena, row->deadline_at - row->started_at));
    if (text_is_empty(row->cancel_reason))
        return arena_printf(unit->arena, "Cancelled by %s", row->cancel_by);
    return arena_printf(unit->arena, "Cancelled by %s: %s", row->cancel_by, row->cancel_reason);
}

/* A step that was interrupted: what it started must be known before it can be stopped. */
static int find_out(struct unit *unit, bool *unknown, struct error *err)
{
    if (!unit->was_running || unit->step->happened == NULL)
        return 0;
    switch (unit->step->happened(unit->call, err)) {
    case HAPPENED_YES:
    case HAPPENED_NO:
        return 0;
    case HAPPENED_ASK_AGAIN:
        return error_set(err, ERROR_BUSY, "it is not known yet whether \"%s\" happened",
                         unit->step->name);
    case HAPPENED_UNKNOWN:
        break;
    }
    if (is_passing(err))
        return -1;
    *unknown = true;
    return 0;
}

static int stop_outside(struct unit *unit, bool *unknown, struct error *err)
{
    const struct command *command = unit->entry->command;

    if (call_read_arguments(unit->call, err) < 0 || find_out(unit, unknown, err) < 0)
        return -1;
    return command->cancel == NULL ? 0 : command->cancel(unit->call, err);
}

static bool end_stopped(struct unit *unit, const char *text)
{
    struct error why = { 0 };

    error_set(&why, ERROR_CONFLICT, "%s", text);
    return unit_end_step(unit, OUTCOME_STOPPED, &why);
}

/* From now on only the end of the program cuts off what is called. */
static void begin_ending(struct call *call)
{
    atomic_store(&call->is_ending, true);
    atomic_store(&call->is_cut, false);
    call->deadline_ms = clock_now_ms() + CANCEL_LIMIT_MS;
    call->has_effect = false;
}

bool unit_cancel(struct unit *unit)
{
    const char *text = stop_text(unit);
    struct error err = { 0 };
    bool unknown = false;

    begin_ending(unit->call);
    if (unit->step == NULL)
        return end_stopped(unit, text);
    if (stop_outside(unit, &unknown, &err) < 0) {
        if (is_passing(&err) && unit->row->attempt < ATTEMPTS_MAX)
            return unit_end_step(unit, unit->was_running ? OUTCOME_ASK : OUTCOME_RETRY, &err);
        text = arena_printf(unit->arena, "%s. It could not be stopped and may still go on: %s",
                            text, err.text);
    } else if (unknown) {
        text = arena_printf(unit->arena, "%s. It is not known whether \"%s\" happened before",
                            text, unit->step->name);
    }
    return end_stopped(unit, text);
}
