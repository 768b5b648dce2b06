/* /api/v1/approvals: what waits, approve, deny.  A vote here is a command of the voter like any other. */
#include "base/text.h"
#include "console/console_internal.h"
#include "core/approval.h"

static const struct body_member vote_members[] = { { "reason", BODY_TEXT }, { 0 } };

void handle_approvals(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct page page = page_read(request);
    struct error err = { 0 };
    struct caller caller;
    AUTO(db) struct db *db = NULL;
    const struct json *approvals;

    if (caller_read(request, context, &caller) < 0 ||
        !caller_must(&caller, request, "approvals"))
        return;
    db = store_read_start(core_store(caller.core), &err);
    approvals = db == NULL ? NULL
                           : approval_list(db, arena, http_query(request, "state"), page.before,
                                           page.limit, &err);
    answer(request,
           approvals == NULL ? NULL : page_for(&caller, arena, approvals, approval_for), &err);
}

static const struct json *read_approval(const struct caller *caller, struct arena *arena,
                                        long long job, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(caller->core), err);
    const struct json *approval = db == NULL ? NULL : approval_json(db, arena, job, err);

    return approval == NULL ? NULL : approval_for(caller, arena, approval);
}

static void vote(struct http_request *request, void *context, bool approve)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct caller caller;
    const struct json *body;
    struct vote vote;
    const char *text;

    if (caller_read(request, context, &caller) < 0)
        return;
    body = body_read(request, vote_members);
    if (body == NULL)
        return;
    vote = (struct vote){ .job = path_number(request, "id"),
                          .person = caller.person,
                          .account = caller.account,
                          .approve = approve,
                          .reason = json_string(body, "reason", NULL) };
    if (vote.job == 0)
        return;
    if (approval_vote(caller.core, &vote, arena, &text, &err) < 0)
        http_answer_error(request, &err);
    else
        answer(request, read_approval(&caller, arena, vote.job, &err), &err);
}

void handle_approve(struct http_request *request, void *context)
{
    vote(request, context, true);
}

void handle_deny(struct http_request *request, void *context)
{
    vote(request, context, false);
}
