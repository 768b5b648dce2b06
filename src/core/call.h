/*
 * A connector author's whole world: what was asked, and everything one may do about it.  This header and base/json.h are
 * all a connector needs.  A call belongs to one thread.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "core/command.h"
#include "core/event.h"
#include "core/message.h"
#include "core/webhook.h"

/* What was asked. */
struct arena *call_arena(struct call *call);    /* freed after the step */
const void *call_args(const struct call *call); /* the struct of command.args */
void *call_state(struct call *call); /* the struct of command.state; saved after the step */
const void *call_config(
    const struct call *call); /* the struct of connector.config; NULL for core's commands */
const char *call_connection(const struct call *call); /* the connection's name, or NULL */
/* Of the configuration file; for a "run:" command of the file that it stands in. */
const char *call_directory(const struct call *call);
const char *call_data_directory(
    const struct call *call); /* of the store: for files that must survive a restart */
long long call_job(const struct call *call);
const char *call_person(const struct call *call); /* who asked, by the id in "people" */
const struct place *call_place(const struct call *call);
const char *call_line(const struct call *call);  /* as typed */
bool call_is_cancelled(const struct call *call); /* also cuts off api_… calls */

/* A stable key of this job and step: goes into the outside call wherever it has a place for one. */
const char *call_token(const struct call *call);

/* For "run:" commands of the configuration: the argument list, split first and filled after.  NULL-terminated; NULL
 * with err for other commands, and when a value would become an option of the executable. */
const char *const *call_run_arguments(const struct call *call, struct error *err);

/* Pins: what the command is about, exactly.  In pin() they are set, later they are there to be read. */
void call_pin(struct call *call, const char *name, const char *value);
const char *call_pinned(const struct call *call, const char *name);

/*
 * What is shown.  The last say is the job's answer.  Text is markup (core/message.h): foreign values through
 * message_escape().  Both return 0, so that "return say(...)" ends a command.
 */
int say(struct call *call, enum tone tone, const char *format, ...) PRINTF(3, 4);
int say_message(struct call *call, const struct message *message);
/* Rows for tables, pipes and the API; columns in this order.  Shown as a table below the text. */
int say_rows(struct call *call, const char *title, const char *const *columns, size_t count,
             const struct json *rows);

/* While it goes on: one line, shown in the job's live message; steps with their state and time; links. */
void show_progress(struct call *call, const char *format, ...) PRINTF(2, 3);
void show_step(struct call *call, const char *name, const char *state);
void show_link(struct call *call, const char *text, const char *url);
void show_output(struct call *call, const char *key, const char *value);

/* The job's log, in any pieces; secrets are removed across pieces.  Kept with the job, shown live. */
void call_log(struct call *call, const char *bytes, size_t length);

/* Waiting: return STEP_AGAIN. */
enum step call_again_in(struct call *call, long long ms);
/* As soon as call_wake(key) was called, at the latest after limit_ms. */
enum step call_wake_on(struct call *call, const char *key, long long limit_ms);
enum happened call_ask_again_in(struct call *call, long long ms);
/* Wakes the job that waits on key; from any thread (a watch, a webhook). */
void call_wake(struct call *call, const char *key);

/*
 * Something happened outside.  Its source is the connection; what it points to must live as long as the call's arena.  In
 * webhook() it is recorded, with the others of the request, once that returns 0; elsewhere at once, which waits for the disk.
 */
void event_emit(struct call *call, const struct event *event);

/* watch(): is the server stopping or the connection gone from the configuration? */
bool call_is_closing(const struct call *call);

/*
 * HTTP towards the connection's base URL (config member "url" or "api_url").  The path is printf-like and every %s is
 * percent-encoded, so that a value cannot leave its place; %lld for numbers.  Deadline, limits, retry of what may be
 * retried, and the audit's note of the call are done here.  The reply's JSON is in the call's arena; an empty body is a
 * JSON null, one that is not JSON a JSON string.  A value that is empty, "." or ".." is refused as a part of the path.
 * NULL: err tells (kinds as in base/error.h; status is the HTTP status).
 */
const struct json *api_get(struct call *call, struct error *err, const char *path, ...)
    PRINTF(3, 4);
const struct json *api_post(struct call *call, const struct json *body, struct error *err,
                            const char *path, ...) PRINTF(4, 5);
const struct json *api_put(struct call *call, const struct json *body, struct error *err,
                           const char *path, ...) PRINTF(4, 5);
const struct json *api_patch(struct call *call, const struct json *body, struct error *err,
                             const char *path, ...) PRINTF(4, 5);
const struct json *api_delete(struct call *call, struct error *err, const char *path, ...)
    PRINTF(3, 4);

/*
 * For connector->authorise: what is put on every request.  Secrets are not copied and must live as long as the call (those
 * of the configuration do).
 */
void api_bearer(struct api_request *request, const struct secret *token);
void api_basic(struct api_request *request, const char *user, const struct secret *password);
void api_header(struct api_request *request, const char *name, const char *value);

/* Notes in the audit that something outside was called or done (api_… do it by themselves). */
void call_note(struct call *call, const char *format, ...) PRINTF(2, 3);
