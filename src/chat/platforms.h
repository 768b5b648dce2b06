/* The list of chat platforms. */
#pragma once

#include <stddef.h>

#include "core/chat.h"

extern const struct chat_platform *const chat_platforms[];
extern const size_t chat_platform_count;
