/* "server" and "store": how opsroom itself is reached, and where it keeps what it knows. */
#include <arpa/inet.h>
#include <string.h>

#include "core/config_internal.h"

enum {
    PORT_MAX = 65535,
    SOCKET_PATH_MAX = 107, /* of sun_path, see unix(7) */
    DAY_S = 24 * 60 * 60
};

/* "server" as it is written. */
struct server_section {
    struct strings listen, trusted_proxies;
    const char *public_url, *socket, *zone, *retain;
    long long workers;
};

static const struct field server_fields[] = {
    FIELD(struct server_section, listen, .key = "listen",
          .help = "HOST:PORT, or a list of them", .fallback = "127.0.0.1:8080"),
    FIELD(struct server_section, public_url, .key = "public_url",
          .help = "how people and other systems reach the server"),
    FIELD(struct server_section, socket, .key = "socket", .meaning = AS_PATH,
          .fallback = "opsroom.sock", .help = "the local Unix socket"),
    FIELD(struct server_section, trusted_proxies, .key = "trusted_proxies",
          .help = "addresses of proxies whose X-Forwarded-For counts"),
    FIELD(struct server_section, zone, .key = "zone", .fallback = "UTC",
          .help = "time zone for those whose own is not known"),
    FIELD(struct server_section, workers, .key = "workers", .fallback = "16", .min = 1,
          .max = 256, .help = "threads for the work of connections"),
    FIELD(struct server_section, retain, .key = "retain", .fallback = "90d",
          .help = "how long jobs and messages are kept; the audit always is"),
};
static const struct fields server_table = FIELDS(struct server_section, server_fields);

struct tls_section {
    const char *cert, *key;
};
static const struct field tls_fields[] = {
    FIELD(struct tls_section, cert, .key = "cert", .meaning = AS_PATH, .need = true,
          .help = "a PEM file with the certificate and its chain"),
    FIELD(struct tls_section, key, .key = "key", .meaning = AS_PATH, .need = true,
          .help = "a PEM file with the private key"),
};
static const struct fields tls_table = FIELDS(struct tls_section, tls_fields);

struct limits_section {
    const char *body, *hooks;
    long long commands;
};
static const struct field limits_fields[] = {
    FIELD(struct limits_section, body, .key = "body", .fallback = "1MiB",
          .help = "of any request, such as 1MiB"),
    FIELD(struct limits_section, hooks, .key = "hooks", .fallback = "25MiB",
          .help = "of what is sent to /hooks, such as 25MiB"),
    FIELD(struct limits_section, commands, .key = "commands", .fallback = "600", .min = 1,
          .max = 1000000000, .help = "that one person may start in a minute"),
};
static const struct fields limits_table = FIELDS(struct limits_section, limits_fields);

struct log_section {
    const char *format, *level;
};
static const struct field log_fields[] = {
    FIELD(struct log_section, format, .key = "format", .choices = "text|json",
          .fallback = "text", .help = "how a line is written"),
    FIELD(struct log_section, level, .key = "level", .choices = "debug|info|warn|error",
          .fallback = "info", .help = "the least that is written"),
};
static const struct fields log_table = FIELDS(struct log_section, log_fields);

/* The sections within "server". */
static const char *const parts[] = { "tls", "limits", "log" };

/* One of them; when it is not there the table's fallbacks. */
static void read_part(const struct section *server, const char *key, const struct fields *table,
                      void *out)
{
    static const struct json nothing = { .kind = JSON_NULL };
    struct loader *loader = server->loader;
    const struct json *part = json_member(server->map, key);
    struct section section;

    if (!section_open(&section, loader, part != NULL ? part : &nothing,
                      arena_printf(loader->arena, "server.%s", key)))
        section.map = &nothing;
    section_read(&section, table, out, NULL);
}

