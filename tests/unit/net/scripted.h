/* A server that gives scripted answers, whatever it is asked, and remembers what it was asked. */
#pragma once

#include "base/arena.h"

enum scripted_manner {
    SCRIPTED_KEEPS, /* the connection stays open after an answer, except after "" */
    SCRIPTED_CLOSES,
};

/* In place of an answer: says nothing until scripted_stop(). */
#define SCRIPTED_STALL "stall"

/* answers end in NULL; "" closes the connection without one. */
struct scripted *scripted_start(const char *const *answers, enum scripted_manner manner);
unsigned scripted_port(const struct scripted *scripted);
int scripted_connections(struct scripted *scripted);

/* Everything it was sent, request after request. */
const char *scripted_stop(struct scripted *scripted, struct arena *arena);
