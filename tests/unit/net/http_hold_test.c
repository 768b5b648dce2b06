/* Requests that are answered later, from another thread, and how the server stops meanwhile. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "tap.h"

enum {
    HELD_LIMIT = 2000
};

/* Holds requests until the test lets them go. */
struct keeper {
    struct seen seen; /* first: what observe() gets as its context */
    pthread_mutex_t lock;
    pthread_cond_t let_go;
    struct http_request *held[HELD_LIMIT];
    atomic_int held_count;
    bool is_open; /* blocking handlers return */
    atomic_int blocked;
};

static void handle_hold(struct http_request *request, void *context)
{
    struct keeper *keeper = context;

    http_hold(request);
    pthread_mutex_lock(&keeper->lock);
    keeper->held[atomic_load(&keeper->held_count)] = request;
    atomic_fetch_add(&keeper->held_count, 1);
    pthread_mutex_unlock(&keeper->lock);
}

/* Released by another thread while the handler still runs. */
static void *release_at_once(void *context)
{
    struct http_request *request = context;

    http_answer(request, 200, "text/plain", span_of("at once\n"));
    http_release(request);
    return NULL;
}

static void handle_race(struct http_request *request, void *context)
{
    pthread_t thread;

    (void)context;
    http_hold(request);
    if (pthread_create(&thread, NULL, release_at_once, request) == 0)
        pthread_join(thread, NULL);
}

static void handle_block(struct http_request *request, void *context)
{
    struct keeper *keeper = context;

    atomic_fetch_add(&keeper->blocked, 1);
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_open)
        pthread_cond_wait(&keeper->let_go, &keeper->lock);
    pthread_mutex_unlock(&keeper->lock);
    http_answer(request, 200, "text/plain", span_of("unblocked\n"));
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/hold", .handle = handle_hold },
    { .method = "GET", .path = "/race", .handle = handle_race },
    { .method = "GET", .path = "/block", .handle = handle_block },
    { .method = "POST", .path = "/hold", .handle = handle_hold },
};

static struct keeper *keeper_new(void)
{
    struct keeper *keeper = memory_new(sizeof(*keeper));

    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->let_go, NULL);
    return keeper;
}

static struct http_server *start(struct keeper *keeper)
{
    struct http_server_plan plan = site_plan(&keeper->seen);

    plan.routes = routes;
    plan.route_count = COUNT_OF(routes);
    plan.narrow_threads = 1;
    return site_start(&plan);
}

static void release(struct keeper *keeper, int position)
{
    struct http_request *request = keeper->held[position];

    http_answer(request, 200, "text/plain", span_of("released\n"));
    http_release(request);
}

static void *release_all(void *context)
{
    struct keeper *keeper = context;

    for (int i = 0; i < atomic_load(&keeper->held_count); i++)
        release(keeper, i);
    return NULL;
}

