/* What verify finds when somebody changed, removed, reordered or cut the audit, in a database and in an export. */
#include "audit_fixture.h"

static const unsigned char seed[SIGN_SEED_BYTES] = "a seed for tests, nothing more..";
static const unsigned char other_seed[SIGN_SEED_BYTES] = "the seed of somebody without key";

struct keys {
    const char *ours, *theirs;
};

static const char *public_key(struct arena *arena, const unsigned char *from)
{
    unsigned char key[SIGN_PUBLIC_BYTES];

    sign_public_key(from, key);
    return hex_print(arena, key, sizeof(key));
}

static const char *verify(struct ledger *ledger, const char *key, const char *head)
{
    struct audit_verdict verdict;
    struct error err = { 0 };
    int result = audit_verify_store(ledger->store, ledger->arena, key, head, &verdict, &err);

    return ledger_said(ledger, result, &verdict, &err);
}

static void check_said(const char *said, const char *expected)
{
    CHECK_STR(text_matches(said, expected) ? expected : said, expected);
}

static void test_good(void)
{
    struct ledger ledger;
    const char *key;
    const char *head;

    ledger_new(&ledger);
    key = public_key(ledger.arena, seed);
    tap_case("empty");
    check_said(verify(&ledger, NULL, NULL), "good: 0 records, no checkpoint yet: unchanged; *");
    tap_case("short");
    ledger_append(&ledger, 3);
    check_said(verify(&ledger, NULL, NULL), "good: 3 records, no checkpoint yet: unchanged; *");
    tap_case("signed");
    ledger_append(&ledger, 1200);
    ledger_checkpoint(&ledger);
    head = ledger_value(&ledger, "SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1");
    check_said(verify(&ledger, NULL, NULL),
               arena_printf(ledger.arena,
                            "good: 1203 records, 2 signed checkpoints (key %.16s…, taken from "
                            "the log itself): unchanged; head %s",
                            key, head));
    check_said(verify(&ledger, key, head), "good: * as given*");
    tap_case("another key");
    check_said(verify(&ledger, public_key(ledger.arena, other_seed), NULL),
               "1000: record 1000 has a checkpoint whose signature does not fit the key");
    tap_case("heads");
    check_said(verify(&ledger, NULL,
                      ledger_value(&ledger, "SELECT hash FROM audit WHERE sequence = 7")),
               "good: *");
    check_said(verify(&ledger, NULL, "9f1c"),
               "1204: record 1204 or later is missing: the head *");
    ledger_free(&ledger);
}

static const struct {
    const char *sql, *said;
} changes[] = {
    { "UPDATE audit SET record = replace(record, 'succeeded', 'refused') WHERE sequence = 4",
      "4: record 4 was changed: its hash does not fit" },
    { "UPDATE audit SET record = record || ' ' WHERE sequence = 4",
      "4: record 4 was changed: its hash does not fit" },
    { "UPDATE audit SET record = 'x' WHERE sequence = 4",
      "4: record 4 was changed: it is no JSON" },
    { "UPDATE audit SET record = '5' WHERE sequence = 4",
      "4: record 4 was changed: its number is another" },
    { "UPDATE audit SET hash = replace(hash, substr(hash, 1, 4), '0000') WHERE sequence = 4",
      "4: record 4 was changed: its hash does not fit" },
    { "UPDATE audit SET previous = hash WHERE sequence = 4", "4: record 4 was changed: *" },
    { "UPDATE audit SET person = 'tom' WHERE sequence = 4",
      "4: record 4 was changed: its columns do not say what the record says" },
    { "UPDATE audit SET person = NULL WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET at = at + 1 WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET job = 9 WHERE sequence = 4", "4: record 4 was changed: its columns *" },
    { "UPDATE audit SET job = NULL WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET kind = 'asked' WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET command = 'x' WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET result = 'x' WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "UPDATE audit SET chain = 'x' WHERE sequence = 4", "4: record 4 was changed: its c*" },
    { "DELETE FROM audit WHERE sequence = 4", "4: record 4 is missing" },
    { "DELETE FROM audit WHERE sequence = 1", "1: record 1 is missing" },
    { "DELETE FROM audit WHERE sequence BETWEEN 4 AND 6",
      "4: record 4 and more after it are missing" },
    { "UPDATE audit SET sequence = 100 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE "
      "sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 100",
      "4: record 4 was changed: its number is another" },
    { "DELETE FROM audit WHERE sequence > 7",
      "8: record 8 is missing: a signed checkpoint covers it, the end was cut off" },
    { "DELETE FROM audit",
      "1: record 1 is missing: a signed checkpoint covers it, the end was cut off" },
    { "UPDATE audit_checkpoints SET hash = previous_hash.hash FROM (SELECT hash FROM audit WHERE "
      "sequence = 3) AS previous_hash",
      "10: record 10 has a checkpoint whose signature does not fit the key" },
    { "UPDATE audit_checkpoints SET sequence = 9",
      "9: record 9 has a checkpoint whose signature does not fit the key" },
    { "UPDATE audit_checkpoints SET signature = 'zz'",
      "10: record 10 has a checkpoint whose signature does not fit the key" },
    { "UPDATE audit_checkpoints SET public_key = ''",
      "10: record 10 has a checkpoint whose signature does not fit the key" },
};

static void test_changed_store(void)
{
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct ledger ledger;

        tap_case("%s", changes[i].sql);
        ledger_new(&ledger);
        ledger_append(&ledger, 10);
        ledger_checkpoint(&ledger);
        ledger_append(&ledger, 2);
        ledger_run(&ledger, changes[i].sql);
        check_said(verify(&ledger, NULL, NULL), changes[i].said);
        ledger_free(&ledger);
    }
}

