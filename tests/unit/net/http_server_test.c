/* The HTTP server as friendly clients see it: routes, answers, kept connections, sockets, proxies. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "net/http_client.h"
#include "tap.h"

static char *ask(struct arena *arena, struct http_server *server, const char *head,
                 const char *body)
{
    char *request = arena_printf(
        arena, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        head, strlen(body), body);

    return wire_exchange(arena, http_server_port(server), request);
}

static const struct {
    const char *head;
    const char *body;
    int status;
    const char *has; /* in the answer */
    const char *observed;
} answers[] = {
    { "GET /", "", 200, "hello", "/" },
    { "GET /hello", "", 200, "Content-Length: 6\r\n", "/hello" },
    { "GET /hello?x=1&y", "", 200, "hello", "/hello" },
    { "GET http://x/hello", "", 200, "hello", "/hello" },
    { "GET /things/new", "", 200, "hello", "/things/new" },
    { "GET /things/7", "", 200, "id=7\n", "/things/{id}" },
    { "GET /things/a%2Fb?q=%3F", "", 200,
      "path=/things/a/b\nroute=/things/{id}\nid=a/b\nrest=(none)\nq=?\n", "/things/{id}" },
    { "POST /things/7", "abc", 200, "method=POST\n", "/things/{id}" },
    { "POST /things/7", "abc", 200, "body=3\n", "/things/{id}" },
    { "PUT /things/7/part", "", 200, "id=7\n", "/things/{id}/part" },
    { "GET /files/a/b/c", "", 200, "rest=a/b/c\n", "/files/{rest*}" },
    { "GET /files/", "", 200, "rest=\n", "/files/{rest*}" },
    { "GET /things/", "", 404,
      "{\"error\":{\"kind\":\"missing\",\"text\":\"there is nothing at", "other" },
    { "GET /things/7/part/x", "", 404, "missing", "other" },
    { "GET /nothing", "", 404, "missing", "other" },
    { "POST /nothing", "some body", 404, "missing", "other" },
    { "DELETE /things/7", "", 405, "Allow: GET, HEAD, POST\r\n", "other" },
    { "GET /things/7/part", "", 405, "Allow: PUT\r\n", "other" },
    { "BREW /hello", "", 405, "Allow: GET, HEAD\r\n", "other" },
    { "POST /json", "{\"a\":[1,2]}", 201, "{\"a\":[1,2]}", "/json" },
    { "POST /json", "{", 400, "{\"error\":{\"kind\":\"invalid\"", "/json" },
    { "POST /json", "", 400, "invalid", "/json" },
    { "POST /small",
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
      "12345678901234567890",
      200, "body=100\n", "/small" },
    { "POST /small",
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
      "123456789012345678901",
      413, "over the limit of 100 bytes", "/small" },
    { "GET /error?n=0", "", 400, "\"kind\":\"invalid\",\"text\":\"no\"", "/error" },
    { "GET /error?n=1", "", 403, "denied", "/error" },
    { "GET /error?n=2", "", 404, "missing", "/error" },
    { "GET /error?n=3", "", 409, "conflict", "/error" },
    { "GET /error?n=4", "", 429, "Retry-After: 1\r\n", "/error" },
    { "GET /error?n=5", "", 502, "unreachable", "/error" },
    { "GET /error?n=6", "", 500, "\\\"no\\\"", "/error" },
    { "GET /error?n=7", "", 500, "the request was not answered", "/error" },
};

static void test_answers(void)
{
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    struct http_server *server = site_start(&plan);

    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *answer = ask(arena, server, answers[i].head, answers[i].body);

        tap_case("%s", answers[i].head);
        CHECK_INT(wire_status(answer), answers[i].status);
        if (!CHECK(text_has(answer, answers[i].has)))
            printf("# %s\n", answer);
        CHECK(wire_wait_count(&seen.observed, (int)i + 1));
        CHECK_STR(seen.last_path, answers[i].observed);
        CHECK_INT(atomic_load(&seen.last_status), answers[i].status);
    }
    CHECK_STR(seen.last_method, "GET");
    http_server_free(server);
    CHECK_INT(atomic_load(&seen.observed), COUNT_OF(answers));
}

