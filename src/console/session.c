/* Signing in with a browser: a one-time link shows a page with one button, so that a preview of the link uses nothing up. */
#include "base/clock.h"
#include "base/text.h"
#include "console/console_internal.h"

enum {
    SESSION_AGE_S = 30 * 86400
};

static const struct body_member session_members[] = { { "token", BODY_TEXT }, { 0 } };

static void set_cookie(struct http_request *request, const char *value, long long age_s)
{
    http_answer_header(request, "Set-Cookie",
                       arena_printf(http_arena(request),
                                    SESSION_COOKIE
                                    "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                                    value, age_s, http_is_secure(request) ? "; Secure" : ""));
}

/* A page of its own, without script: it works before anybody is signed in. */
static void answer_page(struct http_request *request, int status, const char *title,
                        const char *text, const char *button)
{
    static const char page[] =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><title>%s · opsroom</title><link rel=\"stylesheet\" "
        "href=\"/console.css\"><main class=\"sign-in\"><h1>%s</h1><p>%s</p>%s</main></html>";
    const char *html = arena_printf(
        http_arena(request), page, title, title, text,
        button != NULL
            ? "<form method=\"post\"><button class=\"primary\" autofocus>Sign in</button></form>"
            : "");

    http_answer_header(
        request, "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'");
    http_answer_header(request, "Referrer-Policy", "no-referrer");
    http_answer_header(request, "Cache-Control", "no-store");
    http_answer(request, status, "text/html; charset=utf-8", span_of(html));
}

static void answer_used_up(struct http_request *request)
{
    answer_page(
        request, 410, "This link does not work",
        "It was used, has expired or was never made. Ask for a new one: <code>opsroom token create "
        "--person YOU --link</code>",
        NULL);
}

void handle_sign_in_page(struct http_request *request, void *context)
{
    struct console *console = context;
    struct token_owner owner;
    struct error err = { 0 };

    if (token_check(console->core, TOKEN_LINK, http_parameter(request, "token"),
                    http_arena(request), &owner, &err) < 0)
        answer_used_up(request);
    else
        answer_page(request, 200, "Sign in to opsroom",
                    "This link signs you in once, in this browser.", "Sign in");
}

void handle_sign_in(struct http_request *request, void *context)
{
    struct console *console = context;
    struct error err = { 0 };
    const char *person;
    const char *session = token_use_link(console->core, http_parameter(request, "token"),
                                         http_arena(request), &person, &err);

    if (session == NULL) {
        answer_used_up(request);
        return;
    }
    set_cookie(request, session, SESSION_AGE_S);
    http_answer_header(request, "Location", "/");
    http_answer(request, 303, "text/plain; charset=utf-8", span_of("signed in\n"));
}

static bool check_start(struct http_request *request, const struct json *body)
{
    struct error err = { 0 };

    if (!caller_is_of_our_origin(request))
        error_set(&err, ERROR_DENIED, "This request did not come from the console's own page");
    else if (text_is_empty(json_string(body, "token", NULL)))
        error_set(&err, ERROR_INVALID, "\"token\" is missing");
    if (err.kind == ERROR_NONE)
        return true;
    http_answer_error(request, &err);
    return false;
}

/* A session does not outlive the token it was begun with. */
static long long session_age(const struct token_owner *owner)
{
    long long left_s = (owner->expires_at_ms - clock_now_ms()) / 1000 + 1;

    return owner->expires_at_ms != 0 && left_s < SESSION_AGE_S ? left_s : SESSION_AGE_S;
}

/* A token typed into the console becomes a session. */
void handle_session_start(struct http_request *request, void *context)
{
    struct console *console = context;
    struct arena *arena = http_arena(request);
    const struct json *body = body_read(request, session_members);
    struct token_owner owner;
    struct token_plan plan = { .kind = TOKEN_SESSION, .note = "signed in with a token" };
    struct error err = { 0 };
    const char *session;
    long long id;

    if (body == NULL || !check_start(request, body))
        return;
    if (token_check(console->core, TOKEN_API, json_string(body, "token", ""), arena, &owner,
                    &err) < 0) {
        if (err.kind == ERROR_DENIED)
            answer_denied(request, 401, err.text);
        else
            http_answer_error(request, &err);
        return;
    }
    plan.person = owner.person;
    plan.made_by = arena_printf(arena, "token:%lld", owner.id);
    plan.parent = owner.id;
    plan.lifetime_s = session_age(&owner);
    session = token_create(console->core, &plan, arena, &id, &err);
    if (session == NULL) {
        http_answer_error(request, &err);
        return;
    }
    set_cookie(request, session, plan.lifetime_s);
    http_answer_json(request, 200, OBJECT(arena, { "person", V(owner.person) }));
}

void handle_session_end(struct http_request *request, void *context)
{
    struct console *console = context;
    struct error err = { 0 };
    struct caller caller;
    const char *session = http_cookie(request, SESSION_COOKIE);

    if (caller_read(request, context, &caller) < 0)
        return;
    if (session != NULL && token_end(console->core, session, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    set_cookie(request, "", 0);
    http_answer_json(request, 200, OBJECT(http_arena(request), { "person", json_null() }));
}
