/* How many commands one person may start in a minute. */
#include "core/limit.h"

#include "tap.h"

int main(void)
{
    static const struct {
        const char *person;
        long long now_ms;
        int result, retry_after_s;
    } rows[] = {
        { "ana", 100000, 0, 0 }, { "ana", 100500, 0, 0 },   { "ana", 101000, -1, 59 },
        { "lea", 101000, 0, 0 }, { "ana", 159001, -1, 1 },  { "ana", 160000, 0, 0 },
        { "ana", 160001, 0, 0 }, { "ana", 160002, -1, 60 }, { "lea", 160003, 0, 0 },
        { "lea", 161001, 0, 0 },
    };
    AUTO(limit) struct limit *limit = limit_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };

        tap_case("row %zu", i);
        CHECK_INT(limit_take(limit, rows[i].person, 2, rows[i].now_ms, &err), rows[i].result);
        CHECK_INT(err.retry_after_s, rows[i].retry_after_s);
        CHECK_INT(err.kind, rows[i].result < 0 ? ERROR_BUSY : ERROR_NONE);
    }
    return tap_done();
}
