/* Inside base: the forms in which a value could stand in a text. */
#pragma once

#include "base/text.h"

/* Calls add for the value, each of its lines of at least REDACT_MIN_BYTES, and the encodings of all these. */
void redact_forms(struct span value, void (*add)(void *context, struct span form),
                  void *context);
