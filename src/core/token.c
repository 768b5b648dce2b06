/* Tokens, links and sessions: rows that hold the digest of what a person shows. */
#include "core/token.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/feed.h"

enum {
    TOKEN_RANDOM_BYTES = 32,
    LINK_LIFETIME_S = 3600,
    SESSION_LIFETIME_S = 30 * 86400,
    TOKEN_LENGTH_MAX = 200,
};

static const char *const kind_names[] = { "token", "link", "session" };

static const char *digest(struct arena *arena, const char *token)
{
    char hex[SHA256_HEX];

    sha256_hex(token, strlen(token), hex);
    return arena_copy(arena, hex);
}

static long long expiry(const struct token_plan *plan)
{
    long long lifetime_s = plan->lifetime_s;

    if (lifetime_s == 0 && plan->kind == TOKEN_LINK)
        lifetime_s = LINK_LIFETIME_S;
    if (lifetime_s == 0 && plan->kind == TOKEN_SESSION)
        lifetime_s = SESSION_LIFETIME_S;
    return lifetime_s == 0 ? 0 : clock_now_ms() + lifetime_s * 1000;
}

/* What one write function works on. */
struct token_change {
    const struct token_plan *plan;
    const char *digest;
    const char *link_digest; /* token_use_link: the link that is used up */
    const char *person;
    const char *by;
    long long id;
};

static int insert_token(struct db *db, const struct token_change *change, struct error *err)
{
    const struct token_plan *plan = change->plan;
    long long expires_at = expiry(plan);

    return db_run(
               db, err,
               "INSERT INTO tokens (person, kind, digest, note, parent, created_at, expires_at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(change->person), V(kind_names[plan->kind]), V(change->digest),
                      V(plan->note), plan->parent != 0 ? V(plan->parent) : json_null(),
                      V(clock_now_ms()), expires_at != 0 ? V(expires_at) : json_null())) < 0
               ? -1
               : 0;
}

static int create(struct db *db, void *argument, struct error *err)
{
    struct token_change *change = argument;
    struct audit_record record = { .kind = "token made",
                                   .person = change->person,
                                   .account = change->plan->made_by,
                                   .door = "server",
                                   .result = kind_names[change->plan->kind],
                                   .text = change->plan->note };

    if (insert_token(db, change, err) < 0)
        return -1;
    change->id = db_last_id(db);
    return audit_append(db, &record, err);
}

const char *token_create(struct core *core, const struct token_plan *plan, struct arena *arena,
                         long long *id, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    const char *token = random_token(arena, TOKEN_RANDOM_BYTES);
    struct token_change change = { .plan = plan,
                                   .digest = digest(arena, token),
                                   .person = plan->person };

    if (config_person(config, plan->person) == NULL) {
        error_set(err, ERROR_MISSING, "there is no person \"%s\" in the configuration",
                  plan->person);
        return NULL;
    }
    if (store_write(core_store(core), create, &change, err) < 0)
        return NULL;
    *id = change.id;
    return token;
}

static const struct json *find(struct db *db, struct arena *arena, enum token_kind kind,
                               const char *token_digest, struct error *err)
{
    const struct json *row = db_row(
        db, arena, err,
        "SELECT id, person, expires_at FROM tokens WHERE digest = ? AND kind = ? AND revoked_at IS NULL AND "
        "used_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
        VALUES(V(token_digest), V(kind_names[kind]), V(clock_now_ms())));

    if (row != NULL && !json_is(row, JSON_OBJECT)) {
        error_set(err, ERROR_DENIED,
                  kind == TOKEN_LINK
                      ? "this sign-in link was used, has expired or was never made: ask for "
                        "a new one (opsroom token create --person YOU --link)"
                      : "this token is not known, has expired or was revoked");
        return NULL;
    }
    return row;
}

int token_check(struct core *core, enum token_kind kind, const char *token, struct arena *arena,
                struct token_owner *owner, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    AUTO(db) struct db *db = NULL;
    const struct json *row;

    if (strlen(token) > TOKEN_LENGTH_MAX)
        return error_set(err, ERROR_DENIED, "this token is not known");
    db = store_read_start(core_store(core), err);
    if (db == NULL)
        return -1;
    row = find(db, arena, kind, digest(arena, token), err);
    if (row == NULL)
        return -1;
    *owner = (struct token_owner){ json_integer(row, "id", 0), json_string(row, "person", ""),
                                   json_integer(row, "expires_at", 0) };
    if (config_person(config, owner->person) == NULL)
        return error_set(err, ERROR_DENIED, "\"%s\" is no longer in the configuration",
                         owner->person);
    return 0;
}

