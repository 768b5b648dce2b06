/* One request of a connector to its outside system, in parts.  For core/api*.c. */
#pragma once

#include <stdarg.h>

#include "core/call_internal.h"
#include "net/http_client.h"

enum {
    API_HEADERS_MAX = 16,
    API_LIMIT_S = 30,
    API_GET_ATTEMPTS = 3
};

struct api_request {
    struct call *call;
    const char *method;
    const char *url;
    const char *shown; /* the path as the audit and people see it */
    const struct json *body;
    struct http_header headers[API_HEADERS_MAX];
    size_t header_count;
    const struct secret *bearer;
    const char *user;
    const struct secret *password;
};

/* The path with its values percent-encoded. */
const char *api_path(struct arena *arena, struct error *err, const char *format, va_list values)
    PRINTF(3, 0);

/* An answer as JSON, or as an error with the kind that fits its status. */
const struct json *api_read_reply(const struct api_request *request,
                                  const struct http_reply *reply, struct error *err);
