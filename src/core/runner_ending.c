/* How a step is left behind: state, words, and what comes next, in one transaction. */
#include "base/clock.h"
#include "base/log.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/runner_internal.h"

enum {
    FIRST_LOOK_MS = 300, /* a new key may have been struck before it was written */
    ASK_AGAIN_MS = 5000
};

static const struct message done_message = { .text = "Done", .tone = TONE_GOOD };

/* How one step is left behind, written in one transaction. */
struct ending {
    struct unit *unit;
    enum outcome outcome;
    const char *error; /* for a person */
    struct unit_words words;
    long long wait_ms;
    bool is_refused;      /* before anything had begun: nobody's failure */
    bool goes_on;         /* out: the same worker takes the next step */
    bool is_left_running; /* out: the row still says that the step is under way */
    const char *end;      /* out: the job's final state, NULL: none */
};

static bool is_closing(const struct unit *unit)
{
    bool closing;

    pthread_mutex_lock(&unit->runner->lock);
    closing = unit->runner->closing;
    pthread_mutex_unlock(&unit->runner->lock);
    return closing;
}

static int save_state(struct db *db, const struct unit *unit, struct error *err)
{
    const struct call *call = unit->call;
    const struct fields *fields = &unit->entry->command->state;
    const struct json *state =
        fields->count == 0 ? NULL : fields_to_json(fields, unit->arena, call->state);
    const struct json *result = NULL;

    if (call->has_result)
        result = core_redact_json(unit->core, unit->arena,
                                  message_to_json(unit->arena, &call->result));
    return db_run(
               db, err,
               "UPDATE jobs SET state_json = coalesce(?, state_json), result = ?, rows_json = ? WHERE id = ?",
               VALUES(V(state), V(result),
                      V(core_redact_json(unit->core, unit->arena, call->rows)),
                      V(unit->row->id))) < 0
               ? -1
               : 0;
}

static int show_change(struct db *db, const struct unit *unit, struct error *err)
{
    if (change_add(db, "job", unit->row->id, err) < 0)
        return -1;
    return job_show(db, unit->core, unit->row->id, err);
}

/* Gives the lease back; the job can be claimed again at wake_at, or at once when its key was struck meanwhile. */
static int release(struct db *db, const struct unit *unit, long long wait_ms, const char *key,
                   struct error *err)
{
    long long now_ms = clock_now_ms();

    return db_run(
               db, err,
               "UPDATE queue SET wake_at = CASE WHEN woken = 1 THEN ? ELSE ? END, wake_key = ?, "
               "woken = 0, lease_owner = NULL, lease_until = 0 WHERE job = ?",
               VALUES(V(now_ms), V(now_ms + wait_ms), V(key), V(unit->row->id))) < 0
               ? -1
               : 0;
}

static const char *stored_key(struct db *db, const struct unit *unit, struct error *err)
{
    const struct json *row =
        db_row(db, unit->arena, err, "SELECT wake_key FROM queue WHERE job = ?",
               VALUES(V(unit->row->id)));

    return row == NULL ? NULL : json_string(row, "wake_key", "");
}

static int write_again(struct db *db, struct ending *ending, bool wants_to_end,
                       struct error *err)
{
    struct unit *unit = ending->unit;
    const char *key = unit->call->wake_key;
    const char *before = stored_key(db, unit, err);
    long long wait_ms = unit->call->again_ms;

    if (before == NULL)
        return -1;
    if (key != NULL && !text_is(before, key) && wait_ms > FIRST_LOOK_MS)
        wait_ms = FIRST_LOOK_MS;
    if (db_run(db, err, "UPDATE jobs SET step_running = 0, attempt = 1 WHERE id = ?",
               VALUES(V(unit->row->id))) < 0)
        return -1;
    ending->goes_on = wants_to_end && !is_closing(unit);
    if (!ending->goes_on && release(db, unit, wait_ms, key, err) < 0)
        return -1;
    return ending->words.progress == NULL ? 0 : show_change(db, unit, err);
}

/* The next step's intent is in the same transaction as this one's result. */
static int write_next(struct db *db, struct ending *ending, bool wants_to_end,
                      struct error *err)
{
    struct unit *unit = ending->unit;
    bool begins = !wants_to_end && !is_closing(unit);
    const char *name = unit->entry->command->steps[unit->position + 1].name;

    if (db_run(db, err,
               "UPDATE jobs SET step = ?, step_position = ?, step_running = ?, attempt = 1 "
               "WHERE id = ?",
               VALUES(V(name), V((long long)unit->position + 1), V(begins), V(unit->row->id))) <
        0)
        return -1;
    ending->goes_on = !is_closing(unit);
    if (!ending->goes_on && release(db, unit, 0, NULL, err) < 0)
        return -1;
    return show_change(db, unit, err);
}

/* Not over and not known to have happened: tried, or asked about, again. */
static int write_pause(struct db *db, struct ending *ending, bool wants_to_end,
                       struct error *err)
{
    struct unit *unit = ending->unit;
    bool has_effect = unit->step != NULL && unit->step->happened != NULL;
    bool stays =
        ending->outcome == OUTCOME_ASK || (ending->outcome == OUTCOME_BACK && has_effect);
    /* Asking once more was foreseen by the command: it is not counted as a failure. */
    int uncounted = ending->outcome == OUTCOME_ASK && ending->error == NULL ? 1 : 0;

