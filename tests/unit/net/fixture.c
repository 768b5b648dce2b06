/* The test server and raw sockets of the net tests. */
#include "fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static void count(void *context)
{
    struct seen *seen = context;

    atomic_fetch_add(&seen->handled, 1);
}

static void handle_hello(struct http_request *request, void *context)
{
    count(context);
    http_answer(request, 200, "text/plain", span_of("hello\n"));
}

static const char *or_none(const char *value)
{
    return value != NULL ? value : "(none)";
}

/* What the server understood, one line each. */
static void handle_echo(struct http_request *request, void *context)
{
    struct text text = text_new(http_arena(request), 64 * 1024);

    count(context);
    text_addf(&text, "method=%s\n", http_method(request));
    text_addf(&text, "path=%s\n", http_path(request));
    text_addf(&text, "route=%s\n", http_route_path(request));
    text_addf(&text, "id=%s\n", or_none(http_parameter(request, "id")));
    text_addf(&text, "rest=%s\n", or_none(http_parameter(request, "rest")));
    text_addf(&text, "q=%s\n", or_none(http_query(request, "q")));
    text_addf(&text, "form=%s\n", or_none(http_form(request, "f")));
    text_addf(&text, "cookie=%s\n", or_none(http_cookie(request, "c")));
    text_addf(&text, "header=%s\n", or_none(http_header(request, "x-thing")));
    text_addf(&text, "client=%s\n", http_client(request));
    text_addf(&text, "local=%d uid=%lld secure=%d\n", http_is_local(request),
              http_local_uid(request), http_is_secure(request));
    text_addf(&text, "body=%zu\n", http_body(request).length);
    http_answer(request, 200, "text/plain", span_of(text_string(&text)));
}

static void handle_json(struct http_request *request, void *context)
{
    struct error err;
    const struct json *json = http_body_json(request, &err);

    count(context);
    if (json == NULL) {
        http_answer_error(request, &err);
        return;
    }
    http_answer_header(request, "X-First", "1");
    http_answer_header(request, "X-Second", "2\r\nInjected: yes");
    http_answer_json(request, 201, json);
    http_answer(request, 500, "text/plain", span_of("the first answer counts"));
}

static void handle_error(struct http_request *request, void *context)
{
    static const struct error errors[] = {
        { .kind = ERROR_INVALID, .text = "no" },
        { .kind = ERROR_DENIED, .text = "no" },
        { .kind = ERROR_MISSING, .text = "no" },
        { .kind = ERROR_CONFLICT, .text = "no" },
        { .kind = ERROR_BUSY, .text = "no" },
        { .kind = ERROR_UNREACHABLE, .text = "no" },
        { .kind = ERROR_INTERNAL, .text = "\"no\"" },
    };
    long long position = 0;

    count(context);
    if (text_to_integer(http_query(request, "n"), &position) && position >= 0 &&
        (size_t)position < COUNT_OF(errors))
        http_answer_error(request, &errors[position]);
}

static void handle_large(struct http_request *request, void *context)
{
    size_t length = 8 * 1024 * 1024;
    char *bytes = arena_alloc(http_arena(request), length);

    count(context);
    memset(bytes, 'x', length);
    http_answer_static(request, 200, "text/plain", (struct span){ bytes, length });
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/", .handle = handle_hello },
    { .method = "GET", .path = "/hello", .handle = handle_hello },
    { .method = "GET", .path = "/things/new", .waits = true, .handle = handle_hello },
    { .method = "GET", .path = "/things/{id}", .waits = true, .handle = handle_echo },
    { .method = "POST", .path = "/things/{id}", .waits = true, .handle = handle_echo },
    { .method = "PUT", .path = "/things/{id}/part", .handle = handle_echo },
    { .method = "GET", .path = "/files/{rest*}", .handle = handle_echo },
    { .method = "POST", .path = "/echo", .handle = handle_echo },
    { .method = "POST", .path = "/small", .body_limit = 100, .handle = handle_echo },
    { .method = "POST", .path = "/json", .handle = handle_json },
    { .method = "GET", .path = "/error", .handle = handle_error },
    { .method = "GET", .path = "/large", .handle = handle_large },
};

static const struct http_address loopback[] = { { .host = "127.0.0.1" } };

