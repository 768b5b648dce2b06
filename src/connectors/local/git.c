/* Versions and commits of a git repository of this machine, through the git program. */
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "connectors/local/local.h"

enum {
    GIT_LIMIT_S = 20,
    GIT_OUTPUT_MAX = 1024 * 1024,
    GIT_WORDS_MAX = 12,
    SHORT_COMMIT = 7,
    NEWEST_TAGS = 3,
    TAGS_MAX = 200,
    COMMITS_MAX = 100,
    FIELD_END = 0x1f
};

/* words: after "git -C repository", NULL-terminated.  A status other than 0 is a result. */
static int git(struct arena *arena, const char *repository, const char *const *words,
               struct process_result *result, struct error *err)
{
    const char *arguments[GIT_WORDS_MAX] = { "git", "-C", repository };
    const char *environment[] = {
        arena_printf(arena, "PATH=%s",
                     getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin"),
        arena_printf(arena, "HOME=%s", getenv("HOME") != NULL ? getenv("HOME") : "/"),
        "LC_ALL=C.UTF-8",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_OPTIONAL_LOCKS=0",
        NULL
    };
    struct process_plan plan = { .arguments = arguments,
                                 .environment = environment,
                                 .limit_s = GIT_LIMIT_S,
                                 .output_limit = GIT_OUTPUT_MAX };

    for (size_t i = 0; words[i] != NULL; i++) {
        ASSERT(i + 4 < GIT_WORDS_MAX);
        arguments[i + 3] = words[i];
    }
    return process_run(&plan, arena, result, err);
}

static const char *first_line(struct arena *arena, const char *text)
{
    struct span rest = span_of(text);
    struct span line = { .length = 0 };

    span_split(&rest, '\n', &line);
    return span_copy(arena, span_trim(line));
}

/* 0: *line is its first line; 1: it ended with another status than 0. */
static int git_line(struct arena *arena, const char *repository, const char *const *words,
                    const char **line, struct error *err)
{
    struct process_result result;

    if (git(arena, repository, words, &result, err) < 0)
        return -1;
    if (result.status != 0)
        return 1;
    *line = first_line(arena, result.output);
    return 0;
}

/* The repository itself is at fault: no folder, no repository, somebody else's. */
static int repository_fault(struct arena *arena, const char *repository, struct error *err)
{
    static const char *const words[] = { "rev-parse", "--git-dir", NULL };
    struct process_result result;
    const char *said;

    if (git(arena, repository, words, &result, err) < 0)
        return -1;
    if (result.status == 0)
        return 0;
    said = first_line(arena, result.errors);
    return error_set(err, ERROR_INVALID, "the repository \"%s\": %s", repository,
                     text_starts(said, "fatal: ") ? said + 7 : said);
}

static const char *const *newest_tags(struct arena *arena, const char *repository,
                                      size_t *count)
{
    const char *words[] = { "for-each-ref",
                            "--sort=-creatordate",
                            arena_printf(arena, "--count=%d", TAGS_MAX),
                            "--format=%(refname:short)",
                            "refs/tags",
                            NULL };
    const char **tags = ARENA_ARRAY(arena, const char *, TAGS_MAX);
    struct process_result result;
    struct error ignored = { 0 };
    struct span rest, line;

    *count = 0;
    if (git(arena, repository, words, &result, &ignored) < 0 || result.status != 0)
        return tags;
    rest = span_of(result.output);
    while (*count < TAGS_MAX && span_split(&rest, '\n', &line))
        if (line.length > 0)
            tags[(*count)++] = span_copy(arena, line);
    return tags;
}

static int unknown_version(struct arena *arena, const char *repository, const char *version,
                           struct error *err)
{
    size_t count;
    const char *const *tags = newest_tags(arena, repository, &count);
    const char *near = text_nearest(version, tags, count);
    struct text out = text_new(arena, sizeof(err->text));