/* A record is changed and everything after it computed anew: only signatures and known heads can tell. */
static int rewrite(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *rows =
        db_rows(db, arena, err, "SELECT * FROM audit ORDER BY sequence", NO_VALUES);
    const char *previous = AUDIT_FIRST_PREVIOUS;

    (void)argument;
    for (size_t i = 0; i < json_count(rows); i++) {
        const char *record = json_string(json_at(rows, i), "record", "");
        char hash[SHA256_HEX];

        audit_hash(arena, previous, record, hash);
        if (db_run(db, err, "UPDATE audit SET previous = ?, hash = ? WHERE sequence = ?",
                   VALUES(V(previous), V((const char *)hash), V((int)i + 1))) < 0)
            return -1;
        previous = arena_copy(arena, hash);
    }
    return 0;
}

static void test_rewritten(void)
{
    struct error err = { 0 };
    struct ledger ledger;
    const char *head;

    ledger_new(&ledger);
    ledger_append(&ledger, 10);
    ledger_checkpoint(&ledger);
    ledger_append(&ledger, 2);
    head = ledger_value(&ledger, "SELECT hash FROM audit WHERE sequence = 12");
    ledger_run(&ledger, "UPDATE audit SET person = 'tom', record = replace(record, "
                        "'\"person\":\"lea\"', '\"person\":\"tom\"') WHERE sequence = 4");
    CHECK_INT(store_write(ledger.store, rewrite, NULL, &err), 0);
    tap_case("the checkpoint stays");
    check_said(verify(&ledger, NULL, NULL),
               "10: record 10 was changed: its signed checkpoint has another hash");
    tap_case("signed with another key");
    ledger_run(&ledger, "DELETE FROM audit_checkpoints");
    audit_start(other_seed);
    ledger_checkpoint(&ledger);
    audit_start(seed);
    check_said(verify(&ledger, NULL, NULL), "good: *taken from the log itself*");
    check_said(verify(&ledger, public_key(ledger.arena, seed), NULL),
               "12: record 12 has a checkpoint whose signature does not fit the key");
    check_said(verify(&ledger, NULL, head),
               "13: record 13 or later is missing: the head you *");
    ledger_free(&ledger);
}

/* An export, as lines that can be moved about. */
struct export
{
    struct ledger ledger;
    const char *path;
    const char *lines[40];
    size_t count;
};

static void export_new(struct export *export)
{
    struct error err = { 0 };
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    struct span rest;
    struct span line;

    ledger_new(&export->ledger);
    ledger_append(&export->ledger, 10);
    ledger_checkpoint(&export->ledger);
    ledger_append(&export->ledger, 2);
    ledger_checkpoint(&export->ledger);
    CHECK_INT(audit_export(export->ledger.store, out, &err), 0);
    fclose(out);
    rest = (struct span){ bytes, length };
    export->count = 0;
    while (span_split(&rest, '\n', &line))
        export->lines[export->count++] = span_copy(export->ledger.arena, line);
    free(bytes);
    export->path = arena_printf(export->ledger.arena, "%s/audit.jsonl", export->ledger.folder);
}

static const char *export_verify(struct export *export, const char *head)
{
    struct audit_verdict verdict;
    struct error err = { 0 };
    FILE *file = fopen(export->path, "w");
    int result;

    for (size_t i = 0; i < export->count; i++)
        if (export->lines[i] != NULL)
            fprintf(file, "%s\n", export->lines[i]);
    fclose(file);
    result =
        audit_verify_export(export->path, export->ledger.arena, NULL, head, &verdict, &err);
    return ledger_said(&export->ledger, result, &verdict, &err);
}

static void export_swap(struct export *export, size_t a, size_t b)
{
    const char *kept = export->lines[a];

    export->lines[a] = export->lines[b];
    export->lines[b] = kept;
}

