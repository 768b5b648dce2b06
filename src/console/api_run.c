/* POST /api/v1/run: a line, made durable, perhaps waited for. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "console/console_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/parse.h"

enum {
    WAIT_MAX_S = 600
};

/* What is asked, while the connection is held. */
struct run {
    struct http_request *request;
    struct caller caller;
    long long wait_ms;
    bool ask;
    long long job;
};

static const struct body_member run_members[] = {
    { "line", BODY_TEXT },
    { "channel", BODY_TEXT },
    { "wait", BODY_NUMBER },
    { "as", BODY_TEXT },
    { "ask", BODY_FLAG },
    { "request_id", BODY_TEXT },
    { 0 },
};

static int check_line(const char *line, struct error *err)
{
    if (text_is_empty(line))
        return error_set(err, ERROR_INVALID,
                         "\"line\" is missing: the command as one would type it");
    if (strlen(line) > LINE_LIMIT)
        return error_set(err, ERROR_INVALID, "\"line\" is longer than %d KB",
                         LINE_LIMIT / 1024);
    return 0;
}

static int read_wait(struct run *run, const struct json *body, struct error *err)
{
    double seconds = json_number(body, "wait", 0);

    if (seconds < 0 || seconds > WAIT_MAX_S)
        return error_set(err, ERROR_INVALID,
                         "\"wait\" must be a number of seconds from 0 to %d", WAIT_MAX_S);
    run->wait_ms = (long long)(seconds * 1000);
    return 0;
}

static const char *request_key(const struct run *run, const struct json *body)
{
    const char *id = json_string(body, "request_id", NULL);

    return id == NULL ? NULL
                      : arena_printf(http_arena(run->request), "api:%s:%s",
                                     run->caller.person->id, id);
}

static const struct json *short_reply(struct arena *arena, const struct submitted *submitted)
{
    return OBJECT(arena, { "job", V(submitted->job) }, { "state", V(submitted->state) },
                  { "ok", V((bool)job_state_is_good(submitted->state)) }, { "text", V("") },
                  { "rows", json_null() });
}

const struct json *run_reply(const struct caller *caller, struct arena *arena, long long number,
                             struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(caller->core), err);
    const struct json *job = db == NULL ? NULL : job_json(db, arena, number, err);
    const struct json *rows = json_get(job, "rows");

    if (job == NULL)
        return NULL;
    return OBJECT(arena, { "job", V(number) }, { "state", V(json_string(job, "state", "")) },
                  { "ok", V(json_boolean(job, "ok", false)) },
                  { "text", V(json_string(job, "text", "")) },
                  { "rows", rows != NULL ? V(rows) : json_null() },
                  { "message", V(message_for_clients(arena, json_get(job, "message"))) },
                  { "title", V(json_string(job, "title", "")) },
                  { "stage", V(json_string(job, "stage", "")) });
}

/* On the feed's thread: the job is over, or the wait is. */
static void finish(void *context)
{
    struct run *run = context;
    struct http_request *request = run->request;
    struct error err = { 0 };

    answer(request, run_reply(&run->caller, http_arena(request), run->job, &err), &err);
    http_release(request);
}

/* On the writer's thread, after the commit. */
static void stored(void *context, const struct submitted *submitted, const struct error *err)
{
    struct run *run = context;
    struct http_request *request = run->request;

    if (err != NULL) {
        http_answer_error(request, err);
        http_release(request);
        return;
    }
    run->job = submitted->job;
    if (run->wait_ms > 0 || submitted->repeated || job_state_is_final(submitted->state)) {
        feed_wait_job(core_feed(run->caller.core), run->job, run->ask, run->wait_ms, finish,
                      run);
        return;
    }
    http_answer_json(request, 200, short_reply(http_arena(request), submitted));
    http_release(request);
}

static int read_run(struct run *run, const struct json *body, struct ask *ask,
                    struct error *err)
{
    const char *line = json_string(body, "line", NULL);

    if (check_line(line, err) < 0 || read_wait(run, body, err) < 0 ||
        caller_become(&run->caller, json_string(body, "as", NULL), err) < 0 ||
        caller_set_place(&run->caller, http_arena(run->request),
                         json_string(body, "channel", NULL), err) < 0)
        return -1;
    run->ask = json_boolean(body, "ask", false);
    *ask = (struct ask){ .door = run->caller.is_local ? "terminal" : "api",
                         .person = run->caller.person->id,
                         .account = run->caller.account,
                         .place = run->caller.place,
                         .place_proven = run->caller.place_proven,
                         .line = line,
                         .request_key = request_key(run, body),
                         .may_ask = run->ask };
    return 0;
}

void handle_run(struct http_request *request, void *context)
{
    struct run *run = ARENA_NEW(http_arena(request), struct run);
    const struct json *body;
    struct error err = { 0 };
    struct ask ask;

    run->request = request;
    if (caller_read(request, context, &run->caller) < 0)
        return;
    body = body_read(request, run_members);
    if (body == NULL)
        return;
    if (read_run(run, body, &ask, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    if (job_limit(run->caller.core, ask.person, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    http_hold(request);
    job_submit_later(run->caller.core, &ask, stored, run);
}
