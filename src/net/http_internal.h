/* Shared inside net/: what the HTTP server, its lanes, connections, requests and feeds are made of. */
#pragma once

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http_form.h"
#include "net/http_server.h"
#include "net/http_target.h"

enum {
    HTTP_STACK_BYTES = 256 * 1024,
    HTTP_LANE_LIMIT = 1024,       /* requests waiting in one lane */
    HTTP_HEADER_LIMIT = 64,       /* headers of one request */
    HTTP_PARAMETER_LIMIT = 8,     /* {names} in one route */
    HTTP_CONNECTION_LIMIT = 4096, /* of one listener */
    HTTP_OTHER_FILES = 512,       /* descriptors left to the rest of the process */
    HTTP_BODY_LIMIT = 1024 * 1024,
    HTTP_BODIES_LIMIT = 256 * 1024 * 1024, /* all bodies together */
    HTTP_DISCARD_LIMIT =
        1024 * 1024,               /* of a refused body that is read, to keep the connection */
    HTTP_FEED_LIMIT = 1024 * 1024, /* unsent bytes of one feed */
    HTTP_FEED_HEARTBEAT_MS = 20 * 1000,
    HTTP_IDLE_MS = 60 * 1000, /* a kept connection without a request */
    HTTP_TICK_MS = 250,       /* how often deadlines are looked at */
    HTTP_LINGER_MS = 2000,    /* how long a refused sender may go on sending */
    HTTP_LINGER_LIMIT = 64,
    HTTP_STOP_MS = 5000, /* http_server_free() waits this long for held requests */
};

struct http_listener;

/* One accepted connection.  Made and removed on its listener's thread; the sweeper looks at it under sockets_lock. */
struct http_socket {
    struct http_socket *next, *previous;
    struct http_listener *listener;
    int fd;
    bool is_local;
    bool is_trusted; /* a proxy whose X-Forwarded headers count */
    bool lingers;    /* refused while the client may still be sending */
    bool was_used;   /* has seen a request: the next one has a header deadline of its own */
    long long uid;
    char address[INET6_ADDRSTRLEN];
    atomic_llong deadline_ms; /* steady clock; 0: none */
};

struct http_segment {
    const char *text; /* the literal; NULL for a parameter */
    const char *name; /* the parameter's name */
    bool takes_rest;  /* "{name*}" */
};

struct http_route_entry {
    const struct http_route *plan;
    const struct http_segment *segments;
    size_t segment_count;
};

struct http_lane {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct http_request *first, *last;
    bool is_stopping;
    size_t sleeping;  /* threads in pthread_cond_wait() */
    bool is_waking;   /* one of them has been signalled and has not come up yet */
    atomic_int count; /* reserved places, at most HTTP_LANE_LIMIT */
    pthread_t *threads;
    size_t thread_count;
    void *context;
};

struct http_tls;

struct http_listener {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct http_tls *tls;    /* NULL: plain HTTP */
    int fd;                  /* the daemon's once it runs */
    unsigned port;           /* of a TCP address */
    const char *socket_path; /* NULL for TCP */
    unsigned long long socket_device, socket_inode;
};

struct http_lingering {
    int fd;
    long long until_ms;
};

/* The thread that cuts what is past its deadline, keeps feeds alive and drains refused senders. */
struct http_sweeper {
    pthread_t thread;
    bool is_running;
    int wake_fd;
    pthread_mutex_t lock; /* for lingering */
    struct http_lingering lingering[HTTP_LINGER_LIMIT];
    size_t lingering_count;
    atomic_bool is_stopping;
};

struct http_network {
    int family;
    unsigned char bytes[16];
    unsigned prefix;
};

struct http_server {
    struct arena *arena;
    void *context;
    void (*observe)(void *context, const char *method, const char *path, int status,
                    double seconds);
    size_t body_limit;
    long long header_ms, body_ms, answer_ms;
    struct http_route_entry *routes;
    size_t route_count;
    struct http_network *trusted;
    size_t trusted_count;
    struct http_listener *listeners;
    size_t listener_count;
    struct http_lane narrow, wide;
    struct http_sweeper sweeper;
    pthread_mutex_t sockets_lock;
    struct http_socket *sockets;
    pthread_mutex_t feeds_lock;
    struct http_feed *feeds;
    atomic_llong body_bytes;
    atomic_bool is_draining;
    atomic_int in_flight; /* given to a lane and not completed */
    atomic_int suspended; /* connections that must be resumed before a daemon may stop */
    atomic_int resuming;  /* threads inside MHD_resume_connection() */
    pthread_mutex_t drain_lock;
    pthread_cond_t drained;
};

enum http_stage {
    HTTP_READING_HEADERS,
    HTTP_READING_BODY,
    HTTP_WITH_HANDLER, /* suspended: a lane thread or a holder has it */
    HTTP_ANSWERED,
};

