/* Matchers as in Alertmanager, over the values a caller looks up by name; regular expressions by PCRE2. */
#include "base/matcher.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"

enum {
    MATCH_LIMIT = 100 * 1000, /* steps of one match */
    HEAP_LIMIT_KIB = 4 * 1024,
};

struct expression {
    pcre2_code *code; /* NULL: the sign compares strings */
    pcre2_match_context *limits;
};

struct matchers {
    struct matcher list[MATCHERS_MAX];
    struct expression expressions[MATCHERS_MAX];
    size_t count;
    atomic_llong *given_up;
};

struct parser {
    struct arena *arena;
    struct error *err;
    const char *source;
    const char *at;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct parser *parser)
{
    while (is_space(*parser->at))
        parser->at++;
}

static bool skip_char(struct parser *parser, char c)
{
    if (*parser->at != c)
        return false;
    parser->at++;
    return true;
}

/* What stands at the place of a fault, for a person. */
static const char *describe(const struct parser *parser)
{
    enum {
        SHOWN_BYTES = 20
    };

    if (*parser->at == '\0')
        return "the end";
    return arena_printf(parser->arena, "\"%s\"",
                        utf8_cut(parser->arena, parser->at, SHOWN_BYTES));
}

/* Counts characters, not bytes. */
static int fault_at(const struct parser *parser, const char *at)
{
    int column = 1;

    for (const char *c = parser->source; c < at; c++)
        if (((unsigned char)*c & 0xC0) != 0x80)
            column++;
    return error_prefix(parser->err, "column %d", column);
}

static int expected(const struct parser *parser, const char *what)
{
    error_set(parser->err, ERROR_INVALID, "expected %s, not %s", what, describe(parser));
    return fault_at(parser, parser->at);
}

/* After the opening quote. */
static int read_quoted(struct parser *parser, char quote, const char **out)
{
    const char *start = parser->at - 1;
    struct text text = text_new(parser->arena, MATCHERS_SOURCE_MAX_BYTES);

    for (; *parser->at != quote; parser->at++) {
        char next = *parser->at;

        if (next == '\\' && parser->at[1] != '\0' && strchr("\"'\\n", parser->at[1]) != NULL) {
            parser->at++;
            next = *parser->at == 'n' ? '\n' : *parser->at;
        }
        if (next == '\0') {
            error_set(parser->err, ERROR_INVALID, "the closing %c is missing", quote);
            return fault_at(parser, start);
        }
        text_add_char(&text, next);
    }
    parser->at++;
    *out = text_string(&text);
    return 0;
}

static const char *read_word(struct parser *parser, const char *end_characters)
{
    const char *start = parser->at;

    parser->at += strcspn(start, end_characters);
    return arena_copy_n(parser->arena, start, (size_t)(parser->at - start));
}

static int read_name(struct parser *parser, const char **name)
{
    if (strchr("=!~,{}", *parser->at) != NULL || text_starts(parser->at, "\"\"") ||
        text_starts(parser->at, "''"))
        return expected(parser, "the name of a field or label");
    if (skip_char(parser, '"'))
        return read_quoted(parser, '"', name);
    if (skip_char(parser, '\''))
        return read_quoted(parser, '\'', name);
    *name = read_word(parser, "=!~,{}\"' \t\n\v\f\r");
    return 0;
}

/* Longer signs first. */
static const struct {
    const char *text;
    enum matcher_sign sign;
} signs[] = {
    { "=~", MATCHER_FITS },
    { "!~", MATCHER_FITS_NOT },
    { "!=", MATCHER_IS_NOT },
    { "=", MATCHER_IS },
};

static int read_sign(struct parser *parser, enum matcher_sign *sign)
{
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (text_starts(parser->at, signs[i].text)) {
            parser->at += strlen(signs[i].text);
            *sign = signs[i].sign;
            return 0;
        }
    }
    return expected(parser, "=, !=, =~ or !~");
}

static int read_value(struct parser *parser, const char **value)
{
    if (skip_char(parser, '"'))
        return read_quoted(parser, '"', value);
    if (skip_char(parser, '\''))
        return read_quoted(parser, '\'', value);
    if (strchr("=!~,{}", *parser->at) != NULL)
        return expected(parser, "a value, in quotes if need be");
    *value = read_word(parser, ",{}\"' \t\n\v\f\r");
    return 0;
}

static void release_code(void *code)
{
    pcre2_code_free(code);
}

static void release_limits(void *limits)
{
    pcre2_match_context_free(limits);
}

static int compile_fault(const struct parser *parser, const char *value_start,
                         const char *value, int number)
{
    PCRE2_UCHAR message[200];

    if (pcre2_get_error_message(number, message, sizeof(message)) < 0)
        message[0] = '\0';
    error_set(parser->err, ERROR_INVALID, "\"%s\" is not a regular expression: %s",
              utf8_cut(parser->arena, value, 100), (const char *)message);
    return fault_at(parser, value_start);
}

