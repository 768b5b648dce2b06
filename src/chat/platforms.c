/* The list of chat platforms: one line each. */
#include "chat/platforms.h"

#include "chat/web/web.h"

const struct chat_platform *const chat_platforms[] = {
    &web_platform,
};
const size_t chat_platform_count = COUNT_OF(chat_platforms);
