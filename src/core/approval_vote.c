/* One person's word on a job that waits for approval. */
#include "base/clock.h"
#include "base/text.h"
#include "core/approval.h"
#include "core/audit.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_row.h"

/* One vote under way, inside its transaction; persons as of today's configuration. */
struct voting {
    struct core *core;
    const struct config *config;
    const struct vote *vote;
    const struct person *person;
    const char *reason; /* redacted */
    struct arena *arena;
    const char *text; /* for the voter */
    struct job_row job;
    const struct json *row; /* the approval */
    const struct json *needs;
};

static int check_pending(const struct voting *voting, struct error *err)
{
    const char *state = json_string(voting->row, "state", "");

    if (!text_is(state, "pending"))
        return error_set(err, ERROR_CONFLICT, "#%lld is not waiting for approval: it is %s",
                         voting->job.id, voting->job.state);
    if (clock_now_ms() >= json_integer(voting->row, "expires_at", 0))
        return error_set(err, ERROR_CONFLICT, "the time to approve #%lld is over",
                         voting->job.id);
    return 0;
}

/* In every list that the rules named, by person and not by account; never the one who asked. */
static bool may_approve(const struct voting *voting, const struct person *person)
{
    struct decision decision = approval_decision(voting->arena, voting->needs);
    struct person requester = { .id = voting->job.person };

    return policy_may_approve(&decision, person, &requester);
}

static int check_voter(const struct voting *voting, struct error *err)
{
    long long job = voting->job.id;
    const char *who = approval_who(voting->arena, voting->needs);

    if (voting->person == NULL)
        return error_set(err, ERROR_DENIED, "I do not know you");
    if (text_is(voting->person->id, voting->job.person))
        return error_set(err, ERROR_DENIED,
                         "you asked for #%lld yourself, so somebody else of %s has to decide; "
                         "say job cancel %lld to give it up",
                         job, who, job);
    if (!may_approve(voting, voting->person))
        return error_set(err, ERROR_DENIED, "deciding on #%lld is for %s", job, who);
    if (!voting->vote->approve && text_is_empty(voting->reason))
        return error_set(err, ERROR_INVALID, "say why: deny %lld REASON", job);
    return 0;
}

static int check_first_word(struct db *db, const struct voting *voting, struct error *err)
{
    const struct json *before =
        db_row(db, voting->arena, err, "SELECT approve FROM votes WHERE job = ? AND person = ?",
               VALUES(V(voting->job.id), V(voting->person->id)));

    if (before == NULL)
        return -1;
    if (voting->vote->approve && json_integer(before, "approve", 0) == 1)
        return error_set(err, ERROR_CONFLICT, "you have approved #%lld already",
                         voting->job.id);
    return 0;
}

static int store_vote(struct db *db, const struct voting *voting, struct error *err)
{
    const struct vote *vote = voting->vote;
    struct place place = job_place(&voting->job);
    struct audit_record record = {
        .kind = "approval",
        .job = voting->job.id,
        .person = voting->person->id,
        .account = vote->account,
        .place = place_print(voting->arena, &place),
        .command = voting->job.command,
        .line = voting->job.title,
        .result = vote->approve ? "approved" : "denied",
        .text = voting->reason,
        .detail = OBJECT(voting->arena, { "digest", V(voting->job.digest) },
                         { "vote_job", V(vote->vote_job) }),
    };

    if (db_run(db, err,
               "INSERT INTO votes (job, person, approve, reason, account, vote_job, at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, person) DO UPDATE SET "
               "approve = excluded.approve, reason = excluded.reason, "
               "account = excluded.account, vote_job = excluded.vote_job, at = excluded.at",
               VALUES(V(voting->job.id), V(voting->person->id), V(vote->approve),
                      V(voting->reason), V(vote->account), V(vote->vote_job),
                      V(clock_now_ms()))) < 0 ||
        audit_append(db, &record, err) < 0)
        return -1;
    return change_add(db, "approval", voting->job.id, err);
}

static int decide(struct db *db, const struct voting *voting, const char *state,
                  struct error *err)
{
    return db_run(db, err, "UPDATE approvals SET state = ?, decided_at = ? WHERE job = ?",
                  VALUES(V(state), V(clock_now_ms()), V(voting->job.id))) < 0
               ? -1
               : 0;
}

static int deny(struct db *db, struct voting *voting, struct error *err)
{
    struct job_end end = { .state = "refused" };

    end.error =
        arena_printf(voting->arena, "Denied by %s: %s", voting->person->id, voting->reason);
    voting->text = arena_printf(voting->arena, "Denied #%lld: %s", voting->job.id,
                                message_escape(voting->arena, voting->job.title));
    if (decide(db, voting, "denied", err) < 0)
        return -1;
    return job_finish(db, voting->core, voting->job.id, &end, err);
}

/* Those who may still approve today; -1 on error. */
static long long count_approvals(struct db *db, const struct voting *voting, struct error *err)
{
    const struct json *rows = db_rows(db, voting->arena, err,
                                      "SELECT person FROM votes WHERE job = ? AND approve = 1",
                                      VALUES(V(voting->job.id)));
    long long count = 0;

    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < json_count(rows); i++)
        if (may_approve(voting, config_person(voting->config,
                                              json_string(json_at(rows, i), "person", ""))))
            count++;
    return count;
}

static int approve(struct db *db, struct voting *voting, struct error *err)
{
    long long wanted = json_integer(voting->needs, "count", 1);
    long long given = count_approvals(db, voting, err);
    long long job = voting->job.id;
    const char *title = message_escape(voting->arena, voting->job.title);

    if (given < 0)
        return -1;
    if (given < wanted) {
        voting->text = arena_printf(
            voting->arena, "Approved #%lld: %s. It needs %lld more of %s", job, title,
            wanted - given,
            message_escape(voting->arena, approval_who(voting->arena, voting->needs)));
        return job_show(db, voting->core, job, err);
    }
    voting->text = arena_printf(voting->arena, "Approved #%lld: %s. It starts now", job, title);
    if (decide(db, voting, "approved", err) < 0)
        return -1;
    return job_queue(db, voting->core, job, json_integer(voting->row, "decision", 0),
                     clock_now_ms(), err);
}

static int vote_write(struct db *db, void *argument, struct error *err)
{
    struct voting *voting = argument;

    if (job_load(db, voting->arena, voting->vote->job, &voting->job, err) < 0)
        return -1;
    voting->row = approval_row(db, voting->arena, voting->job.id, err);
    if (voting->row == NULL)
        return -1;
    voting->needs = approval_needs(voting->arena, voting->row);
    if (check_pending(voting, err) < 0 || check_voter(voting, err) < 0 ||
        check_first_word(db, voting, err) < 0 || store_vote(db, voting, err) < 0)
        return -1;
    return voting->vote->approve ? approve(db, voting, err) : deny(db, voting, err);
}

int approval_vote(struct core *core, const struct vote *vote, struct arena *arena,
                  const char **text, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    struct voting voting = { .core = core, .config = config, .vote = vote, .arena = arena };

    if (vote->person != NULL)
        voting.person = config_person(config, vote->person->id);
    voting.reason = core_redact(core, arena, vote->reason);
    if (voting.reason != NULL)
        voting.reason = utf8_cut(arena, voting.reason, REASON_LIMIT);
    if (store_write(core_store(core), vote_write, &voting, err) < 0)
        return -1;
    *text = voting.text;
    return 0;
}