static const char *replaced(struct arena *arena, const char *line, const char *from,
                            const char *to)
{
    const char *at = strstr(line, from);

    CHECK(at != NULL);
    return at == NULL
               ? line
               : arena_printf(arena, "%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
}

/* Lines: records 1 to 10, the checkpoint of 10, 11, 12, the checkpoint of 12. */
enum {
    CHECKPOINT_10 = 10,
    RECORD_12 = 12,
    CHECKPOINT_12 = 13,
};

static void change_record(struct export *export)
{
    export->lines[3] = replaced(export->ledger.arena, export->lines[3], "\"lea\"", "\"tom\"");
}
static void remove_record(struct export *export)
{
    export->lines[3] = NULL;
}
static void reorder_records(struct export *export)
{
    export_swap(export, 3, 4);
}
static void repeat_record(struct export *export)
{
    export->lines[4] = export->lines[3];
}
static void cut_end(struct export *export)
{
    export->lines[RECORD_12] = NULL;
}
static void cut_end_and_checkpoint(struct export *export)
{
    export->count = RECORD_12;
}
static void cut_start(struct export *export)
{
    export->lines[0] = NULL;
}
static void cut_line(struct export *export)
{
    export->lines[3] = arena_copy_n(export->ledger.arena, export->lines[3], 30);
}
static void put_text(struct export *export)
{
    export->lines[3] = "[1]";
}
static void move_checkpoint(struct export *export)
{
    export_swap(export, CHECKPOINT_10, CHECKPOINT_10 + 1);
}
static void move_checkpoint_up(struct export *export)
{
    export_swap(export, CHECKPOINT_10, CHECKPOINT_10 - 1);
}
static void lift_signature(struct export *export)
{
    export->lines[CHECKPOINT_12] = replaced(export->ledger.arena, export->lines[CHECKPOINT_10],
                                            "\"sequence\":10", "\"sequence\":12");
}
static void sign_record(struct export *export)
{
    export->lines[3] = replaced(export->ledger.arena, export->lines[3], "{\"record\"",
                                "{\"signature\":\"\",\"record\"");
}
static void number_checkpoint(struct export *export)
{
    export->lines[CHECKPOINT_12] = replaced(export->ledger.arena, export->lines[CHECKPOINT_12],
                                            "\"sequence\":12", "\"sequence\":0");
}
static void respace(struct export *export)
{
    export->lines[3] =
        replaced(export->ledger.arena, export->lines[3], "{\"record\":{", "{ \"record\": { ");
}
static void add_empty_lines(struct export *export)
{
    export->lines[export->count++] = "";
}
static void nothing(struct export *export)
{
    (void)export;
}
static void one_long_line(struct export *export)
{
    char *line = arena_alloc(export->ledger.arena, 1024 * 1024 + 2);

    memset(line, 'x', 1024 * 1024 + 1);
    export->lines[3] = line;
}

static const struct {
    void (*change)(struct export *export);
    const char *said;
} export_changes[] = {
    { nothing, "good: 12 records, 2 signed checkpoints *" },
    { add_empty_lines, "good: 12 records*" },
    { respace, "good: 12 records*" },
    { change_record, "4: record 4 was changed: its hash does not fit" },
    { remove_record, "4: record 4 is missing" },
    { reorder_records, "4: record 4 is missing" },
    { repeat_record, "4: record 4 stands in the wrong place" },
    { cut_start, "1: record 1 is missing" },
    { cut_end, "12: record 12 is missing: a signed checkpoint covers it, the end was cut off" },
    { cut_end_and_checkpoint, "good: 11 records*" }, /* only a known head can tell */
    { cut_line, "4: record 4 cannot be read: line 4 of the export is no record" },
    { put_text, "4: record 4 cannot be read: line 4 of the export is no record" },
    { move_checkpoint, "10: record 10 does not have its signed checkpoint right after it" },
    { move_checkpoint_up, "10: record 10 is missing: a signed checkpoint covers it*" },
    { lift_signature, "12: record 12 has a checkpoint whose signature does not fit the key" },
    { sign_record, "good: 12 records*" }, /* it is the record that counts */
    { number_checkpoint, "13: record 13 cannot be read: line 14 of the export is no record" },
    { one_long_line, "*: line 4 is longer than 1 MiB" },
};

static void test_changed_export(void)
{
    for (size_t i = 0; i < COUNT_OF(export_changes); i++) {
        struct export export;

        tap_case("change %zu", i);
        export_new(&export);
        export_changes[i].change(&export);
        check_said(export_verify(&export, NULL), export_changes[i].said);
        ledger_free(&export.ledger);
    }
}

static void test_export_head(void)
{
    struct export export;
    const char *head;

    export_new(&export);
    head = ledger_value(&export.ledger, "SELECT hash FROM audit WHERE sequence = 12");
    tap_case("head");
    check_said(export_verify(&export, head), "good: *");
    cut_end_and_checkpoint(&export);
    check_said(export_verify(&export, head), "12: record 12 or later is missing: *");
    tap_case("no file");
    export.path = "/nonexistent/audit.jsonl";
    struct audit_verdict verdict;
    struct error err = { 0 };
    CHECK_INT(audit_verify_export(export.path, export.ledger.arena, NULL, NULL, &verdict, &err),
              -1);
    CHECK(text_has(err.text, "\"/nonexistent/audit.jsonl\" cannot be opened"));
    ledger_free(&export.ledger);
}

int main(void)
{
    audit_start(seed);
    test_good();
    test_changed_store();
    test_rewritten();
    test_changed_export();
    test_export_head();
    return tap_done();
}