/* 1048576, 500KB, 1MiB, 25 MiB. */
static bool parse_size(struct arena *arena, const char *text, long long *bytes)
{
    static const struct {
        const char *unit;
        long long factor;
    } units[] = { { "", 1 },
                  { "B", 1 },
                  { "KB", 1000 },
                  { "KiB", 1024 },
                  { "MB", 1000 * 1000 },
                  { "MiB", 1024 * 1024 } };
    struct span rest = span_trim(span_of(text));
    size_t digits = 0;
    long long number = 0;

    while (digits < rest.length && rest.start[digits] >= '0' && rest.start[digits] <= '9')
        digits++;
    if (digits > 9 || !text_to_integer(arena_copy_n(arena, rest.start, digits), &number))
        return false;
    rest.start += digits;
    rest.length -= digits;
    rest = span_trim(rest);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (span_is(rest, units[i].unit)) {
            *bytes = number * units[i].factor;
            return true;
        }
    }
    return false;
}

static long long read_size(const struct section *server, const char *key, const char *text)
{
    const long long least = 1024, most = 1024LL * 1024 * 1024;
    struct loader *loader = server->loader;
    const struct json *value = json_member(json_member(server->map, "limits"), key);
    long long bytes = 0;

    if (parse_size(loader->arena, text, &bytes) && bytes >= least && bytes <= most)
        return bytes;
    fault_add(loader, mark_of(value != NULL ? value : server->map),
              "\"%s\" in server.limits must be a size from 1KiB to 1024MiB, not \"%s\"", key,
              text);
    return least;
}

static bool is_port(const char *text)
{
    long long port = 0;

    return text[0] != '-' && text_to_integer(text, &port) && port <= PORT_MAX;
}

/* HOST:PORT; an IPv6 host is in brackets, no host is every address. */
static bool is_listen_address(struct arena *arena, const char *text)
{
    const char *colon = strrchr(text, ':');

    if (colon == NULL || !is_port(colon + 1))
        return false;
    char *host = arena_copy_n(arena, text, (size_t)(colon - text));
    size_t length = strlen(host);
    if (host[0] == '[') {
        struct in6_addr address;

        if (length < 3 || host[length - 1] != ']')
            return false;
        host[length - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &address) == 1;
    }
    return strpbrk(host, ": \t/[]") == NULL;
}

static const struct json *item_of(const struct json *list, size_t position)
{
    return json_is(list, JSON_ARRAY) && position < json_count(list) ? json_at(list, position)
                                                                    : list;
}

static void check_addresses(const struct section *server, const struct server_section *read)
{
    struct loader *loader = server->loader;
    const struct json *listen = json_member(server->map, "listen");
    const struct json *proxies = json_member(server->map, "trusted_proxies");
    unsigned char address[sizeof(struct in6_addr)];

    if (listen != NULL && json_is(listen, JSON_ARRAY) && json_count(listen) == 0)
        fault_add(loader, mark_of(listen),
                  "\"listen\" in server is an empty list: write HOST:PORT");
    for (size_t i = 0; i < read->listen.count; i++)
        if (!is_listen_address(loader->arena, read->listen.items[i]))
            fault_add(loader, mark_of(item_of(listen, i)),
                      "\"listen\" in server must be HOST:PORT such as 127.0.0.1:8080 or "
                      "[::1]:8080, not \"%s\"",
                      read->listen.items[i]);
    for (size_t i = 0; i < read->trusted_proxies.count; i++)
        if (inet_pton(AF_INET, read->trusted_proxies.items[i], address) != 1 &&
            inet_pton(AF_INET6, read->trusted_proxies.items[i], address) != 1)
            fault_add(loader, mark_of(item_of(proxies, i)),
                      "\"trusted_proxies\" in server must be addresses such as 10.0.0.7, not "
                      "\"%s\"",
                      read->trusted_proxies.items[i]);
}

