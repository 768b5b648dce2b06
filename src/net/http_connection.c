/*
 * libmicrohttpd's callbacks: a connection comes and goes, a request line, its headers, its body, its end.
 *
 * The rules behind the order of the calls here: a connection is suspended before its request is given to a lane;
 * only the listener's thread queues answers; after a resume the request belongs to that thread again; it is freed in
 * the completion callback only, which cannot run while the connection is suspended.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/http_internal.h"

static void read_address(struct http_socket *socket, const struct sockaddr *address)
{
    const void *bytes = NULL;
    int family = address->sa_family;

    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool is_four = IN6_IS_ADDR_V4MAPPED(six);

        family = is_four ? AF_INET : AF_INET6;
        bytes = is_four ? (const void *)&six->s6_addr[12] : six;
    }
    if (bytes == NULL ||
        inet_ntop(family, bytes, socket->address, sizeof(socket->address)) == NULL)
        memcpy(socket->address, "unknown", sizeof("unknown"));
}

static void read_peer(struct http_socket *socket, struct MHD_Connection *connection)
{
    struct ucred peer = { .uid = (uid_t)-1 };
    socklen_t size = sizeof(peer);

    socket->uid = -1;
    if (socket->listener->socket_path == NULL) {
        read_address(socket,
                     MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
                         ->client_addr);
        socket->is_trusted = http_is_trusted(socket->listener->server, socket->address);
        return;
    }
    socket->is_local = true;
    memcpy(socket->address, "local", sizeof("local"));
    if (getsockopt(socket->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        socket->uid = peer.uid;
}

void http_connection_notify(void *listener, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_socket *socket = *context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        http_socket_remove(socket);
        free(socket);
        *context = NULL;
        return;
    }
    socket = memory_new(sizeof(*socket));
    socket->listener = listener;
    socket->fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    read_peer(socket, connection);
    http_socket_deadline(socket, socket->listener->server->header_ms);
    http_socket_add(socket);
    *context = socket;
}

/*
 * libmicrohttpd 0.9.75 goes on to take the query apart, for nothing, and forgets the connection when the pairs do not
 * fit its memory.  The query is ours by now (in request->raw), so its buffer is shown an empty one.
 */
static void hide_query(const char *target)
{
    char *query = strchr(target, '?');

    if (query != NULL)
        query[1] = '\0';
}

void *http_connection_line(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_listener *listener = context;
    struct arena *arena = arena_new();
    struct http_request *request = ARENA_NEW(arena, struct http_request);
    struct http_socket *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    request->server = listener->server;
    request->socket = socket;
    request->connection = connection;
    request->arena = arena;
    request->start_us = clock_steady_us();
    request->line = target;
    request->raw = arena_copy(arena, target != NULL ? target : "");
    if (target != NULL)
        hide_query(target);
    if (socket->was_used)
        http_socket_deadline(socket, listener->server->header_ms);
    socket->was_used = true;
    return request;
}

static void count_down(struct http_server *server, atomic_int *counter)
{
    if (atomic_fetch_sub(counter, 1) != 1 || !atomic_load(&server->is_draining))
        return;
    pthread_mutex_lock(&server->drain_lock);
    pthread_cond_broadcast(&server->drained);
    pthread_mutex_unlock(&server->drain_lock);
}

/* Counted before draining is asked for: http_server_free() sets it first and then waits for the count. */
bool http_suspend(struct http_server *server, struct MHD_Connection *connection)
{
    atomic_fetch_add(&server->suspended, 1);
    if (atomic_load(&server->is_draining)) {
        http_resumed(server);
        return false;
    }
    MHD_suspend_connection(connection);
    return true;
}

/* The last touch of the server is the counter that http_server_free() waits for. */
void http_resume(struct http_server *server, struct MHD_Connection *connection)
{
    atomic_fetch_add(&server->resuming, 1);
    MHD_resume_connection(connection);
    atomic_fetch_sub(&server->resuming, 1);
}

void http_resumed(struct http_server *server)
{
    count_down(server, &server->suspended);
}

static enum MHD_Result send_answer(struct http_request *request)
{
    struct MHD_Response *response = request->response;

    if (request->is_suspended) {
        request->is_suspended = false;
        http_resumed(request->server);
    }
    if (request->closes || request->is_chunked)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    request->stage = HTTP_ANSWERED;
    http_socket_deadline(request->socket, request->server->answer_ms);
    return MHD_queue_response(request->connection, (unsigned)request->status, response);
}

/* At once and without reading the body; the connection ends with it. */
static enum MHD_Result send_refusal_now(struct http_request *request)
{
    request->closes = true;
    request->socket->lingers = true;
    return send_answer(request);
}

static bool expects_continue(const struct http_request *request)
{
    return text_is_nocase(http_header(request, "Expect"), "100-continue");
}

