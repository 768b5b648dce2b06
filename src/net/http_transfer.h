/* Shared by the files of the HTTP client: one call while libcurl works on it, and its errors. */
#pragma once

#include <curl/curl.h>

#include "net/http_client.h"
#include "net/url.h"

enum {
    HTTP_CALL_LIMIT_S = 30,
    HTTP_CONNECT_LIMIT_S = 10,
    HTTP_REPLY_LIMIT = 8 * 1024 * 1024,
    HTTP_REPLY_HEADERS_LIMIT = 100,
    HTTP_REPLY_HEADERS_BYTES = 64 * 1024,
    HTTP_ASK_EVERY_MS = 1000, /* whether the call was cancelled */
};

/* What one call needs while libcurl works. */
struct http_transfer {
    const struct http_call *call;
    struct arena *arena;
    struct url url;
    CURL *curl;
    struct curl_slist *headers;
    size_t sent; /* of the body */
    struct http_header *reply_headers;
    size_t header_count, header_bytes;
    struct text body;
    size_t body_limit;
    size_t received;
    long long asked_ms;
    bool is_cancelled;
    bool has_stopped; /* call->receive has had enough */
    const char *over; /* which limit the answer went over */
    char detail[CURL_ERROR_SIZE];
};

/* Says what became of a call that brought no answer; returns -1. */
int http_set_error(const struct http_transfer *transfer, CURLcode code, struct error *err);
