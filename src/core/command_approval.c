/* approvals, approve, deny. */
#include "core/approval.h"
#include "core/call_core.h"
#include "core/commands.h"

struct vote_args {
    long long job;
    const char *reason;
};

static int vote(struct call *call, bool approve, struct error *err)
{
    const struct vote_args *args = call_args(call);
    struct vote vote = { .job = args->job,
                         .person = call_requester(call),
                         .account = call_account(call),
                         .approve = approve,
                         .reason = args->reason,
                         .vote_job = call_job(call) };
    const char *text;

    if (approval_vote(call_core(call), &vote, call_arena(call), &text, err) < 0)
        return -1;
    return say(call, approve ? TONE_GOOD : TONE_PLAIN, "%s", text);
}

static int approve_run(struct call *call, struct error *err)
{
    return vote(call, true, err);
}

static int deny_run(struct call *call, struct error *err)
{
    return vote(call, false, err);
}

static const struct field approve_args[] = {
    FIELD(struct vote_args, job, .key = "job", .help = "the job that waits", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
    FIELD(struct vote_args, reason, .key = "reason", .help = "a remark for the audit",
          .meaning = AS_REST),
};

const struct command approve_command = {
    .name = "approve",
    .help = "Agree to a job that waits for approval",
    .example = "approve 412",
    .risk = RISK_CHANGE,
    .core = true,
    .own = true,
    .args = FIELDS(struct vote_args, approve_args),
    .run = approve_run,
};

static const struct field deny_args[] = {
    FIELD(struct vote_args, job, .key = "job", .help = "the job that waits", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
    FIELD(struct vote_args, reason, .key = "reason", .help = "why not", .meaning = AS_REST,
          .need = true),
};

const struct command deny_command = {
    .name = "deny",
    .help = "Refuse a job that waits for approval",
    .example = "deny 412 not during the release",
    .risk = RISK_CHANGE,
    .core = true,
    .own = true,
    .args = FIELDS(struct vote_args, deny_args),
    .run = deny_run,
};

static const struct json *approval_rows(struct arena *arena, const struct json *approvals)
{
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);
    long long now_ms = clock_now_ms();

    for (size_t i = 0; i < json_count(approvals); i++) {
        const struct json *approval = json_at(approvals, i);
        long long left_ms = clock_from_json(approval, "expires_at") - now_ms;

        json_builder_add(
            rows, NULL,
            V(OBJECT(arena, { "job", V(json_integer(approval, "job", 0)) },
                     { "what", V(json_string(approval, "title", "")) },
                     { "by", V(json_string(approval, "person", "")) },
                     { "needs", V(json_string(approval, "needs.text", "")) },
                     { "left", V(duration_print(arena, left_ms > 0 ? left_ms : 0)) })));
    }
    return json_builder_done(rows);
}

static int approvals_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "job", "what", "by", "needs", "left" };
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *page;

    if (db == NULL)
        return -1;
    page = approval_list(db, call_arena(call), "pending", 0, 50, err);
    if (page == NULL)
        return -1;
    if (json_count(json_get(page, "items")) == 0)
        return say(call, TONE_PLAIN, "Nothing waits for approval");
    return say_rows(call, "Waiting for approval. Say approve JOB, or deny JOB REASON", columns,
                    COUNT_OF(columns),
                    approval_rows(call_arena(call), json_get(page, "items")));
}

const struct command approvals_command = {
    .name = "approvals",
    .help = "What waits for approval",
    .core = true,
    .run = approvals_run,
};
