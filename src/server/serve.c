/* The server's life: configuration, store, engine, listeners; then signals; then all of it backwards. */
#include "server/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "console/console.h"
#include "core/audit.h"
#include "core/config.h"
#include "core/core.h"
#include "core/sealed.h"
#include "net/http_client.h"
#include "net/http_server.h"

enum {
    NARROW_THREADS = 4,
    WIDE_THREADS = 16,
    HEADER_DEADLINE_S = 15,
    BODY_DEADLINE_S = 60,
    ANSWER_DEADLINE_S = 60,
    STOP_LIMIT_S = 8,
    LOOK_EVERY_S = 2, /* at the configuration file */
    MALLOC_ARENAS =
        2, /* a heap for each of fifty threads would cost more memory than it saves time */
};

static const char *filter_line(void *context, struct arena *arena, const char *line)
{
    return core_redact(context, arena, line);
}

static int start_audit(const struct config *config, struct error *err)
{
    unsigned char seed[32];

    if (sealed_seed(config->directory, "audit", seed, err) < 0)
        return -1;
    audit_start(seed);
    explicit_bzero(seed, sizeof(seed));
    return 0;
}

/* "127.0.0.1:8080", "[::1]:8080" */
static int parse_listen(struct arena *arena, const char *text, struct http_address *address,
                        struct error *err)
{
    const char *colon = strrchr(text, ':');
    long long port;
    size_t length;

    if (colon == NULL || !text_to_integer(colon + 1, &port) || port < 0 || port > 65535)
        return error_set(err, ERROR_INVALID, "server.listen: \"%s\" is not HOST:PORT", text);
    length = (size_t)(colon - text);
    if (text[0] == '[' && length > 2)
        address->host = arena_copy_n(arena, text + 1, length - 2);
    else
        address->host = arena_copy_n(arena, text, length);
    address->port = (unsigned)port;
    return 0;
}

static struct http_server *start_http(const struct config *config, struct console *console,
                                      struct arena *arena, struct error *err)
{
    const struct server_config *server = &config->server;
    struct http_address *addresses =
        ARENA_ARRAY(arena, struct http_address, server->listen.count + 1);
    const char **proxies = ARENA_ARRAY(arena, const char *, server->trusted_proxies.count + 1);
    struct http_server_plan plan = { .addresses = addresses,
                                     .address_count = server->listen.count + 1,
                                     .context = console,
                                     .narrow_threads = NARROW_THREADS,
                                     .wide_threads = WIDE_THREADS,
                                     .body_limit = (size_t)server->body_limit,
                                     .header_deadline_s = HEADER_DEADLINE_S,
                                     .body_deadline_s = BODY_DEADLINE_S,
                                     .answer_deadline_s = ANSWER_DEADLINE_S,
                                     .trusted_proxies = proxies,
                                     .observe = console_observe };

    for (size_t i = 0; i < server->listen.count; i++) {
        if (parse_listen(arena, server->listen.items[i], &addresses[i], err) < 0)
            return NULL;
        addresses[i].tls_cert = server->tls_cert;
        addresses[i].tls_key = server->tls_key;
    }
    addresses[server->listen.count].socket_path = server->socket;
    for (size_t i = 0; i < server->trusted_proxies.count; i++)
        proxies[i] = server->trusted_proxies.items[i];
    plan.routes = console_routes(arena, (size_t)server->hook_limit, &plan.route_count);
    return http_server_start(&plan, err);
}

static void reload(struct core *core, struct http_server *http)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct faults faults = { 0 };
    struct error err = { 0 };
    const char *note = NULL;

    if (core_reload(core, arena, &faults, &note, &err) < 0)
        log_error(0, "reload refused, the old configuration stays: %s\n%s", err.text,
                  faults.count > 0 ? faults_print(arena, &faults) : "");
    else
        log_info(0, "configuration read again%s%s", note != NULL ? ": " : "",
                 note != NULL ? note : "");
    if (http_server_reload_tls(http, &err) < 0)
        log_error(0, "certificate not read again, the old one stays: %s", err.text);
}

static long long file_stamp(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return 0;
    return (long long)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec +
           status.st_size + (long long)status.st_ino;
}

/* Until somebody wants it to end.  A changed file is read once it has stayed the same for one look. */
static void wait_for_end(struct core *core, struct http_server *http, const sigset_t *signals,
                         const char *path)
{
    const struct timespec look = { .tv_sec = LOOK_EVERY_S };
    long long known = file_stamp(path);
    long long last = known;

    for (;;) {
        int caught = sigtimedwait(signals, NULL, &look);
        long long now = file_stamp(path);

        if (caught == SIGTERM || caught == SIGINT)
            return;
        if (caught == SIGHUP ||
            (caught < 0 && errno == EAGAIN && now != known && now == last && now != 0)) {
            known = now;
            reload(core, http);
        }
        last = now;
    }
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ,
           SIG_IGN); /* a write over the limit on file sizes fails like one to a full disk */
}

static int run(struct core *core, const struct config *config, struct arena *arena,
               const sigset_t *signals, long long started_us, struct error *err)
{
    AUTO(console) struct console *console = console_new(core);
    AUTO(http_server) struct http_server *http = NULL;

    if (core_start(core, err) < 0)
        return -1;
    http = start_http(config, console, arena, err);
    if (http == NULL) {
        core_stop(core, STOP_LIMIT_S);
        return -1;
    }
    for (size_t i = 0; i < config->server.listen.count; i++)
        log_info(0, "listening on http%s://%s", config->server.tls_cert != NULL ? "s" : "",
                 config->server.listen.items[i]);
    log_info(0, "opsroom %s is ready after %lld ms", OPSROOM_VERSION,
             (clock_steady_us() - started_us) / 1000);
    wait_for_end(core, http, signals, config->path);
    log_info(0, "stopping");
    http_server_drain(http, 1);
    core_stop(core, STOP_LIMIT_S);
    return 0;
}

static const struct config *read_config(const char *path, const struct registry *registry,
                                        struct arena *arena)
{
    struct faults faults = { .arena = arena };
    const struct config *config = config_read(path, CONFIG_WHOLE, registry, arena, &faults);

    if (faults.count > 0)
        fputs(faults_print(arena, &faults), stderr);
    return config;
}

int serve(const char *config_path, const struct registry *registry)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct config *config;
    struct core *core;
    sigset_t signals;
    struct error err = { 0 };
    long long started_us = clock_steady_us();
    int result;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread is there yet */
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    block_signals(&signals);
    config = read_config(config_path, registry, arena);
    if (config == NULL)
        return 1;
    log_start(config->server.log_format, config->server.log_level);
    http_client_start();
    core = start_audit(config, &err) < 0 ? NULL : core_new(config_hold(config), registry, &err);
    if (core == NULL) {
        log_error(0, "opsroom cannot start: %s", err.text);
        config_release(config);
        return 1;
    }
    log_filter(filter_line, core);
    result = run(core, config, arena, &signals, started_us, &err);
    if (result < 0)
        log_error(0, "opsroom cannot start: %s", err.text);
    log_filter(NULL, NULL);
    core_free(core);
    config_release(config);
    http_client_stop();
    return result < 0 ? 1 : 0;
}
