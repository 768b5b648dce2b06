/*
 * Server-sent events.  A feed's connection is suspended while there is nothing to send; http_feed_send() puts the
 * bytes into the feed's buffer and resumes it, and the reader, on the listener's thread, moves them on.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_internal.h"

struct http_feed {
    struct http_feed *next, *previous; /* in server->feeds */
    struct http_request *request;
    void (*closed)(void *context);
    void *context;
    pthread_mutex_t lock; /* for what follows */
    char *bytes;          /* unsent: from start to length */
    size_t start, length, capacity;
    bool is_suspended;  /* until somebody resumes it */
    bool is_ended;      /* the stream ends after what is in the buffer */
    bool is_cut;        /* the stream ends at once */
    bool is_suspicious; /* the client has closed its side: a heartbeat was sent to find out */
    long long sent_ms;
    bool was_suspended; /* of the listener's thread: still counted in server->suspended */
};

static void resume(struct http_feed *feed)
{
    if (!feed->is_suspended)
        return;
    feed->is_suspended = false;
    http_resume(feed->request->server, feed->request->connection);
}

static bool has_room(const struct http_feed *feed, size_t length)
{
    return feed->length - feed->start + length <= HTTP_FEED_LIMIT;
}

static void append(struct http_feed *feed, const char *bytes, size_t length)
{
    if (feed->start > 0 && feed->length + length > feed->capacity) {
        memmove(feed->bytes, feed->bytes + feed->start, feed->length - feed->start);
        feed->length -= feed->start;
        feed->start = 0;
    }
    if (feed->length + length > feed->capacity) {
        feed->capacity = (feed->length + length) * 2;
        feed->bytes = memory_resize(feed->bytes, feed->capacity);
    }
    memcpy(feed->bytes + feed->length, bytes, length);
    feed->length += length;
}

/* An idle feed keeps no buffer. */
static void forget(struct http_feed *feed)
{
    free(feed->bytes);
    feed->bytes = NULL;
    feed->start = feed->length = feed->capacity = 0;
}

/* The reader is not asked while the client's buffers are full, so the sweeper has to end the connection. */
static void cut(struct http_feed *feed)
{
    feed->is_cut = true;
    http_socket_deadline(feed->request->socket, 1);
}

static bool send_bytes(struct http_feed *feed, const char *bytes, size_t length)
{
    pthread_mutex_lock(&feed->lock);
    bool accepted = !feed->is_ended && !feed->is_cut;
    if (accepted && !has_room(feed, length)) {
        cut(feed);
        accepted = false;
    }
    if (accepted) {
        append(feed, bytes, length);
        feed->sent_ms = clock_steady_ms();
    }
    resume(feed);
    pthread_mutex_unlock(&feed->lock);
    return accepted;
}

/* Nothing to send.  0: come back after a resume. */
static ssize_t wait_for_more(struct http_feed *feed)
{
    struct http_request *request = feed->request;

    forget(feed);
    if (feed->is_ended || !http_suspend(request->server, request->connection))
        return MHD_CONTENT_READER_END_OF_STREAM;
    feed->is_suspended = feed->was_suspended = true;
    http_socket_deadline(request->socket, 0);
    return 0;
}

static ssize_t take_bytes(struct http_feed *feed, char *buffer, size_t limit)
{
    size_t length = feed->length - feed->start;

    if (length > limit)
        length = limit;
    memcpy(buffer, feed->bytes + feed->start, length);
    feed->start += length;
    http_socket_deadline(feed->request->socket, feed->request->server->answer_ms);
    return (ssize_t)length;
}

static ssize_t feed_read(void *context, uint64_t position, char *buffer, size_t limit)
{
    struct http_feed *feed = context;
    ssize_t length;

    (void)position;
    if (feed->was_suspended) {
        feed->was_suspended = false;
        http_resumed(feed->request->server);
    }
    pthread_mutex_lock(&feed->lock);
    if (feed->is_cut)
        length = MHD_CONTENT_READER_END_WITH_ERROR;
    else if (feed->length == feed->start)
        length = wait_for_more(feed);
    else
        length = take_bytes(feed, buffer, limit);
    pthread_mutex_unlock(&feed->lock);
    return length;
}

static void enlist(struct http_feed *feed)
{
    struct http_server *server = feed->request->server;

    pthread_mutex_lock(&server->feeds_lock);
    feed->next = server->feeds;
    if (feed->next != NULL)
        feed->next->previous = feed;
    server->feeds = feed;
    feed->is_ended = atomic_load(&server->is_draining);
    pthread_mutex_unlock(&server->feeds_lock);
}

