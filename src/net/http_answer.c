/* Answers: the response is made on the handler's thread and queued later by the listener's. */
#include <string.h>

#include "net/http_internal.h"

void http_answer_header(struct http_request *request, const char *name, const char *value)
{
    struct http_answer_field *field = ARENA_NEW(request->arena, struct http_answer_field);

    field->name = arena_copy(request->arena, name);
    field->value = arena_copy(request->arena, value);
    field->next = request->fields;
    request->fields = field;
}

/* A value with a line break is left out by libmicrohttpd, so nothing can be smuggled into an answer. */
static void add_fields(struct http_request *request, struct MHD_Response *response)
{
    struct http_answer_field *oldest_first = NULL;

    while (request->fields != NULL) {
        struct http_answer_field *field = request->fields;

        request->fields = field->next;
        field->next = oldest_first;
        oldest_first = field;
    }
    for (; oldest_first != NULL; oldest_first = oldest_first->next)
        MHD_add_response_header(response, oldest_first->name, oldest_first->value);
}

void http_answer_with(struct http_request *request, int status, const char *content_type,
                      struct MHD_Response *response)
{
    ASSERT(response != NULL);
    if (content_type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    add_fields(request, response);
    request->status = status;
    request->response = response;
}

void http_answer_static(struct http_request *request, int status, const char *content_type,
                        struct span body)
{
    union {
        const char *given;
        void *wanted; /* libmicrohttpd only reads it */
    } bytes = { .given = body.length > 0 ? body.start : "" };

    if (request->response != NULL)
        return;
    http_answer_with(
        request, status, content_type,
        MHD_create_response_from_buffer(body.length, bytes.wanted, MHD_RESPMEM_PERSISTENT));
}

void http_answer(struct http_request *request, int status, const char *content_type,
                 struct span body)
{
    if (request->response != NULL)
        return;
    http_answer_static(
        request, status, content_type,
        (struct span){ .start = span_copy(request->arena, body), .length = body.length });
}

void http_answer_json(struct http_request *request, int status, const struct json *json)
{
    if (request->response != NULL)
        return;
    http_answer_header(request, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    http_answer_header(request, "X-Content-Type-Options", "nosniff");
    http_answer_static(request, status, "application/json",
                       span_of(json_print(request->arena, json)));
}

static void answer_fault(struct http_request *request, int status, enum error_kind kind,
                         const char *text)
{
    struct arena *arena = request->arena;

    http_answer_json(
        request, status,
        OBJECT(arena, { "error", V(OBJECT(arena, { "kind", V(error_kind_name(kind)) },
                                          { "text", V(text) })) }));
}

static int status_of(enum error_kind kind)
{
    switch (kind) {
    case ERROR_INVALID:
        return MHD_HTTP_BAD_REQUEST;
    case ERROR_DENIED:
        return MHD_HTTP_FORBIDDEN;
    case ERROR_MISSING:
        return MHD_HTTP_NOT_FOUND;
    case ERROR_CONFLICT:
        return MHD_HTTP_CONFLICT;
    case ERROR_BUSY:
        return MHD_HTTP_TOO_MANY_REQUESTS;
    case ERROR_UNREACHABLE:
        return MHD_HTTP_BAD_GATEWAY;
    case ERROR_NONE:
    case ERROR_INTERNAL:
        break;
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

void http_answer_error(struct http_request *request, const struct error *err)
{
    if (request->response != NULL)
        return;
    if (err->kind == ERROR_BUSY)
        http_answer_header(request, MHD_HTTP_HEADER_RETRY_AFTER,
                           arena_printf(request->arena, "%d",
                                        err->retry_after_s > 0 ? err->retry_after_s : 1));
    answer_fault(request, status_of(err->kind), err->kind, err->text);
}

void http_refuse(struct http_request *request, int status, enum error_kind kind,
                 const char *format, ...)
{
    va_list values;

    va_start(values, format);
    const char *text = arena_vprintf(request->arena, format, values);
    va_end(values);
    answer_fault(request, status, kind, text);
}

void http_hold(struct http_request *request)
{
    ASSERT(!request->is_held);
    request->is_held = true;
    atomic_fetch_add(&request->holders, 1);
}

void http_release(struct http_request *request)
{
    if (request->response == NULL)
        http_refuse(request, MHD_HTTP_INTERNAL_SERVER_ERROR, ERROR_INTERNAL,
                    "the request was not answered");
    http_request_drop(request);
}
