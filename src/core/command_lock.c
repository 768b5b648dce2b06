/* lock, unlock, freeze, unfreeze. */
#include "base/text.h"
#include "core/audit.h"
#include "core/call_core.h"
#include "core/commands.h"
#include "core/lock.h"

struct lock_args {
    const char *app;
    const char *environment;
    const char *reason;
    const char *take_over;
};

/* What a write function works on. */
struct locking {
    const struct lock_args *args;
    const char *person;
    struct lock held; /* out: what was there */
    struct arena *arena;
};

static int lock_write(struct db *db, void *argument, struct error *err)
{
    struct locking *locking = argument;
    const struct lock_args *args = locking->args;

    if (lock_find(db, locking->arena, args->app, args->environment, &locking->held, err) < 0)
        return -1;
    if (locking->held.person != NULL && !text_is(locking->held.person, locking->person))
        return error_set(err, ERROR_CONFLICT, "%s on %s is locked already %s", args->app,
                         args->environment, lock_print(locking->arena, &locking->held));
    return db_run(
               db, err,
               "INSERT INTO locks (app, environment, person, reason, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
               "(app, environment) DO UPDATE SET reason = excluded.reason",
               VALUES(V(args->app), V(args->environment), V(locking->person), V(args->reason),
                      V(clock_now_ms()))) < 0
               ? -1
               : 0;
}

static int write_with(struct call *call, store_function *run, struct locking *locking,
                      struct error *err)
{
    *locking = (struct locking){ .args = call_args(call),
                                 .person = call_person(call),
                                 .arena = call_arena(call) };
    return store_write(core_store(call_core(call)), run, locking, err);
}

static int lock_run(struct call *call, struct error *err)
{
    const struct lock_args *args = call_args(call);
    struct locking locking;

    if (write_with(call, lock_write, &locking, err) < 0)
        return -1;
    call_note(call, "locked %s on %s: %s", args->app, args->environment,
              args->reason != NULL ? args->reason : "no reason given");
    return say(call, TONE_GOOD,
               "%s on %s is yours: others cannot deploy there until you say unlock %s %s",
               message_escape(call_arena(call), args->app),
               message_escape(call_arena(call), args->environment),
               message_escape(call_arena(call), args->app),
               message_escape(call_arena(call), args->environment));
}

static const struct field lock_args[] = {
    FIELD(struct lock_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct lock_args, environment, .key = "environment", .help = "where",
          .meaning = AS_ENVIRONMENT, .need = true),
    FIELD(struct lock_args, reason, .key = "reason", .help = "what for", .meaning = AS_REST),
};

const struct command lock_command = {
    .name = "lock",
    .help = "Keep an environment for yourself: others cannot deploy there",
    .example = "lock api staging testing the migration",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct lock_args, lock_args),
    .run = lock_run,
};

static int unlock_write(struct db *db, void *argument, struct error *err)
{
    struct locking *locking = argument;
    const struct lock_args *args = locking->args;

    if (lock_find(db, locking->arena, args->app, args->environment, &locking->held, err) < 0)
        return -1;
    if (locking->held.person == NULL)
        return error_set(err, ERROR_CONFLICT, "%s on %s is not locked", args->app,
                         args->environment);
    if (!text_is(locking->held.person, locking->person) && text_is_empty(args->take_over))
        return error_set(err, ERROR_DENIED,
                         "%s on %s is locked %s: ask, or say --take-over REASON", args->app,
                         args->environment, lock_print(locking->arena, &locking->held));
    return db_run(db, err, "DELETE FROM locks WHERE app = ? AND environment = ?",
                  VALUES(V(args->app), V(args->environment))) < 0
               ? -1
               : 0;
}

static int unlock_run(struct call *call, struct error *err)
{
    const struct lock_args *args = call_args(call);
    struct arena *arena = call_arena(call);
    struct locking locking;

    if (write_with(call, unlock_write, &locking, err) < 0)
        return -1;
    if (text_is(locking.held.person, call_person(call)))
        return say(call, TONE_GOOD, "%s on %s is free again", message_escape(arena, args->app),
                   message_escape(arena, args->environment));
    call_note(call, "took over the lock of %s on %s, held %s: %s", args->app, args->environment,
              lock_print(arena, &locking.held), args->take_over);
    return say(call, TONE_WARN, "%s on %s is free: %s took over the lock held %s: %s",
               message_escape(arena, args->app), message_escape(arena, args->environment),
               call_person(call), message_escape(arena, lock_print(arena, &locking.held)),
               message_escape(arena, args->take_over));
}

