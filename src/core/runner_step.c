/* Running: a quick command from start to end, one step of a job, and asking whether a step has happened. */
#include "base/clock.h"
#include "core/runner_internal.h"

static bool is_handing_back(const struct unit *unit)
{
    bool handing_back;

    pthread_mutex_lock(&unit->runner->lock);
    handing_back = unit->runner->handing_back;
    pthread_mutex_unlock(&unit->runner->lock);
    return handing_back;
}

static bool has_tries_left(const struct unit *unit, const struct error *err)
{
    long long deadline_ms = unit->row->deadline_at;

    return unit->row->attempt < ATTEMPTS_MAX &&
           (deadline_ms == 0 ||
            clock_now_ms() + back_off_ms(unit->row->attempt, err) < deadline_ms);
}

static enum outcome failure_outcome(const struct unit *unit, const struct error *err)
{
    bool cut = atomic_load(&unit->call->is_cut);

    if (cut && is_handing_back(unit))
        return OUTCOME_BACK;
    if (cut || !is_passing(err) || unit->row->quick || !has_tries_left(unit, err))
        return OUTCOME_FAILED;
    return OUTCOME_RETRY;
}

void unit_fail(struct unit *unit, const struct error *err)
{
    unit_end_step(unit, failure_outcome(unit, err), err);
}

static enum outcome next_outcome(const struct unit *unit)
{
    return unit->position + 1 < unit->entry->command->step_count ? OUTCOME_NEXT : OUTCOME_DONE;
}

static bool end_unknown(struct unit *unit, const struct error *err)
{
    struct error why = { 0 };

    if (is_passing(err) && has_tries_left(unit, err))
        return unit_end_step(unit, OUTCOME_ASK, err);
    error_set(&why, ERROR_CONFLICT, "it is not known whether \"%s\" happened%s%s",
              unit->step->name, err->kind == ERROR_NONE ? "" : ": ", err->text);
    return unit_end_step(unit, OUTCOME_UNSURE, &why);
}

static bool run_step(struct unit *unit);

/* why: how the step failed just now; NULL after a crash, when it is simply run again if it did not happen. */
static bool ask_happened(struct unit *unit, const struct error *why)
{
    struct error err = { 0 };

    unit->call->again_ms = 0;
    switch (unit->step->happened(unit->call, &err)) {
    case HAPPENED_YES:
        return unit_end_step(unit, next_outcome(unit), NULL);
    case HAPPENED_NO:
        return why == NULL ? run_step(unit)
                           : unit_end_step(unit, failure_outcome(unit, why), why);
    case HAPPENED_ASK_AGAIN:
        return unit_end_step(unit, OUTCOME_ASK, NULL);
    case HAPPENED_UNKNOWN:
        break;
    }
    return end_unknown(unit, &err);
}

static bool end_failed(struct unit *unit, const struct error *err)
{
    bool cut = atomic_load(&unit->call->is_cut);

    /* Sent, and no answer: as after a crash, only happened() can tell. */
    if (unit->step->happened != NULL && is_passing(err) && !cut)
        return ask_happened(unit, err);
    return unit_end_step(unit, failure_outcome(unit, err), err);
}

static bool run_step(struct unit *unit)
{
    struct error err = { 0 };

    unit->call->has_effect = unit->step->happened != NULL;
    switch (unit->step->run(unit->call, &err)) {
    case STEP_NEXT:
        return unit_end_step(unit, next_outcome(unit), NULL);
    case STEP_AGAIN:
        return unit_end_step(unit, OUTCOME_AGAIN, NULL);
    case STEP_DONE:
        return unit_end_step(unit, OUTCOME_DONE, NULL);
    case STEP_FAIL:
        break;
    }
    return end_failed(unit, &err);
}

/* The arguments of a job under way may have lost their meaning in a reload: then nobody can go on with it. */
static bool read_arguments(struct unit *unit)
{
    struct error err = { 0 };
    struct error why = { 0 };

    if (call_read_arguments(unit->call, &err) == 0)
        return true;
    error_set(&why, ERROR_CONFLICT, "with today's configuration it cannot go on: %s", err.text);
    unit_end_step(unit, OUTCOME_UNSURE, &why);
    return false;
}

bool unit_run_step(struct unit *unit)
{
    return read_arguments(unit) && run_step(unit);
}

bool unit_ask_happened(struct unit *unit)
{
    return read_arguments(unit) && ask_happened(unit, NULL);
}

bool unit_run_quick(struct unit *unit)
{
    struct error err = { 0 };

    if (!unit_prepare(unit))
        return false;
    if (unit->entry->command->run(unit->call, &err) == 0)
        return unit_end_step(unit, OUTCOME_DONE, NULL);
    if (unit_is_late(unit))
        return unit_cancel(unit);
    unit_fail(unit, &err);
    return false;
}
