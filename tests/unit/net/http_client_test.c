/* The HTTP client against a scripted server that answers, lies, stalls and breaks off. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "net/http_client.h"
#include "scripted.h"
#include "tap.h"

static const char *url_of(struct arena *arena, unsigned port, const char *path)
{
    return arena_printf(arena, "http://127.0.0.1:%u%s", port, path);
}

static void test_exchange(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    static const char *const answers[] = {
        "HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\nHTTP/1.1 201 Created\r\nX-A: one\r\n"
        "x-b:  two \r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        NULL,
    };
    struct scripted *scripted = scripted_start(answers, SCRIPTED_KEEPS);
    AUTO(secret) struct secret *token = secret_new("sesame", 6);
    struct http_header headers[] = { { "X-One", "1" }, { "X-None", NULL }, { "X-Empty", "" } };
    struct http_call call = { .method = "POST",
                              .url = url_of(arena, scripted_port(scripted), "/a?b=c"),
                              .headers = headers,
                              .header_count = COUNT_OF(headers),
                              .body = span_of("{\"x\":1}"),
                              .bearer = token };
    struct http_reply reply = { 0 };
    struct error err = { 0 };

    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(reply.status, 201);
    CHECK_STR(reply.body.start, "hello");
    CHECK_STR(http_reply_header(&reply, "x-a"), "one");
    CHECK_STR(http_reply_header(&reply, "X-B"), "two");
    CHECK_STR(http_reply_header(&reply, "X-Empty"), "");
    CHECK_STR(http_reply_header(&reply, "X-Interim"), NULL);
    tap_case("redirects are handed to the caller; the connection is kept");
    call = (struct http_call){
        .url = call.url, .user = "ana", .password = token, .method = "DELETE"
    };
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(reply.status, 302);
    tap_case("an empty answer");
    call = (struct http_call){ .url = call.url };
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(reply.status, 204);
    CHECK_STR(reply.body.start, "");
    CHECK_INT(scripted_connections(scripted), 1);
    const char *requests = scripted_stop(scripted, arena);
    tap_case("what went over the wire");
    CHECK(text_starts(requests, "POST /a?b=c HTTP/1.1\r\n"));
    CHECK(text_has(requests, "User-Agent: opsroom/" OPSROOM_VERSION "\r\n"));
    CHECK(text_has(requests, "Authorization: Bearer sesame\r\n"));
    CHECK(text_has(requests, "X-One: 1\r\n") && text_has(requests, "X-Empty:\r\n"));
    CHECK(!text_has(requests, "X-None") && !text_has(requests, "Expect") &&
          !text_has(requests, "Content-Type"));
    CHECK(text_has(requests, "Content-Length: 7\r\n\r\n{\"x\":1}DELETE /a?b=c HTTP/1.1\r\n"));
    CHECK(text_has(requests, "Authorization: Basic YW5hOnNlc2FtZQ==\r\n"));
    CHECK_INT(wire_count(requests, "Authorization:"), 2);
}

/* One answer each, then the end of the stream. */
static const struct {
    const char *what;
    const char *answer;
    enum error_kind kind;
    const char *text;
} faults[] = {
    { "no answer", "", ERROR_UNREACHABLE, "the connection ended before an answer came" },
    { "half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", ERROR_UNREACHABLE,
      "the connection ended within the answer" },
    { "a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      ERROR_UNREACHABLE, NULL },
    { "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", ERROR_UNREACHABLE, NULL },
    { "too large", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", ERROR_INVALID,
      "the answer's body went over the limit of 10 bytes" },
};

static void test_faults(void)
{
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *const answers[] = { faults[i].answer, NULL };
        struct scripted *scripted = scripted_start(answers, SCRIPTED_CLOSES);
        struct http_call call = { .url = url_of(arena, scripted_port(scripted), "/?key=sesame"),
                                  .method = "POST",
                                  .body = span_of("x"),
                                  .reply_limit = 10 };
        struct http_reply reply = { 0 };
        struct error err = { 0 };

        tap_case("%s", faults[i].what);
        CHECK_INT(http_send(&call, arena, &reply, &err), -1);
        CHECK_INT(err.kind, faults[i].kind);
        CHECK_INT(err.status, 0);
        CHECK(!http_was_not_sent(&err));
        CHECK(text_starts(err.text,
                          arena_printf(arena, "127.0.0.1:%u: ", scripted_port(scripted))));
        if (!CHECK(faults[i].text == NULL || text_has(err.text, faults[i].text)))
            printf("# %s\n", err.text);
        CHECK(!text_has(err.text, "sesame"));
        scripted_stop(scripted, arena);
    }
}

