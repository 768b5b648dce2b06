/* The answer of a dry run: from where to where, what lies between, whether it would be allowed, who has to agree. */
#include "core/deploy_report.h"

#include <string.h>

#include "base/text.h"
#include "core/policy.h"

enum {
    COMMITS_SHOWN = 20,
    SHORT_COMMIT = 7,
};

/* The same request without the flag. */
static struct decision real_decision(struct call *call)
{
    struct arena *arena = call_arena(call);
    const struct json *args = call_arguments(call);
    struct json_builder *real = json_builder_new(arena, JSON_OBJECT);
    struct request request = { .config = call_snapshot(call),
                               .person = call_requester(call),
                               .entry = call_entry(call),
                               .place = call_place(call),
                               .at_ms = clock_now_ms() };

    for (size_t i = 0; i < json_count(args); i++)
        if (!text_is(args->as.object.members[i].key, "dry-run"))
            json_builder_add(real, args->as.object.members[i].key,
                             args->as.object.members[i].value);
    request.args = json_builder_done(real);
    return policy_decide(&request, arena);
}

static const char *allowed_text(struct call *call)
{
    struct decision decision = real_decision(call);

    if (!decision.allowed)
        return decision.refusal;
    if (decision.approval.asked)
        return arena_printf(call_arena(call), "yes, with %s (%s)",
                            approval_print(call_arena(call), &decision), decision.where);
    return arena_printf(call_arena(call), "yes, %s", decision.why);
}

static int gate_text(struct call *call, const struct deploy_gate *gate, const char **refusal,
                     struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);

    return db == NULL ? -1 : deploy_gate_check(db, call_arena(call), gate, refusal, err);
}

static const char *short_commit(struct arena *arena, const char *commit)
{
    return commit == NULL ? "-" : arena_copy_n(arena, commit, strnlen(commit, SHORT_COMMIT));
}

static const char *version_text(struct arena *arena, const char *version, const char *commit)
{
    if (version == NULL && commit == NULL)
        return "nothing yet";
    return arena_printf(arena, "%s (%s)", version != NULL ? version : "unversioned",
                        short_commit(arena, commit));
}

static struct json commits_block(struct arena *arena, const struct json *commits)
{
    static const char *const columns[] = { "commit", "author", "title" };
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(commits) && i < COMMITS_SHOWN; i++) {
        const struct json *commit = json_at(commits, i);

        json_builder_add(
            rows, NULL,
            V(ARRAY(arena, V(short_commit(arena, json_string(commit, "commit", ""))),
                    V(json_string(commit, "author", "")),
                    V(json_string(commit, "title", "")))));
    }
    return block_table(arena, columns, COUNT_OF(columns), json_builder_done(rows));
}

static size_t count_authors(struct arena *arena, const struct json *commits)
{
    const char **authors = ARENA_ARRAY(arena, const char *, json_count(commits) + 1);
    size_t count = 0;

    for (size_t i = 0; i < json_count(commits); i++) {
        struct strings known = { authors, count };
        const char *author = json_string(json_at(commits, i), "author", "");

        if (!strings_has(&known, author))
            authors[count++] = author;
    }
    return count;
}

static const char *between_text(struct arena *arena, const struct deploy_report *report)
{
    size_t commits = json_count(report->commits);
    size_t authors = count_authors(arena, report->commits);

    if (report->commits == NULL)
        return "not known";
    if (commits == 0)
        return "nothing new";
    return arena_printf(arena, "%zu commit%s by %zu %s", commits, commits == 1 ? "" : "s",
                        authors, authors == 1 ? "person" : "people");
}

int deploy_report_say(struct call *call, const struct deploy_report *report, struct error *err)
{
    struct arena *arena = call_arena(call);
    const struct deployment *deployment = report->deployment;
    const char *refusal = NULL;
    struct message message = { .tone = TONE_PLAIN };
    struct json_builder *blocks = json_builder_new(arena, JSON_ARRAY);

    if (gate_text(call, &report->gate, &refusal, err) < 0)
        return -1;
    const struct fact facts[] = {
        { "From", version_text(arena, deployment->previous_version, report->previous_commit) },
        { "To", version_text(arena, deployment->version, deployment->commit) },
        { "Between", between_text(arena, report) },
        { "Allowed", allowed_text(call) },
        { "In the way", refusal != NULL ? refusal : "nothing" },
    };
    message.text = arena_printf(arena, "Dry run, nothing was changed: %s to %s",
                                message_escape(arena, report->app->name),
                                message_escape(arena, report->environment->name));
    json_builder_add(blocks, NULL, block_facts(arena, facts, COUNT_OF(facts)));
    if (json_count(report->commits) > 0)
        json_builder_add(blocks, NULL, commits_block(arena, report->commits));
    message.blocks = json_builder_done(blocks);
    return say_message(call, &message);
}
