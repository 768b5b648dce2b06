/* Looking for a due job: the first that nobody here has in hand and whose connection has a worker to spare. */
#include <stdlib.h>

#include "base/clock.h"
#include "core/runner_internal.h"

enum {
    LOOK_AT_ONCE = 64,
    FULL_MAX = 32 /* connections that have their share of workers */
};

struct looking {
    struct worker *worker;
    struct db *db;
    struct arena *arena;
    long long now_ms;
    const char *full[FULL_MAX];
    size_t full_count;
};

static size_t workers_on_locked(const struct runner *runner, const char *connection)
{
    size_t count = 0;

    for (size_t i = 0; i < LANE_COUNT; i++)
        for (size_t j = 0; j < runner->lanes[i].count; j++)
            if (runner->lanes[i].workers[j].connection != NULL &&
                text_is(runner->lanes[i].workers[j].connection, connection))
                count++;
    return count;
}

static bool is_in_hand_locked(const struct lane *lane, long long job)
{
    for (size_t i = 0; i < lane->count; i++)
        if (lane->workers[i].job == job)
            return true;
    return false;
}

static bool is_full(const struct looking *looking, const char *connection)
{
    for (size_t i = 0; i < looking->full_count; i++)
        if (text_is(looking->full[i], connection))
            return true;
    return false;
}

static bool has_room_locked(struct looking *looking, const char *connection)
{
    const struct runner *runner = looking->worker->runner;

    if (connection == NULL)
        return true;
    if (is_full(looking, connection))
        return false;
    if (workers_on_locked(runner, connection) < runner->connection_limit)
        return true;
    if (looking->full_count < FULL_MAX)
        looking->full[looking->full_count++] = connection;
    return false;
}

static bool choose_locked(struct looking *looking, const struct json *rows)
{
    struct worker *worker = looking->worker;

    for (size_t i = 0; i < json_count(rows); i++) {
        long long job = json_integer(json_at(rows, i), "job", 0);
        const char *connection = json_string(json_at(rows, i), "connection", NULL);

        if (is_in_hand_locked(worker->lane, job) || !has_room_locked(looking, connection))
            continue;
        worker->job = job;
        worker->connection = connection == NULL ? NULL : memory_copy(connection);
        return true;
    }
    return false;
}

static bool choose(struct looking *looking, const struct json *rows)
{
    bool chosen;

    pthread_mutex_lock(&looking->worker->runner->lock);
    chosen = choose_locked(looking, rows);
    pthread_mutex_unlock(&looking->worker->runner->lock);
    return chosen;
}

/* Due and free, the longest due first; without the connections that are full. */
static const struct json *due_rows(const struct looking *looking, struct error *err)
{
    const struct worker *worker = looking->worker;
    struct text sql = text_new(looking->arena, 4000);
    struct json values[4 + FULL_MAX + 1] = { V(worker->lane->name), V(looking->now_ms),
                                             V(looking->now_ms),
                                             V((const char *)worker->runner->owner) };
    size_t count = 4;

    text_add(&sql, "SELECT job, connection FROM queue WHERE lane = ? AND wake_at <= ? AND "
                   "(lease_owner IS NULL OR (lease_until < ? AND lease_owner <> ?))");
    for (size_t i = 0; i < looking->full_count; i++) {
        text_add(&sql, i == 0 ? " AND (connection IS NULL OR connection NOT IN (?" : ", ?");
        values[count++] = V(looking->full[i]);
    }
    text_add(&sql, looking->full_count > 0 ? ")) " : " ");
    text_add(&sql, "ORDER BY wake_at, job LIMIT ?");
    values[count++] = V((int)LOOK_AT_ONCE);
    return db_rows(looking->db, looking->arena, err, text_string(&sql), values, count);
}

static int find_next(const struct looking *looking, long long *next_at, struct error *err)
{
    const struct json *row = db_row(looking->db, looking->arena, err,
                                    "SELECT wake_at FROM queue WHERE lane = ? AND wake_at > ? "
                                    "ORDER BY wake_at LIMIT 1",
                                    VALUES(V(looking->worker->lane->name), V(looking->now_ms)));

    if (row == NULL)
        return -1;
    *next_at = json_integer(row, "wake_at", 0);
    return 0;
}

int look_for_job(struct worker *worker, long long *next_at, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(db) struct db *db = store_read_start(core_store(worker->runner->core), err);
    struct looking looking = {
        .worker = worker, .db = db, .arena = arena, .now_ms = clock_now_ms()
    };
    const struct json *rows;
    size_t full;

    if (db == NULL)
        return -1;
    /* Once more for each time that rows of full connections filled the page. */
    do {
        full = looking.full_count;
        rows = due_rows(&looking, err);
        if (rows == NULL)
            return -1;
        if (choose(&looking, rows))
            return 1;
    } while (json_count(rows) == LOOK_AT_ONCE && looking.full_count > full);
    return find_next(&looking, next_at, err);
}

/* Its connection has room again, which whoever looks should hear of. */
void worker_drop_job(struct worker *worker)
{
    struct runner *runner = worker->runner;

    pthread_mutex_lock(&runner->lock);
    worker->job = 0;
    free(worker->connection);
    worker->connection = NULL;
    worker->lane->news++;
    pthread_cond_signal(&worker->lane->heard);
    pthread_mutex_unlock(&runner->lock);
}
