/* Approvals: what they are bound to, who may vote, when they are enough, and their end. */
#include "core/approval.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_row.h"

const char *approval_digest(struct arena *arena, const struct approval_subject *subject)
{
    char *hex = arena_alloc(arena, SHA256_HEX);
    const char *text = json_canonical(
        arena,
        OBJECT(arena, { "person", V(subject->person) }, { "command", V(subject->command) },
               { "args", V(subject->args) }, { "place", V(subject->place) },
               { "pins", V(subject->pins) }, { "target", V(subject->target) }));

    sha256_hex(text, strlen(text), hex);
    return hex;
}

const char *short_value(struct arena *arena, const struct json *value)
{
    enum {
        COMMIT_LENGTH = 40,
        COMMIT_SHOWN = 7,
        VALUE_SHOWN = 100
    };
    const char *text =
        json_is(value, JSON_STRING) ? value->as.string : json_print(arena, value);

    if (strlen(text) == COMMIT_LENGTH && strspn(text, "0123456789abcdef") == COMMIT_LENGTH)
        return arena_copy_n(arena, text, COMMIT_SHOWN);
    return utf8_cut(arena, text, VALUE_SHOWN);
}

static void add_difference(struct text *out, const char *name, const struct json *before,
                           const struct json *now)
{
    const char *separator = out->length > 0 ? ", " : "";

    if (now == NULL)
        text_addf(out, "%s%s %s is gone", separator, name, short_value(out->arena, before));
    else if (before == NULL)
        text_addf(out, "%s%s %s is new", separator, name, short_value(out->arena, now));
    else if (!text_is(json_canonical(out->arena, before), json_canonical(out->arena, now)))
        text_addf(out, "%s%s %s is now %s", separator, name, short_value(out->arena, before),
                  short_value(out->arena, now));
}

const char *approval_difference(struct arena *arena, const struct json *approved_pins,
                                const struct json *pins_now)
{
    struct text out = text_new(arena, 300);

    for (size_t i = 0; i < json_count(approved_pins); i++) {
        const char *name = approved_pins->as.object.members[i].key;

        add_difference(&out, name, json_at(approved_pins, i), json_member(pins_now, name));
    }
    for (size_t i = 0; i < json_count(pins_now); i++) {
        const char *name = pins_now->as.object.members[i].key;

        if (json_member(approved_pins, name) == NULL)
            add_difference(&out, name, NULL, json_at(pins_now, i));
    }
    return out.length > 0 ? text_string(&out) : NULL;
}

int approval_request(struct db *db, long long job, const struct approval_wish *wish,
                     struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    long long now_ms = clock_now_ms();

    if (db_run(
            db, err,
            "INSERT INTO approvals (job, state, digest, needs, pins, decision, requested_at, "
            "expires_at) VALUES (?, 'pending', ?, ?, ?, ?, ?, ?)",
            VALUES(V(job), V(wish->digest), V(needs_json(arena, wish->needs)), V(wish->pins),
                   V(wish->decision), V(now_ms),
                   V(now_ms + wish->needs->approval.within_s * 1000))) < 0)
        return -1;
    return change_add(db, "approval", job, err);
}

const struct json *approval_row(struct db *db, struct arena *arena, long long job,
                                struct error *err)
{
    const struct json *row =
        db_row(db, arena, err, "SELECT * FROM approvals WHERE job = ?", VALUES(V(job)));

    if (row == NULL || json_is(row, JSON_OBJECT))
        return row;
    error_set(err, ERROR_MISSING, "#%lld asks for no approval", job);
    return NULL;
}

int approval_check(struct db *db, long long job, const char *digest, long long now_ms,
                   struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row = approval_row(db, arena, job, err);

    if (row == NULL)
        return -1;
    if (!text_is(json_string(row, "state", ""), "approved"))
        return error_set(err, ERROR_CONFLICT, "its approval is %s",
                         json_string(row, "state", ""));
    if (!text_is(json_string(row, "digest", ""), digest))
        return error_set(err, ERROR_CONFLICT,
                         "changed since it was approved: the configuration of what it acts on");
    if (now_ms >= json_integer(row, "expires_at", 0))
        return error_set(err, ERROR_CONFLICT,
                         "it was approved, but not started in time: ask again");
    return 0;
}

