/* Targets of request lines: segments, decoding, query. */
#include "net/http_target.h"

#include "tap.h"

static const struct {
    const char *raw;
    const char *path; /* NULL: refused */
    size_t segments;
    const char *last;
    const char *q;
} targets[] = {
    { "/", "/", 1, "", NULL },
    { "", "/", 1, "", NULL },
    { "/a", "/a", 1, "a", NULL },
    { "/a/", "/a/", 2, "", NULL },
    { "//a", "//a", 2, "a", NULL },
    { "/a/b/c?q=1", "/a/b/c", 3, "c", "1" },
    { "/a?q=1&q=2", "/a", 1, "a", "1" },
    { "/a?q=%3F#q=2", "/a", 1, "a", "?" },
    { "/a?", "/a", 1, "a", NULL },
    { "/a#b?q=1", "/a", 1, "a", NULL },
    { "/a%2Fb/c", "/a/b/c", 2, "c", NULL },
    { "/a%252Fb", "/a%2Fb", 1, "a%2Fb", NULL },
    { "/a+b", "/a+b", 1, "a+b", NULL },
    { "/%C3%A9", "/\xc3\xa9", 1, "\xc3\xa9", NULL },
    { "http://host/a?q=x", "/a", 1, "a", "x" },
    { "http://host", "/", 1, "", NULL },
    { "https://host:1/a", "/a", 1, "a", NULL },
    { "/...", "/...", 1, "...", NULL },
    { "*", NULL, 0, NULL, NULL },
    { "a", NULL, 0, NULL, NULL },
    { "/a b", NULL, 0, NULL, NULL },
    { "/a\tb", NULL, 0, NULL, NULL },
    { "/a\x7f", NULL, 0, NULL, NULL },
    { "/%", NULL, 0, NULL, NULL },
    { "/%0", NULL, 0, NULL, NULL },
    { "/%gg", NULL, 0, NULL, NULL },
    { "/%00", NULL, 0, NULL, NULL },
    { "/a%00b", NULL, 0, NULL, NULL },
    { "/%ff", NULL, 0, NULL, NULL },
    { "/../etc/passwd", NULL, 0, NULL, NULL },
    { "/a/%2e%2E/b", NULL, 0, NULL, NULL },
    { "/a/./b", NULL, 0, NULL, NULL },
    { "/a?q=%", NULL, 0, NULL, NULL },
};

static void test_targets(void)
{
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct http_target target = { 0 };
        const char *fault = http_target_parse(arena, targets[i].raw, &target);

        tap_case("%s", targets[i].raw);
        if (!CHECK_INT(fault != NULL, targets[i].path == NULL) || fault != NULL)
            continue;
        CHECK_STR(target.path, targets[i].path);
        if (CHECK_INT(target.segment_count, targets[i].segments))
            CHECK_STR(target.segments[target.segment_count - 1], targets[i].last);
        CHECK_STR(http_pairs_find(&target.query, "q"), targets[i].q);
    }
}

static void test_segment_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct text path = text_new(arena, 1000);
    struct http_target target = { 0 };

    for (size_t i = 0; i < HTTP_SEGMENT_LIMIT; i++)
        text_add(&path, "/x");
    CHECK(http_target_parse(arena, text_string(&path), &target) == NULL);
    CHECK_INT(target.segment_count, HTTP_SEGMENT_LIMIT);
    text_add(&path, "/x");
    CHECK(http_target_parse(arena, text_string(&path), &target) != NULL);
}

int main(void)
{
    test_targets();
    test_segment_limit();
    return tap_done();
}
