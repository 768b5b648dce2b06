/*
 * Checks the headers of a request more strictly than libmicrohttpd does, so that no proxy in front of us can read
 * another request out of the same bytes (RFC 9112, 11.2).
 *
 * libmicrohttpd 0.9.75 parses in place: in its buffer the request line and the header lines lie as they came, with
 * the separators it understood overwritten by zeros: "GET\0/path\0HTTP/1.1\0\0Name\0 value\0\0...\0\0".  A bare LF
 * leaves one zero where CRLF leaves two, and a NUL, a folded line or anything else it skipped breaks the chain from
 * one header to the next.  The tests in http_hostile_test.c pin this layout.
 */
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

static const char bad_line[] =
    "the request line or a header line is malformed or does not end in CR LF";

struct check {
    struct http_request *request;
    struct http_field *headers;
    size_t count;
    const char *expected; /* where the next header must start */
    const char *fault;
};

/* Lists, which a proxy may add a line to (RFC 9110, 5.3); every other name stands once. */
static const char *const repeatable[] = {
    "accept",    "accept-charset",  "accept-encoding", "accept-language",
    "baggage",   "cache-control",   "connection",      "cookie",
    "forwarded", "if-match",        "if-none-match",   "keep-alive",
    "link",      "pragma",          "prefer",          "te",
    "trailer",   "tracestate",      "upgrade",         "via",
    "warning",   "x-forwarded-for",
};

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
            (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return length > 0;
}

static bool has_control(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool may_repeat(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(repeatable); i++)
        if (strcasecmp(repeatable[i], name) == 0)
            return true;
    return false;
}

static bool is_repeated(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->count; i++)
        if (strcasecmp(check->headers[i].name, name) == 0)
            return !may_repeat(name);
    return false;
}

static enum MHD_Result stop(struct check *check, const char *fault)
{
    check->fault = fault;
    return MHD_NO;
}

/* The bytes of the header are where the chain says, and end in two zeros. */
static bool is_in_chain(struct check *check, const char *name, size_t name_length,
                        struct span value)
{
    if (name != check->expected || value.start <= name + name_length ||
        value.start[value.length] != '\0' || value.start[value.length + 1] != '\0')
        return false;
    for (const char *at = name + name_length + 1; at < value.start; at++)
        if (*at != ' ' && *at != '\t')
            return false;
    check->expected = value.start + value.length + 2;
    return true;
}

static const char *keep_value(struct arena *arena, struct span value)
{
    value = span_trim(value);
    return utf8_is_valid(value.start, value.length)
               ? span_copy(arena, value)
               : utf8_repair(arena, value.start, value.length);
}

static enum MHD_Result check_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value, size_t value_length)
{
    struct check *check = context;
    struct arena *arena = check->request->arena;
    struct span span = { .start = value, .length = value_length };

    (void)kind;
    if (value == NULL || !is_token(name, name_length) ||
        !is_in_chain(check, name, name_length, span))
        return stop(check, bad_line);
    if (has_control(value, value_length))
        return stop(check, "a header has a control character");
    if (is_repeated(check, name))
        return stop(check, "a header is repeated that may stand only once");
    check->headers[check->count++] =
        (struct http_field){ .name = arena_copy_n(arena, name, name_length),
                             .value = keep_value(arena, span) };
    return MHD_YES;
}

/* "GET\0/path\0HTTP/1.1\0\0": nothing between the parts, nothing after the version. */
static bool line_is_sound(const struct http_request *request, const char *method,
                          const char *version)
{
    size_t method_length = strlen(method);
    const char *target = method + method_length + 1;

    return is_token(method, method_length) && target == request->line &&
           version == target + strlen(request->raw) + 1 && version[8] == '\0' &&
           version[9] == '\0';
}

static const char *check_framing(struct http_request *request)
{
    const char *length = http_header(request, "Content-Length");
    const char *coding = http_header(request, "Transfer-Encoding");

    request->content_length = -1;
    request->is_chunked = coding != NULL;
    if (coding != NULL && length != NULL)
        return "Content-Length and Transfer-Encoding stand together";
    if (coding != NULL && !text_is_nocase(coding, "chunked"))
        return "the transfer coding is not chunked";
    if (length != NULL && (strspn(length, "0123456789") != strlen(length) ||
                           !text_to_integer(length, &request->content_length)))
        return "Content-Length is not a number";
    return NULL;
}

static const char *check_version(const struct http_request *request, const char *version)
{
    if (text_is(version, "HTTP/1.0"))
        return request->is_chunked ? "HTTP/1.0 has no transfer coding" : NULL;
    return http_header(request, "Host") == NULL ? "the Host header is missing" : NULL;
}

const char *http_check(struct http_request *request, const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *method = request->method;

    if (size == NULL || !line_is_sound(request, method, version))
        return bad_line;
    int count = MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, NULL, NULL);
    if (count > HTTP_HEADER_LIMIT)
        return "there are more than 64 headers";
    struct check check = {
        .request = request,
        .headers = ARENA_ARRAY(request->arena, struct http_field, (size_t)count),
        .expected = version + 10,
    };
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, check_header, &check);
    request->headers = check.headers;
    request->header_count = check.count;
    if (check.fault != NULL)
        return check.fault;
    if (check.expected[0] != '\0' || check.expected[1] != '\0' ||
        check.expected + 2 != method + size->header_size)
        return bad_line;
    const char *fault = check_framing(request);
    return fault != NULL ? fault : check_version(request, version);
}
