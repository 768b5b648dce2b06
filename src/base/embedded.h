/* Files that were put into the program at build time (tools/embed.py): migrations, the console. */
#pragma once

#include <stddef.h>

struct embedded_file {
    const char *name; /* "0001_core.sql"; NULL ends the list */
    /* One zero byte follows the last, so that text can be read as a string. */
    const unsigned char *bytes;
    size_t length;
};
