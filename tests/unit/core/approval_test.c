/* Approvals: digests, who may vote, when it is enough, denial, expiry, and what differs at the start. */
#include "core/approval.h"

#include "engine.h"
#include "tap.h"

struct waiting {
    struct engine *engine;
    long long job;
    long long count;
    const char *from[2]; /* one list each */
};

/* What the worker does when a rule asks for approval. */
static int wait_for_approval(struct db *db, void *argument, struct error *err)
{
    struct waiting *waiting = argument;
    struct engine *engine = waiting->engine;
    AUTO(config) const struct config *config = core_config(engine->core);
    struct strings lists[2] = { { &waiting->from[0], 1 }, { &waiting->from[1], 1 } };
    struct decision needs = {
        .allowed = true,
        .where = "opsroom.yaml:14",
        .why = "allowed by opsroom.yaml:14",
        .approval = { .asked = true, .count = waiting->count, .within_s = 1800 },
        .from_all = lists,
        .from_all_count = waiting->from[1] != NULL ? 2 : 1,
    };
    struct approval_wish wish = { .needs = &needs, .digest = "d1" };

    wish.pins = OBJECT(engine->arena, { "commit", V("a1b2c3d") });
    wish.decision = decision_add(db, config, waiting->job, &needs, err);
    return wish.decision < 0 ? -1
                             : job_await_approval(db, engine->core, waiting->job, &wish, err);
}

static long long ask_approval(struct engine *engine, long long count, const char *from,
                              const char *also)
{
    struct waiting waiting = { .engine = engine, .count = count, .from = { from, also } };

    waiting.job = engine_ask(engine, "ana", "fake build web in production").job;
    engine_run(engine, wait_for_approval, &waiting);
    return waiting.job;
}

static int vote(struct engine *engine, long long job, const char *person, bool approve,
                const char *reason, struct error *err)
{
    AUTO(config) const struct config *config = core_config(engine->core);
    struct vote vote = { .job = job,
                         .person = config_person(config, person),
                         .account = "web:x",
                         .approve = approve,
                         .reason = reason,
                         .vote_job = 99 };
    const char *text = NULL;
    int result = approval_vote(engine->core, &vote, engine->arena, &text, err);

    if (result == 0)
        error_set(err, ERROR_NONE, "%s", text);
    return result;
}

static void digests(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *ab = OBJECT(arena, { "a", V("1") }, { "b", V("2") });
    const struct json *ba = OBJECT(arena, { "b", V("2") }, { "a", V("1") });
    struct approval_subject subject = {
        .person = "ana", .command = "deploy", .args = ab, .place = "web#ops", .pins = ab
    };
    const char *digest = approval_digest(arena, &subject);

    CHECK_INT(strlen(digest), 64);
    subject.args = ba;
    CHECK_STR(approval_digest(arena, &subject), digest);
    subject.pins = NULL;
    CHECK(!text_is(approval_digest(arena, &subject), digest));
    subject.pins = ab;
    subject.target = ab;
    CHECK(!text_is(approval_digest(arena, &subject), digest));
    subject.target = NULL;
    subject.person = "lea";
    CHECK(!text_is(approval_digest(arena, &subject), digest));
}

static void differences(void)
{
    static const char *const one = "0123456789abcdef0123456789abcdef01234567";
    static const char *const two = "fedcba9876543210fedcba9876543210fedcba98";
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *before = OBJECT(arena, { "commit", V(one) }, { "url", V("x") });

    CHECK_STR(approval_difference(arena, before,
                                  OBJECT(arena, { "commit", V(two) }, { "url", V("x") })),
              "commit 0123456 is now fedcba9");
    CHECK_STR(approval_difference(arena, before,
                                  OBJECT(arena, { "commit", V(one) }, { "new", V("y") })),
              "url x is gone, new y is new");
    CHECK(approval_difference(arena, before, before) == NULL);
}