static void test_hold(void)
{
    enum {
        CLIENTS = 50
    };
    AUTO(arena) struct arena *arena = arena_new();
    struct keeper *keeper = keeper_new();
    struct http_server *server = start(keeper);
    int fds[CLIENTS];
    pthread_t thread;
    int answered = 0;

    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = wire_connect(http_server_port(server));
        wire_send(fds[i], "GET /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    tap_case("one narrow thread holds them all");
    CHECK(wire_wait_count(&keeper->held_count, CLIENTS));
    close(fds[0]); /* a client that goes away while its request is held */
    pthread_create(&thread, NULL, release_all, keeper);
    for (int i = 1; i < CLIENTS; i++) {
        answered += text_ends(wire_read_all(arena, fds[i]), "released\n");
        close(fds[i]);
    }
    pthread_join(thread, NULL);
    CHECK_INT(answered, CLIENTS - 1);
    tap_case("released before the handler returned");
    for (int i = 0; i < CLIENTS; i++)
        answered += text_ends(
            wire_exchange(arena, http_server_port(server), "GET /race HTTP/1.0\r\n\r\n"),
            "at once\n");
    CHECK_INT(answered, 2 * CLIENTS - 1);
    http_server_free(server);
    free(keeper);
}

static void *drain(void *context)
{
    http_server_drain(context, 10);
    return NULL;
}

static bool refuses(void *context)
{
    AUTO(arena) struct arena *arena = arena_new();

    return wire_status(
               wire_exchange(arena, *(unsigned *)context, "GET /race HTTP/1.0\r\n\r\n")) == 503;
}

static void test_drain(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct keeper *keeper = keeper_new();
    struct http_server *server = start(keeper);
    unsigned port = http_server_port(server);
    int held = wire_connect(port), kept = wire_connect(port), sending = wire_connect(port);
    pthread_t thread;

    wire_send(kept, "GET /race HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(wire_read_until(arena, kept, "at once\n") != NULL);
    wire_send(held, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(wire_wait_count(&keeper->held_count, 1));
    wire_send(sending, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
    pthread_create(&thread, NULL, drain, server);
    tap_case("new requests are refused, on new and on kept connections");
    CHECK(wire_wait_for(refuses, &port));
    wire_send(kept, "GET /race HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *answer = wire_read_all(arena, kept);
    CHECK_INT(wire_status(answer), 503);
    CHECK(text_has(answer, "Retry-After: 1\r\n") && text_has(answer, "Connection: close\r\n"));
    tap_case("and a request whose body was still coming");
    wire_send(sending, "b");
    CHECK_INT(wire_status(wire_read_all(arena, sending)), 503);
    tap_case("a held request is waited for and answered");
    release(keeper, 0);
    CHECK_INT(wire_status(wire_read_until(arena, held, "released\n")), 200);
    pthread_join(thread, NULL);
    http_server_free(server);
    CHECK(wire_is_closed(held));
    close(held);
    close(kept);
    close(sending);
    free(keeper);
}

/* A lane takes HTTP_LANE_LIMIT waiting requests, then 503 without a wait. */
static void test_full_lane(void)
{
    enum {
        CLIENTS = 1100
    };
    AUTO(arena) struct arena *arena = arena_new();
    struct keeper *keeper = keeper_new();
    struct http_server *server = start(keeper);
    static int fds[CLIENTS];
    int refused = 0, answered = 0;

    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = wire_connect(http_server_port(server));
        wire_send(fds[i], "GET /block HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    /* One is with the handler, 1,024 wait, the others are answered. */
    CHECK(wire_wait_count(&keeper->seen.observed, CLIENTS - 1025));
    CHECK_INT(atomic_load(&keeper->seen.last_status), 503);
    pthread_mutex_lock(&keeper->lock);
    keeper->is_open = true;
    pthread_cond_broadcast(&keeper->let_go);
    pthread_mutex_unlock(&keeper->lock);
    for (int i = 0; i < CLIENTS; i++) {
        const char *answer = wire_read_all(arena, fds[i]);

        refused += wire_status(answer) == 503 && text_has(answer, "Retry-After: 1\r\n");
        answered += wire_status(answer) == 200;
        close(fds[i]);
    }
    CHECK_INT(refused, CLIENTS - 1025);
    CHECK_INT(answered, 1025);
    http_server_free(server);
    free(keeper);
}

/* Half-closed clients (printf ... | nc -N) get their answer too. */
static void test_half_close(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct keeper *keeper = keeper_new();
    struct http_server *server = start(keeper);
    int fd = wire_connect(http_server_port(server));

    wire_send(fd, "GET /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(wire_wait_count(&keeper->held_count, 1));
    wire_half_close(fd);
    release(keeper, 0);
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 200);
    close(fd);
    http_server_free(server);
    free(keeper);
}

/* Whoever holds a request for ever does not keep the process from ending, and may still let it go. */
static void test_held_for_ever(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct keeper *keeper = keeper_new();
    struct http_server *server = start(keeper);
    int fd = wire_connect(http_server_port(server));
    long long begin_ms = clock_steady_ms();

    wire_send(fd, "GET /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(wire_wait_count(&keeper->held_count, 1));
    http_server_free(server);
    CHECK(clock_steady_ms() - begin_ms < 8000);
    release(keeper, 0);
    CHECK_INT(wire_status(wire_read_all(arena, fd)), 200);
    CHECK(wire_wait_count(&keeper->seen.observed, 1));
    close(fd);
}

int main(void)
{
    test_hold();
    test_drain();
    test_half_close();
    test_full_lane();
    test_held_for_ever();
    return tap_done();
}
