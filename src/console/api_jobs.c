/* /api/v1/jobs: lists, one job, its log, cancel, again, answer. */
#include "base/text.h"
#include "console/console_internal.h"
#include "core/job.h"

static const struct body_member no_members[] = { { 0 } };
static const struct body_member reason_members[] = { { "reason", BODY_TEXT }, { 0 } };
static const struct body_member answer_members[] = { { "values", BODY_OBJECT },
                                                     { "text", BODY_TEXT },
                                                     { 0 } };

enum {
    LOG_PIECE = 256 * 1024
};

void handle_jobs(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct page page = page_read(request);
    struct error err = { 0 };
    struct caller caller;
    struct job_filter filter;
    AUTO(db) struct db *db = NULL;
    const struct json *jobs;

    if (caller_read(request, context, &caller) < 0)
        return;
    filter = (struct job_filter){ .person = http_query(request, "person"),
                                  .state = http_query(request, "state"),
                                  .command = http_query(request, "command"),
                                  .open = text_is(http_query(request, "open"), "1"),
                                  .before = page.before,
                                  .limit = page.limit };
    /* One's own need no rule. */
    if (!text_is(filter.person, caller.person->id) && !caller_must(&caller, request, "jobs"))
        return;
    db = store_read_start(core_store(caller.core), &err);
    jobs = db == NULL ? NULL : job_list(db, arena, &filter, &err);
    answer(request, jobs == NULL ? NULL : page_for(&caller, arena, jobs, job_for), &err);
}

/* The job in the path, if the caller may have it: one's own, or by the rules for the command. */
static const struct json *read_job(struct http_request *request, const struct caller *caller,
                                   const char *command)
{
    long long number = path_number(request, "id");
    struct error err = { 0 };
    AUTO(db) struct db *db = NULL;
    const struct json *job;

    if (number == 0)
        return NULL;
    db = store_read_start(core_store(caller->core), &err);
    job = db == NULL ? NULL : job_json(db, http_arena(request), number, &err);
    if ((job == NULL || !text_is(json_string(job, "person", ""), caller->person->id)) &&
        !caller_must(caller, request, command))
        return NULL;
    if (job == NULL)
        http_answer_error(request, &err);
    return job;
}

static void answer_job(struct http_request *request, const struct caller *caller,
                       long long number)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(caller->core), &err);
    const struct json *job = db == NULL ? NULL : job_json(db, arena, number, &err);

    answer(request, job == NULL ? NULL : job_for(caller, arena, job), &err);
}

void handle_job(struct http_request *request, void *context)
{
    struct caller caller;
    const struct json *job;

    if (caller_read(request, context, &caller) < 0)
        return;
    job = read_job(request, &caller, "job show");
    if (job != NULL)
        http_answer_json(request, 200, job_for(&caller, http_arena(request), job));
}

void handle_job_log(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct caller caller;
    AUTO(db) struct db *db = NULL;
    const struct json *job;
    const char *text;
    long long position = 0;

    if (caller_read(request, context, &caller) < 0)
        return;
    job = read_job(request, &caller, "job log");
    if (job == NULL)
        return;
    (void)text_to_integer(
        http_query(request, "after") != NULL ? http_query(request, "after") : "0", &position);
    position = position < 0 ? 0 : position;
    db = store_read_start(core_store(caller.core), &err);
    text = db == NULL ? NULL
                      : job_log_text(db, arena, json_integer(job, "id", 0), &position,
                                     LOG_PIECE, &err);
    answer(request,
           text == NULL
               ? NULL
               : OBJECT(arena, { "text", V(text) }, { "next", V(position) },
                        { "end", V((bool)(json_get(job, "finished_at") != NULL &&
                                          position >= json_integer(job, "log_bytes", 0))) }),
           &err);
}

void handle_job_cancel(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    const struct json *body;
    const struct json *job;

    if (caller_read(request, context, &caller) < 0)
        return;
    body = body_read(request, reason_members);
    job = body == NULL ? NULL : read_job(request, &caller, "job cancel");
    if (job == NULL)
        return;
    if (job_cancel(caller.core, json_integer(job, "id", 0), caller.person->id,
                   json_string(body, "reason", NULL), &err) < 0)
        http_answer_error(request, &err);
    else
        answer_job(request, &caller, json_integer(job, "id", 0));
}

/* A new job under today's rules; the old one only lends its line. */
void handle_job_again(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct caller caller;
    const struct json *job;
    struct submitted submitted;
    struct ask ask;

    if (caller_read(request, context, &caller) < 0 || body_read(request, no_members) == NULL)
        return;
    job = read_job(request, &caller, "job show");
    if (job == NULL)
        return;
    if (caller_set_place(&caller, arena, json_string(job, "place", NULL), &err) < 0)
        caller.place = (struct place){ 0 };
    ask = (struct ask){ .door = caller.is_local ? "terminal" : "api",
                        .person = caller.person->id,
                        .account = caller.account,
                        .place = caller.place,
                        .place_proven = caller.place_proven,
                        .line = json_string(job, "line", ""),
                        .again_of = json_integer(job, "id", 0) };
    if (job_submit(caller.core, &ask, arena, &submitted, &err) < 0)
        http_answer_error(request, &err);
    else
        answer(request, run_reply(&caller, arena, submitted.job, &err), &err);
}

void handle_job_answer(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    const struct json *body;
    const struct json *said;
    long long number;
    struct ask who;

    if (caller_read(request, context, &caller) < 0)
        return;
    body = body_read(request, answer_members);
    number = body == NULL ? 0 : path_number(request, "id");
    if (number == 0)
        return;
    who = (struct ask){ .door = caller.is_local ? "terminal" : "api",
                        .person = caller.person->id,
                        .account = caller.account,
                        .line = json_string(body, "text", NULL) };
    said = json_get(body, who.line != NULL ? "text" : "values");
    if (said == NULL || json_is(said, JSON_NULL))
        error_set(&err, ERROR_INVALID, "say \"text\", or \"values\" by argument");
    if (err.kind != ERROR_NONE || job_answer(caller.core, number, &who, said, &err) < 0)
        http_answer_error(request, &err);
    else
        answer_job(request, &caller, number);
}
