/*
 * The HTTP server and clients that mean harm or do not know better.  The cases with bare LF, NUL and folded lines pin
 * the layout of libmicrohttpd's buffer that src/net/http_check.c relies on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "tap.h"

#define BYTES(text) text, sizeof(text) - 1

/* Each is followed by a second request on the same connection, which must not be answered. */
static const struct {
    const char *what;
    const char *bytes;
    size_t length;
    int status;
} attacks[] = {
    { "both lengths",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      400 },
    { "both lengths, the other way round",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Content-Length: 4\r\n\r\n0\r\n\r\n"),
      400 },
    { "two lengths",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            "Content-Length: 5\r\n\r\nabcde"),
      400 },
    { "the same length twice",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            "content-length: 4\r\n\r\nabcd"),
      400 },
    { "length list",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\nabcd"), 400 },
    { "length with a sign",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd"), 400 },
    { "negative length", BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n"),
      400 },
    { "hexadecimal length",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd"), 400 },
    { "empty length", BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"), 400 },
    { "length with a trailing space",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4 \r\n\r\nabcd"), 400 },
    { "length beyond 64 bits",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: 99999999999999999999999\r\n\r\n"),
      413 },
    { "length beyond 63 bits",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: 18446744073709551615\r\n\r\n"),
      400 },
    { "length over the limit",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"), 413 },
    { "another coding",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"), 400 },
    { "two codings",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
      400 },
    { "chunked twice",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      400 },
    { "coding with a control character",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n"),
      400 },
    { "coding in HTTP/1.0",
      BYTES("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400 },
    { "bad chunk size",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
      400 },
    { "chunk size beyond 64 bits",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "fffffffffffffffff\r\n"),
      413 },
    { "chunk that does not end",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabcdef\r\n0\r\n\r\n"),
      400 },
    { "bare LF after the request line", BYTES("GET /hello HTTP/1.1\nHost: x\r\n\r\n"), 400 },
    { "bare LF after a header", BYTES("GET /hello HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n"), 400 },
    { "bare LF after the last header", BYTES("GET /hello HTTP/1.1\r\nHost: x\n\r\n"), 400 },
    { "bare LF at the end", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\n\n"), 400 },
    { "bare LF everywhere", BYTES("GET /hello HTTP/1.1\nHost: x\n\n"), 400 },
    { "bare CR in a value", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\rc\r\n\r\n"), 400 },
    { "CR CR LF", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\r\n\r\n"), 400 },
    { "NUL in a value", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n"), 400 },
    { "NUL NUL in a value", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\0\0c\r\n\r\n"),
      400 },
    { "a header behind NUL NUL",
      BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\0\0X-B: c\r\n\r\n"), 400 },
    { "NUL at the end of a value", BYTES("GET /hello HTTP/1.1\r\nHost: x\0\r\n\r\n"), 400 },
    { "NUL in a name", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX\0A: b\r\n\r\n"), 400 },
    { "NUL in the target", BYTES("GET /he\0llo HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "NUL in the method", BYTES("G\0T /hello HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "folded line", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n"), 400 },
    { "folded with a tab", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\n\tX-A: b\r\n\r\n"), 400 },
    { "folded first line", BYTES("GET /hello HTTP/1.1\r\n Host: x\r\n\r\n"), 400 },
    { "folded length",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 4\r\n\r\nabcd"), 400 },
    { "space before the colon",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd"), 400 },
    { "no colon", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"), 400 },
    { "no name", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"), 400 },
    { "a name that is no token", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX(A): b\r\n\r\n"),
      400 },
    { "a control character in a value",
      BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nX-A: b\x01\r\n\r\n"), 400 },
    { "no host", BYTES("GET /hello HTTP/1.1\r\nX-A: b\r\n\r\n"), 400 },
    { "two hosts", BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400 },
    { "two credentials",
      BYTES("GET /hello HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n"),
      400 },
    { "two spaces before the target", BYTES("GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "two spaces before the version", BYTES("GET /hello  HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "a space in the target", BYTES("GET /he llo HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "a tab in the target", BYTES("GET /he\tllo HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "a method that is no token", BYTES("G@T /hello HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "another protocol", BYTES("GET /hello HTTP/2.0\r\nHost: x\r\n\r\n"), 505 },
    { "an old protocol", BYTES("GET /hello HTTP/0.9\r\n\r\n"), 505 },
    { "a short version", BYTES("GET /hello HTTP/1\r\nHost: x\r\n\r\n"), 400 },
    { "a version in lower case", BYTES("GET /hello http/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "bad percent-encoding", BYTES("GET /he%llo HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "encoded NUL", BYTES("GET /he%00llo HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "dots", BYTES("GET /files/%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
    { "bad percent-encoding in the query", BYTES("GET /hello?a=%x HTTP/1.1\r\nHost: x\r\n\r\n"),
      400 },
};

static void test_attacks(void)
{
    static const char second[] =
        "GET /things/second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);

    for (size_t i = 0; i < COUNT_OF(attacks); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        int fd = wire_connect(http_server_port(server));

        wire_send_n(fd, attacks[i].bytes, attacks[i].length);
        wire_send(fd, second);
        const char *answer = wire_read_all(arena, fd);
        tap_case("%s", attacks[i].what);
        bool passed = CHECK_INT(wire_status(answer), attacks[i].status);
        passed = CHECK(!text_has(answer, "id=second")) && passed;
        passed = CHECK(text_has(answer, "Connection: close\r\n")) && passed;
        if (!passed)
            printf("# %s\n", answer);
        close(fd);
    }
    CHECK_INT(atomic_load(&seen.handled), 0);
}

/* What looks odd and is allowed. */
static const struct {
    const char *what;
    const char *bytes;
    size_t length;
    const char *has;
} allowed[] = {
    { "an empty line before the request",
      BYTES("\r\nGET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "hello" },
    { "no space after the colon",
      BYTES("GET /things/1 HTTP/1.1\r\nHost:x\r\nX-Thing:y\r\nConnection:close\r\n\r\n"),
      "header=y\n" },
    { "an empty value",
      BYTES("GET /things/1 HTTP/1.1\r\nHost: x\r\nX-Thing:\r\nConnection: close\r\n\r\n"),
      "header=\n" },
    { "a tab in a value",
      BYTES("GET /things/1 HTTP/1.1\r\nHost: x\r\nX-Thing: a\tb\r\nConnection: close\r\n\r\n"),
      "header=a\tb\n" },
    { "a value that is not UTF-8",
      BYTES("GET /things/1 HTTP/1.1\r\nHost: x\r\nX-Thing: a\xff\r\nConnection: close\r\n\r\n"),
      "header=a\xef\xbf\xbd\n" },
    { "repeated lists",
      BYTES(
          "GET /things/1 HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept: b\r\nCookie: a=1\r\nCookie: c=2\r\n"
          "Connection: close\r\n\r\n"),
      "cookie=2\n" },
    { "chunks",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n4;name=value\r\ndefg\r\n0\r\nX-Trailer: y\r\n\r\n"),
      "body=7\n" },
    { "chunks in capitals",
      BYTES("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
            "A\r\n0123456789\r\n0\r\n\r\n"),
      "body=10\n" },
    { "a body of a GET",
      BYTES(
          "GET /things/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
      "body=3\n" },
};

static void test_allowed(void)
{
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);

    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        int fd = wire_connect(http_server_port(server));

        wire_send_n(fd, allowed[i].bytes, allowed[i].length);
        const char *answer = wire_read_all(arena, fd);
        tap_case("%s", allowed[i].what);
        CHECK_INT(wire_status(answer), 200);
        if (!CHECK(text_has(answer, allowed[i].has)))
            printf("# %s\n", answer);
        close(fd);
    }
}

static char *with_headers(struct arena *arena, size_t count, size_t bytes_each)
{
    struct text text = text_new(arena, 1024 * 1024);

    text_add(&text, "GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    for (size_t i = 2; i < count; i++) {
        text_addf(&text, "X-%zu: ", i);
        for (size_t j = 0; j < bytes_each; j++)
            text_add_char(&text, 'v');
        text_add(&text, "\r\n");
    }
    text_add(&text, "\r\n");
    return arena_copy(arena, text_string(&text));
}

static const char *repeat(struct arena *arena, const char *piece, size_t count)
{
    struct text text = text_new(arena, 1024 * 1024);

    for (size_t i = 0; i < count; i++)
        text_add(&text, piece);
    return text_string(&text);
}

static void test_sizes(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    unsigned port = http_server_port(server);
    char *long_target = arena_printf(arena, "GET /%040000d HTTP/1.1\r\nHost: x\r\n\r\n", 1);

    tap_case("64 headers");
    CHECK_INT(wire_status(wire_exchange(arena, port, with_headers(arena, 64, 10))), 200);
    tap_case("65 headers");
    CHECK_INT(wire_status(wire_exchange(arena, port, with_headers(arena, 65, 10))), 400);
    tap_case("large headers");
    CHECK_INT(wire_status(wire_exchange(arena, port, with_headers(arena, 40, 1000))), 431);
    tap_case("a long target");
    CHECK_INT(wire_status(wire_exchange(arena, port, long_target)), 414);
    tap_case("a query with too many pairs");
    CHECK_INT(wire_status(
                  wire_exchange(arena, port,
                                arena_printf(arena, "GET /hello?%s HTTP/1.1\r\nHost: x\r\n\r\n",
                                             repeat(arena, "&", 2000)))),
              400);
    tap_case("more cookies than the parser has memory for");
    CHECK_INT(wire_status(wire_exchange(
                  arena, port,
                  arena_printf(arena, "GET /hello HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n",
                               repeat(arena, "a;", 2000)))),
              431);
}

/* 10 MB, sent whatever the server says; its answer must come through all the same. */
static void test_large_bodies(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    size_t length = 10 * 1024 * 1024;
    char *bytes = arena_alloc(arena, length);
    int fd = wire_connect(http_server_port(server));

    tap_case("Content-Length over the limit");
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n");
    wire_send_n(fd, bytes, length);
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 413);
    close(fd);
    tap_case("chunks over the limit");
    fd = wire_connect(http_server_port(server));
    wire_send(fd,
              "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na00000\r\n");
    wire_send_n(fd, bytes, length);
    wire_send(fd, "\r\n0\r\n\r\n");
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 413);
    close(fd);
    tap_case("a large body for a path that is not there");
    fd = wire_connect(http_server_port(server));
    wire_send(fd, "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n");
    wire_send_n(fd, bytes, length);
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 404);
    close(fd);
    CHECK_INT(atomic_load(&seen.handled), 0);
    tap_case("a body at the limit");
    fd = wire_connect(http_server_port(server));
    wire_send(
        fd,
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048576\r\n\r\n");
    wire_send_n(fd, bytes, 1048576);
    CHECK(text_has(wire_read_all(arena, fd), "body=1048576\n"));
    close(fd);
    tap_case("an announced body that never comes, and one that breaks off");
    fd = wire_connect(http_server_port(server));
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    close(fd);
    fd = wire_connect(http_server_port(server));
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    close(fd);
    CHECK_INT(wire_status(wire_exchange(arena, http_server_port(server),
                                        "GET /hello HTTP/1.0\r\n\r\n")),
              200);
}

static void test_chunked_connection_ends(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    AUTO(http_server) struct http_server *server = site_start(&plan);
    const char *answer =
        wire_exchange(arena, http_server_port(server),
                      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n0\r\n\r\nGET /things/second HTTP/1.1\r\nHost: x\r\n\r\n");

    CHECK(text_has(answer, "body=3\n") && text_has(answer, "Connection: close\r\n"));
    CHECK(!text_has(answer, "id=second"));
}

int main(void)
{
    test_attacks();
    test_allowed();
    test_sizes();
    test_large_bodies();
    test_chunked_connection_ends();
    return tap_done();
}
