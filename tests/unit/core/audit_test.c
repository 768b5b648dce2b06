/* Records of the audit: their chain, their checkpoints, and finding them again. */
#include "audit_fixture.h"

#include "base/clock.h"

static const unsigned char seed[SIGN_SEED_BYTES] = "a seed for tests, nothing more..";

static int append_one(struct db *db, void *argument, struct error *err)
{
    return audit_append(db, argument, err);
}

static void append(struct ledger *ledger, struct audit_record record)
{
    struct error err = { 0 };

    CHECK_INT(store_write(ledger->store, append_one, &record, &err), 0);
}

/* What is stored is canonical, and the hash is over exactly that. */
static void test_record(void)
{
    struct ledger ledger;
    const char *record;
    const char *first;
    char hash[SHA256_HEX];

    ledger_new(&ledger);
    append(&ledger, (struct audit_record){
                        .kind = "asked",
                        .job = 412,
                        .person = "ana",
                        .account = "web:ana",
                        .door = "chat",
                        .place = "web#ops",
                        .command = "deploy",
                        .line = "deploy \"api\" \u2192 x",
                        .detail = OBJECT(ledger.arena, { "version", V("v1") }, { "at", V(3) }),
                    });
    append(&ledger, (struct audit_record){ .kind = "reloaded", .result = "succeeded" });
    record = ledger_value(&ledger, "SELECT record FROM audit WHERE sequence = 1");
    tap_case("%s", record);
    CHECK(text_matches(
        record,
        "{\"account\":\"web:ana\",\"at\":\"20*Z\",\"chain\":\"*\",\"command\":\"deploy\","
        "\"detail\":{\"at\":3,\"version\":\"v1\"},\"door\":\"chat\",\"job\":412,\"kind\":"
        "\"asked\",\"line\":\"deploy \\\"api\\\" \u2192 x\",\"person\":\"ana\",\"place\":"
        "\"web#ops\",\"sequence\":1}"));
    CHECK_STR(ledger_value(&ledger, "SELECT previous FROM audit WHERE sequence = 1"),
              AUDIT_FIRST_PREVIOUS);
    first = ledger_value(&ledger, "SELECT hash FROM audit WHERE sequence = 1");
    audit_hash(ledger.arena, AUDIT_FIRST_PREVIOUS, record, hash);
    CHECK_STR(first, hash);
    CHECK_STR(ledger_value(&ledger, "SELECT previous FROM audit WHERE sequence = 2"), first);
    record = ledger_value(&ledger, "SELECT record FROM audit WHERE sequence = 2");
    tap_case("%s", record);
    CHECK(text_matches(record,
                       "{\"at\":\"*Z\",\"chain\":\"*\",\"kind\":\"reloaded\",\"result\":"
                       "\"succeeded\",\"sequence\":2}"));
    CHECK_STR(ledger_value(&ledger, "SELECT count(DISTINCT chain) FROM audit"), "1");
    CHECK_STR(ledger_value(&ledger, "SELECT count(*) FROM audit WHERE job IS NULL"), "1");
    ledger_free(&ledger);
}

static int append_and_fail(struct db *db, void *argument, struct error *err)
{
    if (audit_append(db, argument, err) < 0)
        return -1;
    return error_set(err, ERROR_CONFLICT, "not this time");
}

/* A record belongs to the transaction it tells of. */
static void test_undone(void)
{
    struct audit_record record = { .kind = "asked" };
    struct error err = { 0 };
    struct ledger ledger;

    tap_case("undone");
    ledger_new(&ledger);
    append(&ledger, record);
    CHECK_INT(store_write(ledger.store, append_and_fail, &record, &err), -1);
    CHECK_STR(err.text, "not this time");
    append(&ledger, record);
    CHECK_STR(ledger_value(&ledger, "SELECT group_concat(sequence) FROM audit"), "1,2");
    ledger_free(&ledger);
}

