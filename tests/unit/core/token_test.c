/* Tokens, links and sessions: who gets in with which, for how long, and what the database knows of it. */
#include "core/token.h"

#include "base/clock.h"
#include "engine.h"
#include "tap.h"

static const char *make(struct engine *engine, struct token_plan plan, long long *id)
{
    struct error err = { 0 };
    const char *token = token_create(engine->core, &plan, engine->arena, id, &err);

    return token != NULL ? token : arena_copy(engine->arena, err.text);
}

/* Whose it is, or why not. */
static const char *owner(struct engine *engine, enum token_kind kind, const char *token)
{
    struct token_owner found = { 0 };
    struct error err = { 0 };

    if (token_check(engine->core, kind, token, engine->arena, &found, &err) < 0) {
        CHECK_INT(err.kind, ERROR_DENIED);
        return arena_copy(engine->arena, err.text);
    }
    return found.person;
}

#define UNKNOWN "this token is not known, has expired or was revoked"
#define NO_LINK                                                                                \
    "this sign-in link was used, has expired or was never made: ask for a new one (opsroom "   \
    "token create --person YOU --link)"

static void test_kinds(void)
{
    struct engine engine;
    long long id = 0;
    const char *token;
    const char *link;

    engine_new(&engine, ENGINE_YAML);
    token = make(&engine, (struct token_plan){ TOKEN_API, "ana", "ci", 0, "unix:ana", 0 }, &id);
    link = make(&engine, (struct token_plan){ .kind = TOKEN_LINK, .person = "lea" }, &id);
    tap_case("each is good for its own kind only");
    CHECK(strlen(token) >= 43 && !text_is(token, link));
    CHECK_STR(owner(&engine, TOKEN_API, token), "ana");
    CHECK_STR(owner(&engine, TOKEN_SESSION, token), UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_LINK, token), NO_LINK);
    CHECK_STR(owner(&engine, TOKEN_API, link), UNKNOWN);
    tap_case("what is not known");
    CHECK_STR(owner(&engine, TOKEN_API, ""), UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_API, "' OR 1 = 1 --"), UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_API,
                    engine_value(&engine, "SELECT digest FROM tokens ORDER BY id LIMIT 1")),
              UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_API, arena_printf(engine.arena, "%0300d", 0)),
              "this token is not known");
    tap_case("nobody of that name");
    CHECK_STR(make(&engine, (struct token_plan){ .kind = TOKEN_API, .person = "bob" }, &id),
              "there is no person \"bob\" in the configuration");
    tap_case("only digests are kept");
    CHECK_STR(engine_value(&engine, arena_printf(engine.arena,
                                                 "SELECT count(*) FROM tokens WHERE instr("
                                                 "digest, '%s') > 0 OR digest = '%s'",
                                                 token, token)),
              "0");
    CHECK_STR(engine_value(&engine, arena_printf(engine.arena,
                                                 "SELECT count(*) FROM audit WHERE instr("
                                                 "record, '%s') > 0",
                                                 token)),
              "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'token made'"),
              "2");
    engine_free(&engine);
}

static const char *use(struct engine *engine, const char *link, const char **person)
{
    struct error err = { 0 };
    const char *session = token_use_link(engine->core, link, engine->arena, person, &err);

    return session != NULL ? session : arena_copy(engine->arena, err.text);
}

static void test_link(void)
{
    struct engine engine;
    const char *person = NULL;
    const char *session;
    const char *link;
    long long id = 0;

    engine_new(&engine, ENGINE_YAML);
    link = make(&engine, (struct token_plan){ .kind = TOKEN_LINK, .person = "lea" }, &id);
    tap_case("once");
    session = use(&engine, link, &person);
    CHECK_STR(person, "lea");
    CHECK_STR(owner(&engine, TOKEN_SESSION, session), "lea");
    CHECK_STR(use(&engine, link, &person), NO_LINK);
    CHECK_STR(use(&engine, session, &person), NO_LINK);
    CHECK_STR(use(&engine, "", &person), NO_LINK);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'signed in' AND "
                                    "person = 'lea'"),
              "1");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM tokens WHERE kind = 'session'"), "1");
    engine_free(&engine);
}

struct expiring {
    const char *name;
    struct token_plan plan;
    long long lifetime_s; /* 0: never */
};

static int make_old(struct db *db, void *argument, struct error *err)
{
    const long long *by_ms = argument;

    return db_run(db, err, "UPDATE tokens SET expires_at = expires_at - ?", VALUES(V(*by_ms))) <
                   0
               ? -1
               : 0;
}

