/* What webhooks bring: Slack's text, colours and payloads, and bodies of anything. */
#include "connectors/webhook/webhook.h"

#include "tap.h"

static void test_mrkdwn(struct arena *arena)
{
    static const struct {
        const char *text, *markup, *plain;
    } rows[] = {
        { "a &lt;b&gt; &amp;amp; &x;", "a <b> &amp; &x;", "a <b> &amp; &x;" },
        { "<https://x.io/a?b=1|the *log*>", "[the \\*log\\*](https://x.io/a?b=1)",
          "the *log* (https://x.io/a?b=1)" },
        { "<https://x.io>", "[https://x.io](https://x.io)", "https://x.io" },
        { "<https://x.io/(a)|l>", "l", "l" },
        { "<javascript:alert(1)|l>", "l", "l" },
        { "<mailto:a@b.c|a@b.c> <mailto:d@e.f>", "a@b.c d@e.f", "a@b.c d@e.f" },
        { "<@U1> <@U1|ana> <#C1|ops> <!here> <!subteam^S1|@sre>", "@U1 @ana #ops @here @sre",
          "@U1 @ana #ops @here @sre" },
        { "<!date^1392734382^{date}|18 Feb>", "18 Feb", "18 Feb" },
        { "*bold* `code` [x](y)", "*bold* `code` \\[x\\]\\(y\\)", "bold code [x](y)" },
        { "1 < 2", "1 < 2", "1 < 2" },
        { "<> <|> <a|>", "  a", "  a" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s", rows[i].text);
        CHECK_STR(mrkdwn_markup(arena, rows[i].text), rows[i].markup);
        CHECK_STR(mrkdwn_plain(arena, rows[i].text), rows[i].plain);
    }
}

static const struct json *read(struct arena *arena, const char *text)
{
    struct error err = { 0 };

    return json_parse(arena, text, strlen(text), &err);
}

static void test_colours(struct arena *arena)
{
    static const struct {
        const char *colour, *status, *severity;
    } rows[] = {
        { "good", "success", NULL },      { "danger", "failure", NULL },
        { "warning", "info", "warning" }, { "#36a64f", "success", NULL },
        { "2EB67D", "success", NULL },    { "#D63232", "failure", NULL },
        { "#e01e5a", "failure", NULL },   { "#ECB22E", "info", "warning" },
        { "#439FE0", "info", NULL },      { "#808080", "info", NULL },
        { "#12345", "info", NULL },       { "", "info", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct event event = { 0 };
        const char *text = arena_printf(
            arena, "{\"attachments\":[{\"title\":\"t\",\"color\":\"%s\"}]}", rows[i].colour);

        tap_case("%s", rows[i].colour);
        CHECK(slack_to_event(arena, read(arena, text), &event) == NULL);
        CHECK_STR(event.status, rows[i].status);
        CHECK_STR(event.severity, rows[i].severity);
    }
}

static void test_payloads(struct arena *arena)
{
    static const struct {
        const char *payload, *title, *text;
    } rows[] = {
        { "{\"text\":\"one\\ntwo\"}", "one", "one\ntwo" },
        { "{\"text\":\"top\",\"attachments\":[{\"title\":\"t\",\"text\":\"b\"}]}", "top",
          "top\nt\nb" },
        { "{\"attachments\":[{\"pretext\":\"p\",\"title\":\"t\"},{\"title\":\"u\",\"title_link\":"
          "\"https://x/u\"}]}",
          "p", "p\nt\nu (https://x/u)" },
        { "{\"attachments\":[{\"fallback\":\"only this\"}]}", "only this", "only this" },
        { "{\"text\":\"n\",\"blocks\":[{\"type\":\"divider\"}]}", "n", "n" },
        { "{\"text\":\"n\",\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\","
          "\"text\":\"s\"}}]}",
          "s", "s" },
        { "{\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":\"h\"}}]}",
          "h", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct event event = { 0 };

        tap_case("%s", rows[i].payload);
        CHECK(slack_to_event(arena, read(arena, rows[i].payload), &event) == NULL);
        CHECK_STR(event.title, rows[i].title);
        CHECK_STR(event.text, rows[i].text);
    }
}

static void test_refused(struct arena *arena)
{
    struct event event = { 0 };
    struct text many = text_new(arena, 1000);

    text_add(&many, "{\"attachments\":[{}");
    for (int i = 0; i < 100; i++)
        text_add(&many, ",{}");
    text_add(&many, "]}");
    CHECK_STR(slack_to_event(arena, read(arena, "[]"), &event), "invalid_payload");
    CHECK_STR(slack_to_event(arena, read(arena, "{\"blocks\":{}}"), &event), "invalid_payload");
    CHECK_STR(slack_to_event(arena, read(arena, "{\"text\":5}"), &event), "no_text");
    CHECK_STR(slack_to_event(arena, read(arena, "{\"text\":\"\\n\"}"), &event), "no_text");
    CHECK_STR(slack_to_event(arena, read(arena, text_string(&many)), &event),
              "too_many_attachments");
}

static void test_bodies(struct arena *arena)
{
    static const struct {
        const char *body, *title, *status, *subject, *labels;
    } rows[] = {
        { "{\"title\":\"t\",\"text\":\"x\",\"subject\":\"s\",\"status\":\"firing\",\"host\":\"h\"}",
          "t", "firing", "s", "{\"host\":\"h\"}" },
        { "{\"message\":\"m\",\"status\":\"FAILED\",\"n\":1,\"deep\":{\"a\":1}}", "m",
          "failure", NULL, "{\"message\":\"m\",\"n\":\"1\"}" },
        { "{\"subject\":\"only\",\"status\":\"odd\"}", "only", "info", NULL, "{}" },
        { "{\"summary\":\"s\",\"labels\":{\"a\":\"1\",\"b\":\"\"},\"a\":\"2\"}", "s", "info",
          NULL, "{\"a\":\"1\",\"summary\":\"s\"}" },
    };
    struct event event = { 0 };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s", rows[i].body);
        CHECK_INT(body_to_event(arena, read(arena, rows[i].body), &event, &err), 0);
        CHECK_STR(event.title, rows[i].title);
        CHECK_STR(event.status, rows[i].status);
        CHECK_STR(event.subject, rows[i].subject);
        CHECK_STR(json_print(arena, event.labels), rows[i].labels);
    }
    CHECK_INT(body_to_event(arena, read(arena, "{\"x\":1}"), &event, &err), -1);
    CHECK_STR(err.text, "nothing in the body says what happened: give it a \"title\"");
    CHECK_INT(body_to_event(arena, read(arena, "[]"), &event, &err), -1);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_mrkdwn(arena);
    test_colours(arena);
    test_payloads(arena);
    test_refused(arena);
    test_bodies(arena);
    return tap_done();
}
