/* Faults of a configuration: collected, sorted, quoted with a mark under the place, printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_internal.h"

enum {
    QUOTE_CHARACTERS_MAX = 160,
    QUOTE_CHARACTERS_BEFORE = 80,
    DESCRIBED_BYTES_MAX = 60
};

struct found_fault {
    struct fault fault;
    size_t source; /* position among the loader's sources */
    size_t order;  /* in which it was found */
};

struct mark mark_of(const struct json *value)
{
    return (struct mark){ .file = value->file, .line = value->line, .column = value->column };
}

struct mark mark_of_key(const struct json_member *member)
{
    return (struct mark){ .file = member->value.file,
                          .line = member->line,
                          .column = member->column };
}

static size_t source_position(const struct loader *loader, const char *file)
{
    size_t position = 0;

    while (position < loader->source_count && loader->sources[position]->name != file)
        position++;
    return position;
}

static struct found_fault *new_fault(struct loader *loader)
{
    if (loader->fault_count == loader->fault_capacity) {
        size_t capacity = loader->fault_capacity > 0 ? loader->fault_capacity * 2 : 16;
        struct found_fault *grown = ARENA_ARRAY(loader->arena, struct found_fault, capacity);

        if (loader->fault_count > 0)
            memcpy(grown, loader->faults, loader->fault_count * sizeof(*grown));
        loader->faults = grown;
        loader->fault_capacity = capacity;
    }
    return &loader->faults[loader->fault_count++];
}

static PRINTF(4, 0) void add(struct loader *loader, struct mark mark, bool warning,
                             const char *format, va_list values)
{
    if (loader->quiet)
        return;
    if (!warning)
        loader->errors++;
    if (loader->fault_count >= FAULTS_MAX) {
        loader->left_out++;
        return;
    }
    const char *text = arena_vprintf(loader->fault_arena, format, values);
    struct found_fault *found = new_fault(loader);
    *found = (struct found_fault){
        .fault = { .file = mark.file,
                   .line = mark.line,
                   .column = mark.column,
                   .warning = warning,
                   .text = text_printable(loader->fault_arena, text) },
        .source = source_position(loader, mark.file),
        .order = loader->fault_count,
    };
}

void fault_add(struct loader *loader, struct mark mark, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add(loader, mark, false, format, values);
    va_end(values);
}

void warning_add(struct loader *loader, struct mark mark, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add(loader, mark, true, format, values);
    va_end(values);
}

const char *near_name(struct loader *loader, const char *word, const struct strings *names)
{
    const char *near = NULL;

    /* Past the limit nobody reads it, and looking through thousands of names takes its time. */
    if (loader->fault_count < FAULTS_MAX)
        near = text_nearest(word, names->items, names->count);
    return near != NULL ? arena_printf(loader->arena, ": did you mean \"%s\"?", near) : "";
}

const char *describe(struct loader *loader, const struct json *value)
{
    if (json_is(value, JSON_ARRAY))
        return "a list";
    if (json_is(value, JSON_OBJECT))
        return "a map";
    if (!json_is(value, JSON_STRING))
        return "nothing";
    return arena_printf(loader->arena, "\"%s\"",
                        utf8_cut(loader->arena, value->as.string, DESCRIBED_BYTES_MAX));
}

void cover(struct loader *loader, const struct json *literal)
{
    if (loader->covered_count == loader->covered_capacity) {
        size_t capacity = loader->covered_capacity > 0 ? loader->covered_capacity * 2 : 8;
        const struct json **grown = ARENA_ARRAY(loader->arena, const struct json *, capacity);

        for (size_t i = 0; i < loader->covered_count; i++)
            grown[i] = loader->covered[i];
        loader->covered = grown;
        loader->covered_capacity = capacity;
    }
    loader->covered[loader->covered_count++] = literal;
}

