/*
 * The HTTP server: parses requests on a listener thread, runs handlers on two lanes of threads, never lets a slow
 * or hostile client hold anything up.  The only folder that knows libmicrohttpd.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct http_server;
struct http_request;

/* A handler reads the request and ends in one of: an http_answer…(), http_hold(), http_feed_start(). */
typedef void http_handler(struct http_request *request, void *context);

/*
 * The first route of the table that fits path and method is taken, so "/jobs/new" stands before "/jobs/{id}".  A
 * {name} is never empty; a path without a route is 404, one without this method 405.  A route with {rest*} takes only
 * what no route before it knows, and says nothing about other methods.
 */
struct http_route {
    const char *method; /* "GET" answers HEAD too */
    /* "/api/v1/jobs/{id}/cancel"; a last "{rest*}" takes what is left, slashes too. */
    const char *path;
    /* Wide lane: reads the database or waits; otherwise the narrow lane, which never blocks. */
    bool waits;
    size_t body_limit; /* bytes; 0: the server's default (1 MiB) */
    http_handler *handle;
};

struct http_address {
    const char *host; /* "127.0.0.1", "::1"; NULL with socket_path set */
    unsigned port;
    const char *socket_path; /* a Unix socket, made with mode 0600, replaced when stale */
    /* File names; both NULL: plain HTTP.  Read again by http_server_reload_tls(). */
    const char *tls_cert;
    const char *tls_key;
};

struct http_server_plan {
    const struct http_address *addresses;
    size_t address_count;
    const struct http_route *routes;
    size_t route_count;
    void *context; /* given to every handler */
    unsigned narrow_threads, wide_threads;
    size_t body_limit;
    int header_deadline_s, body_deadline_s, answer_deadline_s;
    /* Addresses (10.0.0.1, 10.0.0.0/8) whose X-Forwarded-For and -Proto count; NULL-terminated. */
    const char *const *trusted_proxies;
    /* Called for every finished answer, also those no handler saw (path is the route's pattern, or "other"). */
    void (*observe)(void *context, const char *method, const char *path, int status,
                    double seconds);
};

/*
 * The routes must live as long as the server; everything else of the plan is copied.  Takes as many connections as
 * fit the process's limit on open files, which it raises as far as it may.
 */
struct http_server *http_server_start(const struct http_server_plan *plan, struct error *err);

/* The port that was bound (for port 0), of the first TCP address. */
unsigned http_server_port(const struct http_server *server);

int http_server_reload_tls(struct http_server *server, struct error *err);

/*
 * New requests get 503, feeds end, held requests are waited for up to limit_s.  Then http_server_free(), which waits
 * 5 s more for held requests; what is still held then is left behind, memory and all, for the process to end.
 */
void http_server_drain(struct http_server *server, int limit_s);
void http_server_free(struct http_server *server);
DEFINE_AUTO(http_server);

/* The request; everything is valid until it has been answered. */
struct arena *http_arena(struct http_request *request);
const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request);       /* decoded */
const char *http_route_path(const struct http_request *request); /* the pattern that matched */
/* {name} of the path, decoded. */
const char *http_parameter(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name); /* NULL: absent */
const char *http_header(const struct http_request *request, const char *name);
const char *http_cookie(struct http_request *request, const char *name);
struct span http_body(const struct http_request *request); /* raw bytes */
/* Parsed once; an error is for a 400. */
const struct json *http_body_json(struct http_request *request, struct error *err);
/* From an application/x-www-form-urlencoded body. */
const char *http_form(struct http_request *request, const char *name);
/* The address, after trusted proxies; "local" for the socket. */
const char *http_client(const struct http_request *request);
bool http_is_local(const struct http_request *request); /* came over the Unix socket */
/* The Unix user at its other end, -1 if not local. */
long long http_local_uid(const struct http_request *request);
bool http_is_secure(const struct http_request *request); /* TLS, ours or a trusted proxy's */

/* Answers; the first one counts.  Bodies are copied.  Headers must be added before the answer. */
void http_answer_header(struct http_request *request, const char *name, const char *value);
void http_answer(struct http_request *request, int status, const char *content_type,
                 struct span body);
void http_answer_static(struct http_request *request, int status, const char *content_type,
                        struct span body); /* not copied */
/* Never to be cached, and to be taken for nothing else. */
void http_answer_json(struct http_request *request, int status, const struct json *json);
/* {"error": {"kind": ..., "text": ...}} with the status that fits the kind (400 403 404 409 429 502 500), Retry-After. */
void http_answer_error(struct http_request *request, const struct error *err);

/*
 * The handler returns without an answer; later, from any thread, exactly one http_release() after an
 * http_answer…() sends it.  After http_release() the request must not be touched.
 */
void http_hold(struct http_request *request);
void http_release(struct http_request *request);

/*
 * Server-sent events.  The feed stays open until it is closed by us, by drain or by the client.
 * http_feed_send: false once the client is gone or too slow (over 1 MiB unsent): then close it.
 * closed(context) is called once, on any thread, when the feed has ended; the feed is gone after it.
 */
struct http_feed;
struct http_feed *http_feed_start(struct http_request *request, void (*closed)(void *context),
                                  void *context);
bool http_feed_send(struct http_feed *feed, const char *id, const char *event,
                    const char *data);
void http_feed_close(struct http_feed *feed);
