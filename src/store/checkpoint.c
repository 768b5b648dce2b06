/*
 * Moves the write-ahead log into the database, beside the writer: inside COMMIT it would cost tens of milliseconds.
 * A passive checkpoint disturbs nobody, but only when the writer pauses can the log start again from its beginning;
 * so a log that has grown large holds the writer up for the little that is left.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/store_internal.h"

enum {
    FRAME_BYTES = 4096 + 24, /* a page and its header */
    PASSIVE_BYTES = 1024 * 1024,
    RESTART_BYTES = 64 * 1024 * 1024,
    RESTART_AGAIN_BYTES = 16 * 1024 * 1024, /* later, when a reader was in the way */
    KEEP_BYTES =
        4 * 1024 * 1024,      /* a log that exists is quicker to write than one that grows */
    READER_PATIENCE_MS = 250, /* the writer waits as long */
};

enum task {
    TASK_STOP,
    TASK_PASSIVE,
    TASK_RESTART,
    TASK_IDLE
};

struct checkpoint {
    pthread_t thread;
    struct db *db;
    struct readers *readers;
    long long idle_ms;
    atomic_int frames; /* in the log */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread, or for the writer: one of them waits */
    bool closing;
    bool is_writing;   /* a transaction is open */
    bool holds_writer; /* the next one has to wait */
    bool idle_done;    /* since committed_ms */
    int next_frames;   /* the next checkpoint is due when the log has so many */
    long long committed_ms;
};

static bool log_is_over(const struct checkpoint *checkpoint, long long bytes)
{
    return atomic_load(&checkpoint->frames) > bytes / FRAME_BYTES;
}

static enum task task_wait_locked(struct checkpoint *checkpoint)
{
    for (;;) {
        long long idle_at_ms = checkpoint->committed_ms + checkpoint->idle_ms;

        if (checkpoint->closing)
            return TASK_STOP;
        if (atomic_load(&checkpoint->frames) >= checkpoint->next_frames)
            return log_is_over(checkpoint, RESTART_BYTES) ? TASK_RESTART : TASK_PASSIVE;
        if (!checkpoint->idle_done && clock_steady_ms() >= idle_at_ms)
            return TASK_IDLE;
        if (checkpoint->idle_done)
            pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
        else
            (void)condition_wait(&checkpoint->changed, &checkpoint->lock, idle_at_ms);
    }
}

static enum task task_wait(struct checkpoint *checkpoint)
{
    enum task task;

    pthread_mutex_lock(&checkpoint->lock);
    task = task_wait_locked(checkpoint);
    checkpoint->next_frames = atomic_load(&checkpoint->frames) + PASSIVE_BYTES / FRAME_BYTES;
    checkpoint->idle_done = task == TASK_IDLE;
    pthread_mutex_unlock(&checkpoint->lock);
    return task;
}

/* What cannot be done now (a reader is in the way, the disk is full) is tried again later. */
static bool run(struct checkpoint *checkpoint, int mode)
{
    int frames = -1;
    int status = sqlite3_wal_checkpoint_v2(checkpoint->db->handle, NULL, mode, &frames, NULL);

    if (mode == SQLITE_CHECKPOINT_TRUNCATE && status == SQLITE_OK)
        atomic_store(&checkpoint->frames, frames);
    return status == SQLITE_OK;
}

static void idle(struct checkpoint *checkpoint)
{
    bool is_large = log_is_over(checkpoint, KEEP_BYTES);

    readers_trim(checkpoint->readers);
    if (run(checkpoint, is_large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE))
        return;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->idle_done = false;
    checkpoint->committed_ms = clock_steady_ms();
    pthread_mutex_unlock(&checkpoint->lock);
}

/* Returns when its transaction has ended; the next one does not begin before writer_release(). */
static void writer_hold(struct checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->holds_writer = true;
    while (checkpoint->is_writing)
        pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
    pthread_mutex_unlock(&checkpoint->lock);
}

static void writer_release(struct checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->holds_writer = false;
    pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
}

static void next_set(struct checkpoint *checkpoint, int bytes)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->next_frames = atomic_load(&checkpoint->frames) + bytes / FRAME_BYTES;
    pthread_mutex_unlock(&checkpoint->lock);
}

static void restart(struct checkpoint *checkpoint)
{
    bool done;

    run(checkpoint, SQLITE_CHECKPOINT_PASSIVE);
    writer_hold(checkpoint);
    done = run(checkpoint, SQLITE_CHECKPOINT_RESTART);
    writer_release(checkpoint);
    if (!done)
        next_set(checkpoint, RESTART_AGAIN_BYTES);
}

static void *checkpoint_run(void *context)
{
    struct checkpoint *checkpoint = context;

    for (;;) {
        switch (task_wait(checkpoint)) {
        case TASK_STOP:
            return NULL;
        case TASK_PASSIVE:
            run(checkpoint, SQLITE_CHECKPOINT_PASSIVE);
            break;
        case TASK_RESTART:
            restart(checkpoint);
            break;
        case TASK_IDLE:
            idle(checkpoint);
            break;
        }
    }
}

struct checkpoint *checkpoint_start(const char *path, struct readers *readers,
                                    long long idle_ms, struct error *err)
{
    struct db *db = db_open(path, DB_WRITE, err);
    struct checkpoint *checkpoint;
    int status;

    if (db == NULL)
        return NULL;
    sqlite3_busy_timeout(db->handle, READER_PATIENCE_MS);
    checkpoint = memory_new(sizeof(*checkpoint));
    *checkpoint = (struct checkpoint){ .db = db,
                                       .readers = readers,
                                       .idle_ms = idle_ms,
                                       .idle_done = true,
                                       .next_frames = PASSIVE_BYTES / FRAME_BYTES };
    pthread_mutex_init(&checkpoint->lock, NULL);
    condition_start(&checkpoint->changed);
    status = pthread_create(&checkpoint->thread, NULL, checkpoint_run, checkpoint);
    if (status == 0) {
        pthread_setname_np(checkpoint->thread, "checkpoint");
        return checkpoint;
    }
    error_system(err, status, "%s has no thread for its log", db->name);
    db_close(db);
    free(checkpoint);
    return NULL;
}

void checkpoint_stop(struct checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->closing = true;
    pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
    pthread_join(checkpoint->thread, NULL);
    db_close(checkpoint->db);
    pthread_cond_destroy(&checkpoint->changed);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint);
}

void checkpoint_enter(struct checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    while (checkpoint->holds_writer)
        pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
    checkpoint->is_writing = true;
    pthread_mutex_unlock(&checkpoint->lock);
}

static void commit_note_locked(struct checkpoint *checkpoint, int frames)
{
    if (frames < atomic_load(&checkpoint->frames))
        checkpoint->next_frames = PASSIVE_BYTES / FRAME_BYTES; /* the log began again */
    atomic_store(&checkpoint->frames, frames);
    checkpoint->committed_ms = clock_steady_ms();
    if (checkpoint->idle_done || frames >= checkpoint->next_frames)
        pthread_cond_signal(&checkpoint->changed);
    checkpoint->idle_done = false;
}

void checkpoint_leave(struct checkpoint *checkpoint, int frames)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->is_writing = false;
    if (frames >= 0)
        commit_note_locked(checkpoint, frames);
    if (checkpoint->holds_writer)
        pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
}

size_t checkpoint_log_bytes(const struct checkpoint *checkpoint)
{
    return (size_t)atomic_load(&checkpoint->frames) * FRAME_BYTES;
}
