/* How many commands one person may start in a minute. */
#include "core/limit.h"

#include "lab.h"

struct check {
    const char *person;
    long long now_ms;
    struct error err;
    int result;
};

static int fill(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return db_run(
               db, err,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
               "INSERT INTO jobs (state, stage, line, title, door, person, created_at) "
               "SELECT 'failed', 'final', '', '', 'api', 'ana', 1000 * i FROM n",
               VALUES(V((int)COMMANDS_PER_MINUTE))) < 0
               ? -1
               : 0;
}

static int check_write(struct db *db, void *argument, struct error *err)
{
    struct check *check = argument;

    (void)err;
    check->result = limit_check(db, check->person, check->now_ms, &check->err);
    return 0;
}

int main(void)
{
    static const struct {
        const char *person;
        long long now_ms;
        int result, retry_after_s;
    } rows[] = {
        { "ana", 31000, -1, 30 }, { "ana", 60999, -1, 1 }, { "ana", 61000, 0, 0 },
        { "lea", 31000, 0, 0 },   { NULL, 31000, 0, 0 },
    };
    struct engine engine;

    log_start("text", "error");
    lab_make(&engine, LAB_YAML);
    lab_new(&engine, &lab_registry);
    CHECK_INT(engine_run(&engine, fill, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct check check = { .person = rows[i].person, .now_ms = rows[i].now_ms };

        tap_case("row %zu", i);
        CHECK_INT(engine_run(&engine, check_write, &check), 0);
        CHECK_INT(check.result, rows[i].result);
        CHECK_INT(check.err.retry_after_s, rows[i].retry_after_s);
        if (rows[i].result < 0)
            CHECK_INT(check.err.kind, ERROR_BUSY);
    }
    engine_free(&engine);
    return tap_done();
}
