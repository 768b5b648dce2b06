/* Reads a Mustache template into its tree (https://github.com/mustache/spec). */
#include <string.h>

#include "base/template_tree.h"

struct open_section {
    const char *name;
    const char *at;                   /* the tag, for messages */
    struct template_node **add_after; /* where the enclosing list goes on */
};

struct parser {
    struct arena *arena;
    struct error *err;
    const char *source;
    const char *at; /* what is not read yet */
    const char *open;
    const char *close;
    struct template_node **add; /* where the next node goes */
    struct open_section sections[TEMPLATE_DEPTH_MAX];
    size_t depth;
};

/* A tag as it stands in the source. */
struct tag {
    const char *start;    /* of the opening delimiter */
    const char *text_end; /* of the text before it: less when its line goes with it */
    const char *end;      /* after the closing delimiter, or after its line */
    char sign;            /* & { # ^ / ! = > < $, or 0: a variable */
    const char *name;     /* what is inside, trimmed */
};

static void find_place(const char *source, const char *at, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (const char *c = source; c < at; c++) {
        if (*c == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)*c & 0xC0) != 0x80) {
            (*column)++; /* characters, not bytes */
        }
    }
}

static int PRINTF(3, 4)
    parse_fault(const struct parser *parser, const char *at, const char *format, ...)
{
    unsigned line, column;
    va_list values;

    va_start(values, format);
    error_vset(parser->err, ERROR_INVALID, format, values);
    va_end(values);
    find_place(parser->source, at, &line, &column);
    return error_prefix(parser->err, "line %u, column %u", line, column);
}

static struct template_node *add_node(struct parser *parser, enum template_kind kind)
{
    struct template_node *node = ARENA_NEW(parser->arena, struct template_node);

    node->kind = kind;
    *parser->add = node;
    parser->add = &node->next;
    return node;
}

static void add_text(struct parser *parser, const char *start, const char *end)
{
    if (start < end)
        add_node(parser, TEMPLATE_TEXT)->text =
            (struct span){ .start = start, .length = (size_t)(end - start) };
}

