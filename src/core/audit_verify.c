/* The audit log read as an auditor: in a database or an export, without the server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/audit_chain.h"

enum {
    PAGE = 500,
    LINE_LIMIT_BYTES = 1024 * 1024,
};

/* The walk along the chain, record by record. */
struct walk {
    struct arena *arena; /* of the verdict */
    struct audit_verdict *verdict;
    const char *public_key; /* that checkpoints must be signed with; NULL: the first one's */
    bool key_was_given;
    const char *known_head;
    bool known_head_seen;
    char hash[SHA256_HEX]; /* of the newest record */
    char chain[64];
    long long sequence;
};

static void walk_start(struct walk *walk)
{
    memcpy(walk->hash, AUDIT_FIRST_PREVIOUS, sizeof(AUDIT_FIRST_PREVIOUS));
    walk->key_was_given = walk->public_key != NULL;
    *walk->verdict = (struct audit_verdict){ .good = true };
}

static void find_bad(struct walk *walk, long long sequence, const char *how)
{
    if (!walk->verdict->good)
        return;
    walk->verdict->good = false;
    walk->verdict->first_bad = sequence;
    walk->verdict->text = arena_printf(walk->arena, "record %lld %s", sequence, how);
}

/* The columns that queries use must say what the record says. */
static bool columns_agree(const struct json *row, const struct json *record)
{
    static const char *const strings[] = { "chain", "kind", "person", "command", "result" };
    long long at_ms = 0;

    for (size_t i = 0; i < COUNT_OF(strings); i++)
        if (json_get(row, "kind") != NULL &&
            !text_is(json_string(row, strings[i], ""), json_string(record, strings[i], "")))
            return false;
    return json_get(row, "at") == NULL ||
           (clock_parse_iso(json_string(record, "at", ""), &at_ms) &&
            json_integer(row, "at", 0) == at_ms &&
            json_integer(row, "job", 0) == json_integer(record, "job", 0));
}

static void check_order(struct walk *walk, long long sequence, const char *chain)
{
    long long expected = walk->sequence + 1;

    if (sequence > expected)
        find_bad(walk, expected,
                 sequence == expected + 1 ? "is missing" : "and more after it are missing");
    else if (sequence < expected)
        find_bad(walk, sequence, "stands in the wrong place");
    else if (walk->sequence > 0 && !text_is(walk->chain, chain))
        find_bad(walk, sequence, "belongs to another chain");
}

/* text: the record's canonical JSON. */
static void walk_record(struct walk *walk, struct arena *arena, const struct json *row,
                        const char *text, const struct json *record)
{
    long long sequence = json_integer(record, "sequence", 0);
    const char *chain = json_string(record, "chain", "");
    const char *stored = json_string(row, "hash", "");
    char hash[SHA256_HEX];

    if (!walk->verdict->good)
        return;
    check_order(walk, sequence, chain);
    audit_hash(arena, json_string(row, "previous", ""), text, hash);
    if (walk->verdict->good && !text_is(hash, stored))
        find_bad(walk, sequence, "was changed: its hash does not fit");
    else if (walk->verdict->good && !text_is(json_string(row, "previous", ""), walk->hash))
        find_bad(walk, sequence, "does not follow the one before it");
    else if (walk->verdict->good && !columns_agree(row, record))
        find_bad(walk, sequence, "was changed: its columns do not say what the record says");
    walk->sequence = sequence;
    walk->verdict->records++;
    memcpy(walk->hash, hash, sizeof(hash));
    snprintf(walk->chain, sizeof(walk->chain), "%s", chain);
    walk->known_head_seen = walk->known_head_seen || text_is_nocase(walk->known_head, hash);
}

static bool signature_fits(struct walk *walk, struct arena *arena, const struct json *row)
{
    size_t key_length = 0;
    size_t signature_length = 0;
    const char *key_text = json_string(row, "public_key", "");
    unsigned char *key = hex_parse(arena, key_text, &key_length);
    unsigned char *signature =
        hex_parse(arena, json_string(row, "signature", ""), &signature_length);

    if (walk->public_key == NULL)
        walk->public_key = arena_copy(walk->arena, key_text);
    return key != NULL && signature != NULL && key_length == SIGN_PUBLIC_BYTES &&
           signature_length == SIGN_BYTES && text_is_nocase(walk->public_key, key_text) &&
           sign_is_valid(key, span_of(audit_checkpoint_text(arena, row)), signature);
}