/* The second request on a kept connection is read and not answered: only what may be repeated is. */
static const struct {
    const char *method;
    const char *body;
    int result;
    size_t sent;
} repeats[] = {
    { "GET", "", 0, 3 },    { "PUT", "x", 0, 3 },    { "DELETE", "", 0, 3 },
    { "POST", "x", -1, 2 }, { "PATCH", "x", -1, 2 },
};

static void test_repeats(void)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char *const answers[] = { ok, "", ok, NULL };

    for (size_t i = 0; i < COUNT_OF(repeats); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct scripted *scripted = scripted_start(answers, SCRIPTED_KEEPS);
        struct http_call call = { .url = url_of(arena, scripted_port(scripted), "/"),
                                  .method = repeats[i].method,
                                  .body = span_of(repeats[i].body) };
        struct http_reply reply = { 0 };
        struct error err = { 0 };

        tap_case("%s", repeats[i].method);
        CHECK_INT(http_send(&call, arena, &reply, &err), 0);
        CHECK_INT(http_send(&call, arena, &reply, &err), repeats[i].result);
        const char *requests = scripted_stop(scripted, arena);
        CHECK_INT(
            wire_count(requests, arena_printf(arena, "%s / HTTP/1.1\r\n", repeats[i].method)),
            repeats[i].sent);
    }
    AUTO(arena) struct arena *arena = arena_new();
    struct scripted *scripted = scripted_start(answers, SCRIPTED_KEEPS);
    struct http_call call = { .url = url_of(arena, scripted_port(scripted), "/"),
                              .method = "POST" };
    struct http_reply reply = { 0 };
    struct error err = { 0 };

    tap_case("a POST without a body has a connection of its own");
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK_INT(scripted_connections(scripted), 2);
    CHECK_INT(wire_count(scripted_stop(scripted, arena), "POST / HTTP/1.1\r\n"), 2);
}

static const struct {
    const char *url;
    const char *text;
} refused[] = {
    { "http://ci.example.org/",
      "ci.example.org: plain http is for this machine only, use https" },
    { "http://128.0.0.1/", "plain http" },
    { "ftp://127.0.0.1/", "https://" },
    { "ws://127.0.0.1/", "https://" },
    { "file:///etc/passwd", "https://" },
    { "https://ana:sesame@127.0.0.1/", "must not hold a user name or a password" },
    { "nonsense", "not a URL" },
};

static void test_refused_calls(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(secret) struct secret *broken = secret_new("se\nsame", 7);
    struct http_reply reply = { 0 };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct http_call call = { .url = refused[i].url };

        tap_case("%s", refused[i].url);
        CHECK_INT(http_send(&call, arena, &reply, &err), -1);
        CHECK_INT(err.kind, ERROR_INVALID);
        if (!CHECK(text_has(err.text, refused[i].text) && !text_has(err.text, "sesame")))
            printf("# %s\n", err.text);
    }
    tap_case("a header that would start another one");
    struct http_header header = { "X-A", "b\r\nX-B: c" };
    struct http_call call = { .url = "http://127.0.0.1:1/",
                              .headers = &header,
                              .header_count = 1 };
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK_INT(err.kind, ERROR_INVALID);
    tap_case("a token with a line break");
    call = (struct http_call){ .url = "http://127.0.0.1:1/", .bearer = broken };
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK_INT(err.kind, ERROR_INVALID);
    CHECK(!text_has(err.text, "same"));
    tap_case("nobody listens");
    call = (struct http_call){ .url = url_of(arena, wire_free_port(), "/"), .method = "POST" };
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK(http_was_not_sent(&err));
    CHECK(text_has(err.text, "Connection refused"));
    tap_case("no such socket");
    call.socket_path = "/nonexistent/opsroom.sock";
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK(http_was_not_sent(&err));
    CHECK(text_has(err.text, "the socket \"/nonexistent/opsroom.sock\": No such file"));
}