static const char *read_public_url(const struct section *server, const char *url)
{
    struct loader *loader = server->loader;
    size_t length = url != NULL ? strlen(url) : 0;

    if (url == NULL)
        return NULL;
    if (!is_web_address(url) || strpbrk(url, "?#") != NULL)
        fault_add(loader, mark_of(json_member(server->map, "public_url")),
                  "\"public_url\" in server must be an address such as "
                  "https://ops.example.com, not \"%s\"",
                  url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    return arena_copy_n(loader->arena, url, length);
}

static void read_zone(const struct section *server, const char *name)
{
    struct server_config *out = &server->loader->config->server;

    out->zone_name = name;
    out->zone = zone_find(name);
    if (out->zone == NULL)
        fault_add(server->loader, section_mark(server, "zone"),
                  "there is no time zone \"%s\": write one of the tz database, such as "
                  "Europe/Lisbon or UTC",
                  name);
}

static long long read_retain(const struct section *server, const char *text)
{
    const long long most = 100LL * 365;
    long long seconds = 0, number = 0;

    if (!text_to_integer(text, &number) && text_to_duration(text, &seconds) &&
        seconds >= DAY_S && seconds / DAY_S <= most)
        return seconds / DAY_S;
    fault_add(server->loader, mark_of(json_member(server->map, "retain")),
              "\"retain\" in server must be at least a day, with its unit, such as 90d, not "
              "\"%s\"",
              text);
    return 1;
}

static void read_server(const struct section *server)
{
    struct server_config *out = &server->loader->config->server;
    struct server_section read;
    struct tls_section tls = { .cert = NULL };
    struct limits_section limits;
    struct log_section log;
    struct strings also = { .items = parts, .count = COUNT_OF(parts) };
    const struct json *tls_part = json_member(server->map, "tls");

    section_read(server, &server_table, &read, &also);
    if (tls_part != NULL && !json_is(tls_part, JSON_NULL))
        read_part(server, "tls", &tls_table, &tls);
    read_part(server, "limits", &limits_table, &limits);
    read_part(server, "log", &log_table, &log);
    check_addresses(server, &read);
    *out = (struct server_config){
        .listen = read.listen,
        .tls_cert = tls.cert,
        .tls_key = tls.key,
        .public_url = read_public_url(server, read.public_url),
        .socket = read.socket,
        .trusted_proxies = read.trusted_proxies,
        .body_limit = read_size(server, "body", limits.body),
        .hook_limit = read_size(server, "hooks", limits.hooks),
        .commands_per_minute = limits.commands,
        .workers = read.workers,
        .log_format = log.format,
        .log_level = log.level,
        .retain_days = read_retain(server, read.retain),
    };
    read_zone(server, read.zone);
    if (strlen(out->socket) > SOCKET_PATH_MAX)
        fault_add(server->loader, section_mark(server, "socket"),
                  "the path of the local socket, %s, is longer than the %d bytes that Unix "
                  "allows: write a shorter \"socket\" in server",
                  out->socket, SOCKET_PATH_MAX);
}

static void read_store(struct loader *loader, const struct json *root)
{
    static const char scheme[] = "sqlite:";
    const struct json *value = json_member(root, "store");
    const char *url = "sqlite:opsroom.db";
    struct mark mark = mark_of(root);

    if (value != NULL && !json_is(value, JSON_NULL)) {
        mark = mark_of(value);
        url = value_text(loader, value, "store");
    }
    if (url == NULL)
        return;
    /* USER:PASSWORD@HOST */
    if (value != NULL && text_has(url, "@"))
        cover(loader, value);
    if (text_starts(url, "postgresql:") || text_starts(url, "postgres:")) {
        fault_add(loader, mark,
                  "PostgreSQL is not built into this version of opsroom: write sqlite:PATH");
    } else if (!text_starts(url, scheme) || url[strlen(scheme)] == '\0') {
        fault_add(loader, mark, "\"store\" must be sqlite:PATH, such as sqlite:opsroom.db");
    } else {
        const char *path =
            path_in(loader->arena, loader->config->directory, url + strlen(scheme));

        loader->config->store_url = arena_printf(loader->arena, "%s%s", scheme, path);
    }
}

void server_read(struct loader *loader)
{
    const struct json *root = loader->sources[0]->root;
    const struct json *value = json_member(root, "server");
    struct json nothing = { .kind = JSON_NULL, .file = root->file, .line = 1, .column = 1 };
    struct section section;

    if (value == NULL)
        value = &nothing;
    if (section_open(&section, loader, value, "server"))
        read_server(&section);
    read_store(loader, root);
}