/* A small body is read and thrown away, so that the connection can be kept. */
static enum MHD_Result send_refusal(struct http_request *request)
{
    if (request->content_length > HTTP_DISCARD_LIMIT || expects_continue(request))
        return send_refusal_now(request);
    request->body_is_refused = true;
    return MHD_YES;
}

static enum MHD_Result refuse_route(struct http_request *request, int status, const char *allow)
{
    const char *path = request->target.path;

    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        http_answer_header(request, MHD_HTTP_HEADER_ALLOW, allow);
        http_refuse(request, status, ERROR_INVALID, "%s is not allowed at \"%s\", only %s",
                    request->method, path, allow);
    } else {
        http_refuse(request, status, ERROR_MISSING, "there is nothing at \"%s\"", path);
    }
    return send_refusal(request);
}

static void refuse_busy(struct http_request *request, const char *why)
{
    http_answer_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, ERROR_BUSY, "%s", why);
}

static void refuse_draining(struct http_request *request)
{
    request->closes = true;
    refuse_busy(request, "the server is stopping");
}

static enum MHD_Result read_headers(struct http_request *request, const char *method,
                                    const char *version)
{
    struct http_server *server = request->server;
    const char *allow = NULL;

    request->method = method;
    const char *fault = http_check(request, version);
    request->method = arena_copy(request->arena, method);
    if (fault == NULL)
        fault = http_target_parse(request->arena, request->raw, &request->target);
    if (fault != NULL) {
        http_refuse(request, MHD_HTTP_BAD_REQUEST, ERROR_INVALID, "%s", fault);
        return send_refusal_now(request);
    }
    request->stage = HTTP_READING_BODY;
    http_socket_deadline(request->socket, server->body_ms);
    if (atomic_load(&server->is_draining)) {
        refuse_draining(request);
        return send_refusal(request);
    }
    int status = http_route_find(request, &allow);
    if (status != 0)
        return refuse_route(request, status, allow);
    size_t limit = request->route->plan->body_limit;
    request->body_limit = limit != 0 ? limit : server->body_limit;
    if (request->content_length <= (long long)request->body_limit)
        return MHD_YES;
    http_refuse_body(request);
    return send_refusal_now(request);
}

static enum MHD_Result give_to_lane(struct http_request *request)
{
    struct http_server *server = request->server;
    struct http_lane *lane = request->route->plan->waits ? &server->wide : &server->narrow;

    if (!http_lane_reserve(lane)) {
        refuse_busy(request, "too many requests are waiting");
        return send_answer(request);
    }
    request->stage = HTTP_WITH_HANDLER;
    atomic_init(&request->holders, 1);
    http_socket_deadline(request->socket, 0);
    if (!http_suspend(server, request->connection)) {
        atomic_fetch_sub(&lane->count, 1);
        refuse_draining(request);
        return send_answer(request);
    }
    request->is_suspended = true;
    request->is_counted = true;
    atomic_fetch_add(&server->in_flight, 1);
    http_lane_push(lane, request);
    return MHD_YES;
}

enum MHD_Result http_connection_handle(void *listener, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *bytes, size_t *length, void **context)
{
    struct http_request *request = *context;

    (void)listener;
    (void)connection;
    (void)url;
    if (request->stage == HTTP_READING_HEADERS)
        return read_headers(request, method, version);
    if (*length > 0) {
        http_body_take(request, bytes, *length);
        *length = 0;
        return MHD_YES;
    }
    if (request->response != NULL)
        return send_answer(request);
    return give_to_lane(request);
}

/* A stranger's method must not become a label. */
static const char *known_method(const char *method)
{
    static const char *const known[] = { "GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS" };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_is(method, known[i]))
            return known[i];
    return "other";
}

static void observe(const struct http_request *request)
{
    const struct http_server *server = request->server;
    const union MHD_ConnectionInfo *status =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    double seconds = (double)(clock_steady_us() - request->start_us) / 1e6;

    if (server->observe == NULL || status == NULL)
        return;
    server->observe(server->context, known_method(request->method),
                    request->route != NULL ? request->route->plan->path : "other",
                    (int)status->http_status, seconds);
}

void http_connection_completed(void *listener, struct MHD_Connection *connection,
                               void **context, enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *context;
    struct http_server *server = request->server;

    (void)listener;
    (void)connection;
    (void)code;
    *context = NULL;
    if (request->is_suspended)
        http_resumed(server);
    if (request->feed != NULL)
        http_feed_ended(request->feed);
    observe(request);
    http_socket_deadline(request->socket, HTTP_IDLE_MS);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    http_body_free(request);
    bool is_counted = request->is_counted;
    arena_free(request->arena);
    if (is_counted)
        count_down(server, &server->in_flight);
}