/* Somebody else's lock needs a right of its own. */
static struct also_needed unlock_also(const struct json *args)
{
    return (struct also_needed){ .command = json_member(args, "take-over") != NULL
                                                ? "unlock take-over"
                                                : NULL };
}

static const struct field unlock_args[] = {
    FIELD(struct lock_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct lock_args, environment, .key = "environment", .help = "where",
          .meaning = AS_ENVIRONMENT, .need = true),
    FIELD(struct lock_args, take_over, .key = "take-over",
          .help = "open somebody else's lock, and why", .flag = true),
};

const struct command unlock_command = {
    .name = "unlock",
    .help = "Give an environment back",
    .example = "unlock api staging",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct lock_args, unlock_args),
    .also = unlock_also,
    .run = unlock_run,
};

static int freeze_write(struct db *db, void *argument, struct error *err)
{
    const struct locking *locking = argument;
    const struct lock_args *args = locking->args;

    return db_run(
               db, err,
               "INSERT INTO freezes (environment, person, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT "
               "(environment) DO UPDATE SET person = excluded.person, reason = excluded.reason, at = excluded.at",
               VALUES(V(args->environment), V(locking->person), V(args->reason),
                      V(clock_now_ms()))) < 0
               ? -1
               : 0;
}

static int freeze_run(struct call *call, struct error *err)
{
    const struct lock_args *args = call_args(call);
    struct locking locking;

    if (write_with(call, freeze_write, &locking, err) < 0)
        return -1;
    call_note(call, "froze %s", args->environment);
    return say(call, TONE_WARN,
               "%s frozen: nobody can deploy there until somebody says unfreeze %s",
               text_is(args->environment, "all")
                   ? "Everything is"
                   : arena_printf(call_arena(call), "%s is",
                                  message_escape(call_arena(call), args->environment)),
               args->environment);
}

static const struct field freeze_args[] = {
    FIELD(struct lock_args, environment, .key = "environment", .help = "an environment, or all",
          .meaning = AS_ENVIRONMENT, .fallback = "all"),
    FIELD(struct lock_args, reason, .key = "reason", .help = "why", .meaning = AS_REST),
};

const struct command freeze_command = {
    .name = "freeze",
    .help = "Stop all deployments to an environment, or everywhere",
    .example = "freeze production the sale begins",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct lock_args, freeze_args),
    .run = freeze_run,
};

static int unfreeze_write(struct db *db, void *argument, struct error *err)
{
    const struct locking *locking = argument;
    long long changed = db_run(db, err, "DELETE FROM freezes WHERE environment = ?",
                               VALUES(V(locking->args->environment)));

    if (changed == 0)
        return error_set(
            err, ERROR_CONFLICT, "%s is not frozen by a command%s", locking->args->environment,
            text_is(locking->args->environment, "all") ? ": name the environment" : "");
    return changed < 0 ? -1 : 0;
}

static int unfreeze_run(struct call *call, struct error *err)
{
    const struct lock_args *args = call_args(call);
    struct locking locking;

    if (write_with(call, unfreeze_write, &locking, err) < 0)
        return -1;
    call_note(call, "unfroze %s", args->environment);
    return say(call, TONE_GOOD, "%s can be deployed to again",
               text_is(args->environment, "all")
                   ? "Everything"
                   : message_escape(call_arena(call), args->environment));
}

static const struct field unfreeze_args[] = {
    FIELD(struct lock_args, environment, .key = "environment", .help = "an environment, or all",
          .meaning = AS_ENVIRONMENT, .fallback = "all"),
};

const struct command unfreeze_command = {
    .name = "unfreeze",
    .help = "Allow deployments again",
    .example = "unfreeze production",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct lock_args, unfreeze_args),
    .run = unfreeze_run,
};
