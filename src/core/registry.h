/* What this program is made of: the lists that server/main.c hands down, so that core knows no connector by name. */
#pragma once

#include <stddef.h>

#include "core/command.h"

struct chat_platform;

struct registry {
    const struct connector *const *connectors;
    size_t connector_count;
    const struct chat_platform *const *platforms;
    size_t platform_count;
};

const struct connector *registry_connector(const struct registry *registry, const char *type);
const struct chat_platform *registry_platform(const struct registry *registry,
                                              const char *type);