static void test_head_and_headers(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);

    tap_case("HEAD has the length and no body");
    const char *answer = ask(arena, server, "HEAD /hello", "");
    CHECK_INT(wire_status(answer), 200);
    CHECK(text_has(answer, "Content-Length: 6\r\n"));
    CHECK(text_ends(answer, "\r\n\r\n"));
    tap_case("headers of the answer cannot be split");
    answer = ask(arena, server, "POST /json", "{}");
    CHECK(text_has(answer, "X-First: 1\r\n"));
    CHECK(text_has(answer, "Content-Type: application/json\r\n"));
    CHECK(!text_has(answer, "Injected"));
    tap_case("what the request brings along");
    answer = wire_exchange(arena, http_server_port(server),
                           "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           "Cookie: a=1; c=two\r\nX-Thing: \t spaced out \r\n"
                           "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
                           "Content-Length: 11\r\n\r\ne=0&f=%2Bx+");
    CHECK(text_has(answer, "form=+x \ncookie=two\nheader=spaced out\nclient=127.0.0.1\n"
                           "local=0 uid=-1 secure=0\nbody=11\n"));
}

static void test_kept_connection(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    int fd = wire_connect(http_server_port(server));

    tap_case("one request after the other, also after a 404 and a refused body");
    wire_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(wire_status(wire_read_until(arena, fd, "hello\n")), 200);
    wire_send(fd, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(wire_status(wire_read_until(arena, fd, "}}")), 404);
    wire_send(fd, "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
    CHECK_INT(wire_status(wire_read_until(arena, fd, "}}")), 404);
    wire_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(wire_status(wire_read_until(arena, fd, "hello\n")), 200);
    tap_case("pipelined requests are answered in order");
    wire_send(fd, "GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\n"
                  "Content-Length: 2\r\n\r\nokGET /things/3 HTTP/1.1\r\nHost: x\r\n"
                  "Connection: close\r\n\r\n");
    const char *answer = wire_read_all(arena, fd);
    CHECK_INT(wire_count(answer, "HTTP/1.1 200"), 3);
    const char *first = strstr(answer, "id=1\n"), *last = strstr(answer, "id=3\n");
    CHECK(first != NULL && last != NULL && first < last && text_has(first, "body=2\n"));
    close(fd);
    tap_case("HTTP/1.0 closes");
    answer = wire_exchange(arena, http_server_port(server), "GET /hello HTTP/1.0\r\n\r\n");
    CHECK(wire_status(answer) == 200 && text_ends(answer, "hello\n"));
    tap_case("100-continue");
    fd = wire_connect(http_server_port(server));
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                  "Content-Length: 3\r\nConnection: close\r\n\r\n");
    CHECK(wire_read_until(arena, fd, "HTTP/1.1 100 Continue\r\n\r\n") != NULL);
    wire_send(fd, "abc");
    CHECK(text_has(wire_read_all(arena, fd), "body=3\n"));
    close(fd);
    tap_case("100-continue that is refused");
    answer = wire_exchange(arena, http_server_port(server),
                           "POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                           "Content-Length: 3000\r\n\r\n");
    CHECK_INT(wire_status(answer), 413);
}

static void test_large_answer(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    const char *answer = ask(arena, server, "GET /large", "");

    CHECK(strlen(answer) > 8 * 1024 * 1024);
}

static void test_unix_socket(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *folder = wire_folder(arena);
    const char *path = arena_printf(arena, "%s/opsroom.sock", folder);
    struct http_address addresses[] = { { .host = "127.0.0.1" }, { .socket_path = path } };
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    struct error err = { 0 };
    struct stat status = { 0 };

    umask(0);
    plan.addresses = addresses;
    plan.address_count = 2;
    struct http_server *server = site_start(&plan);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    tap_case("who is there");
    int fd = wire_connect_unix(path);
    wire_send(fd, "GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const char *answer = wire_read_all(arena, fd);
    CHECK(text_has(answer, arena_printf(arena, "client=local\nlocal=1 uid=%u secure=0\n",
                                        (unsigned)getuid())));
    close(fd);
    tap_case("a live socket is not taken away");
    addresses[1].socket_path = path;
    plan.addresses = &addresses[1];
    plan.address_count = 1;
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, path) && text_has(err.text, "another server is using it"));
    tap_case("it is gone with its server");
    http_server_free(server);
    CHECK(access(path, F_OK) < 0);
    tap_case("a file is not taken away");
    FILE *file = fopen(path, "w");
    fclose(file);
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "not a socket"));
    unlink(path);
    tap_case("a path that is too long");
    addresses[1].socket_path = arena_printf(arena, "%s/%0120d", folder, 1);
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "shorter than 108"));
    rmdir(folder);
}

