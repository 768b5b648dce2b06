/* The console's own files, embedded in the binary, and the OpenAPI document. */
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "console/console_files.h"
#include "console/console_internal.h"

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".json", "application/json" },
    { ".webmanifest", "application/manifest+json" },
};

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (text_ends(name, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static const struct embedded_file *find(const char *name)
{
    for (const struct embedded_file *file = console_files; file->name != NULL; file++)
        if (text_is(file->name, name))
            return file;
    return NULL;
}

/* Scripts and styles from here only, nothing inline; no other page may frame it. */
static void add_headers(struct http_request *request)
{
    http_answer_header(
        request, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
        "'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    http_answer_header(request, "X-Content-Type-Options", "nosniff");
    http_answer_header(request, "Referrer-Policy", "no-referrer");
    http_answer_header(request, "Cache-Control", "no-cache");
}

static void answer_file(struct http_request *request, const char *name)
{
    const struct embedded_file *file = find(name);
    struct error err = { 0 };

    if (file == NULL) {
        error_set(&err, ERROR_MISSING, "there is nothing at this address");
        http_answer_error(request, &err);
        return;
    }
    add_headers(request);
    http_answer_static(request, 200, type_of(name),
                       (struct span){ (const char *)file->bytes, file->length });
}

void handle_index(struct http_request *request, void *context)
{
    (void)context;
    answer_file(request, "index.html");
}

/* A last part without a dot is a page of the console's own ("/jobs/12"): its script finds it. */
void handle_file(struct http_request *request, void *context)
{
    const char *path = http_parameter(request, "rest");
    const char *slash = strrchr(path, '/');

    (void)context;
    if (strchr(slash != NULL ? slash : path, '.') == NULL && !text_starts(path, "api/"))
        answer_file(request, "index.html");
    else
        answer_file(request, path);
}

void handle_openapi(struct http_request *request, void *context)
{
    (void)context;
    answer_file(request, "openapi.json");
}
