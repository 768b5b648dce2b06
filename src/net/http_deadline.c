/*
 * The sweeper: one thread that shuts down every connection past its deadline, looks after feeds, and lets refused
 * senders finish.  libmicrohttpd's own time-out starts anew with every byte, so a slow sender would never meet it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_internal.h"

enum {
    FEEDS_EVERY_MS = 1000
};

/* Small stacks, and no signals: those are for the main thread. */
void http_thread_start(pthread_t *thread, void *(*run)(void *), void *object)
{
    pthread_attr_t attributes;
    sigset_t all, before;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, HTTP_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, &attributes, run, object);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    ASSERT(failed == 0);
}

void http_socket_add(struct http_socket *socket)
{
    struct http_server *server = socket->listener->server;

    pthread_mutex_lock(&server->sockets_lock);
    socket->next = server->sockets;
    if (socket->next != NULL)
        socket->next->previous = socket;
    server->sockets = socket;
    pthread_mutex_unlock(&server->sockets_lock);
}

static void wake(struct http_sweeper *sweeper)
{
    uint64_t one = 1;
    ssize_t written = write(sweeper->wake_fd, &one, sizeof(one));

    (void)written; /* a full counter wakes as well */
}

/*
 * Closing a socket with unread bytes resets the connection, and the answer may be lost on its way.  So a copy of the
 * descriptor stays open until the sender has finished.
 */
static void linger(struct http_sweeper *sweeper, int fd)
{
    pthread_mutex_lock(&sweeper->lock);
    bool has_room = sweeper->lingering_count < HTTP_LINGER_LIMIT;
    int copy = has_room ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (copy >= 0)
        sweeper->lingering[sweeper->lingering_count++] =
            (struct http_lingering){ .fd = copy,
                                     .until_ms = clock_steady_ms() + HTTP_LINGER_MS };
    pthread_mutex_unlock(&sweeper->lock);
    if (copy >= 0)
        wake(sweeper);
}

void http_socket_remove(struct http_socket *socket)
{
    struct http_server *server = socket->listener->server;

    pthread_mutex_lock(&server->sockets_lock);
    if (socket->previous != NULL)
        socket->previous->next = socket->next;
    else
        server->sockets = socket->next;
    if (socket->next != NULL)
        socket->next->previous = socket->previous;
    pthread_mutex_unlock(&server->sockets_lock);
    if (socket->lingers)
        linger(&server->sweeper, socket->fd);
}

void http_socket_deadline(struct http_socket *socket, long long in_ms)
{
    atomic_store(&socket->deadline_ms, in_ms != 0 ? clock_steady_ms() + in_ms : 0);
}

/* Under the lock, so that the descriptor cannot be closed and used anew meanwhile. */
static void cut_late_sockets(struct http_server *server, long long now_ms)
{
    pthread_mutex_lock(&server->sockets_lock);
    for (struct http_socket *socket = server->sockets; socket != NULL; socket = socket->next) {
        long long deadline_ms = atomic_load(&socket->deadline_ms);

        if (deadline_ms != 0 && now_ms >= deadline_ms)
            shutdown(socket->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->sockets_lock);
}

/* Reads and throws away what has come; false when the sender has finished. */
static bool discard(int fd)
{
    char bytes[16 * 1024];
    ssize_t length;

    do
        length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (length == (ssize_t)sizeof(bytes));
    return length > 0 || (length < 0 && errno == EAGAIN);
}

static void tend_lingering(struct http_sweeper *sweeper, long long now_ms)
{
    size_t kept = 0;

    pthread_mutex_lock(&sweeper->lock);
    for (size_t i = 0; i < sweeper->lingering_count; i++) {
        struct http_lingering one = sweeper->lingering[i];

        if (now_ms < one.until_ms && discard(one.fd))
            sweeper->lingering[kept++] = one;
        else
            close(one.fd);
    }
    sweeper->lingering_count = kept;
    pthread_mutex_unlock(&sweeper->lock);
}

static void wait_for_tick(struct http_sweeper *sweeper)
{
    struct pollfd fds[1 + HTTP_LINGER_LIMIT] = { { .fd = sweeper->wake_fd, .events = POLLIN } };
    nfds_t count = 1;
    uint64_t ignored;

    pthread_mutex_lock(&sweeper->lock);
    for (size_t i = 0; i < sweeper->lingering_count; i++)
        fds[count++] = (struct pollfd){ .fd = sweeper->lingering[i].fd, .events = POLLIN };
    pthread_mutex_unlock(&sweeper->lock);
    if (poll(fds, count, HTTP_TICK_MS) > 0 && fds[0].revents != 0) {
        ssize_t length = read(sweeper->wake_fd, &ignored, sizeof(ignored));

        (void)length;
    }
}

static void *run(void *object)
{
    struct http_server *server = object;
    struct http_sweeper *sweeper = &server->sweeper;
    long long feeds_ms = 0;

    while (!atomic_load(&sweeper->is_stopping)) {
        wait_for_tick(sweeper);
        long long now_ms = clock_steady_ms();
        cut_late_sockets(server, now_ms);
        tend_lingering(sweeper, now_ms);
        if (now_ms - feeds_ms >= FEEDS_EVERY_MS) {
            feeds_ms = now_ms;
            http_feeds_tick(server, now_ms);
        }
    }
    return NULL;
}

void http_sweeper_start(struct http_server *server)
{
    struct http_sweeper *sweeper = &server->sweeper;

    pthread_mutex_init(&sweeper->lock, NULL);
    sweeper->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ASSERT(sweeper->wake_fd >= 0);
    http_thread_start(&sweeper->thread, run, server);
}

void http_sweeper_stop(struct http_server *server)
{
    struct http_sweeper *sweeper = &server->sweeper;

    atomic_store(&sweeper->is_stopping, true);
    wake(sweeper);
    pthread_join(sweeper->thread, NULL);
    for (size_t i = 0; i < sweeper->lingering_count; i++)
        close(sweeper->lingering[i].fd);
    close(sweeper->wake_fd);
    pthread_mutex_destroy(&sweeper->lock);
}
