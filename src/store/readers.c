/* The pool of connections that reads borrow: opened when needed, the last one returned is the first to go out. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/store_internal.h"

struct readers {
    const char *path;
    enum db_mode mode;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct db *unused;
    size_t open_count; /* unused and lent */
};

struct readers *readers_new(const char *path, enum db_mode mode)
{
    struct readers *readers = memory_new(sizeof(*readers));

    *readers = (struct readers){ .path = path, .mode = mode };
    pthread_mutex_init(&readers->lock, NULL);
    condition_start(&readers->returned);
    return readers;
}

void readers_free(struct readers *readers)
{
    if (readers == NULL)
        return;
    while (readers->unused != NULL) {
        struct db *db = readers->unused;

        readers->unused = db->next;
        readers->open_count--;
        db_close(db);
    }
    ASSERT(readers->open_count == 0);
    pthread_cond_destroy(&readers->returned);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}

/* An unused connection, or the right to open one (NULL); -1 when none came back in time. */
static int place_take(struct readers *readers, long long wait_ms, struct db **db)
{
    long long until_ms = clock_steady_ms() + wait_ms;
    bool in_time = true;
    int result = -1;

    pthread_mutex_lock(&readers->lock);
    while (readers->unused == NULL && readers->open_count == READERS_MAX && in_time)
        in_time = condition_wait(&readers->returned, &readers->lock, until_ms);
    *db = readers->unused;
    if (*db != NULL) {
        readers->unused = (*db)->next;
        result = 0;
    } else if (readers->open_count < READERS_MAX) {
        readers->open_count++;
        result = 0;
    }
    pthread_mutex_unlock(&readers->lock);
    return result;
}

static void place_give(struct readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    readers->open_count--;
    pthread_cond_signal(&readers->returned);
    pthread_mutex_unlock(&readers->lock);
}

struct db *readers_borrow(struct readers *readers, long long wait_ms, struct error *err)
{
    struct db *db = NULL;

    if (place_take(readers, wait_ms, &db) < 0) {
        error_set(err, ERROR_BUSY, "all %d read connections to %s are in use", READERS_MAX,
                  path_name(readers->path));
        err->retry_after_s = 1;
        return NULL;
    }
    if (db == NULL)
        db = db_open(readers->path, readers->mode, err);
    if (db == NULL || db_execute(db, "BEGIN", err) < 0) {
        db_close(db);
        place_give(readers);
        return NULL;
    }
    db->readers = readers;
    db->guarded = true;
    return db;
}

void store_read_end(struct db *db)
{
    struct readers *readers;
    struct error ignored;

    if (db == NULL)
        return;
    readers = db->readers;
    db->guarded = false;
    if (db_in_transaction(db) && db_execute(db, "ROLLBACK", &ignored) < 0) {
        db_close(db);
        place_give(readers);
        return;
    }
    pthread_mutex_lock(&readers->lock);
    db->next = readers->unused;
    readers->unused = db;
    pthread_cond_signal(&readers->returned);
    pthread_mutex_unlock(&readers->lock);
}

static struct db *surplus_take(struct readers *readers)
{
    struct db *db = NULL;

    pthread_mutex_lock(&readers->lock);
    if (readers->unused != NULL && readers->unused->next != NULL) {
        db = readers->unused;
        readers->unused = db->next;
        readers->open_count--;
        pthread_cond_signal(&readers->returned);
    }
    pthread_mutex_unlock(&readers->lock);
    return db;
}

void readers_trim(struct readers *readers)
{
    struct db *db;

    while ((db = surplus_take(readers)) != NULL)
        db_close(db);
}

size_t readers_open_count(struct readers *readers)
{
    size_t count;

    pthread_mutex_lock(&readers->lock);
    count = readers->open_count;
    pthread_mutex_unlock(&readers->lock);
    return count;
}