static int compile(const struct parser *parser, const char *value_start, const char *value,
                   struct expression *expression)
{
    const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                             PCRE2_NEVER_BACKSLASH_C;
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)value, PCRE2_ZERO_TERMINATED, options, &number,
                                     &offset, NULL);

    if (code == NULL)
        return compile_fault(parser, value_start, value, number);
    arena_defer(parser->arena, release_code, code);
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it matching is slower, no more */
    expression->code = code;
    expression->limits = pcre2_match_context_create(NULL);
    ASSERT(expression->limits != NULL);
    arena_defer(parser->arena, release_limits, expression->limits);
    pcre2_set_match_limit(expression->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(expression->limits, HEAP_LIMIT_KIB);
    return 0;
}

static int read_matcher(struct parser *parser, struct matchers *matchers)
{
    struct matcher *matcher = &matchers->list[matchers->count];
    struct expression *expression = &matchers->expressions[matchers->count];
    const char *value_start;

    if (matchers->count == MATCHERS_MAX) {
        error_set(parser->err, ERROR_INVALID, "more than %d matchers", MATCHERS_MAX);
        return fault_at(parser, parser->at);
    }
    if (read_name(parser, &matcher->name) < 0)
        return -1;
    skip_space(parser);
    if (read_sign(parser, &matcher->sign) < 0)
        return -1;
    skip_space(parser);
    value_start = parser->at;
    if (read_value(parser, &matcher->value) < 0)
        return -1;
    matchers->count++;
    if (matcher->sign == MATCHER_IS || matcher->sign == MATCHER_IS_NOT)
        return 0;
    return compile(parser, value_start, matcher->value, expression);
}

/* A comma, white space or the end of the list. */
static int read_separator(struct parser *parser, bool *more)
{
    const char *start = parser->at;
    bool has_comma;

    skip_space(parser);
    has_comma = skip_char(parser, ',');
    skip_space(parser);
    *more = *parser->at != '\0' && *parser->at != '}';
    if (*more && parser->at == start)
        return expected(parser, "a comma");
    if (has_comma && *parser->at == ',')
        return expected(parser, "the name of a field or label");
    return 0;
}

static int read_list(struct parser *parser, struct matchers *matchers)
{
    bool has_brace;
    bool more;

    skip_space(parser);
    has_brace = skip_char(parser, '{');
    skip_space(parser);
    more = *parser->at != '\0' && *parser->at != '}';
    while (more)
        if (read_matcher(parser, matchers) < 0 || read_separator(parser, &more) < 0)
            return -1;
    if (has_brace && !skip_char(parser, '}'))
        return expected(parser, "}");
    skip_space(parser);
    return *parser->at == '\0' ? 0 : expected(parser, "the end");
}

struct matchers *matchers_parse(struct arena *arena, const char *source, struct error *err)
{
    struct matchers *matchers = ARENA_NEW(arena, struct matchers);
    struct parser parser = { .arena = arena, .err = err, .source = source, .at = source };

    if (strlen(source) > MATCHERS_SOURCE_MAX_BYTES) {
        error_set(err, ERROR_INVALID, "matchers are longer than %d bytes",
                  MATCHERS_SOURCE_MAX_BYTES);
        return NULL;
    }
    matchers->given_up = ARENA_NEW(arena, atomic_llong);
    return read_list(&parser, matchers) == 0 ? matchers : NULL;
}

enum outcome {
    FITS,
    FITS_NOT,
    GIVEN_UP
};

static enum outcome expression_match(const struct expression *expression, const char *value)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    int outcome;

    ASSERT(found != NULL);
    outcome = pcre2_match(expression->code, (PCRE2_SPTR)value, strlen(value), 0, 0, found,
                          expression->limits);
    if (outcome == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has its memory on the heap */
        outcome = pcre2_match(expression->code, (PCRE2_SPTR)value, strlen(value), 0,
                              PCRE2_NO_JIT, found, expression->limits);
    pcre2_match_data_free(found);
    if (outcome == PCRE2_ERROR_NOMATCH)
        return FITS_NOT;
    return outcome >= 0 ? FITS : GIVEN_UP;
}

static bool matcher_match(const struct matchers *matchers, size_t position, const char *value)
{
    const struct matcher *matcher = &matchers->list[position];
    enum outcome outcome;

    if (matcher->sign == MATCHER_IS)
        return strcmp(matcher->value, value) == 0;
    if (matcher->sign == MATCHER_IS_NOT)
        return strcmp(matcher->value, value) != 0;
    outcome = expression_match(&matchers->expressions[position], value);
    if (outcome == GIVEN_UP)
        atomic_fetch_add(matchers->given_up, 1);
    return outcome == (matcher->sign == MATCHER_FITS ? FITS : FITS_NOT);
}

bool matchers_match(const struct matchers *matchers,
                    const char *(*value_of)(void *context, const char *name), void *context)
{
    for (size_t i = 0; i < matchers->count; i++) {
        const char *value = value_of(context, matchers->list[i].name);

        if (!matcher_match(matchers, i, value != NULL ? value : ""))
            return false;
    }
    return true;
}

size_t matchers_count(const struct matchers *matchers)
{
    return matchers->count;
}

const struct matcher *matchers_at(const struct matchers *matchers, size_t position)
{
    ASSERT(position < matchers->count);
    return &matchers->list[position];
}

const char *matcher_sign_text(enum matcher_sign sign)
{
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (signs[i].sign == sign)
            return signs[i].text;
    return "";
}

long long matchers_given_up(const struct matchers *matchers)
{
    return atomic_load(matchers->given_up);
}
