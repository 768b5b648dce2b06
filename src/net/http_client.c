/* The HTTP client: one libcurl handle a thread, so that connections are kept and no lock is needed. */
#include "net/http_client.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "net/http_transfer.h"

/* The handles of all threads; made before the first thread and removed after the last. */
static pthread_key_t handle_key;

static void handle_free(void *curl)
{
    curl_easy_cleanup(curl);
}

void http_client_start(void)
{
    ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    ASSERT(pthread_key_create(&handle_key, handle_free) == 0);
}

void http_client_stop(void)
{
    handle_free(pthread_getspecific(handle_key));
    pthread_key_delete(handle_key);
    curl_global_cleanup();
}

static CURL *handle_of_thread(void)
{
    CURL *curl = pthread_getspecific(handle_key);

    if (curl == NULL) {
        curl = curl_easy_init();
        ASSERT(curl != NULL);
        pthread_setspecific(handle_key, curl);
    }
    return curl;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    const struct http_call *call = transfer->call;
    size_t length = size * count;

    if (transfer->body_limit - transfer->received < length) {
        transfer->over = "body";
        return CURL_WRITEFUNC_ERROR;
    }
    transfer->received += length;
    if (call->receive == NULL) {
        text_add_n(&transfer->body, bytes, length);
        return length;
    }
    if (call->receive(call->context, bytes, length))
        return length;
    transfer->has_stopped = true;
    return CURL_WRITEFUNC_ERROR;
}

static void add_reply_header(struct http_transfer *transfer, struct span line)
{
    struct span name, value = line;

    if (!span_split(&value, ':', &name) || name.length == line.length)
        return;
    transfer->reply_headers[transfer->header_count++] = (struct http_header){
        .name = span_copy(transfer->arena, name),
        .value = span_copy(transfer->arena, span_trim(value)),
    };
}

/* Called for the lines of every answer: those of an interim one (100 Continue) are forgotten. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    struct span line = { .start = bytes, .length = size * count };

    if (line.length >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        transfer->header_count = 0;
    transfer->header_bytes += line.length;
    if (transfer->header_count == HTTP_REPLY_HEADERS_LIMIT ||
        transfer->header_bytes > HTTP_REPLY_HEADERS_BYTES) {
        transfer->over = "headers";
        return CURL_WRITEFUNC_ERROR;
    }
    add_reply_header(transfer, line);
    return line.length;
}

static size_t give_body(char *buffer, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    struct span body = transfer->call->body;
    size_t length = body.length - transfer->sent;

    if (length > size * count)
        length = size * count;
    if (length > 0)
        memcpy(buffer, body.start + transfer->sent, length);
    transfer->sent += length;
    return length;
}

static int ask_cancelled(void *context, curl_off_t total_in, curl_off_t in,
                         curl_off_t total_out, curl_off_t out)
{
    struct http_transfer *transfer = context;
    long long now_ms = clock_steady_ms();

    (void)total_in;
    (void)in;
    (void)total_out;
    (void)out;
    if (now_ms - transfer->asked_ms < HTTP_ASK_EVERY_MS)
        return 0;
    transfer->asked_ms = now_ms;
    transfer->is_cancelled = transfer->call->is_cancelled(transfer->call->context);
    return transfer->is_cancelled;
}

static bool is_header_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static void add_line(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    ASSERT(longer != NULL);
    transfer->headers = longer;
}

static int set_headers(struct http_transfer *transfer, struct error *err)
{
    const struct http_call *call = transfer->call;
    bool has_type = false;

    for (size_t i = 0; i < call->header_count; i++) {
        const struct http_header *header = &call->headers[i];

        if (header->value == NULL)
            continue;
        if (!is_header_text(header->name) || !is_header_text(header->value))
            return error_set(err, ERROR_INVALID,
                             "the header %s must not hold control characters", header->name);
        add_line(transfer,
                 arena_printf(transfer->arena, *header->value != '\0' ? "%s: %s" : "%s;%s",
                              header->name, header->value));
        has_type = has_type || strcasecmp(header->name, "Content-Type") == 0;
    }
    add_line(transfer, "Expect:");
    if (!has_type)
        add_line(transfer, "Content-Type:"); /* not the form type that libcurl would set */
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers);
    return 0;
}

static const char *method_of(const struct http_call *call)
{
    return call->method != NULL ? call->method : "GET";
}

static bool may_repeat(const char *method)
{
    return !text_is(method, "POST") && !text_is(method, "PATCH");
}

/*
 * libcurl sends a request again when a kept connection ends before an answer, and the first one may have had its
 * effect.  It cannot when it would need the body again, and it does not on a fresh connection.
 */