struct http_answer_field {
    struct http_answer_field *next;
    const char *name;
    const char *value;
};

/* Lives in its arena, from the request line to the completion callback. */
struct http_request {
    struct http_server *server;
    struct http_socket *socket;
    struct MHD_Connection *connection;
    struct arena *arena;
    struct http_request *next; /* in a lane */
    long long start_us;
    enum http_stage stage;
    bool is_suspended;
    bool is_counted; /* in server->in_flight */

    const char
        *line; /* the parser's own bytes, valid in the first call of the access handler only */
    const char *raw; /* the target as it came */
    const char *method;
    struct http_target target;
    const struct http_route_entry *route;
    const char *parameters[HTTP_PARAMETER_LIMIT];
    const struct http_field *headers;
    size_t header_count;
    struct http_pairs form;
    bool form_was_parsed;
    bool is_chunked;
    long long content_length; /* -1: not given */

    char *body;
    size_t body_length, body_capacity, body_limit;
    bool body_is_refused; /* over a limit: the rest is read and thrown away */
    const struct json *json;

    struct http_answer_field *fields;
    struct MHD_Response *response;
    int status;
    bool closes; /* the connection ends with this answer */

    bool is_held;
    atomic_int holders; /* the lane thread and who called http_hold() */
    struct http_feed *feed;
};

/* http_check.c: NULL when the headers are sound (they are then in request->headers), else what is wrong. */
const char *http_check(struct http_request *request, const char *version);

/* http_route.c */
void http_routes_build(struct http_server *server, const struct http_route *routes,
                       size_t count);
/* The status to refuse with, or 0; allow is filled for a 405. */
int http_route_find(struct http_request *request, const char **allow);

/* http_lane.c */
void http_lane_start(struct http_lane *lane, struct http_server *server, unsigned threads);
bool http_lane_reserve(struct http_lane *lane);                            /* false: full */
void http_lane_push(struct http_lane *lane, struct http_request *request); /* after a reserve */
void http_lane_stop(struct http_lane *lane);
void http_request_drop(
    struct http_request *request); /* the last holder resumes the connection */

/* http_connection.c: libmicrohttpd's callbacks. */
void http_connection_notify(void *listener, struct MHD_Connection *connection, void **socket,
                            enum MHD_ConnectionNotificationCode code);
void *http_connection_line(void *listener, const char *target,
                           struct MHD_Connection *connection);
enum MHD_Result http_connection_handle(void *listener, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *bytes, size_t *length, void **request);
void http_connection_completed(void *listener, struct MHD_Connection *connection,
                               void **request, enum MHD_RequestTerminationCode code);
bool http_suspend(
    struct http_server *server,
    struct MHD_Connection *connection); /* false, and not: the server is stopping */
void http_resume(struct http_server *server, struct MHD_Connection *connection);
void http_resumed(struct http_server *server); /* on the listener's thread */

/* http_body.c */
void http_body_take(struct http_request *request, const char *bytes, size_t length);
void http_refuse_body(struct http_request *request);
void http_body_free(struct http_request *request);

/* http_answer.c */
void http_answer_with(struct http_request *request, int status, const char *content_type,
                      struct MHD_Response *response);
void http_refuse(struct http_request *request, int status, enum error_kind kind,
                 const char *format, ...) PRINTF(4, 5);

/* http_feed.c */
void http_feeds_tick(struct http_server *server, long long now_ms);
void http_feeds_end(struct http_server *server);
void http_feed_ended(struct http_feed *feed); /* from the completion callback */

/* http_deadline.c */
void http_socket_add(struct http_socket *socket);
void http_socket_remove(struct http_socket *socket);
void http_socket_deadline(struct http_socket *socket, long long in_ms); /* 0: none */
void http_sweeper_start(struct http_server *server);
void http_sweeper_stop(struct http_server *server);
void http_thread_start(pthread_t *thread, void *(*run)(void *), void *object);

/* http_listen.c */
MUST_CHECK int http_listen(struct http_listener *listener, const struct http_address *address,
                           struct error *err);
void http_listen_close(
    struct http_listener *listener); /* removes our Unix socket from its folder */

/* http_tls.c */
struct http_tls *http_tls_open(const char *cert_file, const char *key_file, struct error *err);
void http_tls_close(struct http_tls *tls);
MUST_CHECK int http_tls_reload(struct http_tls *tls, struct error *err);
/* Hands the newest certificate to a handshake. */
int http_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                      const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                      gnutls_pcert_st **certificates, unsigned *count, gnutls_privkey_t *key);

/* http_proxy.c */
MUST_CHECK int http_trusted_build(struct http_server *server, const char *const *proxies,
                                  struct error *err);
bool http_is_trusted(const struct http_server *server, const char *address);