static int use_link(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct token_change *change = argument;
    const struct json *row = find(db, arena, TOKEN_LINK, change->link_digest, err);
    struct audit_record record = { .kind = "signed in",
                                   .door = "server",
                                   .result = "succeeded" };

    if (row == NULL || db_run(db, err, "UPDATE tokens SET used_at = ? WHERE id = ?",
                              VALUES(V(clock_now_ms()), V(json_integer(row, "id", 0)))) < 0)
        return -1;
    record.person = json_string(row, "person", "");
    change->id = json_integer(row, "id", 0);
    change->person = record.person;
    if (insert_token(db, change, err) < 0 || audit_append(db, &record, err) < 0)
        return -1;
    change->person = NULL;
    return 0;
}

static const char *link_person(struct core *core, long long id, struct arena *arena,
                               struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);
    const struct json *row;

    if (db == NULL)
        return NULL;
    row = db_row(db, arena, err, "SELECT person FROM tokens WHERE id = ?", VALUES(V(id)));
    return json_string(row, "person", NULL);
}

const char *token_use_link(struct core *core, const char *link, struct arena *arena,
                           const char **person, struct error *err)
{
    const char *token = random_token(arena, TOKEN_RANDOM_BYTES);
    struct token_plan plan = { .kind = TOKEN_SESSION };
    struct token_change change = { .plan = &plan,
                                   .digest = digest(arena, token),
                                   .link_digest = digest(arena, link) };

    if (store_write(core_store(core), use_link, &change, err) < 0)
        return NULL;
    *person = link_person(core, change.id, arena, err);
    return *person == NULL ? NULL : token;
}

const struct json *token_list(struct db *db, struct arena *arena, const char *person,
                              struct error *err)
{
    return db_rows(
        db, arena, err,
        "SELECT id, person, kind, note, created_at, expires_at FROM tokens WHERE revoked_at IS "
        "NULL AND used_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND (? = '' OR "
        "person = ?) ORDER BY id DESC LIMIT 200",
        VALUES(V(clock_now_ms()), V(person != NULL ? person : ""),
               V(person != NULL ? person : "")));
}

/* It, the sessions begun with it, and the streams opened with any of them. */
static int end_tokens(struct db *db, struct arena *arena, long long id, struct error *err)
{
    const struct json *rows = db_rows(
        db, arena, err,
        "UPDATE tokens SET revoked_at = ? WHERE (id = ? OR parent = ?) AND revoked_at IS "
        "NULL RETURNING id",
        VALUES(V(clock_now_ms()), V(id), V(id)));

    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < json_count(rows); i++)
        if (change_add(db, "token", json_integer(json_at(rows, i), "id", 0), err) < 0)
            return -1;
    return 0;
}

static int revoke(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct token_change *change = argument;
    const struct json *row = db_row(
        db, arena, err, "SELECT person, kind FROM tokens WHERE id = ? AND revoked_at IS NULL",
        VALUES(V(change->id)));
    struct audit_record record = { .kind = "token revoked",
                                   .person = change->by,
                                   .door = "server",
                                   .result = json_string(row, "kind", NULL) };

    if (row == NULL)
        return -1;
    if (!json_is(row, JSON_OBJECT))
        return error_set(err, ERROR_MISSING, "there is no token %lld", change->id);
    record.text = arena_printf(arena, "%lld of %s", change->id, json_string(row, "person", ""));
    return end_tokens(db, arena, change->id, err) < 0 ? -1 : audit_append(db, &record, err);
}

int token_revoke(struct core *core, long long id, const char *by, struct error *err)
{
    struct token_change change = { .id = id, .by = by };

    return store_write(core_store(core), revoke, &change, err);
}

static int end(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct token_change *change = argument;
    const struct json *row = db_row(db, arena, err, "SELECT id FROM tokens WHERE digest = ?",
                                    VALUES(V(change->digest)));

    return row == NULL ? -1 : end_tokens(db, arena, json_integer(row, "id", 0), err);
}

int token_end(struct core *core, const char *token, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct token_change change = { .digest = digest(arena, token) };

    return store_write(core_store(core), end, &change, err);
}
