/* Fills a Mustache template from JSON, escaping for where the text goes. */
#include "base/template.h"

#include <string.h>

#include "base/hash.h"
#include "base/template_tree.h"

struct filling {
    struct text out;
    struct arena *arena;
    template_escape *escape;
    /* The data, then the value of each open section, innermost last. */
    const struct json *scopes[TEMPLATE_DEPTH_MAX + 1];
    size_t scope_count;
    long work_left;
};

void template_escape_html(struct text *out, const char *value)
{
    for (const char *at = value; *at != '\0';) {
        size_t plain = strcspn(at, "&<>\"");

        text_add_n(out, at, plain);
        at += plain;
        if (*at == '&')
            text_add(out, "&amp;");
        else if (*at == '<')
            text_add(out, "&lt;");
        else if (*at == '>')
            text_add(out, "&gt;");
        else if (*at == '"')
            text_add(out, "&quot;");
        else
            break;
        at++;
    }
}

static void escape_json_char(struct text *out, char c)
{
    static const char signs[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(signs, c);

    if (found != NULL) {
        text_add_char(out, '\\');
        text_add_char(out, letters[found - signs]);
    } else if ((unsigned char)c < 0x20) {
        text_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
    } else {
        text_add_char(out, c);
    }
}

void template_escape_json(struct text *out, const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        escape_json_char(out, *at);
}

void template_escape_url(struct text *out, const char *value)
{
    text_add(out, url_encode(out->arena, value));
}

/* Looking through a large object is work as well. */
static const struct json *find_member(struct filling *filling, const struct json *object,
                                      const char *key)
{
    enum {
        MEMBERS_A_STEP = 8
    };

    filling->work_left -= (long)(json_count(object) / MEMBERS_A_STEP);
    return json_is(object, JSON_OBJECT) ? json_member(object, key) : NULL;
}

/* NULL when it is absent.  Once the first part is found, only inside that value: the specification's rule. */
static const struct json *find_value(struct filling *filling, const struct template_node *node)
{
    const struct json *value = NULL;

    if (node->part_count == 0)
        return filling->scopes[filling->scope_count - 1];
    for (size_t i = filling->scope_count; i > 0 && value == NULL; i--)
        value = find_member(filling, filling->scopes[i - 1], node->parts[0]);
    for (size_t i = 1; i < node->part_count && value != NULL; i++)
        value = find_member(filling, value, node->parts[i]);
    return value;
}

static const char *print_value(struct arena *arena, const struct json *value)
{
    if (value == NULL || value->kind == JSON_NULL || value->kind == JSON_ABSENT)
        return "";
    if (value->kind == JSON_STRING)
        return value->as.string;
    return json_print(arena, value);
}

static bool has_content(const struct json *value)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case JSON_ABSENT:
    case JSON_NULL:
        return false;
    case JSON_BOOLEAN:
        return value->as.boolean;
    case JSON_INTEGER:
        return value->as.integer != 0;
    case JSON_REAL:
        return value->as.real < 0 || value->as.real > 0;
    case JSON_STRING:
        return value->as.string[0] != '\0';
    case JSON_ARRAY:
        return value->as.array.count > 0;
    case JSON_OBJECT:
        return true;
    }
    return false;
}

static void fill_nodes(struct filling *filling, const struct template_node *nodes);

static void fill_scope(struct filling *filling, const struct template_node *node,
                       const struct json *value)
{
    filling->scopes[filling->scope_count++] = value;
    fill_nodes(filling, node->children);
    filling->scope_count--;
}

static bool is_full(const struct filling *filling)
{
    return filling->work_left <= 0 || filling->out.truncated;
}

static void fill_section(struct filling *filling, const struct template_node *node,
                         const struct json *value)
{
    if (!has_content(value))
        return;
    if (value->kind != JSON_ARRAY) {
        fill_scope(filling, node, value);
        return;
    }
    for (size_t i = 0; i < value->as.array.count && !is_full(filling); i++) {
        filling->work_left--;
        fill_scope(filling, node, &value->as.array.items[i]);
    }
}

static void fill_node(struct filling *filling, const struct template_node *node)
{
    const struct json *value;

    if (node->kind == TEMPLATE_TEXT) {
        text_add_n(&filling->out, node->text.start, node->text.length);
        return;
    }
    value = find_value(filling, node);
    if (node->kind == TEMPLATE_SECTION) {
        fill_section(filling, node, value);
    } else if (node->kind == TEMPLATE_INVERTED) {
        if (!has_content(value))
            fill_nodes(filling, node->children);
    } else if (node->kind == TEMPLATE_VALUE && filling->escape != NULL) {
        filling->escape(&filling->out, print_value(filling->arena, value));
    } else {
        text_add(&filling->out, print_value(filling->arena, value));
    }
}

/* As deep as sections are: TEMPLATE_DEPTH_MAX. */
static void fill_nodes(struct filling *filling, const struct template_node *nodes)
{
    for (const struct template_node *node = nodes; node != NULL; node = node->next) {
        if (is_full(filling))
            return;
        filling->work_left--;
        fill_node(filling, node);
    }
}

const char *template_fill(const struct template *template, struct arena *arena,
                          const struct json *data, template_escape *escape)
{
    struct filling filling = {
        .out = text_new(arena, TEMPLATE_OUTPUT_MAX),
        .arena = arena,
        .escape = escape,
        .scopes = { data },
        .scope_count = 1,
        .work_left = TEMPLATE_WORK_MAX,
    };
    const char *filled;

    fill_nodes(&filling, template->nodes);
    filled = text_string(&filling.out);
    if (!is_full(&filling))
        return filled;
    return utf8_cut(arena, arena_printf(arena, "%s…", filled), TEMPLATE_OUTPUT_MAX);
}

const char *template_once(struct arena *arena, const char *source, const struct json *data,
                          template_escape *escape, struct error *err)
{
    const struct template *template = template_parse(arena, source, err);

    return template != NULL ? template_fill(template, arena, data, escape) : NULL;
}

static bool name_is_in(const char *used, const char *name)
{
    size_t length = strlen(name);

    return strncmp(used, name, length) == 0 && (used[length] == '\0' || used[length] == '.');
}

static bool nodes_use(const struct template_node *nodes, const char *name)
{
    for (const struct template_node *node = nodes; node != NULL; node = node->next) {
        if (node->name != NULL && name_is_in(node->name, name))
            return true;
        if (nodes_use(node->children, name))
            return true;
    }
    return false;
}

bool template_uses(const struct template *template, const char *name)
{
    return nodes_use(template->nodes, name);
}
