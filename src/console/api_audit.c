/* /api/v1/audit: records by filter, and the whole log as JSON Lines. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "console/console_internal.h"
#include "core/audit.h"

/* A moment (RFC 3339) or an age ("2h"); no text leaves it as it is. */
static int read_moment(const char *name, const char *text, long long *at_ms, struct error *err)
{
    long long age_s = 0;

    if (text_is_empty(text) || clock_parse_iso(text, at_ms))
        return 0;
    if (!text_to_duration(text, &age_s))
        return error_set(err, ERROR_INVALID,
                         "\"%s\" must be a time such as 2026-11-24T13:42:50Z or an age such as "
                         "2h, not \"%.60s\"",
                         name, text);
    *at_ms = clock_now_ms() - age_s * 1000;
    return 0;
}

static int read_filter(struct http_request *request, struct audit_filter *filter,
                       struct error *err)
{
    const char *job = http_query(request, "job");

    *filter = (struct audit_filter){ .person = http_query(request, "person"),
                                     .command = http_query(request, "command"),
                                     .result = http_query(request, "result"),
                                     .kind = http_query(request, "kind"),
                                     .text = http_query(request, "text") };
    if (!text_is_empty(job) && (!text_to_integer(job, &filter->job) || filter->job < 1))
        return error_set(err, ERROR_INVALID, "\"job\" must be a number, not \"%.60s\"", job);
    if (read_moment("since", http_query(request, "since"), &filter->since_ms, err) < 0)
        return -1;
    return read_moment("until", http_query(request, "until"), &filter->until_ms, err);
}

static const struct json *page_of(struct arena *arena, const struct json *records,
                                  long long limit)
{
    size_t count = json_count(records);
    long long last =
        json_integer(count > 0 ? json_at(records, count - 1) : NULL, "sequence", 0);
    bool more = count == (size_t)limit && last > 1;

    return OBJECT(
        arena, { "items", V(records) },
        { "next", more ? V((const char *)arena_printf(arena, "%lld", last)) : json_null() });
}

void handle_audit(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct page page = page_read(request);
    struct error err = { 0 };
    struct caller caller;
    struct audit_filter filter;
    AUTO(db) struct db *db = NULL;
    const struct json *records = NULL;

    if (caller_read(request, context, &caller) < 0 || !caller_must(&caller, request, "audit"))
        return;
    if (read_filter(request, &filter, &err) == 0) {
        filter.before = page.before;
        filter.limit = page.limit;
        db = store_read_start(core_store(caller.core), &err);
        records = db == NULL ? NULL : audit_rows(db, arena, &filter, &err);
    }
    answer(request, records == NULL ? NULL : page_of(arena, records, page.limit), &err);
}

static void close_stream(FILE **stream)
{
    if (*stream != NULL)
        fclose(*stream);
}

static void free_buffer(char **buffer)
{
    free(*buffer);
}

void handle_audit_export(struct http_request *request, void *context)
{
    __attribute__((cleanup(free_buffer))) char *buffer = NULL;
    __attribute__((cleanup(close_stream))) FILE *stream = NULL;
    size_t length = 0;
    struct error err = { 0 };
    struct caller caller;

    if (caller_read(request, context, &caller) < 0 || !caller_must(&caller, request, "audit"))
        return;
    stream = open_memstream(&buffer, &length);
    if (stream == NULL || audit_export(core_store(caller.core), stream, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    fflush(stream);
    http_answer_header(request, "Cache-Control", "no-store");
    http_answer_header(request, "X-Content-Type-Options", "nosniff");
    http_answer_header(request, "Content-Disposition",
                       "attachment; filename=\"opsroom-audit.jsonl\"");
    http_answer(request, 200, "application/x-ndjson", (struct span){ buffer, length });
}
