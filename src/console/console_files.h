/* What tools/embed.py makes of the folder console/. */
#pragma once

#include "base/embedded.h"

extern const struct embedded_file console_files[];
