/* Collects the body of a request, within its own limit and that of all bodies together. */
#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"

void http_body_free(struct http_request *request)
{
    atomic_fetch_sub(&request->server->body_bytes, (long long)request->body_capacity);
    free(request->body);
    request->body = NULL;
    request->body_length = request->body_capacity = 0;
}

/* The rest is read and thrown away until the end or the deadline; then the answer goes out. */
static void refuse_rest(struct http_request *request)
{
    http_body_free(request);
    request->body_is_refused = true;
    request->closes = true;
}

void http_refuse_body(struct http_request *request)
{
    refuse_rest(request);
    http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, ERROR_INVALID,
                "the body is over the limit of %zu bytes", request->body_limit);
}

/* Memory follows what has come, never what Content-Length announces. */
static bool grow(struct http_request *request, size_t needed)
{
    struct http_server *server = request->server;
    size_t capacity = request->body_capacity * 2;

    if (capacity < needed)
        capacity = needed;
    long long more = (long long)(capacity - request->body_capacity);
    if (atomic_fetch_add(&server->body_bytes, more) + more > HTTP_BODIES_LIMIT) {
        atomic_fetch_sub(&server->body_bytes, more);
        return false;
    }
    request->body = memory_resize(request->body, capacity);
    request->body_capacity = capacity;
    return true;
}

void http_body_take(struct http_request *request, const char *bytes, size_t length)
{
    if (request->body_is_refused || request->response != NULL)
        return;
    if (length > request->body_limit - request->body_length) {
        http_refuse_body(request);
        return;
    }
    size_t needed = request->body_length + length + 1;
    if (needed > request->body_capacity && !grow(request, needed)) {
        refuse_rest(request);
        http_answer_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "5");
        http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, ERROR_BUSY,
                    "too many large requests are being read");
        return;
    }
    memcpy(request->body + request->body_length, bytes, length);
    request->body_length += length;
    request->body[request->body_length] = '\0';
}
