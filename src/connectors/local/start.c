/* Starts a supervisor for a run, exactly once, and finds out after a crash whether it was started. */
#include <string.h>

#include "base/hash.h"
#include "base/process.h"
#include "connectors/local/local.h"
#include "connectors/local/supervise.h"

enum {
    START_LIMIT_S = 20,
    SAID_BYTES_MAX = 2000,
    KEY_LETTERS = 12,
    NOTE_BYTES = 300
};

const struct field run_state_fields[RUN_STATE_COUNT] = {
    FIELD(struct run_state, run, .key = "run"),
    FIELD(struct run_state, offset, .key = "offset"),
    FIELD(struct run_state, inside_line, .key = "inside_line"),
    FIELD(struct run_state, step, .key = "step"),
    FIELD(struct run_state, asked, .key = "asked"),
};

/* The same after a restart; different for two steps of one job. */
static const char *run_name(struct call *call)
{
    const char *token = call_token(call);
    char digest[SHA256_HEX];

    sha256_hex(token, strlen(token), digest);
    return arena_printf(call_arena(call), "%lld-%.*s", call_job(call), KEY_LETTERS, digest);
}

static const char *folder_of(struct call *call, const char *name)
{
    return run_file(call_arena(call), runs_folder(call_arena(call), call_data_directory(call)),
                    name);
}

const char *run_call_folder(struct call *call, const struct run_state *state)
{
    return folder_of(call, text_is_empty(state->run) ? run_name(call) : state->run);
}

static const char *joined(struct arena *arena, const char *const *arguments)
{
    struct text out = text_new(arena, NOTE_BYTES);

    for (size_t i = 0; arguments[i] != NULL; i++)
        text_addf(&out, "%s%s", i > 0 ? " " : "", arguments[i]);
    return text_string(&out);
}

/* The first process only starts the second, which is the supervisor, and tells us how that went. */
static int start_supervisor(struct call *call, const char *folder, struct error *err)
{
    static const char *const environment[] = { "LANG=C.UTF-8", NULL };
    const char *arguments[] = { "/proc/self/exe", SUPERVISE_WORD, folder, NULL };
    struct process_plan plan = { .arguments = arguments,
                                 .environment = environment,
                                 .limit_s = START_LIMIT_S,
                                 .output_limit = SAID_BYTES_MAX };
    struct process_result result;

    if (process_run(&plan, call_arena(call), &result, err) < 0)
        return error_prefix(err, "starting a supervisor");
    if (result.status == 0)
        return 0;
    if (text_is_empty(result.errors))
        return error_set(err, ERROR_INTERNAL, "starting a supervisor: it ended with %d",
                         result.status);
    return error_set(err, ERROR_INVALID, "%s",
                     span_copy(call_arena(call), span_trim(span_of(result.errors))));
}

/*
 * Ready: a folder that was planned but not claimed keeps its plan, since a supervisor that is late may still claim it.
 * Lost: run again although it was begun: a person has said so.
 */
static int prepare_folder(struct call *call, const char *folder, const struct run_plan *plan,
                          struct run_look *look, struct error *err)
{
    if (run_look(call_arena(call), folder, look, err) < 0)
        return -1;
    if (look->phase == RUN_LOST && run_set_aside(folder, err) < 0)
        return -1;
    if (look->phase == RUN_LOST || look->phase == RUN_ABSENT)
        return run_create(folder, plan, err);
    return 0;
}

/*
 * Starting it went wrong, err says how.  0: it has begun all the same.  Otherwise it has not and never will, or, as
 * ERROR_UNREACHABLE, nobody knows.
 */
static int settle(struct call *call, const char *folder, struct error *err)
{
    struct run_look look;
    struct error why = { 0 };
    bool sealed = false;

    if (run_claim(folder, true, &sealed, &why) < 0 ||
        (!sealed && run_look(call_arena(call), folder, &look, &why) < 0)) {
        err->kind = ERROR_UNREACHABLE;
        return -1;
    }
    if (sealed || (look.phase == RUN_ENDED && look.status.outcome == RUN_NOT_STARTED)) {
        run_remove(folder);
        if (err->kind == ERROR_UNREACHABLE)
            err->kind = ERROR_INTERNAL;
        return -1;
    }
    if (look.phase == RUN_LOST)
        err->kind = ERROR_UNREACHABLE;
    return look.phase == RUN_LOST ? -1 : 0;
}

static int begin(struct call *call, const struct launch *launch, const char *folder,
                 struct error *err)
{
    struct run_plan plan;
    struct run_look look;

    if (call_connection(call) == NULL)
        runs_sweep(runs_folder(call_arena(call), call_data_directory(call)));
    if (launch_plan(call, launch, &plan, err) < 0 ||
        prepare_folder(call, folder, &plan, &look, err) < 0)
        return -1;
    if (look.phase == RUN_GOING || look.phase == RUN_ENDED)
        return 0;
    call_note(call, "local: %s in %s", joined(call_arena(call), launch->arguments),
              plan.directory);
    if (start_supervisor(call, folder, err) == 0)
        return 0;
    return settle(call, folder, err);
}

enum step run_start(struct call *call, const struct launch *launch, struct run_state *state,
                    struct error *err)
{
    const char *name = run_name(call);

    if (begin(call, launch, folder_of(call, name), err) < 0)
        return STEP_FAIL;
    *state = (struct run_state){ .run = name };
    return STEP_NEXT;
}

enum happened run_started(struct call *call, struct run_state *state, struct error *err)
{
    const char *name = run_name(call);
    struct run_look look;

    if (run_look(call_arena(call), folder_of(call, name), &look, err) < 0)
        return HAPPENED_UNKNOWN;
    switch (look.phase) {
    case RUN_ABSENT:
    case RUN_READY:
        return HAPPENED_NO;
    case RUN_GOING:
    case RUN_ENDED:
        *state = (struct run_state){ .run = name };
        return HAPPENED_YES;
    case RUN_LOST:
        break;
    }
    *state = (struct run_state){ .run = name, .asked = true };
    error_set(err, ERROR_CONFLICT, "it was begun, but %s",
              look.rebooted ? "the machine was started again since"
                            : "the supervisor is gone without a word");
    return HAPPENED_UNKNOWN;
}