static void test_expiry(void)
{
    static const struct expiring rows[] = {
        { "a token", { .kind = TOKEN_API, .person = "ana" }, 0 },
        { "a token for a day",
          { .kind = TOKEN_API, .person = "ana", .lifetime_s = 86400 },
          86400 },
        { "a link", { .kind = TOKEN_LINK, .person = "ana" }, 3600 },
        { "a short link", { .kind = TOKEN_LINK, .person = "ana", .lifetime_s = 60 }, 60 },
        { "a session", { .kind = TOKEN_SESSION, .person = "ana" }, 30 * 86400 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine engine;
        long long id = 0;
        const char *token;
        long long by_ms = rows[i].lifetime_s * 1000 - 10000;

        tap_case("%s", rows[i].name);
        engine_new(&engine, ENGINE_YAML);
        token = make(&engine, rows[i].plan, &id);
        CHECK_INT(engine_run(&engine, make_old, &by_ms), 0);
        CHECK_STR(owner(&engine, rows[i].plan.kind, token), "ana");
        by_ms = 20000;
        CHECK_INT(engine_run(&engine, make_old, &by_ms), 0);
        CHECK_STR(owner(&engine, rows[i].plan.kind, token), rows[i].lifetime_s == 0 ? "ana"
                                                            : rows[i].plan.kind == TOKEN_LINK
                                                                ? NO_LINK
                                                                : UNKNOWN);
        engine_free(&engine);
    }
}

static size_t listed(struct engine *engine, const char *person)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(engine->core->store, &err);

    return json_count(token_list(db, engine->arena, person, &err));
}

static void test_revoke(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long first = 0, session_id = 0, other_id = 0;
    const char *token, *session, *other;

    engine_new(&engine, ENGINE_YAML);
    token = make(&engine, (struct token_plan){ .kind = TOKEN_API, .person = "ana" }, &first);
    session = make(
        &engine, (struct token_plan){ .kind = TOKEN_SESSION, .person = "ana", .parent = first },
        &session_id);
    other = make(&engine, (struct token_plan){ .kind = TOKEN_API, .person = "lea" }, &other_id);
    tap_case("listed");
    CHECK_INT(listed(&engine, NULL), 3);
    CHECK_INT(listed(&engine, "ana"), 2);
    CHECK_INT(listed(&engine, "tom"), 0);
    tap_case("what was begun with it ends with it");
    CHECK_INT(token_revoke(engine.core, first, "lea", &err), 0);
    CHECK_STR(owner(&engine, TOKEN_API, token), UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_SESSION, session), UNKNOWN);
    CHECK_STR(owner(&engine, TOKEN_API, other), "lea");
    CHECK_INT(listed(&engine, NULL), 1);
    CHECK(
        text_has(engine_value(&engine, "SELECT record FROM audit WHERE kind = 'token revoked'"),
                 "\"person\":\"lea\""));
    tap_case("once");
    CHECK_INT(token_revoke(engine.core, first, "lea", &err), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_STR(err.text, arena_printf(engine.arena, "there is no token %lld", first));
    err = (struct error){ 0 };
    CHECK_INT(token_revoke(engine.core, 99, "lea", &err), -1);
    err = (struct error){ 0 };
    tap_case("signing out");
    CHECK_INT(token_end(engine.core, other, &err), 0);
    CHECK_STR(owner(&engine, TOKEN_API, other), UNKNOWN);
    CHECK_INT(token_end(engine.core, "nothing", &err), 0);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM changes WHERE kind = 'token'"), "3");
    engine_free(&engine);
}

/* A person who is taken out of the configuration is out at once. */
static void test_person_removed(void)
{
    struct faults faults = { 0 };
    struct error err = { 0 };
    struct engine engine;
    const char *token, *note = NULL;
    long long id = 0;

    engine_new(&engine, ENGINE_YAML);
    token = make(&engine, (struct token_plan){ .kind = TOKEN_API, .person = "tom" }, &id);
    CHECK_STR(owner(&engine, TOKEN_API, token), "tom");
    engine_write(&engine, "store: sqlite:test.db\nchats:\n  web: { type: web }\n"
                          "people:\n  ana: {}\n");
    CHECK_INT(core_reload(engine.core, engine.arena, &faults, &note, &err), 0);
    tap_case("no longer in people");
    CHECK_STR(owner(&engine, TOKEN_API, token), "\"tom\" is no longer in the configuration");
    engine_free(&engine);
}

int main(void)
{
    test_kinds();
    test_link();
    test_expiry();
    test_revoke();
    test_person_removed();
    return tap_done();
}