/* In order, after the record it covers; one for a record that is not there tells of a cut tail. */
static void walk_checkpoint(struct walk *walk, struct arena *arena, const struct json *row)
{
    long long sequence = json_integer(row, "sequence", 0);

    if (!walk->verdict->good)
        return;
    walk->verdict->checkpoints++;
    if (!signature_fits(walk, arena, row))
        find_bad(walk, sequence, "has a checkpoint whose signature does not fit the key");
    else if (sequence > walk->sequence)
        find_bad(walk, walk->sequence + 1,
                 "is missing: a signed checkpoint covers it, the end was cut off");
    else if (sequence < walk->sequence)
        find_bad(walk, sequence, "does not have its signed checkpoint right after it");
    else if (!text_is(json_string(row, "hash", ""), walk->hash) ||
             !text_is(json_string(row, "chain", ""), walk->chain))
        find_bad(walk, sequence, "was changed: its signed checkpoint has another hash");
}

static void walk_end(struct walk *walk)
{
    struct audit_verdict *verdict = walk->verdict;

    verdict->head = arena_copy(walk->arena, walk->hash);
    if (walk->known_head != NULL && !walk->known_head_seen)
        find_bad(
            walk, walk->sequence + 1,
            "or later is missing: the head you gave is not in the log, its end was cut off or it "
            "was written anew");
    if (verdict->good)
        verdict->text =
            walk->public_key == NULL
                ? arena_printf(walk->arena,
                               "%lld records, no checkpoint yet: unchanged; head %s",
                               verdict->records, verdict->head)
                : arena_printf(
                      walk->arena,
                      "%lld records, %lld signed checkpoints (key %.16s…, %s): unchanged; head %s",
                      verdict->records, verdict->checkpoints, walk->public_key,
                      walk->key_was_given ? "as given" : "taken from the log itself",
                      verdict->head);
}

static int walk_rows(struct walk *walk, struct arena *arena, const struct json *rows,
                     struct error *err)
{
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        const char *text = json_string(row, "record", "");
        const struct json *record = json_parse(arena, text, strlen(text), err);

        if (record == NULL) {
            find_bad(walk, json_integer(row, "sequence", 0), "was changed: it is no JSON");
            return 0;
        }
        if (json_integer(row, "sequence", 0) != json_integer(record, "sequence", 0))
            find_bad(walk, json_integer(row, "sequence", 0),
                     "was changed: its number is another");
        walk_record(walk, arena, row, text, record);
    }
    return 0;
}

static const struct json *page(struct db *db, struct arena *arena, long long after,
                               struct error *err)
{
    return db_rows(
        db, arena, err,
        "SELECT sequence, chain, at, kind, job, person, command, result, record, previous, hash "
        "FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
        VALUES(V(after), V((int)PAGE)));
}

static const struct json *checkpoints_from(struct db *db, struct arena *arena, long long from,
                                           long long to, struct error *err)
{
    return db_rows(
        db, arena, err,
        "SELECT sequence, chain, at, hash, public_key, signature FROM audit_checkpoints WHERE "
        "sequence >= ? AND sequence <= ? ORDER BY sequence",
        VALUES(V(from), V(to)));
}

/* Calls each() for every row of the log, oldest first: records, each followed by its checkpoint if it has one; at the end
 * checkpoints that have no record. */
typedef int row_function(void *context, struct arena *arena, const struct json *row,
                         struct error *err);

static int each_checkpoint(struct db *db, struct arena *arena, long long from, long long to,
                           row_function *each, void *context, struct error *err)
{
    const struct json *rows = checkpoints_from(db, arena, from, to, err);

    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < json_count(rows); i++)
        if (each(context, arena, json_at(rows, i), err) < 0)
            return -1;
    return 0;
}