    if (db_run(db, err, "UPDATE jobs SET step_running = ?, attempt = attempt - ? WHERE id = ?",
               VALUES(V(stays), V(uncounted), V(unit->row->id))) < 0)
        return -1;
    ending->is_left_running = stays;
    ending->goes_on = wants_to_end && !is_closing(unit);
    if (!ending->goes_on && release(db, unit, ending->wait_ms, unit->call->wake_key, err) < 0)
        return -1;
    return show_change(db, unit, err);
}

static const char *end_state(const struct ending *ending)
{
    if (ending->outcome == OUTCOME_DONE)
        return "succeeded";
    if (ending->outcome == OUTCOME_FAILED)
        return ending->is_refused ? "refused" : "failed";
    return ending->unit->row->cancel_by != NULL ? "cancelled" : "timed out";
}

static int write_end(struct db *db, struct ending *ending, struct error *err)
{
    struct unit *unit = ending->unit;
    const struct call *call = unit->call;
    const struct message *result = call->has_result ? &call->result : NULL;
    struct job_end end = {
        .state = end_state(ending),
        .result = result == NULL && ending->outcome == OUTCOME_DONE ? &done_message : result,
        .rows = call->rows,
        .error = ending->error,
    };

    ending->end = end.state;
    return job_finish(db, unit->core, unit->row->id, &end, err);
}

/* It failed because it was cut off: cancelling comes next and must know that the step may have happened. */
static int write_interrupted(struct db *db, struct ending *ending, struct error *err)
{
    ending->is_left_running = true;
    ending->goes_on = true;
    return show_change(db, ending->unit, err);
}

static int write_outcome(struct db *db, struct ending *ending, bool wants_to_end,
                         struct error *err)
{
    switch (ending->outcome) {
    case OUTCOME_NEXT:
        return write_next(db, ending, wants_to_end, err);
    case OUTCOME_AGAIN:
        return write_again(db, ending, wants_to_end, err);
    case OUTCOME_DONE:
    case OUTCOME_STOPPED:
        return write_end(db, ending, err);
    case OUTCOME_FAILED:
        return wants_to_end ? write_interrupted(db, ending, err) : write_end(db, ending, err);
    case OUTCOME_RETRY:
    case OUTCOME_ASK:
    case OUTCOME_BACK:
        return write_pause(db, ending, wants_to_end, err);
    case OUTCOME_UNSURE:
        return job_await_person(db, ending->unit->core, ending->unit->row->id, ending->error,
                                err);
    }
    return 0;
}

static int ending_write(struct db *db, void *argument, struct error *err)
{
    struct ending *ending = argument;
    struct unit *unit = ending->unit;
    struct job_row row;
    bool wants_to_end;

    ending->goes_on = false;
    ending->is_left_running = false;
    ending->end = NULL;
    if (unit_write_words(db, unit, &ending->words, err) < 0 || save_state(db, unit, err) < 0 ||
        job_load(db, unit->arena, unit->row->id, &row, err) < 0)
        return -1;
    wants_to_end =
        !atomic_load(&unit->call->is_ending) && (row.cancel_by != NULL || unit_is_late(unit));
    return write_outcome(db, ending, wants_to_end, err);
}

/* What only reads is asked all the time. */
static void log_end(const struct unit *unit, const struct ending *ending)
{
    bool reads = unit->entry->command->risk == RISK_READ;

    log_line(reads ? LOG_DEBUG : LOG_INFO, unit->row->id, "%s, for %s: %s%s%s",
             unit->row->title, unit->row->person != NULL ? unit->row->person : "a stranger",
             ending->end, ending->error != NULL ? ": " : "",
             ending->error != NULL ? ending->error : "");
}

static long long wait_ms_for(const struct unit *unit, enum outcome outcome,
                             const struct error *err)
{
    if (outcome == OUTCOME_BACK)
        return 0;
    if (err != NULL)
        return back_off_ms(unit->row->attempt, err);
    return unit->call->again_ms > 0 ? unit->call->again_ms : ASK_AGAIN_MS;
}

bool unit_end_step(struct unit *unit, enum outcome outcome, const struct error *err)
{
    struct ending ending = {
        .unit = unit,
        .outcome = outcome,
        .error = err == NULL ? NULL : arena_copy(unit->arena, err->text),
        .wait_ms = wait_ms_for(unit, outcome, err),
        .is_refused = err != NULL && err->kind == ERROR_DENIED && unit->row->started_at == 0,
    };

    if (err != NULL && (outcome == OUTCOME_RETRY || outcome == OUTCOME_ASK))
        show_progress(unit->call, "trying again in %s: %s",
                      duration_print(unit->arena, ending.wait_ms), err->text);
    ending.words = unit_settle(unit);
    if (unit_commit(unit, ending_write, &ending) < 0)
        return false;
    if (ending.end != NULL) {
        count_end(unit, ending.end);
        log_end(unit, &ending);
    }
    unit->was_running = ending.is_left_running;
    return ending.goes_on;
}