/* What a server that was killed leaves behind. */
static void test_stale_socket(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *folder = wire_folder(arena);
    const char *path = arena_printf(arena, "%s/stale.sock", folder);
    const char *moved = arena_printf(arena, "%s/moved.sock", folder);
    struct http_address address = { .socket_path = path };
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);

    plan.addresses = &address;
    struct http_server *server = site_start(&plan);
    CHECK(rename(path, moved) == 0);
    http_server_free(server);
    CHECK(rename(moved, path) == 0);
    server = site_start(&plan);
    int fd = wire_connect_unix(path);
    wire_send(fd, "GET /hello HTTP/1.0\r\n\r\n");
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 200);
    close(fd);
    http_server_free(server);
    rmdir(folder);
}

static void test_bad_addresses(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    struct http_address address = { .host = "127.0.0.1", .port = http_server_port(server) };
    struct error err = { 0 };

    plan.addresses = &address;
    tap_case("in use");
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK_STR(err.text, arena_printf(arena, "listening on 127.0.0.1:%u: Address already in use",
                                     address.port));
    tap_case("no such port");
    address.port = 70000;
    CHECK(http_server_start(&plan, &err) == NULL);
    tap_case("no such host");
    address = (struct http_address){ .host = "999.1.1.1" };
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "999.1.1.1"));
    tap_case("no such proxy");
    address = (struct http_address){ .host = "127.0.0.1" };
    plan.trusted_proxies = (const char *const[]){ "10.0.0.0/33", NULL };
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "10.0.0.0/33"));
}

static const struct {
    const char *headers;
    const char *client;
    int is_secure;
} hops[] = {
    { "", "127.0.0.1", 0 },
    { "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", "192.0.2.7", 1 },
    { "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https, http\r\n", "192.0.2.7", 0 },
    { "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n", "192.0.2.7", 0 },
    { "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\n", "192.0.2.7", 0 },
    { "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7 , 10.1.2.3\r\n", "192.0.2.7", 0 },
    { "X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7", 0 },
    { "X-Forwarded-For: [2001:db8:0:0::1]:80\r\n", "2001:db8::1", 0 },
    { "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1", 0 },
    { "X-Forwarded-For: 10.9.9.9\r\n", "10.9.9.9", 0 },
    { "X-Forwarded-For: unknown\r\n", "127.0.0.1", 0 },
    { "X-Forwarded-For: unknown, 10.1.1.1\r\n", "10.1.1.1", 0 },
    { "X-Forwarded-For: 192.0.2.7/8\r\n", "127.0.0.1", 0 },
    { "X-Forwarded-For:\r\n", "127.0.0.1", 0 },
    { "X-Forwarded-For: ,,\r\n", "127.0.0.1", 0 },
};

static void test_proxies(void)
{
    static const char *const trusted[] = { "127.0.0.1", "10.0.0.0/8", "fd00::/7", NULL };
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);

    plan.trusted_proxies = trusted;
    struct http_server *server = site_start(&plan);
    for (size_t i = 0; i < COUNT_OF(hops); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *request = arena_printf(
            arena, "GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
            hops[i].headers);
        const char *answer = wire_exchange(arena, http_server_port(server), request);
        const char *line = arena_printf(arena, "client=%s\nlocal=0 uid=-1 secure=%d\n",
                                        hops[i].client, hops[i].is_secure);

        tap_case("%s", hops[i].headers);
        if (!CHECK(text_has(answer, line)))
            printf("# %s\n", answer);
    }
    http_server_free(server);
    tap_case("a stranger is not believed");
    AUTO(arena) struct arena *arena = arena_new();
    plan.trusted_proxies = (const char *const[]){ "10.0.0.0/8", NULL };
    server = site_start(&plan);
    const char *answer =
        wire_exchange(arena, http_server_port(server),
                      "GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n");
    CHECK(text_has(answer, "client=127.0.0.1\nlocal=0 uid=-1 secure=0\n"));
    http_server_free(server);
}

static void test_six(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct http_address address = { .host = "::1" };
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    struct error err = { 0 };
    struct http_reply reply = { 0 };

    plan.addresses = &address;
    AUTO(http_server) struct http_server *server = http_server_start(&plan, &err);
    if (server == NULL) {
        printf("# no IPv6 here: %s\n", err.text);
        return;
    }
    struct http_call call = { .url = arena_printf(arena, "http://[::1]:%u/things/1",
                                                  http_server_port(server)) };
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK(text_has(reply.body.start, "client=::1\n"));
}

int main(void)
{
    http_client_start();
    test_answers();
    test_head_and_headers();
    test_kept_connection();
    test_large_answer();
    test_unix_socket();
    test_stale_socket();
    test_bad_addresses();
    test_proxies();
    test_six();
    http_client_stop();
    return tap_done();
}
