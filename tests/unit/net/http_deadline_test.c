/* Deadlines: whoever is slow is cut off, however busily it drips, and nobody else notices. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

enum {
    DRIP_MS = 50
};

struct site {
    struct seen seen;
    struct http_server *server;
};

static struct site *start(struct arena *arena)
{
    struct site *site = ARENA_NEW(arena, struct site);
    struct http_server_plan plan = site_plan(&site->seen);

    plan.header_deadline_s = plan.body_deadline_s = plan.answer_deadline_s = 1;
    site->server = site_start(&plan);
    return site;
}

static bool has_ended(const struct pollfd *poll_fd)
{
    char ignored[1000];

    return poll_fd->revents != 0 && recv(poll_fd->fd, ignored, sizeof(ignored), 0) <= 0;
}

/* Sends one byte after the other until the server ends the connection; the time that took. */
static long long drip(int fd, const char *first, const char *drop)
{
    long long begin_ms = clock_steady_ms();
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    wire_send(fd, first);
    while (clock_steady_ms() - begin_ms < WIRE_WAIT_MS) {
        poll(&poll_fd, 1, DRIP_MS);
        if (has_ended(&poll_fd))
            break;
        wire_send(fd, drop);
    }
    return clock_steady_ms() - begin_ms;
}

static const struct {
    const char *what;
    const char *first;
    const char *drop;
} slow[] = {
    { "nothing at all", "", "" },
    { "a slow request line", "GET /", "x" },
    { "slow empty lines", "", "\r\n" },
    { "slow headers", "GET /hello HTTP/1.1\r\nHost: x\r\nX: ", "y" },
    { "a slow body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "z" },
    { "slow chunks", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      "1\r\nz\r\n" },
    { "slow trailers",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", "y" },
    { "a body nobody wants",
      "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "z" },
};

/* All at the same time, each dripping on. */
static void test_slow_senders(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct site *site = start(arena);
    struct pollfd fds[COUNT_OF(slow)];
    long long took_ms[COUNT_OF(slow)] = { 0 };
    long long begin_ms = clock_steady_ms();
    size_t left = COUNT_OF(slow);

    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        fds[i] = (struct pollfd){ .fd = wire_connect(http_server_port(site->server)),
                                  .events = POLLIN };
        wire_send(fds[i].fd, slow[i].first);
    }
    while (left > 0 && clock_steady_ms() - begin_ms < WIRE_WAIT_MS) {
        poll(fds, COUNT_OF(slow), DRIP_MS);
        for (size_t i = 0; i < COUNT_OF(slow); i++) {
            if (fds[i].fd < 0)
                continue;
            if (!has_ended(&fds[i])) {
                wire_send(fds[i].fd, slow[i].drop);
                continue;
            }
            took_ms[i] = clock_steady_ms() - begin_ms;
            close(fds[i].fd);
            fds[i].fd = -1;
            left--;
        }
    }
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        tap_case("%s", slow[i].what);
        CHECK(took_ms[i] >= 500 && took_ms[i] < 5000);
    }
    CHECK_INT(atomic_load(&site->seen.handled), 0);
    http_server_free(site->server);
}

/* A client that asks for much and reads nothing. */
static void test_slow_reader(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct site *site = start(arena);
    int fd = wire_connect(http_server_port(site->server));

    wire_send(fd, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(wire_wait_count(&site->seen.observed, 1));
    CHECK(strlen(wire_read_all(arena, fd)) < 8 * 1024 * 1024);
    close(fd);
    http_server_free(site->server);
}

/* A kept connection has the header deadline again for each request, not once for its life. */
static void test_kept_connection(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct site *site = start(arena);
    int fd = wire_connect(http_server_port(site->server));
    long long begin_ms = clock_steady_ms();

    while (clock_steady_ms() - begin_ms < 1600) {
        wire_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        if (!CHECK(wire_read_until(arena, fd, "hello\n") != NULL))
            break;
        poll(NULL, 0, 200);
    }
    CHECK(drip(fd, "GET /hello HTTP/1.1\r\nX: ", "y") < 5000);
    close(fd);
    http_server_free(site->server);
}

int main(void)
{
    test_slow_senders();
    test_slow_reader();
    test_kept_connection();
    return tap_done();
}
