/* A lane: a bounded queue of requests and the threads that run their handlers. */
#include "net/http_internal.h"

bool http_lane_reserve(struct http_lane *lane)
{
    if (atomic_fetch_add(&lane->count, 1) < HTTP_LANE_LIMIT)
        return true;
    atomic_fetch_sub(&lane->count, 1);
    return false;
}

/*
 * At most one thread is on its way out of its sleep at a time; once awake it wakes the next if there is work for it.
 * Waking a thread costs more than a short handler does, and a burst of requests would wake them all.
 */
static bool must_wake(struct http_lane *lane)
{
    if (lane->sleeping == 0 || lane->is_waking)
        return false;
    lane->is_waking = true;
    return true;
}

void http_lane_push(struct http_lane *lane, struct http_request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&lane->lock);
    if (lane->last != NULL)
        lane->last->next = request;
    else
        lane->first = request;
    lane->last = request;
    bool wakes = must_wake(lane);
    pthread_mutex_unlock(&lane->lock);
    if (wakes)
        pthread_cond_signal(&lane->filled);
}

static void sleep_until_filled(struct http_lane *lane)
{
    while (lane->first == NULL && !lane->is_stopping) {
        lane->sleeping++;
        pthread_cond_wait(&lane->filled, &lane->lock);
        lane->sleeping--;
        lane->is_waking = false;
    }
}

static struct http_request *take(struct http_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    sleep_until_filled(lane);
    struct http_request *request = lane->first;
    bool wakes = false;
    if (request != NULL) {
        lane->first = request->next;
        if (lane->first == NULL)
            lane->last = NULL;
        wakes = lane->first != NULL && must_wake(lane);
    }
    pthread_mutex_unlock(&lane->lock);
    if (wakes)
        pthread_cond_signal(&lane->filled);
    if (request != NULL)
        atomic_fetch_sub(&lane->count, 1);
    return request;
}

void http_request_drop(struct http_request *request)
{
    struct http_server *server = request->server;
    struct MHD_Connection *connection = request->connection;

    if (atomic_fetch_sub(&request->holders, 1) == 1)
        http_resume(server, connection);
}

static void *run(void *object)
{
    struct http_lane *lane = object;
    struct http_request *request;

    while ((request = take(lane)) != NULL) {
        request->route->plan->handle(request, lane->context);
        if (!request->is_held && request->response == NULL)
            http_refuse(request, MHD_HTTP_INTERNAL_SERVER_ERROR, ERROR_INTERNAL,
                        "the request was not answered");
        http_request_drop(request);
    }
    return NULL;
}

void http_lane_start(struct http_lane *lane, struct http_server *server, unsigned threads)
{
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->filled, NULL);
    lane->context = server->context;
    lane->thread_count = threads;
    lane->threads = ARENA_ARRAY(server->arena, pthread_t, threads);
    for (size_t i = 0; i < threads; i++)
        http_thread_start(&lane->threads[i], run, lane);
}

void http_lane_stop(struct http_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->is_stopping = true;
    pthread_mutex_unlock(&lane->lock);
    pthread_cond_broadcast(&lane->filled);
    for (size_t i = 0; i < lane->thread_count; i++)
        pthread_join(lane->threads[i], NULL);
    pthread_cond_destroy(&lane->filled);
    pthread_mutex_destroy(&lane->lock);
}