static void test_checkpoints(void)
{
    struct ledger ledger;

    tap_case("without a key there are none");
    ledger_new(&ledger);
    ledger_append(&ledger, 3);
    ledger_checkpoint(&ledger);
    CHECK_STR(ledger_value(&ledger, "SELECT count(*) FROM audit_checkpoints"), "0");
    ledger_free(&ledger);

    tap_case("every thousand, and when asked");
    audit_start(seed);
    ledger_new(&ledger);
    ledger_checkpoint(&ledger);
    CHECK_STR(ledger_value(&ledger, "SELECT count(*) FROM audit_checkpoints"), "0");
    ledger_append(&ledger, 2001);
    CHECK_STR(ledger_value(&ledger, "SELECT group_concat(sequence) FROM audit_checkpoints"),
              "1000,2000");
    ledger_checkpoint(&ledger);
    ledger_checkpoint(&ledger);
    CHECK_STR(ledger_value(&ledger, "SELECT group_concat(sequence) FROM audit_checkpoints"),
              "1000,2000,2001");
    CHECK_STR(ledger_value(&ledger, "SELECT count(*) FROM audit a JOIN audit_checkpoints c ON "
                                    "c.sequence = a.sequence AND c.hash = a.hash AND c.chain = "
                                    "a.chain"),
              "3");
    ledger_free(&ledger);
}

/* The sequences of what is found, newest first. */
static const char *found(struct ledger *ledger, const struct audit_filter *filter)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(ledger->store, &err);
    const struct json *rows = audit_rows(db, ledger->arena, filter, &err);
    struct text out = text_new(ledger->arena, 1000);

    CHECK_STR(err.text, "");
    for (size_t i = 0; i < json_count(rows); i++) {
        CHECK(strlen(json_string(json_at(rows, i), "hash", "")) == 64);
        text_addf(&out, "%s%lld", i > 0 ? " " : "",
                  json_integer(json_at(rows, i), "sequence", 0));
    }
    return text_string(&out);
}

static void test_rows(void)
{
    static const struct {
        struct audit_filter filter;
        const char *found;
    } rows[] = {
        { { .limit = 0 }, "5 4 3 2 1" },
        { { .limit = 2 }, "5 4" },
        { { .before = 4, .limit = 2 }, "3 2" },
        { { .before = 1 }, "" },
        { { .person = "ana" }, "3 2 1" },
        { { .person = "an" }, "" },
        { { .person = "", .command = NULL }, "5 4 3 2 1" },
        { { .command = "deploy" }, "4 2 1" },
        { { .result = "refused" }, "4" },
        { { .kind = "asked" }, "4 1" },
        { { .job = 2 }, "4 3" },
        { { .text = "STAGING" }, "1" },
        { { .text = "nothing like it" }, "" },
        { { .text = "100%" }, "5" },
        { { .text = "'; DROP TABLE audit; --" }, "" },
        { { .person = "ana", .command = "deploy", .kind = "finished" }, "2" },
        { { .since_ms = 1 }, "5 4 3 2 1" },
        { { .until_ms = 1 }, "" },
    };
    struct ledger ledger;

    ledger_new(&ledger);
    append(&ledger, (struct audit_record){ .kind = "asked",
                                           .job = 1,
                                           .person = "ana",
                                           .command = "deploy",
                                           .line = "deploy api to Staging" });
    append(&ledger, (struct audit_record){
                        .kind = "finished", .job = 1, .person = "ana", .command = "deploy" });
    append(&ledger, (struct audit_record){
                        .kind = "finished", .job = 2, .person = "ana", .command = "rollback" });
    append(&ledger, (struct audit_record){ .kind = "asked",
                                           .job = 2,
                                           .person = "lea",
                                           .command = "deploy",
                                           .result = "refused" });
    append(&ledger, (struct audit_record){ .kind = "reloaded", .text = "100% of it" });
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("row %zu", i);
        CHECK_STR(found(&ledger, &rows[i].filter), rows[i].found);
    }
    ledger_free(&ledger);
}

static size_t count_rows(struct ledger *ledger, long long limit)
{
    struct audit_filter filter = { .limit = limit };
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(ledger->store, &err);

    return json_count(audit_rows(db, ledger->arena, &filter, &err));
}

static void test_row_limits(void)
{
    struct ledger ledger;

    tap_case("limits");
    ledger_new(&ledger);
    ledger_append(&ledger, 1100);
    CHECK_INT(count_rows(&ledger, 0), 50);
    CHECK_INT(count_rows(&ledger, -1), 50);
    CHECK_INT(count_rows(&ledger, 200), 200);
    CHECK_INT(count_rows(&ledger, 5000), 1000);
    ledger_free(&ledger);
}

int main(void)
{
    test_record();
    test_undone();
    test_checkpoints();
    test_rows();
    test_row_limits();
    return tap_done();
}