static struct template_node *add_named(struct parser *parser, enum template_kind kind,
                                       const char *name)
{
    struct template_node *node = add_node(parser, kind);
    struct span rest = span_of(name);
    struct span piece;
    const char **parts;

    node->name = name;
    if (text_is(name, "."))
        return node;
    parts = ARENA_ARRAY(parser->arena, const char *, rest.length);
    while (span_split(&rest, '.', &piece))
        parts[node->part_count++] = span_copy(parser->arena, piece);
    node->parts = parts;
    return node;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static bool has_space(const char *name)
{
    return name[strcspn(name, " \t\r\n")] != '\0';
}

/* Reads the tag whose opening delimiter is at start. */
static int read_tag(struct parser *parser, const char *start, struct tag *tag)
{
    const char *inside = start + strlen(parser->open);
    const char *ending = parser->close;
    const char *end;

    *tag = (struct tag){ .start = start, .text_end = start };
    while (is_space(*inside))
        inside++;
    if (*inside != '\0' && strchr("&{#^/!=><$", *inside) != NULL)
        tag->sign = *inside++;
    if (tag->sign == '{')
        ending = arena_printf(parser->arena, "}%s", parser->close);
    if (tag->sign == '=')
        ending = arena_printf(parser->arena, "=%s", parser->close);
    end = strstr(inside, ending);
    if (end == NULL) {
        parse_fault(parser, start, "the tag is not closed, \"%s\" is missing", ending);
        return -1;
    }
    tag->end = end + strlen(ending);
    tag->name = span_copy(parser->arena, span_trim((struct span){
                                             .start = inside,
                                             .length = (size_t)(end - inside),
                                         }));
    return 0;
}

static bool name_is_valid(const char *name)
{
    struct span rest = span_of(name);
    struct span piece;

    if (text_is(name, "."))
        return true;
    if (text_ends(name, "."))
        return false;
    while (span_split(&rest, '.', &piece))
        if (piece.length == 0)
            return false;
    return true;
}

static int check_name(const struct parser *parser, const struct tag *tag)
{
    if (text_is_empty(tag->name))
        return parse_fault(parser, tag->start, "a tag without a name");
    if (has_space(tag->name))
        return parse_fault(parser, tag->start, "\"%s\" is not a name: a name has no spaces",
                           tag->name);
    if (!name_is_valid(tag->name))
        return parse_fault(
            parser, tag->start,
            "\"%s\" is not a name: write labels.branch, or . for the item itself", tag->name);
    return 0;
}

/* {{=<% %>=}}: two words, neither with an equals sign. */
static int set_delimiters(struct parser *parser, const struct tag *tag)
{
    size_t open_length = strcspn(tag->name, " \t\r\n");
    const char *close = tag->name + open_length;

    close += strspn(close, " \t\r\n");
    if (open_length == 0 || *close == '\0' || has_space(close) ||
        strchr(tag->name, '=') != NULL)
        return parse_fault(parser, tag->start,
                           "delimiters are two words without \"=\", as in {{=<%% %%>=}}");
    parser->open = arena_copy_n(parser->arena, tag->name, open_length);
    parser->close = close;
    return 0;
}

static int open_section(struct parser *parser, const struct tag *tag)
{
    struct template_node *node;

    if (parser->depth == TEMPLATE_DEPTH_MAX)
        return parse_fault(parser, tag->start, "sections are more than %d deep",
                           TEMPLATE_DEPTH_MAX);
    node =
        add_named(parser, tag->sign == '#' ? TEMPLATE_SECTION : TEMPLATE_INVERTED, tag->name);
    parser->sections[parser->depth++] =
        (struct open_section){ .name = tag->name, .at = tag->start, .add_after = parser->add };
    parser->add = &node->children;
    return 0;
}

static int close_section(struct parser *parser, const struct tag *tag)
{
    const struct open_section *section;
    unsigned line, column;

    if (parser->depth == 0)
        return parse_fault(parser, tag->start, "section \"%s\" is closed but not open",
                           tag->name);
    section = &parser->sections[parser->depth - 1];
    if (!text_is(section->name, tag->name)) {
        find_place(parser->source, section->at, &line, &column);
        return parse_fault(
            parser, tag->start,
            "section \"%s\" is closed here, but \"%s\" is open (line %u, column %u)", tag->name,
            section->name, line, column);
    }
    parser->add = section->add_after;
    parser->depth--;
    return 0;
}

static int handle_tag(struct parser *parser, const struct tag *tag)
{
    if (tag->sign == '!')
        return 0;
    if (tag->sign == '=')
        return set_delimiters(parser, tag);
    if (tag->sign == '>' || tag->sign == '<' || tag->sign == '$')
        return parse_fault(parser, tag->start,
                           "partials and blocks ({{%c %s}}) are not supported", tag->sign,
                           tag->name);
    if (check_name(parser, tag) < 0)
        return -1;
    if (tag->sign == '#' || tag->sign == '^')
        return open_section(parser, tag);
    if (tag->sign == '/')
        return close_section(parser, tag);
    add_named(parser, tag->sign == 0 ? TEMPLATE_VALUE : TEMPLATE_RAW, tag->name);
    return 0;
}

/* A tag that writes nothing itself takes its whole line with it when it is alone on it. */
static void widen_standalone(const struct parser *parser, struct tag *tag)
{
    const char *before = tag->start;
    const char *after = tag->end;

    if (tag->sign == 0 || strchr("!=#^/", tag->sign) == NULL)
        return;
    while (before > parser->source && is_blank(before[-1]))
        before--;
    if (before > parser->source && before[-1] != '\n')
        return;
    while (is_blank(*after))
        after++;
    if (after[0] == '\r' && after[1] == '\n')
        after++;
    if (*after != '\n' && *after != '\0')
        return;
    tag->text_end = before;
    tag->end = *after == '\n' ? after + 1 : after;
}

static int parse_all(struct parser *parser)
{
    const char *start;

    while ((start = strstr(parser->at, parser->open)) != NULL) {
        struct tag tag;

        if (read_tag(parser, start, &tag) < 0)
            return -1;
        widen_standalone(parser, &tag);
        add_text(parser, parser->at, tag.text_end);
        if (handle_tag(parser, &tag) < 0)
            return -1;
        parser->at = tag.end;
    }
    add_text(parser, parser->at, parser->at + strlen(parser->at));
    return 0;
}

const struct template *template_parse(struct arena *arena, const char *source,
                                      struct error *err)
{
    struct template *template = ARENA_NEW(arena, struct template);
    const char *copy = arena_copy(arena, source);
    struct parser parser = {
        .arena = arena,
        .err = err,
        .source = copy,
        .at = copy,
        .open = "{{",
        .close = "}}",
        .add = &template->nodes,
    };

    if (parse_all(&parser) < 0)
        return NULL;
    if (parser.depth > 0) {
        const struct open_section *section = &parser.sections[parser.depth - 1];

        parse_fault(&parser, section->at, "section \"%s\" is not closed", section->name);
        return NULL;
    }
    return template;
}
