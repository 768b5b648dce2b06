/* Tables as text: columns aligned by display width.  For core/ only. */
#pragma once

#include "base/json.h"
#include "base/text.h"

enum {
    TABLE_WIDTH_MAX = 100, /* columns of the terminal; long cells are cut */
    TABLE_ROWS_MAX = 500   /* then a line says how many were left out */
};

/* A block of kind "table". */
void table_print(struct text *out, const struct json *block);

/* How many columns a terminal needs for it: 0 for combining marks, 2 for East Asian wide letters and emoji. */
size_t text_width(const char *string);
/* At most that wide; what is longer ends in "…". */
const char *text_cut_width(struct arena *arena, const char *string, size_t width);
