/* Starts, drains and stops the HTTP server: its listeners, lanes and sweeper. */
#include "net/http_server.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "net/http_internal.h"

static long long or_default_ms(int seconds, int fallback_s)
{
    return (seconds > 0 ? seconds : fallback_s) * 1000LL;
}

static void start_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct http_server *server_new(const struct http_server_plan *plan)
{
    struct http_server *server = memory_new(sizeof(*server));

    server->arena = arena_new();
    server->context = plan->context;
    server->observe = plan->observe;
    server->body_limit = plan->body_limit != 0 ? plan->body_limit : HTTP_BODY_LIMIT;
    server->header_ms = or_default_ms(plan->header_deadline_s, 10);
    server->body_ms = or_default_ms(plan->body_deadline_s, 30);
    server->answer_ms = or_default_ms(plan->answer_deadline_s, 60);
    http_routes_build(server, plan->routes, plan->route_count);
    server->listeners = ARENA_ARRAY(server->arena, struct http_listener, plan->address_count);
    pthread_mutex_init(&server->sockets_lock, NULL);
    pthread_mutex_init(&server->feeds_lock, NULL);
    pthread_mutex_init(&server->drain_lock, NULL);
    start_condition(&server->drained);
    return server;
}

static void server_free(struct http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        http_listen_close(&server->listeners[i]);
        http_tls_close(server->listeners[i].tls);
    }
    pthread_mutex_destroy(&server->sockets_lock);
    pthread_mutex_destroy(&server->feeds_lock);
    pthread_mutex_destroy(&server->drain_lock);
    pthread_cond_destroy(&server->drained);
    arena_free(server->arena);
    free(server);
}

static int open_listener(struct http_server *server, const struct http_address *address,
                         struct error *err)
{
    struct http_listener *listener = &server->listeners[server->listener_count];

    ASSERT(address->host != NULL || address->socket_path != NULL);
    listener->server = server;
    listener->fd = -1;
    server->listener_count++;
    if (address->tls_cert != NULL || address->tls_key != NULL) {
        if (address->tls_cert == NULL || address->tls_key == NULL)
            return error_set(err, ERROR_INVALID,
                             "TLS needs both a certificate and a key, and one is missing");
        listener->tls = http_tls_open(address->tls_cert, address->tls_key, err);
        if (listener->tls == NULL)
            return -1;
    }
    return http_listen(listener, address, err);
}

/*
 * Connections of one listener: never so many that the rest of the process runs out of descriptors.  The usual soft
 * limit of 1,024 is for programs that use select(); we raise it.
 */
static unsigned connection_limit(size_t listener_count)
{
    struct rlimit files = { 0 };
    rlim_t wanted = HTTP_CONNECTION_LIMIT * listener_count + HTTP_OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return HTTP_CONNECTION_LIMIT / 8;
    if (files.rlim_cur < wanted && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t left = files.rlim_cur / 2; /* of a small limit, half is for the others */
    if (files.rlim_cur > 2 * HTTP_OTHER_FILES)
        left = files.rlim_cur - HTTP_OTHER_FILES;
    left /= listener_count;
    return left < HTTP_CONNECTION_LIMIT ? (unsigned)left : HTTP_CONNECTION_LIMIT;
}

/* libmicrohttpd resolves the escapes of the target in place; we do it ourselves, once. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static int start_daemon(struct http_listener *listener, struct error *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
    enum MHD_OPTION or_end = MHD_OPTION_END;

    if (listener->tls != NULL) {
        flags |= MHD_USE_TLS;
        or_end = MHD_OPTION_HTTPS_CERT_CALLBACK;
    }
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_connection_handle, listener, MHD_OPTION_LISTEN_SOCKET,
        listener->fd, MHD_OPTION_THREAD_STACK_SIZE, (size_t)HTTP_STACK_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit(listener->server->listener_count),
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify,
        listener, MHD_OPTION_NOTIFY_COMPLETED, http_connection_completed, listener,
        MHD_OPTION_URI_LOG_CALLBACK, http_connection_line, listener,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, or_end, http_tls_retrieve,
        MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1", MHD_OPTION_END);
    if (listener->daemon == NULL)
        return error_set(err, ERROR_INTERNAL,
                         "the HTTP server did not start: libmicrohttpd refused");
    listener->fd = -1; /* MHD_stop_daemon() closes it */
    return 0;
}

/* Threads inherit the mask: signals are for the main thread. */
static int start_daemons(struct http_server *server, struct error *err)
{
    sigset_t all, before;
    int result = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < server->listener_count && result == 0; i++)
        result = start_daemon(&server->listeners[i], err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

struct http_server *http_server_start(const struct http_server_plan *plan, struct error *err)
{
    struct http_server *server = server_new(plan);

    for (size_t i = 0; i < plan->address_count; i++) {
        if (open_listener(server, &plan->addresses[i], err) < 0) {
            server_free(server);
            return NULL;
        }
    }
    if (http_trusted_build(server, plan->trusted_proxies, err) < 0) {
        server_free(server);
        return NULL;
    }
    http_lane_start(&server->narrow, server,
                    plan->narrow_threads > 0 ? plan->narrow_threads : 4);
    http_lane_start(&server->wide, server, plan->wide_threads > 0 ? plan->wide_threads : 16);
    http_sweeper_start(server);
    if (start_daemons(server, err) < 0) {
        http_server_free(server);
        return NULL;
    }
    return server;
}

unsigned http_server_port(const struct http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].socket_path == NULL)
            return server->listeners[i].port;
    return 0;
}

int http_server_reload_tls(struct http_server *server, struct error *err)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        struct http_tls *tls = server->listeners[i].tls;

        if (tls != NULL && http_tls_reload(tls, err) < 0)
            return -1;
    }
    return 0;
}

/* True when counter came to zero in time. */
static bool wait_for_zero(struct http_server *server, const atomic_int *counter, int limit_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += limit_ms / 1000;
    until.tv_nsec += limit_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&server->drain_lock);
    int late = 0;
    while (late == 0 && atomic_load(counter) > 0)
        late = pthread_cond_timedwait(&server->drained, &server->drain_lock, &until);
    pthread_mutex_unlock(&server->drain_lock);
    return atomic_load(counter) == 0;
}

void http_server_drain(struct http_server *server, int limit_s)
{
    atomic_store(&server->is_draining, true);
    http_feeds_end(server);
    wait_for_zero(server, &server->in_flight, limit_s * 1000);
}

/*
 * libmicrohttpd aborts the process if a connection is suspended when its daemon stops.  Whoever holds a request
 * beyond all limits therefore costs us the memory of the server: the process is about to end anyway.
 */
void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    http_server_drain(server, 0);
    if (!wait_for_zero(server, &server->suspended, HTTP_STOP_MS)) {
        log_debug(0, "HTTP requests are still held, their connections are left open");
        for (size_t i = 0; i < server->listener_count; i++)
            http_listen_close(&server->listeners[i]);
        return;
    }
    while (atomic_load(&server->resuming) > 0)
        sched_yield();
    for (size_t i = 0; i < server->listener_count; i++)
        MHD_stop_daemon(server->listeners[i].daemon);
    http_lane_stop(&server->narrow);
    http_lane_stop(&server->wide);
    http_sweeper_stop(server);
    server_free(server);
}
