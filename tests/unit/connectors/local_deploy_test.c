/* Deployments: what is run, with which arguments and variables, and what is refused before anybody approves. */
#include <stdlib.h>

#include "connectors/local/local.h"
#include "connectors/local/supervise.h"
#include "local_fixture.h"
#include "tap.h"

/* As in deploy.c: the struct of target_config. */
struct target {
    struct strings run, rollback;
};

struct fixture {
    struct call call;
    struct run_state state;
    struct local_settings settings;
    struct target target;
    struct deployment deployment;
};

static struct strings strings_of(struct arena *arena, const char *const *items)
{
    struct strings strings = { .items = items };

    (void)arena;
    while (items[strings.count] != NULL)
        strings.count++;
    return strings;
}

static struct fixture *fixture_new(struct arena *arena, const char *const *run)
{
    struct fixture *fixture = ARENA_NEW(arena, struct fixture);
    const char *folder = folder_new(arena);

    script_write(folder, "deploy",
                 "#!/bin/sh\necho \"$# $*\"\n"
                 "env | grep ^OPSROOM_ | grep -v -e _JOB -e _PERSON | sort\n");
    script_write(folder, "back", "#!/bin/sh\necho \"back $*\"\n");
    fields_defaults(&local_fields, arena, &fixture->settings);
    fixture->settings.directory = folder;
    fixture->target.run = strings_of(arena, run);
    fixture->deployment = (struct deployment){ .app = "hello",
                                               .environment = "staging",
                                               .version = "v1.2",
                                               .commit = "a1b2c3d",
                                               .previous_version = "v1.1",
                                               .target = &fixture->target };
    fixture->call = (struct call){ .arena = arena,
                                   .state = &fixture->state,
                                   .config = &fixture->settings,
                                   .connection = "local",
                                   .directory = "/",
                                   .data = folder,
                                   .token = "opsroom-412-abc",
                                   .log = text_new(arena, 1 << 20),
                                   .shown = text_new(arena, 1 << 20) };
    return fixture;
}

static const char *deploy(struct fixture *fixture)
{
    struct call *call = &fixture->call;
    struct error err = { 0 };
    enum step step;

    CHECK_INT(local_deployer.start(call, &fixture->deployment, &err), STEP_NEXT);
    CHECK_STR(err.text, "");
    CHECK_INT(local_deployer.started(call, &fixture->deployment, &err), HAPPENED_YES);
    step = local_deployer.follow(call, &fixture->deployment, &err);
    while (step == STEP_AGAIN) {
        run_await(call->arena, run_call_folder(call, &fixture->state));
        step = local_deployer.follow(call, &fixture->deployment, &err);
    }
    CHECK_INT(step, STEP_NEXT);
    return text_string(&call->log);
}

static const char *const run[] = { "./deploy",
                                   "{{version}}",
                                   "{{app}} on {{environment}}",
                                   "--commit={{commit}}",
                                   "{{#rollback}}back{{/rollback}}{{previous}}",
                                   NULL };

static void test_deploy(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture *fixture = fixture_new(arena, run);

    tap_case("deploy");
    CHECK_STR(deploy(fixture), "4 v1.2 hello on staging --commit=a1b2c3d v1.1\n"
                               "OPSROOM_APP=hello\nOPSROOM_COMMIT=a1b2c3d\n"
                               "OPSROOM_ENVIRONMENT=staging\nOPSROOM_PREVIOUS_VERSION=v1.1\n"
                               "OPSROOM_VERSION=v1.2\n");
}

static void test_values_stay_one_argument(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture *fixture = fixture_new(arena, run);

    tap_case("values");
    fixture->deployment.version = "$(id); \"x\" y {{app}}";
    fixture->deployment.commit = NULL;
    fixture->deployment.previous_version = NULL;
    CHECK(
        text_starts(deploy(fixture), "4 $(id); \"x\" y {{app}} hello on staging --commit= \n"));
}

static void test_rollback(void)
{
    static const char *const back[] = { "./back", "{{version}}", NULL };
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture *fixture = fixture_new(arena, run);

    tap_case("rollback");
    fixture->deployment.rollback = true;
    CHECK(text_starts(deploy(fixture), "4 v1.2 hello on staging --commit=a1b2c3d backv1.1\n"));
    fixture = fixture_new(arena, run);
    fixture->deployment.rollback = true;
    fixture->target.rollback = strings_of(arena, back);
    CHECK_STR(deploy(fixture), "back v1.2\n");
}

static void test_resolve(void)
{
    static const char *const unclosed[] = { "./deploy", "{{#x}}", NULL };
    static const char *const missing[] = { "./nowhere", NULL };
    static const char *const option[] = { "./deploy", "{{version}}", NULL };
    static const char *const none[] = { NULL };
    static const struct {
        const char *const *run;
        const char *repository, *version, *text;
    } rows[] = {
        { run, NULL, "v1", "" },
        { run, NULL, NULL, "" },
        { run, NULL, "-rf", "\"-rf\" is no version" },
        { option, "nowhere", "v1", "the repository \"" },
        { unclosed, NULL, "v1", "\"{{#x}}\" in \"run\": " },
        { missing, NULL, "v1", "the executable \"./nowhere\" in " },
        { none, NULL, "v1", "\"run\" is empty" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct fixture *fixture = fixture_new(arena, rows[i].run);
        const char *version = rows[i].version;
        const char *commit = "";
        struct error err = { 0 };
        int result;

        tap_case("resolve %zu", i);
        fixture->deployment.repository = rows[i].repository;
        result = local_deployer.resolve(&fixture->call, &fixture->deployment, &version, &commit,
                                        &err);
        CHECK_INT(result, rows[i].text[0] == '\0' ? 0 : -1);
        CHECK(text_starts(err.text, rows[i].text));
        if (result == 0) {
            CHECK_STR(version, rows[i].version);
            CHECK(commit == NULL);
        }
    }
}

/* What was typed, pinned and configured may begin with "-"; then it is no argument. */
static void test_no_value_becomes_an_option(void)
{
    static const char *const option[] = { "./deploy", "{{previous}}", "-v", NULL };
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture *fixture = fixture_new(arena, option);
    struct error err = { 0 };

    tap_case("options");
    fixture->deployment.previous_version = "--force";
    CHECK_INT(local_deployer.start(&fixture->call, &fixture->deployment, &err), STEP_FAIL);
    CHECK_STR(err.text,
              "\"{{previous}}\" in \"run\" becomes \"--force\", which would be read as "
              "an option");
}

static void test_check(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture *fixture = fixture_new(arena, run);
    const char *note = NULL;
    struct error err = { 0 };

    tap_case("check");
    CHECK_INT(local_connector.check(&fixture->call, &note, &err), 0);
    CHECK(text_starts(note, fixture->settings.directory) && text_has(note, "; git version "));
    fixture->settings.directory = "/no/such";
    CHECK_INT(local_connector.check(&fixture->call, &note, &err), -1);
    CHECK_STR(err.text, "directory \"/no/such\": No such file or directory");
    fixture->settings.directory = "/etc/passwd";
    CHECK_INT(local_connector.check(&fixture->call, &note, &err), -1);
    CHECK_STR(err.text, "\"/etc/passwd\" is no directory");
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], SUPERVISE_WORD) == 0)
        return supervise(count - 2, words + 2);
    test_deploy();
    test_values_stay_one_argument();
    test_rollback();
    test_resolve();
    test_no_value_becomes_an_option();
    test_check();
    return tap_done();
}
