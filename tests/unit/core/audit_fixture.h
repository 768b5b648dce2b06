/* For tests of the audit: a database of its own, records in it, and what somebody could do to them. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/audit_chain.h"
#include "tap.h"

struct ledger {
    struct arena *arena;
    char folder[64];
    struct store *store;
};

static inline void ledger_new(struct ledger *ledger)
{
    struct error err = { 0 };

    *ledger = (struct ledger){ .arena = arena_new(), .folder = "/tmp/opsroom-audit-XXXXXX" };
    CHECK(mkdtemp(ledger->folder) != NULL);
    ledger->store =
        store_open(arena_printf(ledger->arena, "sqlite:%s/audit.db", ledger->folder), &err);
    if (ledger->store == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static inline int ledger_remove(const char *path, const struct stat *status, int type,
                                struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void ledger_free(struct ledger *ledger)
{
    store_close(ledger->store);
    nftw(ledger->folder, ledger_remove, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(ledger->arena);
}

static inline int ledger_append_many(struct db *db, void *argument, struct error *err)
{
    const long long *count = argument;

    for (long long i = 0; i < *count; i++) {
        struct audit_record record = { .kind = "finished",
                                       .job = i + 1,
                                       .person = i % 2 == 0 ? "ana" : "lea",
                                       .command = "deploy",
                                       .line = "deploy api to staging",
                                       .result = "succeeded" };

        if (audit_append(db, &record, err) < 0)
            return -1;
    }
    return 0;
}

static inline void ledger_append(struct ledger *ledger, long long count)
{
    struct error err = { 0 };

    CHECK_INT(store_write(ledger->store, ledger_append_many, &count, &err), 0);
}

static inline int ledger_sign(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return audit_checkpoint(db, err);
}

static inline void ledger_checkpoint(struct ledger *ledger)
{
    struct error err = { 0 };

    CHECK_INT(store_write(ledger->store, ledger_sign, NULL, &err), 0);
}

static inline int ledger_sql(struct db *db, void *argument, struct error *err)
{
    const char *const *sql = argument;

    return db_run(db, err, *sql, NO_VALUES) < 0 ? -1 : 0;
}

/* Several statements, with ; between them. */
static inline void ledger_run(struct ledger *ledger, const char *text)
{
    struct span rest = span_of(text);
    struct span piece;

    while (span_split(&rest, ';', &piece)) {
        struct error err = { 0 };
        const char *sql = span_copy(ledger->arena, span_trim(piece));

        CHECK_INT(store_write(ledger->store, ledger_sql, &sql, &err), 0);
        CHECK_STR(err.text, "");
    }
}

static inline const char *ledger_value(struct ledger *ledger, const char *sql)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(ledger->store, &err);
    const struct json *value = json_at(db_row(db, ledger->arena, &err, sql, NO_VALUES), 0);

    if (value == NULL)
        return "";
    return json_is(value, JSON_STRING) ? value->as.string : json_print(ledger->arena, value);
}

/* "good: …" or "12: …". */
static inline const char *ledger_said(struct ledger *ledger, int result,
                                      const struct audit_verdict *verdict,
                                      const struct error *err)
{
    if (result < 0)
        return arena_copy(ledger->arena, err->text);
    CHECK(verdict->good == (verdict->first_bad == 0));
    return verdict->good
               ? arena_printf(ledger->arena, "good: %s", verdict->text)
               : arena_printf(ledger->arena, "%lld: %s", verdict->first_bad, verdict->text);
}