static void observe(void *context, const char *method, const char *path, int status,
                    double seconds)
{
    struct seen *seen = context;

    snprintf(seen->last_path, sizeof(seen->last_path), "%s", path);
    snprintf(seen->last_method, sizeof(seen->last_method), "%s", method);
    atomic_store(&seen->last_status, seconds >= 0 && seconds < 60 ? status : -1);
    atomic_fetch_add(&seen->observed, 1);
}

struct http_server_plan site_plan(struct seen *seen)
{
    return (struct http_server_plan){
        .addresses = loopback,
        .address_count = 1,
        .routes = routes,
        .route_count = COUNT_OF(routes),
        .context = seen,
        .narrow_threads = 2,
        .wide_threads = 4,
        .observe = observe,
    };
}

struct http_server *site_start(const struct http_server_plan *plan)
{
    struct error err;
    struct http_server *server = http_server_start(plan, &err);

    if (server == NULL) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return server;
}

unsigned wire_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, size) == 0)
        getsockname(fd, (struct sockaddr *)&address, &size);
    close(fd);
    return ntohs(address.sin_port);
}

int wire_connect(unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((unsigned short)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int wire_connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void wire_send_n(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent < 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

void wire_send(int fd, const char *text)
{
    wire_send_n(fd, text, strlen(text));
}

void wire_half_close(int fd)
{
    shutdown(fd, SHUT_WR);
}

/* Bytes that came, 0 at the end of the stream, -1 when nothing came in time. */
static ssize_t read_some(int fd, char *bytes, size_t length)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    if (poll(&poll_fd, 1, WIRE_WAIT_MS) <= 0)
        return -1;
    ssize_t got = recv(fd, bytes, length, 0);
    return got < 0 ? 0 : got;
}

char *wire_read_until(struct arena *arena, int fd, const char *needle)
{
    struct text text = text_new(arena, 64 * 1024 * 1024);
    char bytes[4096];
    ssize_t got = 1;

    while (needle == NULL || !text_has(text_string(&text), needle)) {
        got = read_some(fd, bytes, needle != NULL ? 1 : sizeof(bytes));
        if (got <= 0)
            break;
        text_add_n(&text, bytes, (size_t)got);
    }
    if (got <= 0 && needle != NULL)
        return NULL;
    return arena_copy(arena, text_string(&text));
}

char *wire_read_all(struct arena *arena, int fd)
{
    return wire_read_until(arena, fd, NULL);
}

char *wire_exchange(struct arena *arena, unsigned port, const char *request)
{
    int fd = wire_connect(port);

    if (fd < 0)
        return arena_copy(arena, "");
    wire_send(fd, request);
    char *answer = wire_read_all(arena, fd);
    close(fd);
    return answer;
}

int wire_status(const char *answer)
{
    long long status = 0;
    char digits[4] = { 0 };

    if (answer == NULL || !text_starts(answer, "HTTP/1.") || strlen(answer) < 12)
        return 0;
    memcpy(digits, answer + 9, 3);
    return text_to_integer(digits, &status) ? (int)status : 0;
}

size_t wire_count(const char *text, const char *needle)
{
    size_t found = 0;

    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle))
        found++;
    return found;
}

bool wire_is_closed(int fd)
{
    char bytes[4096];
    ssize_t got;

    do
        got = read_some(fd, bytes, sizeof(bytes));
    while (got > 0);
    return got == 0;
}

bool wire_wait_for(bool (*is_true)(void *context), void *context)
{
    long long until_ms = clock_steady_ms() + WIRE_WAIT_MS;

    while (!is_true(context)) {
        if (clock_steady_ms() > until_ms)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

struct wanted {
    atomic_int *counter;
    int at_least;
};

static bool has_counted(void *context)
{
    const struct wanted *wanted = context;

    return atomic_load(wanted->counter) >= wanted->at_least;
}

bool wire_wait_count(atomic_int *counter, int at_least)
{
    struct wanted wanted = { counter, at_least };

    return wire_wait_for(has_counted, &wanted);
}

char *wire_folder(struct arena *arena)
{
    char *folder = arena_copy(arena, "/tmp/opsroom-net-XXXXXX");

    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no temporary folder\n");
        exit(1);
    }
    return folder;
}
