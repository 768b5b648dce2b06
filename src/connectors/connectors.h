/* The list of connectors. */
#pragma once

#include <stddef.h>

#include "core/command.h"

extern const struct connector *const connectors[];
extern const size_t connector_count;
