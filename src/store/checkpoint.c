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
    IDLE_MS = 5000,
    READER_PATIENCE_MS = 250, /* the writer waits as long */

    /* The writer pauses when the log is longer.  The others are parts of it. */
    LOG_BYTES_MAX = 64 * 1024 * 1024,
    /* A passive checkpoint comes after so much more; another pause when a reader was in the way of the last. */
    PASSIVE_PART = 64,
    AGAIN_PART = 4,
    /* What an idle log may keep: one that exists is quicker to write than one that grows. */
    KEEP_PART = 16,
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
    int frames_max;
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

static enum task task_wait_locked(struct checkpoint *checkpoint)
{
    for (;;) {
        long long idle_at_ms = checkpoint->committed_ms + checkpoint->idle_ms;

        if (checkpoint->closing)
            return TASK_STOP;
        if (atomic_load(&checkpoint->frames) >= checkpoint->next_frames)
            return atomic_load(&checkpoint->frames) > checkpoint->frames_max ? TASK_RESTART
                                                                             : TASK_PASSIVE;
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
    checkpoint->next_frames =
        atomic_load(&checkpoint->frames) + checkpoint->frames_max / PASSIVE_PART;
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
    bool is_large = atomic_load(&checkpoint->frames) > checkpoint->frames_max / KEEP_PART;

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

static void restart_later(struct checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->next_frames =
        atomic_load(&checkpoint->frames) + checkpoint->frames_max / AGAIN_PART;
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
        restart_later(checkpoint);
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
                                    const struct store_plan *plan, struct error *err)
{
    struct db *db = db_open(path, DB_WRITE, err);
    struct checkpoint *checkpoint;
    int status;

    if (db == NULL)
        return NULL;
    sqlite3_busy_timeout(db->handle, READER_PATIENCE_MS);
    checkpoint = memory_new(sizeof(*checkpoint));
    *checkpoint = (struct checkpoint){
        .db = db,
        .readers = readers,
        .idle_ms = plan->idle_ms > 0 ? plan->idle_ms : IDLE_MS,
        .frames_max =
            (plan->log_bytes_max > 0 ? plan->log_bytes_max : LOG_BYTES_MAX) / FRAME_BYTES,
        .idle_done = true
    };
    checkpoint->next_frames = checkpoint->frames_max / PASSIVE_PART;
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
        checkpoint->next_frames =
            checkpoint->frames_max / PASSIVE_PART; /* the log began again */
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
