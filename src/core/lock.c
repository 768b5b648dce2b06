/* Locks and freezes: rows, and whether they stand in a deployment's way. */
#include "core/lock.h"

#include "base/clock.h"
#include "base/text.h"

static int read_lock(const struct json *row, struct lock *lock)
{
    if (row == NULL)
        return -1;
    *lock = (struct lock){ .person = json_string(row, "person", NULL),
                           .reason = json_string(row, "reason", NULL),
                           .at = json_integer(row, "at", 0) };
    return 0;
}

int lock_find(struct db *db, struct arena *arena, const char *app, const char *environment,
              struct lock *lock, struct error *err)
{
    return read_lock(
        db_row(db, arena, err,
               "SELECT person, reason, at FROM locks WHERE app = ? AND environment = ?",
               VALUES(V(app), V(environment))),
        lock);
}

int freeze_find(struct db *db, struct arena *arena, const char *environment,
                struct lock *freeze, struct error *err)
{
    return read_lock(
        db_row(
            db, arena, err,
            "SELECT person, reason, at FROM freezes WHERE environment IN (?, 'all') ORDER BY at LIMIT 1",
            VALUES(V(environment))),
        freeze);
}

const char *lock_print(struct arena *arena, const struct lock *lock)
{
    struct text out = text_new(arena, 1000);

    text_addf(&out, "by %s for %s", lock->person,
              duration_print(arena, clock_now_ms() - lock->at));
    if (!text_is_empty(lock->reason))
        text_addf(&out, " (%s)", lock->reason);
    return text_string(&out);
}

static int check_lock(struct db *db, struct arena *arena, const struct deploy_gate *gate,
                      const char **refusal, struct error *err)
{
    const char *environment = gate->environment->name;
    struct lock lock;

    if (lock_find(db, arena, gate->app->name, environment, &lock, err) < 0)
        return -1;
    if (lock.person != NULL && !text_is(lock.person, gate->person))
        *refusal = arena_printf(
            arena,
            "%s on %s is locked %s. Ask %s to say unlock %s %s, or take it over: unlock %s %s "
            "--take-over REASON",
            gate->app->name, environment, lock_print(arena, &lock), lock.person,
            gate->app->name, environment, gate->app->name, environment);
    return 0;
}

/* A window of the configuration that is open now. */
static const struct hours *window_now(const struct environment *environment)
{
    for (size_t i = 0; i < environment->freeze_count; i++)
        if (hours_include(&environment->freeze[i], clock_now_ms()))
            return &environment->freeze[i];
    return NULL;
}

static int check_freeze(struct db *db, struct arena *arena, const struct deploy_gate *gate,
                        const char **refusal, struct error *err)
{
    const char *environment = gate->environment->name;
    const struct hours *window = window_now(gate->environment);
    struct lock freeze;

    if (freeze_find(db, arena, environment, &freeze, err) < 0)
        return -1;
    if (freeze.person != NULL)
        *refusal = arena_printf(
            arena, "%s is frozen %s. In an emergency: the same with --override REASON",
            environment, lock_print(arena, &freeze));
    else if (window != NULL)
        *refusal = arena_printf(
            arena,
            "%s is frozen during %s (in the configuration). In an emergency: the same with --override REASON",
            environment, window->text);
    return 0;
}

int deploy_gate_check(struct db *db, struct arena *arena, const struct deploy_gate *gate,
                      const char **refusal, struct error *err)
{
    *refusal = NULL;
    if (check_lock(db, arena, gate, refusal, err) < 0)
        return -1;
    if (*refusal != NULL || gate->overrides)
        return 0;
    return check_freeze(db, arena, gate, refusal, err);
}