static void who_may_vote(void)
{
    static const struct {
        const char *person;
        bool approve;
        const char *reason, *text;
    } table[] = {
        { "ana", true, NULL, "you asked for #1 yourself, so somebody else of leads *" },
        { "ana", false, "no", "you asked for #1 yourself, so somebody else of leads *" },
        { "tom", true, NULL, "deciding on #1 is for leads" },
        { "eve", true, NULL, "I do not know you" },
        { "lea", false, NULL, "say why: deny 1 REASON" },
    };
    struct engine engine;
    const struct json *job;

    engine_new(&engine, ENGINE_YAML);
    ask_approval(&engine, 1, "leads", NULL);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct error err = { 0 };

        tap_case("%s", table[i].person);
        CHECK_INT(vote(&engine, 1, table[i].person, table[i].approve, table[i].reason, &err),
                  -1);
        tap_case("%s: %s", table[i].person, err.text);
        CHECK(text_matches(err.text, table[i].text));
    }
    job = engine_json(&engine, 1);
    CHECK_STR(json_string(job, "state", ""), "waiting for approval");
    CHECK_STR(json_string(job, "waiting_for", ""), "1 of leads within 30m");
    CHECK_STR(json_string(job, "approval.pins.commit", ""), "a1b2c3d");
    CHECK_STR(json_string(job, "message.title", ""),
              "Fake build web in production: waiting for approval");
    CHECK_STR(json_string(job, "message.blocks.0.facts.2.name", ""), "needs");
    CHECK(text_matches(json_string(job, "message.blocks.0.facts.2.value", ""),
                       "1 of leads by * UTC"));
    CHECK_STR(json_string(job, "message.blocks.1.buttons.0.line", ""), "approve 1");
    CHECK_STR(json_string(job, "message.blocks.1.buttons.1.ask", ""), "reason");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue"), "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM votes"), "0");
    engine_free(&engine);
}

static void enough(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long job;

    engine_new(&engine, ENGINE_YAML);
    job = ask_approval(&engine, 2, "leads", NULL);
    CHECK_INT(vote(&engine, job, "lea", true, NULL, &err), 0);
    CHECK_STR(err.text, "Approved #1: fake build web in production. It needs 1 more of leads");
    CHECK_INT(vote(&engine, job, "lea", true, NULL, &err), -1);
    CHECK_STR(err.text, "you have approved #1 already");
    CHECK_STR(engine_job(&engine, job).state, "waiting for approval");
    CHECK_INT(vote(&engine, job, "mia", true, "fine", &err), 0);
    CHECK_STR(err.text, "Approved #1: fake build web in production. It starts now");
    CHECK_STR(engine_job(&engine, job).state, "queued");
    CHECK_STR(engine_job(&engine, job).stage, "run");
    CHECK_STR(engine_value(&engine, "SELECT decision FROM queue"), "2");
    CHECK_STR(engine_value(&engine, "SELECT state FROM approvals"), "approved");
    CHECK_INT(vote(&engine, job, "mia", false, "no", &err), -1);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'approval' "
                                    "AND result = 'approved'"),
              "2");
    CHECK_STR(json_string(engine_json(&engine, job), "approval.votes.1.reason", ""), "fine");
    CHECK_STR(json_string(engine_json(&engine, job), "message.blocks.0.facts.2.value", ""),
              "lea, mia");
    engine_free(&engine);
}

/* A group that the second rule asks for too; a person who left counts no more. */
static void two_lists_and_leaving(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct faults faults = { 0 };
    const char *note = NULL;
    long long job;

    engine_new(&engine, ENGINE_YAML);
    job = ask_approval(&engine, 1, "leads", "devs");
    CHECK_INT(vote(&engine, job, "lea", true, NULL, &err), -1);
    CHECK_STR(err.text, "deciding on #1 is for leads who are also in devs");
    CHECK_INT(vote(&engine, job, "mia", true, NULL, &err), 0);

    job = ask_approval(&engine, 2, "leads", NULL);
    CHECK_INT(vote(&engine, job, "lea", true, NULL, &err), 0);
    engine_write(&engine, "store: sqlite:test.db\n"
                          "chats:\n  web: { type: web }\n"
                          "people:\n"
                          "  lea: { name: Lea }\n"
                          "  mia: { groups: leads }\n"
                          "  joe: { groups: leads }\n");
    CHECK_INT(core_reload(engine.core, engine.arena, &faults, &note, &err), 0);
    CHECK_INT(vote(&engine, job, "mia", true, NULL, &err), 0);
    CHECK_STR(engine_job(&engine, job).state, "waiting for approval");
    CHECK_INT(vote(&engine, job, "joe", true, NULL, &err), 0);
    CHECK_STR(engine_job(&engine, job).state, "queued");
    engine_free(&engine);
}

