/* Follows a run: its output becomes log, steps, links and results; its status the end. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/local/lines.h"
#include "connectors/local/local.h"

enum {
    ROUND_BYTES = 256 * 1024,
    /* The watch wakes us sooner; without a connection there is none. */
    LOOK_LIMIT_MS = 15 * 1000,
    LOOK_ALONE_MS = 1000,
    MIB = 1024 * 1024
};

const char *run_wake_key(struct arena *arena, const char *name)
{
    return arena_printf(arena, "local:%s", name);
}

static void end_step(struct call *call, struct run_state *state, const char *how)
{
    if (state->step != NULL)
        show_step(call, state->step, how);
    state->step = NULL;
}

static void begin_step(struct call *call, struct run_state *state, const char *name)
{
    if (text_is(state->step, name))
        return;
    end_step(call, state, "succeeded");
    state->step = arena_copy(call_arena(call), name);
    show_step(call, state->step, "running");
}

/* One piece of the output on its way to the job. */
struct piece {
    struct line_reader reader;
    struct span log; /* of lines that follow each other, not yet given on */
};

static void flush_log(struct call *call, struct piece *piece)
{
    if (piece->log.length > 0)
        call_log(call, piece->log.start, piece->log.length);
    piece->log.length = 0;
}

static void tell(struct call *call, struct run_state *state, struct piece *piece,
                 const struct line *line)
{
    if (line->kind != LINE_LOG)
        flush_log(call, piece);
    switch (line->kind) {
    case LINE_LOG:
        if (piece->log.length == 0)
            piece->log.start = line->bytes.start;
        piece->log.length += line->bytes.length;
        return;
    case LINE_STEP:
        begin_step(call, state, line->name);
        return;
    case LINE_LINK:
        show_link(call, line->name, line->value);
        return;
    case LINE_OUTPUT:
        show_output(call, line->name, line->value);
        return;
    case LINE_PROGRESS:
        show_progress(call, "%s", line->name);
        return;
    }
}

static void tell_all(struct call *call, struct run_state *state, struct span bytes, bool end)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct piece piece = { .reader = {
                               .rest = bytes, .end = end, .inside = state->inside_line } };
    struct line line;

    while (line_next(arena, &piece.reader, &line))
        tell(call, state, &piece, &line);
    flush_log(call, &piece);
    state->offset += (long long)(bytes.length - piece.reader.rest.length);
    state->inside_line = piece.reader.inside;
}

static bool is_over(const struct run_look *look)
{
    return look->phase == RUN_ENDED || look->phase == RUN_LOST;
}

/* How far it may be read: what a process left behind writes after the end is not the pipeline's. */
static long long output_end(int file, const struct run_look *look)
{
    struct stat status;
    long long size = fstat(file, &status) < 0 ? 0 : (long long)status.st_size;

    if (look->phase == RUN_ENDED && look->status.output_bytes < size)
        return look->status.output_bytes;
    return size;
}

static int read_round(struct call *call, int file, struct run_state *state,
                      const struct run_look *look, bool *more)
{
    AUTO(arena) struct arena *arena = arena_new();
    long long left = output_end(file, look) - state->offset;
    size_t wanted = left < 0 ? 0 : left < ROUND_BYTES ? (size_t)left : ROUND_BYTES;
    char *bytes = arena_alloc(arena, ROUND_BYTES);
    ssize_t got = pread(file, bytes, wanted, (off_t)state->offset);

    if (got < 0)
        return -1;
    *more = got == ROUND_BYTES;
    tell_all(call, state, (struct span){ bytes, (size_t)got }, is_over(look) && !*more);
    return 0;
}

/* ERROR_BUSY: it may go better next time, and the pipeline goes on meanwhile. */
static int read_output(struct call *call, const char *folder, struct run_state *state,
                       const struct run_look *look, bool *more, struct error *err)
{
    const char *path = run_file(call_arena(call), folder, "output");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int result = file < 0 ? -1 : read_round(call, file, state, look, more);
    int fault = errno;

    if (file >= 0)
        close(file);
    if (result == 0)
        return 0;
    *more = false;
    /* There is none before the pipeline has begun. */
    if (file < 0 && fault == ENOENT)
        return 0;
    error_system(err, fault, "the output of the pipeline");
    err->kind = ERROR_BUSY;
    return -1;
}