static void delist(struct http_feed *feed)
{
    struct http_server *server = feed->request->server;

    pthread_mutex_lock(&server->feeds_lock);
    if (feed->previous != NULL)
        feed->previous->next = feed->next;
    else
        server->feeds = feed->next;
    if (feed->next != NULL)
        feed->next->previous = feed->previous;
    pthread_mutex_unlock(&server->feeds_lock);
}

struct http_feed *http_feed_start(struct http_request *request, void (*closed)(void *context),
                                  void *context)
{
    enum {
        BLOCK_BYTES =
            1024 /* used for HTTP/1.0 only; chunks go through the connection's own memory */
    };
    ASSERT(request->response == NULL);
    struct http_feed *feed = ARENA_NEW(request->arena, struct http_feed);

    feed->request = request;
    feed->closed = closed;
    feed->context = context;
    feed->sent_ms = clock_steady_ms();
    pthread_mutex_init(&feed->lock, NULL);
    enlist(feed);
    request->feed = feed;
    http_answer_header(request, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    http_answer_header(request, "X-Accel-Buffering", "no");
    http_answer_with(request, MHD_HTTP_OK, "text/event-stream",
                     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, feed_read,
                                                       feed, NULL));
    return feed;
}

/* A line break inside an id or a name would start a field of its own. */
static void add_line(struct text *text, const char *field, const char *value)
{
    if (value == NULL)
        return;
    text_add(text, field);
    text_add_n(text, value, strcspn(value, "\r\n"));
    text_add_char(text, '\n');
}

static void add_data(struct text *text, const char *data)
{
    for (;;) {
        size_t length = strcspn(data, "\r\n");

        text_add(text, "data: ");
        text_add_n(text, data, length);
        text_add_char(text, '\n');
        data += length;
        if (*data == '\0')
            return;
        data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
    }
}

bool http_feed_send(struct http_feed *feed, const char *id, const char *event, const char *data)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct text text = text_new(arena, HTTP_FEED_LIMIT + 1);

    add_line(&text, "id: ", id);
    add_line(&text, "event: ", event);
    add_data(&text, data != NULL ? data : "");
    text_add_char(&text, '\n');
    return send_bytes(feed, text_string(&text), text.length);
}

void http_feed_close(struct http_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->is_ended = true;
    resume(feed);
    pthread_mutex_unlock(&feed->lock);
}

void http_feed_ended(struct http_feed *feed)
{
    delist(feed);
    if (feed->was_suspended)
        http_resumed(feed->request->server);
    if (feed->closed != NULL)
        feed->closed(feed->context);
    pthread_mutex_lock(&feed->lock);
    forget(feed);
    pthread_mutex_unlock(&feed->lock);
    pthread_mutex_destroy(&feed->lock);
}

void http_feeds_end(struct http_server *server)
{
    pthread_mutex_lock(&server->feeds_lock);
    for (struct http_feed *feed = server->feeds; feed != NULL; feed = feed->next)
        http_feed_close(feed);
    pthread_mutex_unlock(&server->feeds_lock);
}

/*
 * A suspended connection is not watched by libmicrohttpd.  A client that has gone shows as closed for reading; so
 * does one that only closed its own side, hence a heartbeat: to one that has gone it brings a reset.
 */
static void look_after(struct http_feed *feed, long long now_ms)
{
    static const char heartbeat[] = ": keep\n\n";
    struct pollfd poll_fd = { .fd = feed->request->socket->fd, .events = POLLRDHUP };

    poll(&poll_fd, 1, 0);
    if ((poll_fd.revents & (POLLHUP | POLLERR)) != 0) {
        pthread_mutex_lock(&feed->lock);
        cut(feed);
        resume(feed);
        pthread_mutex_unlock(&feed->lock);
        return;
    }
    bool has_closed = (poll_fd.revents & POLLRDHUP) != 0 && !feed->is_suspicious;
    pthread_mutex_lock(&feed->lock);
    bool is_due = now_ms - feed->sent_ms >= HTTP_FEED_HEARTBEAT_MS;
    pthread_mutex_unlock(&feed->lock);
    if (!has_closed && !is_due)
        return;
    feed->is_suspicious = has_closed || feed->is_suspicious;
    send_bytes(feed, heartbeat, strlen(heartbeat));
}

void http_feeds_tick(struct http_server *server, long long now_ms)
{
    pthread_mutex_lock(&server->feeds_lock);
    for (struct http_feed *feed = server->feeds; feed != NULL; feed = feed->next)
        look_after(feed, now_ms);
    pthread_mutex_unlock(&server->feeds_lock);
}
