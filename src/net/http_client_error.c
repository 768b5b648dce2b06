/* What became of a call that brought no answer, in words that name the host and hold no credentials. */
#include <errno.h>
#include <string.h>

#include "net/http_transfer.h"

static const char *peer_name(const struct http_transfer *transfer)
{
    const struct url *url = &transfer->url;
    unsigned usual = url_has_tls(url) ? 443 : 80;
    bool is_six = strchr(url->host, ':') != NULL;

    if (transfer->call->socket_path != NULL)
        return arena_printf(transfer->arena, "the socket \"%s\"", transfer->call->socket_path);
    if (url->port == usual)
        return url->host;
    return arena_printf(transfer->arena, is_six ? "[%s]:%u" : "%s:%u", url->host, url->port);
}

static int set_unreachable(const struct http_transfer *transfer, const char *reason,
                           struct error *err)
{
    return error_set(err, ERROR_UNREACHABLE, "%s: %s", peer_name(transfer), reason);
}

/* Nothing was sent: the caller may safely try again (http_was_not_sent). */
static int set_not_sent(const struct http_transfer *transfer, const char *reason,
                        struct error *err)
{
    set_unreachable(transfer, reason, err);
    if (err != NULL)
        err->status = ENOTCONN;
    return -1;
}

bool http_was_not_sent(const struct error *err)
{
    return err->kind == ERROR_UNREACHABLE && err->status == ENOTCONN;
}

static int set_connect_error(const struct http_transfer *transfer, struct error *err)
{
    long number = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_OS_ERRNO, &number);
    if (number == 0)
        return set_not_sent(transfer, "no connection could be made", err);
    error_system(err, (int)number, "%s", peer_name(transfer));
    if (err == NULL)
        return -1;
    err->kind = ERROR_UNREACHABLE;
    err->status = ENOTCONN;
    return -1;
}

static bool was_connected(const struct http_transfer *transfer)
{
    double seconds = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_PRETRANSFER_TIME, &seconds);
    return seconds > 0;
}

static int set_timeout(const struct http_transfer *transfer, struct error *err)
{
    int limit_s = transfer->call->limit_s > 0 ? transfer->call->limit_s : HTTP_CALL_LIMIT_S;

    if (was_connected(transfer))
        return set_unreachable(
            transfer, arena_printf(transfer->arena, "no answer within %d s", limit_s), err);
    return set_not_sent(
        transfer,
        arena_printf(transfer->arena, "no connection within %d s",
                     limit_s < HTTP_CONNECT_LIMIT_S ? limit_s : HTTP_CONNECT_LIMIT_S),
        err);
}

static int set_over_limit(const struct http_transfer *transfer, struct error *err)
{
    return error_set(err, ERROR_INVALID, "%s: the answer's %s went over the limit of %zu bytes",
                     peer_name(transfer), transfer->over,
                     text_is(transfer->over, "body") ? transfer->body_limit
                                                     : (size_t)HTTP_REPLY_HEADERS_BYTES);
}

static int set_tls_error(const struct http_transfer *transfer, const char *what,
                         struct error *err)
{
    const char *detail = transfer->detail[0] != '\0' ? transfer->detail : "no detail is known";

    return set_not_sent(transfer, arena_printf(transfer->arena, "%s: %s", what, detail), err);
}

int http_set_error(const struct http_transfer *transfer, CURLcode code, struct error *err)
{
    if (transfer->over != NULL)
        return set_over_limit(transfer, err);
    if (transfer->is_cancelled)
        return set_unreachable(transfer, "the call was cut off because it was cancelled", err);
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return set_not_sent(transfer, "no address is known for this host", err);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return set_not_sent(transfer, "no address is known for the proxy", err);
    case CURLE_COULDNT_CONNECT:
        return set_connect_error(transfer, err);
    case CURLE_OPERATION_TIMEDOUT:
        return set_timeout(transfer, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return set_tls_error(transfer, "its certificate is not trusted", err);
    case CURLE_SSL_CONNECT_ERROR:
        return set_tls_error(transfer, "no TLS connection could be made", err);
    case CURLE_SSL_CACERT_BADFILE:
        return set_tls_error(transfer, "the file of certificate authorities", err);
    case CURLE_PARTIAL_FILE:
        return set_unreachable(transfer, "the connection ended within the answer", err);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
        return set_unreachable(transfer, "the connection ended before an answer came", err);
    default:
        return set_unreachable(transfer, curl_easy_strerror(code), err);
    }
}
