/* Server-sent events: several clients, promptness, one that goes away, one that does not read, the end. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

enum {
    FEED_LIMIT = 10
};

/* The feeds of the test, as a broadcaster would keep them: removed by closed() under its own lock. */
struct stage {
    struct seen seen; /* first: what observe() gets as its context */
    pthread_mutex_t lock;
    struct seat {
        struct stage *stage;
        struct http_feed *feed;
    } seats[FEED_LIMIT];
    atomic_int opened, closed;
};

static void on_closed(void *context)
{
    struct seat *seat = context;
    struct stage *stage = seat->stage;

    pthread_mutex_lock(&stage->lock);
    seat->feed = NULL;
    pthread_mutex_unlock(&stage->lock);
    atomic_fetch_add(&stage->closed, 1);
}

static void handle_feed(struct http_request *request, void *context)
{
    struct stage *stage = context;

    pthread_mutex_lock(&stage->lock);
    struct seat *seat = &stage->seats[atomic_load(&stage->opened)];
    seat->stage = stage;
    http_answer_header(request, "X-Extra", "1");
    seat->feed = http_feed_start(request, on_closed, seat);
    atomic_fetch_add(&stage->opened, 1);
    pthread_mutex_unlock(&stage->lock);
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/stream", .waits = true, .handle = handle_feed },
};

static struct stage *stage_new(void)
{
    struct stage *stage = memory_new(sizeof(*stage));

    pthread_mutex_init(&stage->lock, NULL);
    return stage;
}

static struct http_server *start(struct stage *stage)
{
    struct http_server_plan plan = site_plan(&stage->seen);

    plan.routes = routes;
    plan.route_count = COUNT_OF(routes);
    plan.answer_deadline_s = 1;
    return site_start(&plan);
}

static int broadcast(struct stage *stage, const char *event, const char *data)
{
    int accepted = 0;

    pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; i < FEED_LIMIT; i++)
        if (stage->seats[i].feed != NULL)
            accepted += http_feed_send(stage->seats[i].feed, "7", event, data);
    pthread_mutex_unlock(&stage->lock);
    return accepted;
}

static int join(struct arena *arena, struct http_server *server, const char *version)
{
    int fd = wire_connect(http_server_port(server));

    wire_send(fd, arena_printf(arena, "GET /stream HTTP/%s\r\nHost: x\r\n\r\n", version));
    return fd;
}

static void test_clients(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct stage *stage = stage_new();
    struct http_server *server = start(stage);
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = join(arena, server, i == 2 ? "1.0" : "1.1");
        tap_case("the head comes before any event");
        const char *head = wire_read_until(arena, fds[i], "\r\n\r\n");
        CHECK_INT(wire_status(head), 200);
        CHECK(head != NULL && text_has(head, "Content-Type: text/event-stream\r\n") &&
              text_has(head, "Cache-Control: no-cache\r\n") &&
              text_has(head, "X-Accel-Buffering: no\r\n") && text_has(head, "X-Extra: 1\r\n"));
    }
    tap_case("all three hear it, soon");
    long long begin_us = clock_steady_us();
    CHECK_INT(broadcast(stage, "job", "{\"a\":1}"), 3);
    for (int i = 0; i < 3; i++)
        CHECK(wire_read_until(arena, fds[i], "id: 7\nevent: job\ndata: {\"a\":1}\n\n") != NULL);
    CHECK(clock_steady_us() - begin_us < 1000 * 1000);
    tap_case("lines of data, and names that try to break out");
    broadcast(stage, "x\ndata: forged", "one\ntwo\r\nthree\r\n");
    CHECK(wire_read_until(arena, fds[0],
                          "id: 7\nevent: x\ndata: one\ndata: two\ndata: three\ndata: \n\n") !=
          NULL);
    tap_case("one goes away: it is noticed without waiting for a heartbeat");
    close(fds[0]);
    CHECK(wire_wait_count(&stage->closed, 1));
    CHECK_INT(broadcast(stage, "after", "it"), 2);
    tap_case("half-closed clients stay");
    shutdown(fds[1], SHUT_WR);
    CHECK(wire_read_until(arena, fds[1], ": keep\n\n") != NULL);
    CHECK_INT(broadcast(stage, "still", "there"), 2);
    CHECK(wire_read_until(arena, fds[1], "event: still\n") != NULL);
    CHECK_INT(atomic_load(&stage->closed), 1);
    tap_case("the server ends the last two");
    http_server_drain(server, 5);
    CHECK_INT(atomic_load(&stage->closed), 3);
    CHECK(text_ends(wire_read_all(arena, fds[1]), "\r\n0\r\n\r\n"));
    CHECK(wire_is_closed(fds[2]));
    http_server_free(server);
    close(fds[1]);
    close(fds[2]);
    free(stage);
}

static void test_slow_reader(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct stage *stage = stage_new();
    struct http_server *server = start(stage);
    int fd = join(arena, server, "1.1");
    char *data = arena_alloc(arena, 64 * 1024 + 1);
    int sent = 0;

    memset(data, 'd', 64 * 1024);
    CHECK(wire_read_until(arena, fd, "\r\n\r\n") != NULL);
    tap_case("a client that does not read is cut off when over 1 MiB waits for it");
    while (sent < 1000 && broadcast(stage, NULL, data) == 1)
        sent++;
    CHECK(sent >= 15 && sent < 1000);
    CHECK(wire_wait_count(&stage->closed, 1));
    close(fd);
    tap_case("an event over the limit ends the feed too");
    fd = join(arena, server, "1.1");
    CHECK(wire_wait_count(&stage->opened, 2));
    char *huge = arena_alloc(arena, 2 * 1024 * 1024);
    memset(huge, 'h', 2 * 1024 * 1024 - 1);
    CHECK_INT(broadcast(stage, NULL, huge), 0);
    CHECK(wire_wait_count(&stage->closed, 2));
    close(fd);
    http_server_free(server);
    free(stage);
}

static void test_close_and_head(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct stage *stage = stage_new();
    struct http_server *server = start(stage);
    int fd = join(arena, server, "1.1");

    CHECK(wire_read_until(arena, fd, "\r\n\r\n") != NULL);
    tap_case("what was sent before the close arrives, and the connection is kept");
    broadcast(stage, "last", "words");
    pthread_mutex_lock(&stage->lock);
    http_feed_close(stage->seats[0].feed);
    CHECK(!http_feed_send(stage->seats[0].feed, NULL, "too", "late"));
    pthread_mutex_unlock(&stage->lock);
    CHECK(wire_read_until(arena, fd, "data: words\n\n\r\n0\r\n\r\n") != NULL);
    CHECK(wire_wait_count(&stage->closed, 1));
    tap_case("HEAD gets the head, and its feed ends at once");
    wire_send(fd, "HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(text_ends(wire_read_all(arena, fd), "\r\n\r\n"));
    CHECK(wire_wait_count(&stage->closed, 2));
    close(fd);
    http_server_free(server);
    free(stage);
}

int main(void)
{
    test_clients();
    test_slow_reader();
    test_close_and_head();
    return tap_done();
}