static void denied(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct job_row row;
    long long job;

    engine_new(&engine, ENGINE_YAML);
    job = ask_approval(&engine, 2, "leads", NULL);
    CHECK_INT(vote(&engine, job, "mia", true, NULL, &err), 0);
    CHECK_INT(vote(&engine, job, "lea", false, "not with hunter2-hunter2", &err), 0);
    row = engine_job(&engine, job);
    CHECK_STR(row.state, "refused");
    CHECK_STR(row.error, "Denied by lea: not with [secret]");
    CHECK_STR(engine_value(&engine, "SELECT state FROM approvals"), "denied");
    CHECK_INT(vote(&engine, job, "mia", true, NULL, &err), -1);
    CHECK_STR(err.text, "#1 is not waiting for approval: it is refused");
    engine_free(&engine);
}

static void expired(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long now_ms = clock_now_ms();
    struct job_row row;

    engine_new(&engine, ENGINE_YAML);
    ask_approval(&engine, 1, "leads", NULL);
    ask_approval(&engine, 2, "leads", NULL);
    CHECK_INT(vote(&engine, 2, "lea", true, NULL, &err), 0);
    CHECK_INT(approval_expire(engine.core, now_ms + 29 * 60 * 1000, &err), 0);
    CHECK_STR(engine_job(&engine, 1).state, "waiting for approval");
    CHECK_INT(approval_expire(engine.core, now_ms + 31 * 60 * 1000, &err), 0);
    row = engine_job(&engine, 1);
    CHECK_STR(row.state, "timed out");
    CHECK_STR(row.error, "nobody of leads approved within 30m");
    CHECK_STR(engine_job(&engine, 2).error, "only 1 of 2 of leads approved within 30m");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM approvals WHERE state = 'expired'"),
              "2");
    engine_free(&engine);
}

static void cancelled_is_void(void)
{
    struct engine engine;
    struct error err = { 0 };

    engine_new(&engine, ENGINE_YAML);
    ask_approval(&engine, 1, "leads", NULL);
    CHECK_INT(job_cancel(engine.core, 1, "ana", NULL, &err), 0);
    CHECK_STR(engine_job(&engine, 1).state, "cancelled");
    CHECK_STR(engine_value(&engine, "SELECT state FROM approvals"), "void");
    CHECK_INT(vote(&engine, 1, "lea", true, NULL, &err), -1);
    engine_free(&engine);
}

static void checked_at_the_start(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long now_ms = clock_now_ms();

    engine_new(&engine, ENGINE_YAML);
    ask_approval(&engine, 1, "leads", NULL);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        CHECK_INT(approval_check(db, 1, "d1", now_ms, &err), -1);
        CHECK_STR(err.text, "its approval is pending");
        CHECK_INT(approval_check(db, 7, "d1", now_ms, &err), -1);
    }
    CHECK_INT(vote(&engine, 1, "lea", true, NULL, &err), 0);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        CHECK_INT(approval_check(db, 1, "d1", now_ms, &err), 0);
        CHECK_INT(approval_check(db, 1, "d2", now_ms, &err), -1);
        CHECK_STR(err.text,
                  "changed since it was approved: the configuration of what it acts on");
        CHECK_INT(approval_check(db, 1, "d1", now_ms + 31 * 60 * 1000, &err), -1);
    }
    engine_free(&engine);
}

static void lists(void)
{
    struct engine engine;
    struct error err = { 0 };
    const struct json *page;

    engine_new(&engine, ENGINE_YAML);
    for (int i = 0; i < 3; i++)
        ask_approval(&engine, 1, "leads", NULL);
    CHECK_INT(vote(&engine, 2, "lea", true, NULL, &err), 0);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        page = approval_list(db, engine.arena, "pending", 0, 0, &err);
        CHECK_INT(json_count(json_get(page, "items")), 2);
        CHECK_INT(json_integer(page, "items.0.job", 0), 3);
        CHECK_STR(json_string(page, "items.0.place", ""), "web#ops");
        CHECK_STR(json_string(page, "items.0.needs.text", ""), "1 of leads within 30m");
        page = approval_list(db, engine.arena, NULL, 3, 1, &err);
        CHECK_INT(json_integer(page, "items.0.id", 0), 2);
        CHECK_STR(json_string(page, "next", ""), "2");
        CHECK(approval_json(db, engine.arena, 9, &err) == NULL);
    }
    engine_free(&engine);
}

int main(void)
{
    digests();
    differences();
    who_may_vote();
    enough();
    two_lists_and_leaving();
    denied();
    expired();
    cancelled_is_void();
    checked_at_the_start();
    lists();
    return tap_done();
}