static bool say_cancelled(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
    return true;
}

static void test_time(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    static const char *const answers[] = { SCRIPTED_STALL, NULL };
    struct scripted *scripted = scripted_start(answers, SCRIPTED_KEEPS);
    atomic_int asked = 0;
    struct http_call call = { .url = url_of(arena, scripted_port(scripted), "/"),
                              .limit_s = 1 };
    struct http_reply reply = { 0 };
    struct error err = { 0 };

    tap_case("no answer in time");
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK_INT(err.kind, ERROR_UNREACHABLE);
    CHECK(text_has(err.text, "no answer within 1 s") && !http_was_not_sent(&err));
    scripted_stop(scripted, arena);
    tap_case("cancelled");
    scripted = scripted_start(answers, SCRIPTED_KEEPS);
    call.url = url_of(arena, scripted_port(scripted), "/");
    call.limit_s = 30;
    call.is_cancelled = say_cancelled;
    call.context = &asked;
    long long begin_ms = clock_steady_ms();
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK(clock_steady_ms() - begin_ms < 5000);
    CHECK(text_has(err.text, "cancelled"));
    CHECK_INT(atomic_load(&asked), 1);
    scripted_stop(scripted, arena);
}

struct pieces {
    size_t bytes;
    size_t enough;
};

static bool take_piece(void *context, const char *bytes, size_t length)
{
    struct pieces *pieces = context;

    (void)bytes;
    pieces->bytes += length;
    return pieces->bytes < pieces->enough;
}

static void test_stream(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    struct pieces pieces = { .enough = 100 * 1024 * 1024 };
    struct http_call call = { .url = url_of(arena, http_server_port(server), "/large"),
                              .receive = take_piece,
                              .context = &pieces };
    struct http_reply reply = { 0 };
    struct error err = { 0 };

    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(pieces.bytes, 8 * 1024 * 1024);
    CHECK_INT(reply.body.length, 0);
    tap_case("the receiver has had enough");
    pieces = (struct pieces){ .enough = 1 };
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_INT(reply.status, 200);
    CHECK(pieces.bytes < 1024 * 1024);
    tap_case("HEAD");
    call = (struct http_call){ .url = call.url, .method = "HEAD" };
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_STR(http_reply_header(&reply, "content-length"), "8388608");
}

/* Every thread has its own handle, freed when the thread ends. */
static void *call_in_thread(void *context)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct http_reply reply = { 0 };
    struct error err = { 0 };
    struct http_call call = { .url = context };
    long long answered = 0;

    for (int i = 0; i < 50; i++)
        answered += http_send(&call, arena, &reply, &err) == 0 && reply.status == 200;
    return answered == 50 ? context : NULL;
}

static void test_threads(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    char *url = arena_printf(arena, "http://127.0.0.1:%u/hello", http_server_port(server));
    pthread_t threads[4];
    void *result;

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, call_in_thread, url);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], &result);
        CHECK(result == url);
    }
    CHECK_INT(atomic_load(&seen.handled), 200);
}

int main(void)
{
    http_client_start();
    test_exchange();
    test_faults();
    test_repeats();
    test_refused_calls();
    test_time();
    test_stream();
    test_threads();
    http_client_stop();
    return tap_done();
}
