/* Versions and commits out of a repository made for the test. */
#include "connectors/local/local.h"

#include "base/process.h"
#include "local_fixture.h"
#include "tap.h"

/* Three commits on main: v1.0.0, v1.1.0 (annotated), one without a tag; a branch "next" at the second. */
static const char make_repository[] =
    "set -eu; git init -q --initial-branch=main .\n"
    "git config user.name Ana; git config user.email ana@example.com\n"
    "commit() { GIT_AUTHOR_DATE=\"2026-03-0$1T10:00:00+01:00\" "
    "GIT_COMMITTER_DATE=\"2026-03-0$1T10:00:00+01:00\" "
    "git commit -q --allow-empty -m \"$2\"; }\n"
    "commit 1 First; git tag v1.0.0\n"
    "commit 2 'Second: more'; git tag -a -m note v1.1.0; git branch next\n"
    "commit 3 Third\n";

static const char *repository_new(struct arena *arena, const char *line)
{
    const char *folder = folder_new(arena);
    const char *const arguments[] = { "/bin/sh", "-c", line, NULL };
    struct process_plan plan = {
        .arguments = arguments, .directory = folder, .limit_s = 30, .output_limit = 4096
    };
    struct process_result result = { .status = -1, .errors = "" };
    struct error err = { 0 };

    CHECK_INT(process_run(&plan, arena, &result, &err), 0);
    CHECK_INT(result.status, 0);
    CHECK_STR(result.errors, "");
    return folder;
}

static const char *commit_of(struct arena *arena, const char *repository, const char *version)
{
    const char *commit = "";
    struct error err = { 0 };

    CHECK_INT(git_resolve(arena, repository, &version, &commit, &err), 0);
    CHECK_STR(err.text, "");
    return commit;
}

static void test_versions(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *repository = repository_new(arena, make_repository);
    const char *head = commit_of(arena, repository, NULL);
    const char *second = commit_of(arena, repository, "v1.1.0");
    const char *head_short = arena_copy_n(arena, head, 7);
    const struct {
        const char *asked, *version, *commit;
    } rows[] = {
        { NULL, head_short, head },
        { "main", head_short, head },
        { head, head_short, head },
        { head_short, head_short, head },
        { "v1.1.0", "v1.1.0", second },
        { "next", "v1.1.0", second }, /* a branch moves, its tag does not */
        { second, "v1.1.0", second },
        { "main~1", "v1.1.0", second },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *version = rows[i].asked;
        const char *commit = NULL;
        struct error err = { 0 };

        tap_case("version %s", rows[i].asked != NULL ? rows[i].asked : "none");
        CHECK_INT(git_resolve(arena, repository, &version, &commit, &err), 0);
        CHECK_STR(version, rows[i].version);
        CHECK_STR(commit, rows[i].commit);
        CHECK_INT(strlen(commit), 40);
    }
}

static void test_faults(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *repository = repository_new(arena, make_repository);
    const char *empty = repository_new(arena, "git init -q .");
    const char *none = folder_new(arena);
    const struct {
        const char *repository, *version, *text;
        enum error_kind kind;
    } rows[] = {
        { repository, "v9.9", "there is no version \"v9.9\": the newest are v1.1.0, v1.0.0",
          ERROR_MISSING },
        { repository, "v1.0.1",
          "there is no version \"v1.0.1\", did you mean \"v1.0.0\"? The newest are v1.1.0, "
          "v1.0.0",
          ERROR_MISSING },
        { repository, "-h", "\"-h\" is no version", ERROR_INVALID },
        { repository, "--output=/tmp/x", "\"--output=/tmp/x\" is no version", ERROR_INVALID },
        { repository, "", "\"\" is no version", ERROR_INVALID },
        { repository, "v1.0.0..main",
          "there is no version \"v1.0.0..main\": the newest are v1.1.0, v1.0.0",
          ERROR_MISSING },
        { empty, "v1", "there is no version \"v1\"", ERROR_MISSING },
        { empty, NULL, arena_printf(arena, "the repository \"%s\" has no commit yet", empty),
          ERROR_MISSING },
        { none, "v1",
          arena_printf(arena,
                       "the repository \"%s\": not a git repository (or any of the parent "
                       "directories): .git",
                       none),
          ERROR_INVALID },
        { "/no/such", NULL,
          "the repository \"/no/such\": cannot change to '/no/such': No such file or directory",
          ERROR_INVALID },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *version = rows[i].version;
        const char *commit = NULL;
        struct error err = { 0 };

        tap_case("fault %zu", i);
        CHECK_INT(git_resolve(arena, rows[i].repository, &version, &commit, &err), -1);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK_STR(version, rows[i].version);
        CHECK(commit == NULL);
    }
}

static void test_commits(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *repository = repository_new(arena, make_repository);
    struct error err = { 0 };
    const struct json *rows = git_commits_between(arena, repository, "v1.0.0", "main", &err);

    tap_case("commits");
    CHECK_INT(json_count(rows), 2);
    CHECK_STR(json_string(rows, "0.title", NULL), "Third");
    CHECK_STR(json_string(rows, "1.title", NULL), "Second: more");
    CHECK_STR(json_string(rows, "1.author", NULL), "Ana");
    CHECK_INT(clock_from_json(json_at(rows, 1), "at"), 1772442000000);
    CHECK_STR(json_string(rows, "1.commit", NULL), commit_of(arena, repository, "next"));
    CHECK_INT(json_count(git_commits_between(arena, repository, "main", "v1.0.0", &err)), 0);
    CHECK(git_commits_between(arena, repository, "v1.0.0", "nowhere", &err) == NULL);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK(git_commits_between(arena, repository, "--output=/tmp/x", "main", &err) == NULL);
}

static void test_version(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *version = "";
    struct error err = { 0 };

    tap_case("git's own version");
    CHECK_INT(git_version(arena, &version, &err), 0);
    CHECK(text_starts(version, "git version "));
}

int main(void)
{
    test_versions();
    test_faults();
    test_commits();
    test_version();
    return tap_done();
}
