/* Messages: markup, JSON both ways, plain text with tables, places. */
#include "core/message.h"

#include "core/message_table.h"
#include "tap.h"

static void test_escape(struct arena *arena)
{
    static const char *const texts[] = {
        "plain", "*bold*", "`x`",       "[a](http://b)", "back\\slash",
        "\\*",   "",       "a (b) [c]", "2 * 3 * 4",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        tap_case("escape %s", texts[i]);
        CHECK_STR(markup_plain(arena, message_escape(arena, texts[i])), texts[i]);
    }
}

static void test_markup(struct arena *arena)
{
    static const struct {
        const char *markup;
        const char *plain;
    } rows[] = {
        { "*bold* and `code`", "bold and code" },
        { "[text](https://e.org/x)", "text (https://e.org/x)" },
        { "[https://e.org](https://e.org)", "https://e.org" },
        { "[text](javascript:alert(1))", "[text](javascript:alert(1))" },
        { "2 * 3 * 4 = 24", "2 * 3 * 4 = 24" },
        { "snake*case*name", "snake*case*name" },
        { "*two lines\nare not bold*", "*two lines\nare not bold*" },
        { "`open", "`open" },
        { "C:\\temp", "C:\\temp" },
        { "(*in brackets*)", "(in brackets)" },
        { "*a* *b*", "a b" },
        { "[]()", "[]()" },
        { "`a\\`b`", "a`b" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("markup %s", rows[i].markup);
        CHECK_STR(markup_plain(arena, rows[i].markup), rows[i].plain);
    }
}

static void test_pieces(struct arena *arena)
{
    const char *rest = "see *this* [run](http://x/(1\\)) now";
    struct markup_piece piece;

    CHECK(markup_next(arena, &rest, &piece));
    CHECK_STR(piece.text, "see ");
    CHECK(markup_next(arena, &rest, &piece));
    CHECK_INT(piece.kind, MARKUP_BOLD);
    CHECK_STR(piece.text, "this");
    CHECK(markup_next(arena, &rest, &piece));
    CHECK(markup_next(arena, &rest, &piece));
    CHECK_INT(piece.kind, MARKUP_LINK);
    CHECK_STR(piece.url, "http://x/(1)");
    CHECK(markup_next(arena, &rest, &piece));
    CHECK_STR(piece.text, " now");
    CHECK(!markup_next(arena, &rest, &piece));
}

static void test_json(struct arena *arena)
{
    const struct json *blocks =
        ARRAY(arena, block_text(arena, "hello"), *OBJECT(arena, { "kind", V("hologram") }));
    struct message message = { .title = "Deploy api",
                               .text = "*ok*",
                               .tone = TONE_WARN,
                               .job = 412,
                               .only_for_user = true,
                               .blocks = blocks };
    struct message back = message_from_json(arena, message_to_json(arena, &message));

    CHECK_STR(back.title, "Deploy api");
    CHECK_STR(back.text, "*ok*");
    CHECK_INT(back.tone, TONE_WARN);
    CHECK_INT(back.job, 412);
    CHECK(back.only_for_user);
    CHECK_INT(json_count(back.blocks), 1);
    back = message_from_json(arena, NULL);
    CHECK(back.title == NULL && back.blocks == NULL && back.tone == TONE_PLAIN);
}

static void test_plain(struct arena *arena)
{
    static const struct button buttons[] = {
        { .label = "Approve", .line = "approve 412" },
        { .label = "Deny", .line = "deny 412", .ask = "reason" },
    };
    static const struct step_progress steps[] = { { "build", "succeeded", 38000 },
                                                  { "rollout", "running", -1 },
                                                  { "health", "waiting", -1 } };
    static const struct fact facts[] = { { "asked by", "ana" }, { "version", "v1.4.2" } };
    struct message message = {
        .title = "Deploy api: running",
        .text = "from *v1.4.1*",
        .job = 412,
        .blocks =
            ARRAY(arena, block_facts(arena, facts, COUNT_OF(facts)),
                  block_steps(arena, steps, COUNT_OF(steps)),
                  block_link(arena, "run 8123", "https://e.org/8123"),
                  block_code(arena, "*raw*"), block_buttons(arena, buttons, COUNT_OF(buttons))),
    };

    CHECK_STR(message_plain(arena, &message), "Deploy api: running  #412\n"
                                              "from v1.4.1\n"
                                              "asked by: ana\nversion: v1.4.2\n"
                                              "✓ build 38s  ▸ rollout  · health\n"
                                              "run 8123: https://e.org/8123\n"
                                              "*raw*\n"
                                              "reply: approve 412, or deny 412 REASON");
    CHECK_STR(message_plain_buttons(arena, message.blocks),
              "reply: approve 412, or deny 412 REASON");
    CHECK(message_plain_buttons(arena, NULL) == NULL);
}

static void test_table(struct arena *arena)
{
    static const char *const columns[] = { "name", "size" };
    const struct json *rows =
        ARRAY(arena, V(ARRAY(arena, V("café"), V(5))), V(ARRAY(arena, V("日本"), V(1200))),
              V(OBJECT(arena, { "size", V(7) }, { "name", V("two\nlines") })));
    struct message message = { .blocks = ARRAY(arena, block_table(arena, columns, 2, rows)) };

    CHECK_STR(message_plain(arena, &message), "name       size\n"
                                              "café          5\n"
                                              "日本       1200\n"
                                              "two lines     7");
}

static void test_wide_table(struct arena *arena)
{
    static const char *const columns[] = { "title", "x" };
    char long_cell[300];
    struct message message = { 0 };
    struct span rest;
    struct span line;

    memset(long_cell, 'a', sizeof(long_cell) - 1);
    long_cell[sizeof(long_cell) - 1] = '\0';
    message.blocks =
        ARRAY(arena,
              block_table(arena, columns, 2,
                          ARRAY(arena, V(ARRAY(arena, V((const char *)long_cell), V("end"))))));
    rest = span_of(message_plain(arena, &message));
    while (span_split(&rest, '\n', &line))
        CHECK(text_width(span_copy(arena, line)) <= TABLE_WIDTH_MAX);
    CHECK(text_ends(message_plain(arena, &message), "a…  end"));
}

static void test_width(struct arena *arena)
{
    CHECK_INT(text_width("abc"), 3);
    CHECK_INT(text_width("e\xcc\x81"), 1);
    CHECK_INT(text_width("日本"), 4);
    CHECK_STR(text_cut_width(arena, "日本語", 5), "日本…");
    CHECK_STR(text_cut_width(arena, "abc", 3), "abc");
}

static void test_places(struct arena *arena)
{
    struct place place = { 0 };

    CHECK(place_parse(arena, "web#lobby", &place));
    CHECK_STR(place.chat, "web");
    CHECK_STR(place.channel, "lobby");
    CHECK_STR(place_print(arena, &place), "web#lobby");
    CHECK(!place_parse(arena, "lobby", &place));
    CHECK(!place_parse(arena, "#lobby", &place));
    CHECK(!place_parse(arena, "web#", &place));
    CHECK_STR(place_print(arena, &(struct place){ 0 }), "-");
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_escape(arena);
    test_markup(arena);
    test_pieces(arena);
    test_json(arena);
    test_plain(arena);
    test_table(arena);
    test_wide_table(arena);
    test_width(arena);
    test_places(arena);
    return tap_done();
}
