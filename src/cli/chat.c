/* opsroom chat: the same as in any chat, in a terminal. */
#include <editline/readline.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

enum {
    CALL_LIMIT_S = 30,
    LOOK_EVERY_MS = 200,
};

struct chat_options {
    const char *server, *config, *as, *channel;
};

struct session {
    struct client client; /* its arena is replaced for every line */
    struct chat_options given;
    long long question; /* the job whose question the next line answers, 0 */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Ctrl-C takes one back to the prompt; the job goes on. */
static bool pause_between_looks(void)
{
    struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000L };

    return nanosleep(&pause, NULL) == 0 && interrupted == 0;
}

/* As the person of --as, which counts over the local socket only. */
static const struct json *call(const struct session *session, const char *method,
                               const char *path, const struct json *body, struct error *err)
{
    struct arena *arena = session->client.arena;
    const char *as = session->given.as;

    if (as != NULL)
        path = arena_printf(arena, "%s%sas=%s", path, text_has(path, "?") ? "&" : "?",
                            url_encode(arena, as));
    return client_call(&session->client, method, path, body, CALL_LIMIT_S, err);
}

static int print_new_log(struct session *session, long long job, long long *position,
                         struct error *err)
{
    struct arena *arena = session->client.arena;
    const struct json *page =
        call(session, "GET", arena_printf(arena, "/jobs/%lld/log?after=%lld", job, *position),
             NULL, err);

    if (page == NULL)
        return -1;
    fputs(json_string(page, "text", ""), stdout);
    fflush(stdout);
    *position = json_integer(page, "next", *position);
    return 0;
}

static bool is_over(const struct json *job)
{
    return json_string(job, "finished_at", NULL) != NULL;
}

static void print_text(const struct json *job)
{
    const char *text = json_string(job, "text", "");

    if (text[0] != '\0')
        printf("%s\n", text);
}

static const struct json *look(struct session *session, long long job, struct error *err)
{
    return call(session, "GET", arena_printf(session->client.arena, "/jobs/%lld", job), NULL,
                err);
}

/* What is new since the last look.  1: it is over, or asks something. */
static int print_news(struct session *session, const struct json *now, long long job,
                      const char **state)
{
    if (is_over(now) || text_is(json_string(now, "stage", ""), "question")) {
        print_text(now);
        session->question = is_over(now) ? 0 : job;
        return 1;
    }
    if (!text_is(json_string(now, "state", ""), *state)) {
        *state = json_string(now, "state", "");
        if (text_starts(*state, "waiting"))
            print_text(now);
    }
    return 0;
}

/* Prints the log as it comes and each change of state, until the job is over or asks something. */
static int follow(struct session *session, long long job, struct error *err)
{
    const char *state = "";
    long long position = 0;

    do {
        const struct json *now = look(session, job, err);

        if (now == NULL || (json_integer(now, "log_bytes", 0) > position &&
                            print_new_log(session, job, &position, err) < 0))
            return -1;
        if (print_news(session, now, job, &state) != 0)
            return 0;
    } while (pause_between_looks());
    printf("#%lld goes on: job show %lld, job cancel %lld\n", job, job, job);
    return 0;
}

static const struct json *send_line(struct session *session, const char *line,
                                    struct error *err)
{
    struct arena *arena = session->client.arena;
    long long question = session->question;

    session->question = 0;
    if (question != 0)
        return call(session, "POST", arena_printf(arena, "/jobs/%lld/answer", question),
                    OBJECT(arena, { "text", V(line) }), err);
    return call(session, "POST", "/run",
                OBJECT(arena, { "line", V(line) }, { "channel", V(session->given.channel) },
                       { "wait", V(0) }, { "ask", V((bool)true) }),
                err);
}

static void handle_line(struct session *session, const char *line)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    const struct json *reply;
    long long job;

    session->client.arena = arena;
    interrupted = 0;
    reply = send_line(session, line, &err);
    job = json_integer(reply, "job", json_integer(reply, "id", 0));
    if (reply == NULL || follow(session, job, &err) < 0)
        fprintf(stderr, "%s\n", err.text);
}

static bool is_goodbye(const char *line)
{
    return text_is(line, "exit") || text_is(line, "quit");
}

/* False: it says goodbye. */
static bool take_line(struct session *session, char *line)
{
    bool leave = is_goodbye(line);

    if (!leave && line[0] != '\0') {
        add_history(line);
        handle_line(session, line);
    }
    free(line);
    return !leave;
}

/* Ctrl-C at the prompt drops the line. */
static void talk(struct session *session)
{
    struct sigaction action = { .sa_handler = on_interrupt };
    char *line;

    sigaction(SIGINT, &action, NULL);
    printf("opsroom: say help for what you can do, exit to leave\n");
    for (;;) {
        interrupted = 0;
        line = readline(session->question != 0 ? "? " : "ops> ");
        if (line == NULL)
            printf("\n");
        if (line == NULL && interrupted == 0)
            return;
        if (line != NULL && !take_line(session, line))
            return;
    }
}

static int chat(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct session session = { 0 };
    const struct cli_option options[] = {
        { .name = "server", .value = &session.given.server },
        { .name = "c", .value = &session.given.config },
        { .name = "as", .value = &session.given.as },
        { .name = "channel", .value = &session.given.channel },
    };
    struct error err = { 0 };

    if (cli_read_options(cli, options, COUNT_OF(options), NULL) < 0)
        return 2;
    if (client_open(&session.client, session.given.server, session.given.config, cli->registry,
                    arena, &err) < 0) {
        client_close(&session.client);
        return cli_fail(cli, &err);
    }
    talk(&session);
    client_close(&session.client);
    return 0;
}

const struct cli_command cli_chat_command = {
    .name = "chat",
    .usage = "opsroom chat [-c FILE | --server URL] [--as PERSON] [--channel C]",
    .help =
        "Commands one after the other in a terminal, each followed to its end. Ctrl-C goes back to the prompt "
        "and leaves the job running; Ctrl-D or exit leaves.",
    .run = chat,
};
