/* For the tests of net/: a server with a few routes, and raw sockets that say whatever a test wants to say. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "net/http_server.h"

enum {
    WIRE_WAIT_MS = 10000 /* no answer within this is a failed test, not a hang */
};

/* What the handlers and observe() of the test server leave behind. */
struct seen {
    atomic_int observed;
    atomic_int last_status;
    atomic_int handled;
    char last_path[100];
    char last_method[20];
    void *extra;
};

/* 127.0.0.1, a free port, the routes of fixture.c; the plan may be changed before site_start(). */
struct http_server_plan site_plan(struct seen *seen);
struct http_server *
site_start(const struct http_server_plan *plan); /* ends the test on an error */

/* A port that nobody listens on. */
unsigned wire_free_port(void);

int wire_connect(unsigned port);
int wire_connect_unix(const char *path);
void wire_send(int fd, const char *text);
void wire_send_n(int fd, const char *bytes, size_t length); /* until all is sent or refused */

void wire_half_close(int fd);

/* Everything until the end of the stream, or until WIRE_WAIT_MS have passed without any. */
char *wire_read_all(struct arena *arena, int fd);

/* At least until needle has come; NULL when the stream ends or stalls before. */
char *wire_read_until(struct arena *arena, int fd, const char *needle);

/* Connects, sends, reads until the end and closes. */
char *wire_exchange(struct arena *arena, unsigned port, const char *request);

int wire_status(const char *answer); /* of its first status line; 0: none */
size_t wire_count(const char *text, const char *needle);
bool wire_is_closed(int fd); /* the other side ends the stream within WIRE_WAIT_MS */

/* Asks the condition until it is true or WIRE_WAIT_MS have passed. */
bool wire_wait_for(bool (*is_true)(void *context), void *context);
bool wire_wait_count(atomic_int *counter, int at_least);

/* A new, empty folder for files of the test. */
char *wire_folder(struct arena *arena);
