/* A pipeline's output is split into lines, and those that speak to opsroom are understood. */
#include "connectors/local/lines.h"

#include "tap.h"

static void test_kinds(void)
{
    static const struct {
        const char *text;
        enum line_kind kind;
        const char *name, *value;
    } rows[] = {
        { "hello\n", LINE_LOG, NULL, NULL },
        { "\n", LINE_LOG, NULL, NULL },
        { "::step build\n", LINE_STEP, "build", NULL },
        { "::step build\r\n", LINE_STEP, "build", NULL },
        { "::step   two words \n", LINE_STEP, "two words", NULL },
        { "::step\ttab\n", LINE_STEP, "tab", NULL },
        { "::step\n", LINE_LOG, NULL, NULL },
        { "::step  \n", LINE_LOG, NULL, NULL },
        { "::steps x\n", LINE_LOG, NULL, NULL },
        { " ::step x\n", LINE_LOG, NULL, NULL },
        { "::STEP x\n", LINE_LOG, NULL, NULL },
        { "::step a\x1b[31mb\n", LINE_STEP, "a\xEF\xBF\xBD[31mb", NULL },
        { "::step \xff\n", LINE_STEP, "\xEF\xBF\xBD", NULL },
        { "::progress 3 of 5\n", LINE_PROGRESS, "3 of 5", NULL },
        { "::url http://127.0.0.1:80/\n", LINE_LINK, "http://127.0.0.1:80/",
          "http://127.0.0.1:80/" },
        { "::url https://example.org/a?b=c the report\n", LINE_LINK, "the report",
          "https://example.org/a?b=c" },
        { "::url javascript:alert(1)\n", LINE_LOG, NULL, NULL },
        { "::url file:///etc/passwd\n", LINE_LOG, NULL, NULL },
        { "::url http://\n", LINE_LOG, NULL, NULL },
        { "::url http:///x\n", LINE_LOG, NULL, NULL },
        { "::url http://a\x01z/\n", LINE_LOG, NULL, NULL },
        { "::output version=v1.2\n", LINE_OUTPUT, "version", "v1.2" },
        { "::output a.b-c_D=x=y\n", LINE_OUTPUT, "a.b-c_D", "x=y" },
        { "::output empty=\n", LINE_OUTPUT, "empty", "" },
        { "::output version\n", LINE_LOG, NULL, NULL },
        { "::output =x\n", LINE_LOG, NULL, NULL },
        { "::output a b=x\n", LINE_LOG, NULL, NULL },
        { "::set-output name=x\n", LINE_LOG, NULL, NULL },
        { "::\n", LINE_LOG, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct line_reader reader = { .rest = span_of(rows[i].text) };
        struct line line = { .kind = LINE_LOG };

        tap_case("%s", rows[i].text);
        CHECK(line_next(arena, &reader, &line));
        CHECK_INT(line.kind, rows[i].kind);
        CHECK_STR(line.name, rows[i].name);
        CHECK_STR(line.value, rows[i].value);
        CHECK(span_is(line.bytes, rows[i].text));
        CHECK_INT(reader.rest.length, 0);
    }
}

/* Each line in brackets, what is left after a bar. */
static const char *split(struct arena *arena, const char *text, bool end)
{
    struct line_reader reader = { .rest = span_of(text), .end = end };
    struct text out = text_new(arena, 1000);
    struct line line;

    while (line_next(arena, &reader, &line))
        text_addf(&out, "[%.*s]", (int)line.bytes.length, line.bytes.start);
    text_addf(&out, "|%.*s", (int)reader.rest.length, reader.rest.start);
    return text_string(&out);
}

static void test_split(void)
{
    static const struct {
        const char *text;
        bool end;
        const char *lines;
    } rows[] = {
        { "", false, "|" },
        { "", true, "|" },
        { "a\nb\n", false, "[a\n][b\n]|" },
        { "a\nb", false, "[a\n]|b" },
        { "a\nb", true, "[a\n][b]|" },
        { "a\r\nb\r\n", false, "[a\r\n][b\r\n]|" },
        { "10%\r20%\r", false, "[10%\r]|20%\r" },
        { "10%\r20%\r", true, "[10%\r][20%\r]|" },
        { "\n\n", false, "[\n][\n]|" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("row %zu", i);
        CHECK_STR(split(arena, rows[i].text, rows[i].end), rows[i].lines);
    }
}

static void test_the_last_line_needs_no_end(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct line_reader reader = { .rest = span_of("::step last"), .end = true };
    struct line line;

    tap_case("without an end");
    CHECK(line_next(arena, &reader, &line));
    CHECK_INT(line.kind, LINE_STEP);
    CHECK(!reader.inside);
}

/* Its beginning is given out as log; what follows is no line of its own, whatever it looks like. */
static void test_endless_line(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t length = 70 * 1024;
    char *bytes = arena_alloc(arena, length);
    struct line_reader reader = { .rest = { bytes, length } };
    struct line line;

    tap_case("endless");
    memset(bytes, 'x', length);
    CHECK(line_next(arena, &reader, &line));
    CHECK_INT(line.bytes.length, length);
    CHECK(reader.inside);
    reader.rest = span_of("::step no\n::step yes\n");
    CHECK(line_next(arena, &reader, &line));
    CHECK_INT(line.kind, LINE_LOG);
    CHECK(line_next(arena, &reader, &line));
    CHECK_INT(line.kind, LINE_STEP);
    CHECK_STR(line.name, "yes");
}

static void test_text(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    tap_case("text");
    CHECK_STR(line_text(arena, span_of("\x1b[1;31mred\x1b[0m\r\n"), 100), "red");
    CHECK_STR(line_text(arena, span_of("cut \x1b[12"), 100), "cut ");
    CHECK_STR(line_text(arena, span_of("abcdefgh\n"), 6), "abc\xE2\x80\xA6");
}

int main(void)
{
    test_kinds();
    test_split();
    test_the_last_line_needs_no_end();
    test_endless_line();
    test_text();
    return tap_done();
}