static void set_body(struct http_transfer *transfer)
{
    CURL *curl = transfer->curl;
    struct span body = transfer->call->body;

    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
    if (may_repeat(method_of(transfer->call))) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.length > 0 ? body.start : "");
        return;
    }
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    if (body.length == 0)
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_method(struct http_transfer *transfer)
{
    const struct http_call *call = transfer->call;
    const char *method = method_of(call);
    bool has_body = call->body.length > 0 || text_is(method, "POST") ||
                    text_is(method, "PUT") || text_is(method, "PATCH");

    if (has_body)
        set_body(transfer);
    if (text_is(method, "HEAD"))
        curl_easy_setopt(transfer->curl, CURLOPT_NOBODY, 1L);
    else if (has_body || !text_is(method, "GET"))
        curl_easy_setopt(transfer->curl, CURLOPT_CUSTOMREQUEST, method);
}

/* libcurl copies it and frees its copy in curl_easy_reset(); ours is wiped here. */
static int set_secret(struct http_transfer *transfer, CURLoption option,
                      const struct secret *secret, struct error *err)
{
    size_t length;
    const char *bytes = secret_open(secret, &length);
    char *copy = memory_new(length + 1);

    memcpy(copy, bytes, length);
    bool is_text = strlen(copy) == length && is_header_text(copy);
    if (is_text)
        curl_easy_setopt(transfer->curl, option, copy);
    explicit_bzero(copy, length);
    free(copy);
    if (is_text)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "the token or password for %s holds a line break or another control "
                     "character",
                     transfer->url.host);
}

static int set_credentials(struct http_transfer *transfer, struct error *err)
{
    const struct http_call *call = transfer->call;
    CURL *curl = transfer->curl;

    if (call->bearer != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        return set_secret(transfer, CURLOPT_XOAUTH2_BEARER, call->bearer, err);
    }
    if (call->user == NULL)
        return 0;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, call->user);
    return call->password != NULL ? set_secret(transfer, CURLOPT_PASSWORD, call->password, err)
                                  : 0;
}

static void set_connection(struct http_transfer *transfer)
{
    const struct http_call *call = transfer->call;
    CURL *curl = transfer->curl;
    const char *authorities = call->ca_file != NULL ? call->ca_file : getenv("SSL_CERT_FILE");
    long limit_s = call->limit_s > 0 ? call->limit_s : HTTP_CALL_LIMIT_S;

    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, limit_s);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                     limit_s < HTTP_CONNECT_LIMIT_S ? limit_s : HTTP_CONNECT_LIMIT_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "opsroom/" OPSROOM_VERSION);
    if (authorities != NULL && *authorities != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
    if (call->socket_path != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call->socket_path);
    if (call->socket_path != NULL || url_is_loopback(&transfer->url))
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
}

static void set_callbacks(struct http_transfer *transfer)
{
    CURL *curl = transfer->curl;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (transfer->call->is_cancelled == NULL)
        return;
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, ask_cancelled);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

static int check_url(struct http_transfer *transfer, struct error *err)
{
    const struct http_call *call = transfer->call;
    struct url *url = &transfer->url;

    if (url_parse(transfer->arena, call->url, url, err) < 0)
        return -1;
    if (!text_is(url->scheme, "https") && !text_is(url->scheme, "http"))
        return error_set(err, ERROR_INVALID, "a URL must start with https:// or http://");
    if (!url_has_tls(url) && call->socket_path == NULL && !url_is_loopback(url))
        return error_set(err, ERROR_INVALID,
                         "%s: plain http is for this machine only, use https", url->host);
    return 0;
}

static int perform(struct http_transfer *transfer, struct http_reply *reply, struct error *err)
{
    CURLcode code = curl_easy_perform(transfer->curl);
    long status = 0;

    if (code != CURLE_OK && !transfer->has_stopped)
        return http_set_error(transfer, code, err);
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    *reply = (struct http_reply){
        .status = (int)status,
        .headers = transfer->reply_headers,
        .header_count = transfer->header_count,
        .body = { .start = text_string(&transfer->body), .length = transfer->body.length },
    };
    return 0;
}

static int prepare(struct http_transfer *transfer, struct error *err)
{
    curl_easy_reset(transfer->curl);
    set_connection(transfer);
    set_callbacks(transfer);
    set_method(transfer);
    if (set_headers(transfer, err) < 0)
        return -1;
    return set_credentials(transfer, err);
}

int http_send(const struct http_call *call, struct arena *arena, struct http_reply *reply,
              struct error *err)
{
    size_t limit = call->receive != NULL ? SIZE_MAX : HTTP_REPLY_LIMIT;
    struct http_transfer transfer = {
        .call = call,
        .arena = arena,
        .curl = handle_of_thread(),
        .body_limit = call->reply_limit > 0 ? call->reply_limit : limit,
        .reply_headers = ARENA_ARRAY(arena, struct http_header, HTTP_REPLY_HEADERS_LIMIT),
        .asked_ms = clock_steady_ms(),
    };

    transfer.body = text_new(arena, transfer.body_limit);
    if (check_url(&transfer, err) < 0)
        return -1;
    int result = prepare(&transfer, err);
    if (result == 0)
        result = perform(&transfer, reply, err);
    curl_easy_reset(transfer.curl);
    curl_slist_free_all(transfer.headers);
    return result;
}

const char *http_reply_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}