/* What people call it: "deploy" for ./deploy. */
static const char *pipeline_name(struct arena *arena, const struct run_plan *plan)
{
    const char *first = plan->arguments.count > 0 ? plan->arguments.items[0] : NULL;
    const char *slash = first == NULL ? NULL : strrchr(first, '/');

    if (text_is_empty(first))
        return "the pipeline";
    return arena_copy(arena, slash != NULL && slash[1] != '\0' ? slash + 1 : first);
}

static int tell_lost(const struct run_look *look, const char *name, struct error *err)
{
    if (look->phase == RUN_ABSENT)
        return error_set(err, ERROR_CONFLICT,
                         "what %s left behind is gone: its end is not known", name);
    if (look->phase == RUN_READY)
        return error_set(err, ERROR_CONFLICT, "%s was never begun", name);
    return error_set(err, ERROR_CONFLICT, "%s was cut off and its end is not known: %s", name,
                     look->rebooted ? "the machine was started again meanwhile"
                                    : "its supervisor was killed");
}

static int tell_end(struct arena *arena, const struct run_plan *plan,
                    const struct run_status *status, struct error *err)
{
    const char *name = pipeline_name(arena, plan);
    const char *signal_name;

    switch (status->outcome) {
    case RUN_EXITED:
        return error_set(err, ERROR_CONFLICT, "%s ended with status %lld", name,
                         status->status);
    case RUN_SIGNALLED:
        signal_name = sigdescr_np((int)status->status);
        return error_set(err, ERROR_CONFLICT, "%s was ended by signal %lld (%s)", name,
                         status->status, signal_name != NULL ? signal_name : "unknown");
    case RUN_TIMED_OUT:
        return error_set(err, ERROR_CONFLICT, "%s ran longer than %s and was ended", name,
                         duration_print(arena, plan->time_s * 1000));
    case RUN_OUTPUT_LIMIT:
        return error_set(err, ERROR_CONFLICT, "%s wrote more than %lld MiB and was ended", name,
                         plan->output_bytes / MIB);
    case RUN_MEMORY_LIMIT:
        return error_set(err, ERROR_CONFLICT,
                         "%s held more than %lld MiB of memory and was ended", name,
                         plan->memory_bytes / MIB);
    case RUN_CANCELLED:
        return error_set(err, ERROR_CONFLICT, "%s was told to end", name);
    case RUN_NOT_STARTED:
        break;
    }
    return error_set(err, ERROR_INVALID, "%s",
                     text_is_empty(status->text) ? "the pipeline could not be started"
                                                 : status->text);
}

static bool is_good(const struct run_state *state, const struct run_look *look)
{
    if (look->phase == RUN_LOST)
        return state->asked;
    return look->phase == RUN_ENDED && look->status.outcome == RUN_EXITED &&
           look->status.status == 0;
}

static enum step finish(struct call *call, const char *folder, struct run_state *state,
                        const struct run_look *look, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct run_plan plan = { .program = "" };
    struct error ignored = { 0 };
    bool good = is_good(state, look);

    end_step(call, state, good ? "succeeded" : "failed");
    run_mark_seen(arena, folder);
    if (good)
        return STEP_NEXT;
    if (run_read_plan(arena, folder, &plan, &ignored) < 0)
        plan = (struct run_plan){ .program = "" };
    if (look->phase == RUN_ENDED)
        tell_end(arena, &plan, &look->status, err);
    else
        tell_lost(look, pipeline_name(arena, &plan), err);
    return STEP_FAIL;
}

enum step run_follow(struct call *call, struct run_state *state, struct error *err)
{
    const char *folder = run_call_folder(call, state);
    bool alone = call_connection(call) == NULL;
    bool more = false;
    struct run_look look;

    if (run_look(call_arena(call), folder, &look, err) < 0) {
        err->kind = ERROR_BUSY;
        return STEP_FAIL;
    }
    if (read_output(call, folder, state, &look, &more, err) < 0)
        return STEP_FAIL;
    if (more)
        return call_again_in(call, 0);
    if (look.phase == RUN_GOING)
        return call_wake_on(call, run_wake_key(call_arena(call), state->run),
                            alone ? LOOK_ALONE_MS : LOOK_LIMIT_MS);
    return finish(call, folder, state, &look, err);
}

void run_read_rest(struct call *call, struct run_state *state)
{
    const char *folder = run_call_folder(call, state);
    struct error ignored = { 0 };
    struct run_look look;
    bool more = true;

    if (run_look(call_arena(call), folder, &look, &ignored) < 0)
        return;
    while (more && read_output(call, folder, state, &look, &more, &ignored) == 0)
        continue;
    end_step(call, state, "failed");
    run_mark_seen(call_arena(call), folder);
}
