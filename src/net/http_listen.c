/* Listening sockets: TCP, and a Unix socket that only its owner may open. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/http_internal.h"

enum {
    BACKLOG = 1024
};

static bool is_six(const char *host)
{
    return strchr(host, ':') != NULL;
}

static int set_error(struct error *err, int number, const struct http_address *address)
{
    if (is_six(address->host))
        return error_system(err, number, "listening on [%s]:%u", address->host, address->port);
    return error_system(err, number, "listening on %s:%u", address->host, address->port);
}

static int close_with(int fd, int number, const struct http_address *address, struct error *err)
{
    close(fd);
    return set_error(err, number, address);
}

static unsigned read_port(int fd)
{
    struct sockaddr_storage bound = { 0 };
    socklen_t size = sizeof(bound);

    getsockname(fd, (struct sockaddr *)&bound, &size);
    if (bound.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
}

static int open_tcp(struct http_listener *listener, const struct http_address *address,
                    const struct addrinfo *found, struct error *err)
{
    int on = 1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return set_error(err, errno, address);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (found->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        return close_with(fd, errno, address, err);
    listener->fd = fd;
    listener->port = read_port(fd);
    return 0;
}

static int listen_tcp(struct http_listener *listener, const struct http_address *address,
                      struct error *err)
{
    struct addrinfo wanted = { .ai_socktype = SOCK_STREAM,
                               .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char port[16];

    if (address->port > 65535)
        return error_set(err, ERROR_INVALID, "listening on port %u: there is no such port",
                         address->port);
    snprintf(port, sizeof(port), "%u", address->port);
    int failed = getaddrinfo(address->host, port, &wanted, &found);
    if (failed != 0)
        return error_set(err, ERROR_INVALID, "listening on \"%s\": %s", address->host,
                         gai_strerror(failed));
    int result = open_tcp(listener, address, found, err);
    freeaddrinfo(found);
    return result;
}

static int set_unix_error(struct error *err, int number, const char *path)
{
    return error_system(err, number, "listening on the socket \"%s\"", path);
}

/* A socket nobody accepts on any more is removed; a live one, or something else, stays. */
static int remove_stale(const struct sockaddr_un *name, struct error *err)
{
    struct stat status;

    if (lstat(name->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : set_unix_error(err, errno, name->sun_path);
    if (!S_ISSOCK(status.st_mode))
        return error_set(err, ERROR_CONFLICT,
                         "listening on the socket \"%s\": a file that is not a socket is there",
                         name->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return set_unix_error(err, errno, name->sun_path);
    int failed = connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0 ? errno : 0;
    close(fd);
    if (failed == ECONNREFUSED)
        return unlink(name->sun_path) < 0 ? set_unix_error(err, errno, name->sun_path) : 0;
    return error_set(err, ERROR_CONFLICT,
                     "listening on the socket \"%s\": another server is using it",
                     name->sun_path);
}

static void remember_inode(struct http_listener *listener)
{
    struct stat status;

    if (lstat(listener->socket_path, &status) < 0)
        return;
    listener->socket_device = status.st_dev;
    listener->socket_inode = status.st_ino;
}

static int listen_unix(struct http_listener *listener, const char *path, struct error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(name.sun_path))
        return error_set(err, ERROR_INVALID,
                         "the socket \"%s\": its path must be shorter than %zu bytes", path,
                         sizeof(name.sun_path));
    memcpy(name.sun_path, path, strlen(path));
    if (remove_stale(&name, err) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return set_unix_error(err, errno, path);
    /* On Linux a socket's mode before bind() is that of the file bind() makes. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 ||
        listen(fd, BACKLOG) < 0) {
        int number = errno;
        close(fd);
        return set_unix_error(err, number, path);
    }
    listener->fd = fd;
    listener->socket_path = arena_copy(listener->server->arena, path);
    remember_inode(listener);
    return 0;
}

int http_listen(struct http_listener *listener, const struct http_address *address,
                struct error *err)
{
    if (address->socket_path != NULL)
        return listen_unix(listener, address->socket_path, err);
    return listen_tcp(listener, address, err);
}

void http_listen_close(struct http_listener *listener)
{
    struct stat status;

    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    if (listener->socket_path != NULL && lstat(listener->socket_path, &status) == 0 &&
        status.st_dev == listener->socket_device && status.st_ino == listener->socket_inode)
        unlink(listener->socket_path);
}
