/* The audit log: records are appended in the transaction they tell of, and never touched again. */
#include "core/audit.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/audit_chain.h"

enum {
    CHECKPOINT_EVERY = 1000,
    ROWS = 50,
    ROWS_AT_MOST = 1000,
};

/* Set once by audit_start() before the first append; a log without a key has no checkpoints. */
static unsigned char signing_seed[SIGN_SEED_BYTES];
static bool can_sign;

void audit_start(const unsigned char seed[32])
{
    memcpy(signing_seed, seed, sizeof(signing_seed));
    can_sign = true;
}

void audit_hash(struct arena *arena, const char *previous, const char *record,
                char hash[SHA256_HEX])
{
    const char *both = arena_printf(arena, "%s\n%s", previous, record);

    sha256_hex(both, strlen(both), hash);
}

/* Every database has a chain of its own, named once. */
static const char *chain_id(struct db *db, struct arena *arena, struct error *err)
{
    const struct json *row = db_row(
        db, arena, err, "SELECT value FROM settings WHERE name = 'audit chain'", NO_VALUES);
    const char *made;

    if (row == NULL)
        return NULL;
    if (json_is(row, JSON_OBJECT))
        return json_string(row, "value", "");
    made = random_token(arena, 9);
    if (db_run(db, err, "INSERT INTO settings (name, value) VALUES ('audit chain', ?)",
               VALUES(V(made))) < 0)
        return NULL;
    return made;
}

static const char *null_if_zero(struct arena *arena, long long job)
{
    return job == 0 ? NULL : arena_printf(arena, "%lld", job);
}

static const char *record_text(struct arena *arena, const struct audit_record *record,
                               const char *chain, long long sequence, long long at_ms)
{
    const char *job = null_if_zero(arena, record->job);

    return json_canonical(
        arena,
        OBJECT(arena, { "sequence", V(sequence) }, { "chain", V(chain) },
               { "at", V((const char *)clock_print_iso(arena, at_ms)) },
               { "kind", V(record->kind) }, { "job", job != NULL ? V(record->job) : V(job) },
               { "person", V(record->person) }, { "account", V(record->account) },
               { "door", V(record->door) }, { "place", V(record->place) },
               { "command", V(record->command) }, { "line", V(record->line) },
               { "result", V(record->result) }, { "rule", V(record->rule) },
               { "text", V(record->text) }, { "detail", V(record->detail) }));
}

static int insert_record(struct db *db, struct arena *arena, const struct audit_record *record,
                         const struct json *newest, struct error *err)
{
    long long sequence = json_integer(newest, "sequence", 0) + 1;
    const char *previous = json_string(newest, "hash", AUDIT_FIRST_PREVIOUS);
    const char *chain = json_is(newest, JSON_OBJECT) ? json_string(newest, "chain", "")
                                                     : chain_id(db, arena, err);
    long long at_ms = clock_now_ms();
    const char *text;
    char hash[SHA256_HEX];

    if (chain == NULL)
        return -1;
    text = record_text(arena, record, chain, sequence, at_ms);
    audit_hash(arena, previous, text, hash);
    if (db_run(
            db, err,
            "INSERT INTO audit (sequence, chain, at, kind, job, person, command, result, record, "
            "previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            VALUES(V(sequence), V(chain), V(at_ms), V(record->kind),
                   record->job != 0 ? V(record->job) : json_null(), V(record->person),
                   V(record->command), V(record->result), V(text), V(previous),
                   V((const char *)hash))) < 0)
        return -1;
    return sequence % CHECKPOINT_EVERY == 0 ? audit_checkpoint(db, err) : 0;
}

static const struct json *newest_record(struct db *db, struct arena *arena, struct error *err)
{
    return db_row(db, arena, err,
                  "SELECT sequence, chain, hash FROM audit ORDER BY sequence DESC LIMIT 1",
                  NO_VALUES);
}

int audit_append(struct db *db, const struct audit_record *record, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *newest = newest_record(db, arena, err);

    return newest == NULL ? -1 : insert_record(db, arena, record, newest, err);
}

const char *audit_checkpoint_text(struct arena *arena, const struct json *row)
{
    return json_canonical(arena, OBJECT(arena, { "chain", V(json_string(row, "chain", "")) },
                                        { "sequence", V(json_integer(row, "sequence", 0)) },
                                        { "at", V(json_integer(row, "at", 0)) },
                                        { "hash", V(json_string(row, "hash", "")) }));
}