const struct json *approval_needs(struct arena *arena, const struct json *row)
{
    const char *text = json_string(row, "needs", "{}");
    struct error ignored = { 0 };

    return json_parse(arena, text, strlen(text), &ignored);
}

static struct strings strings_of(struct arena *arena, const struct json *list)
{
    const char **items = ARENA_ARRAY(arena, const char *, json_count(list) + 1);

    for (size_t i = 0; i < json_count(list); i++)
        items[i] = json_string(json_at(list, i), "", "");
    return (struct strings){ .items = items, .count = json_count(list) };
}

struct decision approval_decision(struct arena *arena, const struct json *needs)
{
    const struct json *from = json_get(needs, "from");
    struct strings *lists = ARENA_ARRAY(arena, struct strings, json_count(from) + 1);

    for (size_t i = 0; i < json_count(from); i++)
        lists[i] = strings_of(arena, json_at(from, i));
    return (struct decision){ .allowed = true,
                              .approval = { .asked = true,
                                            .count = json_integer(needs, "count", 1),
                                            .within_s = json_integer(needs, "within_s", 0) },
                              .from_all = lists,
                              .from_all_count = json_count(from) };
}

const char *approval_who(struct arena *arena, const struct json *needs)
{
    const struct json *from = json_get(needs, "from");
    struct text out = text_new(arena, 500);

    for (size_t i = 0; i < json_count(from); i++) {
        const struct json *list = json_at(from, i);

        text_add(&out, i > 0 ? " who are also in " : "");
        for (size_t j = 0; j < json_count(list); j++)
            text_addf(&out, "%s%s",
                      j == 0                      ? ""
                      : j + 1 == json_count(list) ? " or "
                                                  : ", ",
                      json_string(json_at(list, j), "", ""));
    }
    return text_string(&out);
}

/* "nobody of leads approved within 30m" */
static const char *expiry_text(struct db *db, struct arena *arena, const struct json *row)
{
    const struct json *needs = approval_needs(arena, row);
    long long wanted = json_integer(needs, "count", 1);
    const char *who = approval_who(arena, needs);
    const char *within = duration_print(arena, json_integer(needs, "within_s", 0) * 1000);
    struct error ignored = { 0 };
    const struct json *votes =
        db_row(db, arena, &ignored,
               "SELECT count(*) AS count FROM votes WHERE job = ? AND approve = 1",
               VALUES(V(json_integer(row, "job", 0))));
    long long given = json_integer(votes, "count", 0);

    if (given == 0)
        return arena_printf(arena, "nobody of %s approved within %s", who, within);
    return arena_printf(arena, "only %lld of %lld of %s approved within %s", given, wanted, who,
                        within);
}

static int expire_one(struct db *db, struct core *core, long long job, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row = approval_row(db, arena, job, err);
    struct job_end end = { .state = "timed out" };

    if (row == NULL)
        return -1;
    if (!text_is(json_string(row, "state", ""), "pending"))
        return 0;
    end.error = expiry_text(db, arena, row);
    if (db_run(db, err, "UPDATE approvals SET state = 'expired', decided_at = ? WHERE job = ?",
               VALUES(V(clock_now_ms()), V(job))) < 0 ||
        change_add(db, "approval", job, err) < 0)
        return -1;
    return job_finish(db, core, job, &end, err);
}

struct expiring {
    struct core *core;
    const struct json *rows;
};

static int expire_write(struct db *db, void *argument, struct error *err)
{
    const struct expiring *expiring = argument;

    for (size_t i = 0; i < json_count(expiring->rows); i++)
        if (expire_one(db, expiring->core, json_integer(json_at(expiring->rows, i), "job", 0),
                       err) < 0)
            return -1;
    return 0;
}

static const struct json *find_expired(struct core *core, struct arena *arena, long long now_ms,
                                       struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);

    if (db == NULL)
        return NULL;
    return db_rows(db, arena, err,
                   "SELECT job FROM approvals WHERE state = 'pending' AND expires_at <= ? "
                   "ORDER BY expires_at LIMIT 100",
                   VALUES(V(now_ms)));
}

int approval_expire(struct core *core, long long now_ms, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct expiring expiring = { .core = core };

    expiring.rows = find_expired(core, arena, now_ms, err);
    if (expiring.rows == NULL)
        return -1;
    if (json_count(expiring.rows) == 0)
        return 0;
    return store_write(core_store(core), expire_write, &expiring, err);
}
