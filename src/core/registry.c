/* The lists of connectors and platforms, by type. */
#include "core/registry.h"

#include "base/text.h"
#include "core/chat.h"

const struct connector *registry_connector(const struct registry *registry, const char *type)
{
    for (size_t i = 0; i < registry->connector_count; i++)
        if (text_is(registry->connectors[i]->name, type))
            return registry->connectors[i];
    return NULL;
}

const struct chat_platform *registry_platform(const struct registry *registry, const char *type)
{
    for (size_t i = 0; i < registry->platform_count; i++)
        if (text_is(registry->platforms[i]->name, type))
            return registry->platforms[i];
    return NULL;
}
