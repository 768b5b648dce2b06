/* Tables as text: columns aligned by display width, long cells cut. */
#include "core/message_table.h"

#include <string.h>

/* Unicode 15: characters that need no column of their own (marks), and two (East Asian Width W and F, emoji). */
struct range {
    unsigned first, last;
};
static const struct range zero_ranges[] = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 },   { 0x0591, 0x05BD }, { 0x0610, 0x061A },
    { 0x064B, 0x065F }, { 0x1AB0, 0x1AFF },   { 0x1DC0, 0x1DFF }, { 0x200B, 0x200F },
    { 0x20D0, 0x20FF }, { 0x2060, 0x2064 },   { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F },
    { 0xFEFF, 0xFEFF }, { 0xE0100, 0xE01EF },
};
static const struct range wide_ranges[] = {
    { 0x1100, 0x115F },   { 0x231A, 0x231B },   { 0x23E9, 0x23EC },   { 0x2614, 0x2615 },
    { 0x26A1, 0x26A1 },   { 0x2705, 0x2705 },   { 0x274C, 0x274C },   { 0x2E80, 0x303E },
    { 0x3041, 0x33FF },   { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xA000, 0xA4CF },
    { 0xA960, 0xA97F },   { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },
    { 0xFF00, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF },
    { 0x1F7E0, 0x1F7EB }, { 0x1F900, 0x1F9FF }, { 0x1FA70, 0x1FAFF }, { 0x20000, 0x3FFFD },
};

enum {
    COLUMNS_MAX = 40,
    COLUMN_GAP = 2,
    CELL_WIDTH_MIN = 4
};

static bool is_within(unsigned character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

static size_t character_width(unsigned character)
{
    if (character < 0x300)
        return 1;
    if (is_within(character, zero_ranges, COUNT_OF(zero_ranges)))
        return 0;
    return is_within(character, wide_ranges, COUNT_OF(wide_ranges)) ? 2 : 1;
}

/* Length and width of the character at the start; a byte that is no character counts as one column. */
static size_t read_width(const char *bytes, size_t length, size_t *width)
{
    unsigned character = 0;
    size_t used = utf8_read(bytes, length, &character);

    *width = used == 0 ? 1 : character_width(character);
    return used == 0 ? 1 : used;
}

size_t text_width(const char *string)
{
    size_t length = strlen(string);
    size_t total = 0;

    for (size_t at = 0; at < length;) {
        size_t width;

        at += read_width(string + at, length - at, &width);
        total += width;
    }
    return total;
}

const char *text_cut_width(struct arena *arena, const char *string, size_t width)
{
    size_t length = strlen(string);
    size_t total = 0;
    size_t at = 0;

    if (text_width(string) <= width)
        return string;
    while (at < length) {
        size_t one;
        size_t used = read_width(string + at, length - at, &one);

        if (total + one + 1 > width)
            break;
        total += one;
        at += used;
    }
    return arena_printf(arena, "%.*s…", (int)at, string);
}

struct table {
    struct arena *arena;
    const struct json *columns;
    const struct json *rows;
    size_t column_count;
    size_t row_count; /* shown */
    size_t widths[COLUMNS_MAX];
    bool numbers[COLUMNS_MAX]; /* to the right */
};

/* One line: what is a line end in the value becomes a space. */
static const char *cell_text(struct arena *arena, const struct json *value)
{
    char *copy;

    if (value == NULL || json_is(value, JSON_NULL))
        return "";
    copy = arena_copy(arena, json_is(value, JSON_STRING) ? value->as.string
                                                         : json_print(arena, value));
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\n' || *c == '\t' || *c == '\r')
            *c = ' ';
    return copy;
}

static const struct json *table_cell(const struct table *table, size_t row, size_t column)
{
    return json_at(json_at(table->rows, row), column);
}

static void measure_column(struct table *table, size_t column)
{
    size_t width = text_width(cell_text(table->arena, json_at(table->columns, column)));
    bool numbers = table->row_count > 0;

    for (size_t row = 0; row < table->row_count; row++) {
        const struct json *value = table_cell(table, row, column);
        size_t one = text_width(cell_text(table->arena, value));

        width = one > width ? one : width;
        numbers = numbers && (json_is(value, JSON_INTEGER) || json_is(value, JSON_REAL));
    }
    table->widths[column] = width > TABLE_WIDTH_MAX ? TABLE_WIDTH_MAX : width;
    table->numbers[column] = numbers;
}

static size_t table_width(const struct table *table)
{
    size_t total = COLUMN_GAP * (table->column_count - 1);

    for (size_t i = 0; i < table->column_count; i++)
        total += table->widths[i];
    return total;
}

/* Takes columns from the widest until the table fits. */
static void fit_columns(struct table *table)
{
    while (table_width(table) > TABLE_WIDTH_MAX) {
        size_t widest = 0;

        for (size_t i = 1; i < table->column_count; i++)
            if (table->widths[i] > table->widths[widest])
                widest = i;
        if (table->widths[widest] <= CELL_WIDTH_MIN)
            return;
        table->widths[widest]--;
    }
}

static void add_spaces(struct text *out, size_t count)
{
    while (count-- > 0)
        text_add_char(out, ' ');
}

static void add_cell(struct text *out, const struct table *table, size_t column,
                     const struct json *value)
{
    const char *cell =
        text_cut_width(table->arena, cell_text(table->arena, value), table->widths[column]);
    size_t used = text_width(cell);
    size_t missing = table->widths[column] > used ? table->widths[column] - used : 0;

    if (table->numbers[column])
        add_spaces(out, missing);
    text_add(out, cell);
    if (column + 1 < table->column_count)
        add_spaces(out, COLUMN_GAP + (table->numbers[column] ? 0 : missing));
}

/* No spaces at the end of a line. */
static const char *trim_end(struct arena *arena, const char *line)
{
    size_t length = strlen(line);

    while (length > 0 && line[length - 1] == ' ')
        length--;
    return arena_copy_n(arena, line, length);
}

static void add_row(struct text *out, const struct table *table, const struct json *row)
{
    struct text line = text_new(table->arena, 16 * 1024);

    for (size_t i = 0; i < table->column_count; i++)
        add_cell(&line, table, i, json_at(row, i));
    text_add(out, trim_end(table->arena,
                           text_cut_width(table->arena, text_string(&line), TABLE_WIDTH_MAX)));
}

void table_print(struct text *out, const struct json *block)
{
    struct table table = {
        .arena = out->arena,
        .columns = json_get(block, "columns"),
        .rows = json_get(block, "rows"),
    };
    size_t count = json_count(table.rows);

    table.column_count = json_count(table.columns);
    if (table.column_count > COLUMNS_MAX)
        table.column_count = COLUMNS_MAX;
    table.row_count = count > TABLE_ROWS_MAX ? TABLE_ROWS_MAX : count;
    if (table.column_count == 0)
        return;
    for (size_t i = 0; i < table.column_count; i++)
        measure_column(&table, i);
    fit_columns(&table);
    add_row(out, &table, table.columns);
    for (size_t i = 0; i < table.row_count; i++) {
        text_add_char(out, '\n');
        add_row(out, &table, json_at(table.rows, i));
    }
    if (count > table.row_count)
        text_addf(out, "\n… and %zu more", count - table.row_count);
}
