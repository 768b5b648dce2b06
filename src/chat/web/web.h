/* The web chat. */
#pragma once

#include "core/chat.h"

extern const struct chat_platform web_platform;
