/* Progress and log on their way into the database, while a step runs and at its end. */
#include <string.h>

#include "core/call_internal.h"
#include "core/feed.h"

int lease_check(struct db *db, const char *owner, long long job, long long fence,
                struct error *err)
{
    long long rows = db_run(db, err,
                            "UPDATE queue SET lease_owner = lease_owner "
                            "WHERE job = ? AND fence = ? AND lease_owner = ?",
                            VALUES(V(job), V(fence), V(owner)));

    if (rows < 0)
        return -1;
    if (rows == 0)
        return error_set(err, ERROR_CONFLICT, "job #%lld is no longer this worker's", job);
    return 0;
}

static const char *redact_log(void *context, struct arena *arena, const char *text)
{
    return core_redact(context, arena, text);
}

/* Moves what can be written from the raw stream to the clean one. */
static void clean_log_locked(struct call *call, struct arena *arena, bool end)
{
    struct log_filter filter = { .redact = redact_log,
                                 .context = call->core,
                                 .longest = core_redact_longest(call->core) };
    const char *text = log_stream_take(&call->log, &filter, end, arena);

    if (text != NULL)
        log_stream_add(&call->ready, text, strlen(text));
}

/* What is there to be written now.  Copies: the step goes on meanwhile. */
struct flush {
    struct call *call;
    const char *log;
    size_t log_bytes;
    const struct json *progress;
};

static bool take_locked(struct call *call, struct arena *arena, struct flush *flush)
{
    *flush = (struct flush){ .call = call };
    if (call->is_settled || call->is_flushing)
        return false;
    clean_log_locked(call, arena, false);
    if (call->ready.length > 0) {
        flush->log_bytes = call->ready.length;
        flush->log = arena_copy_n(arena, call->ready.bytes, call->ready.length);
    }
    if (call->progress_changed)
        flush->progress = progress_to_json(arena, &call->progress);
    call->progress_changed = false;
    call->is_flushing = flush->log != NULL || flush->progress != NULL;
    return call->is_flushing;
}

static void done_locked(struct call *call, const struct flush *flush, bool written)
{
    if (written)
        log_stream_drop(&call->ready, flush->log_bytes);
    else if (flush->progress != NULL)
        call->progress_changed = true;
    call->is_flushing = false;
    pthread_cond_broadcast(&call->changed);
}

static int flush_write(struct db *db, void *argument, struct error *err)
{
    struct flush *flush = argument;
    const struct call *call = flush->call;
    long long job = call->row.id;

    if (lease_check(db, call->owner, job, call->fence, err) < 0)
        return -1;
    if (flush->log != NULL && job_log_add(db, job, flush->log, err) < 0)
        return -1;
    if (flush->progress == NULL)
        return 0;
    if (db_run(db, err, "UPDATE jobs SET progress = ? WHERE id = ?",
               VALUES(V(flush->progress), V(job))) < 0 ||
        change_add(db, "job", job, err) < 0)
        return -1;
    return job_show(db, call->core, job, err);
}

/* What is not ours any more goes on for nobody. */
static void note_unwritten(struct call *call, const struct error *err)
{
    if (err->kind == ERROR_CONFLICT || err->kind == ERROR_MISSING)
        call_cut(call);
    else
        log_warn(call->row.id, "the job's progress is not written: %s", err->text);
}

void call_flush(struct call *call)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct flush flush;
    struct error err = { 0 };
    bool something;
    bool written;

    pthread_mutex_lock(&call->lock);
    something = take_locked(call, arena, &flush);
    pthread_mutex_unlock(&call->lock);
    if (!something)
        return;
    written = store_write(core_store(call->core), flush_write, &flush, &err) == 0;
    if (!written)
        note_unwritten(call, &err);
    pthread_mutex_lock(&call->lock);
    done_locked(call, &flush, written);
    pthread_mutex_unlock(&call->lock);
}

void call_settle(struct call *call, const char **log, const struct json **progress)
{
    pthread_mutex_lock(&call->lock);
    while (call->is_flushing)
        pthread_cond_wait(&call->changed, &call->lock);
    call->is_settled = true;
    clean_log_locked(call, call->arena, true);
    *log = call->ready.length == 0
               ? NULL
               : arena_copy_n(call->arena, call->ready.bytes, call->ready.length);
    *progress = call->progress_changed ? progress_to_json(call->arena, &call->progress) : NULL;
    pthread_mutex_unlock(&call->lock);
}