    text_addf(&out, "there is no version \"%.100s\"", version);
    if (near != NULL)
        text_addf(&out, ", did you mean \"%.100s\"?", near);
    for (size_t i = 0; i < count && i < NEWEST_TAGS; i++)
        text_addf(&out, "%s%.60s",
                  i > 0          ? ", "
                  : near != NULL ? " The newest are "
                                 : ": the newest are ",
                  tags[i]);
    return error_set(err, ERROR_MISSING, "%s", text_string(&out));
}

/* Before anything else is asked of it: the default branch when none was named. */
static int find_commit(struct arena *arena, const char *repository, const char *version,
                       const char **commit, struct error *err)
{
    const char *words[] = { "rev-parse",
                            "--verify",
                            "--quiet",
                            "--end-of-options",
                            arena_printf(arena, "%s^{commit}",
                                         version != NULL ? version : "HEAD"),
                            NULL };
    int found = git_line(arena, repository, words, commit, err);

    if (found <= 0)
        return found;
    if (repository_fault(arena, repository, err) < 0)
        return -1;
    if (version == NULL)
        return error_set(err, ERROR_MISSING, "the repository \"%s\" has no commit yet",
                         repository);
    return unknown_version(arena, repository, version, err);
}

static int is_tag(struct arena *arena, const char *repository, const char *version,
                  struct error *err)
{
    const char *words[] = { "show-ref", "--verify", "--quiet",
                            arena_printf(arena, "refs/tags/%s", version), NULL };
    const char *line;
    int found = git_line(arena, repository, words, &line, err);

    return found < 0 ? -1 : found == 0;
}

/* A tag of exactly this commit, else the commit cut short: both stay what they are, as a branch does not. */
static int name_commit(struct arena *arena, const char *repository, const char *commit,
                       const char **name, struct error *err)
{
    const char *words[] = { "describe", "--tags", "--exact-match", commit, NULL };
    const char *shortest[] = { "rev-parse", arena_printf(arena, "--short=%d", SHORT_COMMIT),
                               commit, NULL };
    int found = git_line(arena, repository, words, name, err);

    if (found == 1)
        found = git_line(arena, repository, shortest, name, err);
    if (found == 1)
        *name = arena_copy(arena, commit);
    return found < 0 ? -1 : 0;
}

int git_resolve(struct arena *arena, const char *repository, const char **version,
                const char **commit, struct error *err)
{
    const char *found = NULL;
    int tag = 0;

    if (*version != NULL && ((*version)[0] == '-' || (*version)[0] == '\0'))
        return error_set(err, ERROR_INVALID, "\"%.60s\" is no version", *version);
    if (find_commit(arena, repository, *version, &found, err) < 0)
        return -1;
    if (*version != NULL)
        tag = is_tag(arena, repository, *version, err);
    if (tag < 0 || (tag == 0 && name_commit(arena, repository, found, version, err) < 0))
        return -1;
    *commit = found;
    return 0;
}

static bool take_field(struct span *rest, char end, struct span *field)
{
    const char *at = memchr(rest->start, end, rest->length);

    if (at == NULL)
        return false;
    *field = (struct span){ rest->start, (size_t)(at - rest->start) };
    rest->length -= field->length + 1;
    rest->start = at + 1;
    return true;
}

/* "COMMIT TIME AUTHOR<0x1f>TITLE" */
static const struct json *read_commit(struct arena *arena, struct span line)
{
    struct span commit, at, author;
    long long at_ms = 0;

    if (!take_field(&line, ' ', &commit) || !take_field(&line, ' ', &at) ||
        !take_field(&line, FIELD_END, &author))
        return NULL;
    clock_parse_iso(span_copy(arena, at), &at_ms);
    return OBJECT(arena, { "commit", V(span_copy(arena, commit)) },
                  { "author", V(span_copy(arena, author)) }, { "at", clock_json(arena, at_ms) },
                  { "title", V(span_copy(arena, line)) });
}

const struct json *git_commits_between(struct arena *arena, const char *repository,
                                       const char *from, const char *to, struct error *err)
{
    const char *words[] = { "log",
                            arena_printf(arena, "--max-count=%d", COMMITS_MAX),
                            "--no-show-signature",
                            "--format=%H %aI %an%x1f%s",
                            "--end-of-options",
                            arena_printf(arena, "%s..%s", from, to),
                            "--",
                            NULL };
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);
    struct process_result result;
    struct span rest, line;

    if (git(arena, repository, words, &result, err) < 0)
        return NULL;
    if (result.status != 0) {
        if (repository_fault(arena, repository, err) == 0)
            error_set(err, ERROR_MISSING, "\"%.60s\" and \"%.60s\" are not both in \"%s\"",
                      from, to, repository);
        return NULL;
    }
    rest = span_of(result.output);
    while (span_split(&rest, '\n', &line)) {
        const struct json *row = read_commit(arena, line);

        if (row != NULL)
            json_builder_add(rows, NULL, V(row));
    }
    return json_builder_done(rows);
}

int git_version(struct arena *arena, const char **version, struct error *err)
{
    static const char *const words[] = { "--version", NULL };

    if (git_line(arena, "/", words, version, err) == 0)
        return 0;
    return error_set(err, ERROR_MISSING, "git cannot be run");
}
