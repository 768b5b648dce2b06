/* The connector "statuspage": incidents on a page that customers read. */
#pragma once

#include "core/command.h"

extern const struct connector statuspage_connector;