/* The bytes of a line break: those that YAML 1.1 knows, so that its line numbers and ours agree. */
static size_t break_length(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);

    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (*at == '\n')
        return 1;
    if (left > 1 && memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    if (left > 2 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

static void find_lines(struct loader *loader, struct source *source)
{
    size_t *lines = ARENA_ARRAY(loader->arena, size_t, source->length + 2);
    const char *end = source->text + source->length;
    size_t count = 1;

    for (const char *at = source->text; at < end;) {
        size_t length = break_length(at, end);

        at += length > 0 ? length : 1;
        if (length > 0)
            lines[count++] = (size_t)(at - source->text);
    }
    source->lines = lines;
    source->line_count = count;
}

static struct span line_at(struct loader *loader, struct source *source, unsigned number)
{
    if (source->lines == NULL)
        find_lines(loader, source);
    if (number == 0 || number > source->line_count)
        return (struct span){ .start = NULL };
    const char *start = source->text + source->lines[number - 1];
    const char *end = start, *last = source->text + source->length;
    while (end < last && break_length(end, last) == 0)
        end++;
    return (struct span){ .start = start, .length = (size_t)(end - start) };
}

/* Where a character begins; columns count from 1.  Past the end: the end. */
static size_t column_offset(struct span line, size_t column)
{
    size_t offset = 0;
    unsigned character = 0;

    for (size_t i = 1; i < column && offset < line.length; i++) {
        size_t length = utf8_read(line.start + offset, line.length - offset, &character);

        offset += length > 0 ? length : 1;
    }
    return offset;
}

/* The end of the scalar that starts there, as far as it stands on this line. */
static size_t scalar_end(struct span line, size_t start, const struct json *literal)
{
    const char *at = line.start + start;
    size_t left = line.length - start;
    struct span value = span_of(json_string(literal, "", ""));

    if (left > 0 && (*at == '"' || *at == '\'')) {
        const char *quote = memchr(at + 1, *at, left - 1);
        bool doubled =
            quote == NULL || quote[-1] == '\\' || (quote + 1 < at + left && quote[1] == *at);

        return doubled ? line.length : (size_t)(quote - line.start) + 1;
    }
    bool whole = value.length <= left && memcmp(at, value.start, value.length) == 0;
    return whole && value.length > 0 ? start + value.length : line.length;
}

/* A copy in which literal secrets are stars, so that no report of a fault tells them. */
static struct span cover_line(struct loader *loader, struct mark mark, struct span line)
{
    char *copy = span_copy(loader->arena, line);

    for (size_t i = 0; i < loader->covered_count; i++) {
        const struct json *literal = loader->covered[i];

        if (literal->file != mark.file || literal->line != mark.line)
            continue;
        size_t start = column_offset(line, literal->column);
        memset(copy + start, '*', scalar_end(line, start, literal) - start);
    }
    return (struct span){ .start = copy, .length = line.length };
}

/* The line, or the part of a long one round the place, and under it the mark. */
static const char *quote(struct loader *loader, struct mark mark)
{
    size_t position = source_position(loader, mark.file);

    if (position == loader->source_count || mark.line == 0)
        return NULL;
    struct span line = line_at(loader, loader->sources[position], mark.line);
    if (line.start == NULL || span_trim(line).length == 0)
        return NULL;
    line = cover_line(loader, mark, line);
    size_t first = 1;
    if (mark.column > QUOTE_CHARACTERS_MAX)
        first = mark.column - QUOTE_CHARACTERS_BEFORE;
    size_t start = column_offset(line, first);
    size_t end = column_offset(line, first + QUOTE_CHARACTERS_MAX);
    size_t place = column_offset(line, mark.column > 0 ? mark.column : 1);
    struct text text = text_new(loader->arena, 8 * 1024);
    text_add(&text, first > 1 ? "…" : "");
    text_add_n(&text, line.start + start, end - start);
    text_add(&text, end < line.length ? "…\n" : "\n");
    text_add(&text, first > 1 ? " " : "");
    for (size_t at = start; at < place;) {
        unsigned character = 0;
        size_t length = utf8_read(line.start + at, place - at, &character);

        text_add_char(&text, line.start[at] == '\t' ? '\t' : ' ');
        at += length > 0 ? length : 1;
    }
    text_add_char(&text, '^');
    return text_printable(loader->fault_arena, text_string(&text));
}

static int by_place(const void *a, const void *b)
{
    const struct found_fault *one = a, *other = b;

    if (one->source != other->source)
        return one->source < other->source ? -1 : 1;
    if (one->fault.line != other->fault.line)
        return one->fault.line < other->fault.line ? -1 : 1;
    if (one->fault.column != other->fault.column)
        return one->fault.column < other->fault.column ? -1 : 1;
    return one->order < other->order ? -1 : one->order > other->order;
}

void faults_finish(struct loader *loader, struct faults *faults)
{
    size_t more = loader->left_out > 0 ? 1 : 0;
    struct fault *list =
        ARENA_ARRAY(loader->fault_arena, struct fault, loader->fault_count + more);

    if (loader->fault_count > 0)
        qsort(loader->faults, loader->fault_count, sizeof(*loader->faults), by_place);
    for (size_t i = 0; i < loader->fault_count; i++) {
        struct fault *fault = &list[i];

        *fault = loader->faults[i].fault;
        fault->quote =
            quote(loader, (struct mark){ .file = fault->file, fault->line, fault->column });
        fault->file = arena_copy(loader->fault_arena, fault->file);
    }
    if (more > 0)
        list[loader->fault_count] = (struct fault){
            .file = arena_copy(loader->fault_arena, loader->sources[0]->name),
            .text = arena_printf(loader->fault_arena, "%zu more faults are not listed",
                                 loader->left_out),
        };
    *faults = (struct faults){
        .arena = loader->fault_arena,
        .list = list,
        .count = loader->fault_count + more,
        .errors = loader->errors,
    };
}

const char *faults_print(struct arena *arena, const struct faults *faults)
{
    struct text text = text_new(arena, 1024 * 1024);

    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        struct span rest = span_of(fault->quote), line;

        text_add(&text, fault->file);
        if (fault->line > 0)
            text_addf(&text, ":%u:%u", fault->line, fault->column);
        text_addf(&text, ": %s%s\n", fault->warning ? "warning: " : "", fault->text);
        while (span_split(&rest, '\n', &line)) {
            text_add(&text, "    ");
            text_add_n(&text, line.start, line.length);
            text_add_char(&text, '\n');
        }
    }
    return text_string(&text);
}
