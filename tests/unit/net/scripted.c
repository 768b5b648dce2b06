/* The scripted server: one thread, one connection at a time. */
#include "scripted.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "fixture.h"

struct scripted {
    pthread_t thread;
    int fd;
    int stop_pipe[2];
    unsigned port;
    const char *const *answers;
    enum scripted_manner manner;
    atomic_int connections;
    struct arena *arena; /* of its thread */
    struct text requests;
};

/* False when the server is told to stop, or when another client (or_other, a listening socket) comes instead. */
static bool wait_readable(struct scripted *scripted, int fd, int or_other)
{
    struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
                            { .fd = scripted->stop_pipe[0], .events = POLLIN },
                            { .fd = or_other, .events = POLLIN } };

    return poll(fds, COUNT_OF(fds), WIRE_WAIT_MS) > 0 && fds[0].revents != 0 &&
           fds[1].revents == 0;
}

static size_t body_length(const char *head)
{
    const char *line = strstr(head, "Content-Length: ");
    long long length = 0;
    char digits[20] = { 0 };

    if (line == NULL)
        return 0;
    line += strlen("Content-Length: ");
    memcpy(digits, line, strcspn(line, "\r") % sizeof(digits));
    return text_to_integer(digits, &length) ? (size_t)length : 0;
}

/* One whole request; false at the end of the stream. */
static bool read_request(struct scripted *scripted, int fd)
{
    struct text request = text_new(scripted->arena, 1024 * 1024);
    size_t wanted = 0;

    while (wanted == 0 || request.length < wanted) {
        char byte;

        if (!wait_readable(scripted, fd, scripted->fd) || recv(fd, &byte, 1, 0) != 1)
            return false;
        text_add_char(&request, byte);
        if (wanted == 0 && text_ends(text_string(&request), "\r\n\r\n"))
            wanted = request.length + body_length(text_string(&request));
    }
    text_add(&scripted->requests, text_string(&request));
    return true;
}

static void serve(struct scripted *scripted, int fd)
{
    while (*scripted->answers != NULL && read_request(scripted, fd)) {
        const char *answer = *scripted->answers++;

        if (strcmp(answer, SCRIPTED_STALL) == 0) {
            wait_readable(scripted, scripted->stop_pipe[0], -1);
            return;
        }
        wire_send(fd, answer);
        if (scripted->manner == SCRIPTED_CLOSES || *answer == '\0')
            return;
    }
}

static void *run(void *context)
{
    struct scripted *scripted = context;

    while (*scripted->answers != NULL && wait_readable(scripted, scripted->fd, -1)) {
        int fd = accept(scripted->fd, NULL, NULL);

        if (fd < 0)
            break;
        atomic_fetch_add(&scripted->connections, 1);
        serve(scripted, fd);
        close(fd);
    }
    return NULL;
}

struct scripted *scripted_start(const char *const *answers, enum scripted_manner manner)
{
    struct scripted *scripted = memory_new(sizeof(*scripted));
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);

    scripted->answers = answers;
    scripted->manner = manner;
    scripted->arena = arena_new();
    scripted->requests = text_new(scripted->arena, 1024 * 1024);
    scripted->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(bind(scripted->fd, (struct sockaddr *)&address, size) == 0);
    ASSERT(listen(scripted->fd, 10) == 0 && pipe(scripted->stop_pipe) == 0);
    getsockname(scripted->fd, (struct sockaddr *)&address, &size);
    scripted->port = ntohs(address.sin_port);
    ASSERT(pthread_create(&scripted->thread, NULL, run, scripted) == 0);
    return scripted;
}

unsigned scripted_port(const struct scripted *scripted)
{
    return scripted->port;
}

int scripted_connections(struct scripted *scripted)
{
    return atomic_load(&scripted->connections);
}

const char *scripted_stop(struct scripted *scripted, struct arena *arena)
{
    close(scripted->stop_pipe[1]);
    pthread_join(scripted->thread, NULL);
    const char *requests = arena_copy(arena, text_string(&scripted->requests));
    close(scripted->stop_pipe[0]);
    close(scripted->fd);
    arena_free(scripted->arena);
    free(scripted);
    return requests;
}