static int insert_checkpoint(struct db *db, struct arena *arena, const struct json *newest,
                             struct error *err)
{
    unsigned char public_key[SIGN_PUBLIC_BYTES];
    unsigned char signature[SIGN_BYTES];
    long long at_ms = clock_now_ms();
    const struct json *row =
        OBJECT(arena, { "chain", V(json_string(newest, "chain", "")) },
               { "sequence", V(json_integer(newest, "sequence", 0)) }, { "at", V(at_ms) },
               { "hash", V(json_string(newest, "hash", "")) });

    sign_public_key(signing_seed, public_key);
    sign_message(signing_seed, span_of(audit_checkpoint_text(arena, row)), signature);
    return db_run(
               db, err,
               "INSERT INTO audit_checkpoints (sequence, chain, at, hash, public_key, signature) "
               "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sequence) DO NOTHING",
               VALUES(V(json_integer(newest, "sequence", 0)),
                      V(json_string(newest, "chain", "")), V(at_ms),
                      V(json_string(newest, "hash", "")),
                      V(hex_print(arena, public_key, sizeof(public_key))),
                      V(hex_print(arena, signature, sizeof(signature))))) < 0
               ? -1
               : 0;
}

int audit_checkpoint(struct db *db, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *newest;

    if (!can_sign)
        return 0;
    newest = newest_record(db, arena, err);
    if (newest == NULL)
        return -1;
    return json_is(newest, JSON_OBJECT) ? insert_checkpoint(db, arena, newest, err) : 0;
}

/* Adds "AND condition ?" for a filter that is set. */
struct filter_sql {
    struct text sql;
    struct json values[12];
    size_t count;
};

static void filter_string(struct filter_sql *filter, const char *condition, const char *value)
{
    if (text_is_empty(value))
        return;
    text_addf(&filter->sql, " AND %s", condition);
    filter->values[filter->count++] = V(value);
}

static void filter_integer(struct filter_sql *filter, const char *condition, long long value)
{
    if (value == 0)
        return;
    text_addf(&filter->sql, " AND %s", condition);
    filter->values[filter->count++] = V(value);
}

static const struct json *with_record(struct arena *arena, const struct json *rows)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(rows); i++) {
        const char *text = json_string(json_at(rows, i), "record", "");
        struct error ignored = { 0 };
        const struct json *record = json_parse(arena, text, strlen(text), &ignored);
        struct json_builder *item = json_builder_new(arena, JSON_OBJECT);

        for (size_t j = 0; j < json_count(record); j++)
            json_builder_add(item, record->as.object.members[j].key, V(json_at(record, j)));
        json_builder_add(item, "hash", V(json_string(json_at(rows, i), "hash", "")));
        json_builder_add(list, NULL, V(json_builder_done(item)));
    }
    return json_builder_done(list);
}

const struct json *audit_rows(struct db *db, struct arena *arena,
                              const struct audit_filter *filter, struct error *err)
{
    struct filter_sql where = { .sql = text_new(arena, 2000) };
    long long limit = filter->limit <= 0 ? ROWS : filter->limit;
    const struct json *rows;

    text_add(&where.sql, "SELECT record, hash FROM audit WHERE 1 = 1");
    filter_string(&where, "person = ?", filter->person);
    filter_string(&where, "command = ?", filter->command);
    filter_string(&where, "result = ?", filter->result);
    filter_string(&where, "kind = ?", filter->kind);
    filter_string(&where, "instr(lower(record), lower(?)) > 0", filter->text);
    filter_integer(&where, "job = ?", filter->job);
    filter_integer(&where, "at >= ?", filter->since_ms);
    filter_integer(&where, "at <= ?", filter->until_ms);
    filter_integer(&where, "sequence < ?", filter->before);
    text_add(&where.sql, " ORDER BY sequence DESC LIMIT ?");
    where.values[where.count++] = V(limit < ROWS_AT_MOST ? limit : (long long)ROWS_AT_MOST);
    rows = db_rows(db, arena, err, text_string(&where.sql), where.values, where.count);
    return rows == NULL ? NULL : with_record(arena, rows);
}
