/* Calls: the log's way through pieces and secrets, progress, pins, tokens, arguments of executables. */
#include "core/call_internal.h"

#include "core/log_stream.h"
#include "core/progress.h"
#include "lab.h"

static const struct registry registry = { lab_connectors, 1, engine_platforms, 1 };

static void cleaned_logs(struct arena *arena)
{
    static const struct {
        const char *bytes;
        const char *clean;
    } rows[] = {
        { "plain\n", "plain\n" },
        { "\033[1;31mred\033[0m\n", "red\n" },
        { "\033]0;title\007text\n", "text\n" },
        { "\033]8;;http://x\033\\link\n", "link\n" },
        { "10%\r20%\r\ndone\n", "10%\n20%\ndone\n" },
        { "tab\there\n", "tab\there\n" },
        { "bad \xff utf8\n", "bad \xef\xbf\xbd utf8\n" },
        { "\033", "" },
        { "\033[", "" },
        { "a\033(Bb", "ab" },
        { "a\033cb", "ab" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("row %zu", i);
        CHECK_STR(log_clean(arena, rows[i].bytes, strlen(rows[i].bytes)), rows[i].clean);
    }
}

static const char *hide(void *context, struct arena *arena, const char *text)
{
    struct text out = text_new(arena, 1024 * 1024);
    const char *secret = context;
    const char *found;

    while ((found = strstr(text, secret)) != NULL) {
        text_add_n(&out, text, (size_t)(found - text));
        text_add(&out, "[secret]");
        text = found + strlen(secret);
    }
    text_add(&out, text);
    return text_string(&out);
}

static char secret[] = "opensesame";
static const struct log_filter filter = { hide, secret, sizeof(secret) - 1 };

/* However the bytes are cut, the same lines come out. */
static void logs_in_pieces(struct arena *arena)
{
    static const char bytes[] = "one opensesame\ntwo \xc3\xa9\nthree opensesame opensesame";

    for (size_t piece = 1; piece < sizeof(bytes); piece++) {
        struct log_stream stream = { 0 };
        struct text out = text_new(arena, 10000);

        for (size_t at = 0; at < sizeof(bytes) - 1; at += piece) {
            size_t left = sizeof(bytes) - 1 - at;

            log_stream_add(&stream, bytes + at, left < piece ? left : piece);
            text_add(&out, log_stream_take(&stream, &filter, false, arena));
        }
        text_add(&out, log_stream_take(&stream, &filter, true, arena));
        tap_case("pieces of %zu", piece);
        CHECK_STR(text_string(&out), "one [secret]\ntwo é\nthree [secret] [secret]\n");
        CHECK(log_stream_take(&stream, &filter, true, arena) == NULL);
        log_stream_clear(&stream);
    }
}

/* A line without end is broken, and no secret comes apart at the break. */
static void endless_lines(void)
{
    for (size_t offset = 0; offset < 24; offset++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct log_stream stream = { 0 };
        struct text out = text_new(arena, 1024 * 1024);
        char *filling = arena_alloc(arena, LOG_LINE_MAX_BYTES);
        size_t length = LOG_LINE_MAX_BYTES - 12 + offset;

        memset(filling, 'x', LOG_LINE_MAX_BYTES - 1);
        log_stream_add(&stream, filling,
                       length > LOG_LINE_MAX_BYTES - 1 ? LOG_LINE_MAX_BYTES - 1 : length);
        for (const char *c = "opensesame and on and on"; *c != '\0'; c++) {
            log_stream_add(&stream, c, 1);
            text_add(&out, log_stream_take(&stream, &filter, false, arena));
        }
        text_add(&out, log_stream_take(&stream, &filter, true, arena));
        tap_case("offset %zu", offset);
        CHECK(text_ends(text_string(&out), "x[secret] and on and on\n"));
        log_stream_clear(&stream);
    }
}

static void progress_both_ways(struct arena *arena)
{
    struct progress *progress = ARENA_NEW(arena, struct progress);
    struct progress *back = ARENA_NEW(arena, struct progress);

    progress->line = "going on";
    progress_step(progress, "build", "running", 1000);
    progress_step(progress, "build", "succeeded", 3500);
    progress_step(progress, "test", "running", 3500);
    progress_link(progress, "run", "https://e.org/1");
    progress_link(progress, "run 1", "https://e.org/1");
    progress_output(progress, "image.tag", "v1");
    progress_output(progress, "image.tag", "v2");
    progress_from_json(progress_to_json(arena, progress), back);
    CHECK_STR(back->line, "going on");
    CHECK_INT(back->step_count, 2);
    CHECK_INT(back->steps[0].duration_ms, 2500);
    CHECK_INT(back->steps[1].since_ms, 3500);
    CHECK_INT(back->steps[1].duration_ms, -1);
    CHECK_INT(back->link_count, 1);
    CHECK_STR(back->links[0].name, "run 1");
    CHECK_INT(back->output_count, 1);
    CHECK_STR(back->outputs[0].name, "image.tag");
    CHECK_STR(back->outputs[0].value, "v2");
    for (int i = 0; i < 2 * PROGRESS_STEPS_MAX; i++)
        progress_step(back, arena_printf(arena, "step %d", i), "waiting", 0);
    CHECK_INT(back->step_count, PROGRESS_STEPS_MAX);
    progress_from_json(NULL, back);
    CHECK(back->line == NULL && back->step_count == 0);
}

static void pins_and_tokens(struct engine *engine)
{
    struct error err = { 0 };
    AUTO(config) const struct config *config = core_config(engine->core);
    AUTO(arena) struct arena *arena = arena_new();
    const struct catalog_entry *entry =
        catalog_find(core_catalog(engine->core, config), "lab work");
    struct job_row row = { .id = 412,
                           .line = "lab work free",
                           .created_at = 1000,
                           .step = "one",
                           .pins = OBJECT(arena, { "sha", V("stored") }) };
    struct call *call = call_new_job(engine->core, config, entry, &row, arena);
    const char *token = call_token(call);

    CHECK_STR(call_pinned(call, "sha"), "stored");
    CHECK(call_pinned(call, "other") == NULL);
    call_pin(call, "sha", "new");
    call_pin(call, "sha", "newer");
    CHECK_STR(call_pinned(call, "sha"), "newer");
    CHECK_STR(json_print(arena, call_pins(call)), "{\"sha\":\"newer\"}");
    CHECK(text_starts(token, "opsroom-412-"));
    call->row.attempt = 7;
    CHECK_STR(call_token(call), token);
    call->row.step = "two";
    CHECK(!text_is(call_token(call), token));
    CHECK_STR(call_data_directory(call), engine->directory);
    CHECK_STR(call_directory(call), engine->directory);
    CHECK(call_run_arguments(call, &err) == NULL);
}

static void run_arguments(struct engine *engine)
{
    AUTO(config) const struct config *config = core_config(engine->core);
    AUTO(arena) struct arena *arena = arena_new();
    static const char *const words[] = { "./greet", "--to={{name}}", "{{name}}", "{{absent}}" };
    struct custom_command custom = { .directory = "/packs/hello",
                                     .run = { words, COUNT_OF(words) } };
    struct catalog_entry entry = { .name = "greet",
                                   .command = &custom.command,
                                   .custom = &custom };
    struct job_row row = { .id = 1,
                           .line = "greet",
                           .args = OBJECT(arena, { "name", V("a b; rm -rf \"$HOME\" <&>") }) };
    struct call *call = call_new_job(engine->core, config, &entry, &row, arena);
    struct error err = { 0 };
    const char *const *filled = call_run_arguments(call, &err);

    CHECK_STR(filled[0], "./greet");
    CHECK_STR(filled[1], "--to=a b; rm -rf \"$HOME\" <&>");
    CHECK_STR(filled[2], "a b; rm -rf \"$HOME\" <&>");
    CHECK_STR(filled[3], "");
    CHECK(filled[4] == NULL);
    CHECK_STR(call_directory(call), "/packs/hello");
    row.args = OBJECT(arena, { "name", V("--everything") });
    call = call_new_job(engine->core, config, &entry, &row, arena);
    CHECK(call_run_arguments(call, &err) == NULL);
    CHECK(text_has(err.text, "would be read as an option"));
}

/* What a deployer sees is lent, and given back. */
static void lent_views(struct engine *engine)
{
    AUTO(config) const struct config *config = core_config(engine->core);
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = call_new(engine->core, config, NULL, arena);
    int state = 1;

    CHECK(call_config(call) == NULL && call_connection(call) == NULL);
    call_lend(call, config_connection(config, "lab"), &state);
    CHECK_STR(call_connection(call), "lab");
    CHECK(call_config(call) != NULL && call_state(call) == &state);
    call_lend(call, NULL, NULL);
    CHECK(call_connection(call) == NULL && call_state(call) == NULL);
}

static void too_many_notes(struct engine *engine)
{
    AUTO(config) const struct config *config = core_config(engine->core);
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = call_new(engine->core, config, NULL, arena);

    for (int i = 0; i < CALL_NOTES_MAX + 5; i++)
        call_note(call, "note %d with hunter2-hunter2", i);
    CHECK_INT(call->note_count, CALL_NOTES_MAX);
    CHECK_INT(call->notes_left_out, 5);
    CHECK_STR(call->notes[3], "note 3 with [secret]");
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct engine engine;

    log_start("text", "error");
    cleaned_logs(arena);
    logs_in_pieces(arena);
    endless_lines();
    progress_both_ways(arena);
    lab_make(&engine, LAB_YAML);
    lab_new(&engine, &registry);
    pins_and_tokens(&engine);
    run_arguments(&engine);
    lent_views(&engine);
    too_many_notes(&engine);
    engine_free(&engine);
    return tap_done();
}