static int each_row(struct db *db, row_function *each, void *context, struct error *err)
{
    long long after = 0;

    for (;;) {
        AUTO(arena) struct arena *arena = arena_new();
        const struct json *rows = page(db, arena, after, err);

        if (rows == NULL)
            return -1;
        for (size_t i = 0; i < json_count(rows); i++) {
            long long sequence = json_integer(json_at(rows, i), "sequence", 0);

            if (each(context, arena, json_at(rows, i), err) < 0 ||
                each_checkpoint(db, arena, after + 1, sequence, each, context, err) < 0)
                return -1;
            after = sequence;
        }
        if (json_count(rows) < PAGE)
            return each_checkpoint(db, arena, after + 1, 1LL << 62, each, context, err);
    }
}

static int verify_row(void *context, struct arena *arena, const struct json *row,
                      struct error *err)
{
    struct walk *walk = context;

    if (json_get(row, "signature") != NULL) {
        walk_checkpoint(walk, arena, row);
        return 0;
    }
    return walk_rows(walk, arena, ARRAY(arena, V(row)), err);
}

int audit_verify_store(struct store *store, struct arena *arena, const char *public_key,
                       const char *known_head, struct audit_verdict *verdict, struct error *err)
{
    struct walk walk = {
        .arena = arena, .verdict = verdict, .public_key = public_key, .known_head = known_head
    };
    AUTO(db) struct db *db = store_read_start(store, err);

    if (db == NULL)
        return -1;
    walk_start(&walk);
    if (each_row(db, verify_row, &walk, err) < 0)
        return -1;
    walk_end(&walk);
    return 0;
}

static void verify_line(struct walk *walk, struct arena *arena, const char *line,
                        long long number)
{
    struct error err = { 0 };
    const struct json *row = json_parse(arena, line, strlen(line), &err);
    const struct json *record = json_get(row, "record");

    if (json_is(record, JSON_OBJECT))
        walk_record(walk, arena, row, json_canonical(arena, record), record);
    else if (json_integer(row, "sequence", 0) > 0 && json_get(row, "signature") != NULL)
        walk_checkpoint(walk, arena, row);
    else
        find_bad(walk, walk->sequence + 1,
                 arena_printf(walk->arena,
                              "cannot be read: line %lld of the export is no record", number));
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static void free_line(char **line)
{
    free(*line);
}

int audit_verify_export(const char *path, struct arena *arena, const char *public_key,
                        const char *known_head, struct audit_verdict *verdict,
                        struct error *err)
{
    struct walk walk = {
        .arena = arena, .verdict = verdict, .public_key = public_key, .known_head = known_head
    };
    __attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
    __attribute__((cleanup(free_line))) char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    if (file == NULL)
        return error_system(err, errno, "\"%s\" cannot be opened", path);
    walk_start(&walk);
    for (long long number = 1; (length = getline(&line, &capacity, file)) >= 0; number++) {
        AUTO(arena) struct arena *scratch = arena_new();

        if (length > LINE_LIMIT_BYTES)
            return error_set(err, ERROR_INVALID, "\"%s\": line %lld is longer than 1 MiB", path,
                             number);
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (line[0] != '\0')
            verify_line(&walk, scratch, line, number);
    }
    if (ferror(file))
        return error_system(err, errno, "\"%s\" cannot be read", path);
    if (verdict->good && verdict->records == 0)
        return error_set(err, ERROR_INVALID, "\"%s\" holds no record", path);
    walk_end(&walk);
    return 0;
}

const char *audit_export_line(struct arena *arena, const struct json *row)
{
    const char *record = json_string(row, "record", NULL);

    if (record == NULL)
        return json_print(arena, row);
    return arena_printf(arena, "{\"record\":%s,\"previous\":\"%s\",\"hash\":\"%s\"}", record,
                        json_string(row, "previous", ""), json_string(row, "hash", ""));
}

static int export_row(void *context, struct arena *arena, const struct json *row,
                      struct error *err)
{
    if (fprintf(context, "%s\n", audit_export_line(arena, row)) < 0)
        return error_system(err, errno, "the export cannot be written");
    return 0;
}

int audit_export(struct store *store, FILE *out, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(store, err);

    if (db == NULL)
        return -1;
    if (each_row(db, export_row, out, err) < 0)
        return -1;
    return fflush(out) == 0 ? 0 : error_system(err, errno, "the export cannot be written");
}
