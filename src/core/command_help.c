/* help, can, whoami: what this person may do in this place, and who that is. */
#include "core/audit.h"
#include "core/call_core.h"
#include "core/catalog.h"
#include "core/commands.h"
#include "core/parse.h"
#include "core/policy.h"

struct line_args {
    const char *line;
};

static struct request request_for(const struct call *call, const struct catalog_entry *entry)
{
    return (struct request){ .config = call_snapshot(call),
                             .person = call_requester(call),
                             .entry = entry,
                             .place = call_place(call),
                             .at_ms = clock_now_ms() };
}

static int help_list(struct call *call)
{
    static const char *const columns[] = { "command", "what" };
    struct arena *arena = call_arena(call);
    const struct catalog *catalog = call_catalog(call);
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < catalog->count; i++) {
        struct request request = request_for(call, &catalog->list[i]);

        if (!policy_decide(&request, arena).allowed)
            continue;
        json_builder_add(
            rows, NULL,
            V(OBJECT(arena, { "command", V(catalog_usage(arena, &catalog->list[i])) },
                     { "what", V(catalog->list[i].command->help) })));
    }
    return say_rows(call, "What you can do here. Say help COMMAND for one of them", columns,
                    COUNT_OF(columns), json_builder_done(rows));
}

static int help_run(struct call *call, struct error *err)
{
    const struct line_args *args = call_args(call);
    struct parsed parsed;

    if (text_is_empty(args->line))
        return help_list(call);
    if (parse_name(call_arena(call), call_catalog(call), args->line, &parsed, err) < 0)
        return -1;
    return say(call, TONE_PLAIN, "%s", catalog_help(call_arena(call), parsed.entry));
}

static const struct field help_args[] = {
    FIELD(struct line_args, line, .key = "command", .help = "the command to explain",
          .meaning = AS_REST),
};

const struct command help_command = {
    .name = "help",
    .help = "What you can do here, or how one command works",
    .example = "help deploy",
    .core = true,
    .own = true,
    .args = FIELDS(struct line_args, help_args),
    .run = help_run,
};

/* Names first, then arguments: a person who may not run it learns nothing of what exists. */
static int decide_line(struct call *call, const char *line, struct decision *decision,
                       struct parsed *parsed, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct argument_context context = { .config = call_snapshot(call),
                                        .place = call_place(call) };
    struct strings missing;
    struct request request;
    void *structure;

    if (parse_name(arena, call_catalog(call), line, parsed, err) < 0)
        return -1;
    request = request_for(call, parsed->entry);
    *decision = policy_decide(&request, arena);
    if (!decision->allowed)
        return 0;
    if (parse_arguments(arena, &context, parsed, &structure, &missing, err) < 0)
        return -1;
    request.args = parsed->args;
    *decision = policy_decide(&request, arena);
    return 0;
}

static int can_run(struct call *call, struct error *err)
{
    const struct line_args *args = call_args(call);
    struct arena *arena = call_arena(call);
    struct decision decision;
    struct parsed parsed;
    const char *line;

    if (decide_line(call, args->line, &decision, &parsed, err) < 0)
        return -1;
    if (!decision.allowed)
        return say(call, TONE_WARN, "No. %s", message_escape(arena, decision.refusal));
    line =
        parsed.args != NULL ? line_print(arena, parsed.entry, parsed.args) : parsed.entry->name;
    if (decision.approval.asked)
        return say(call, TONE_PLAIN, "Yes, with an approval: %s needs %s (%s)",
                   message_escape(arena, line), approval_print(arena, &decision), decision.why);
    return say(call, TONE_GOOD, "Yes: %s is %s", message_escape(arena, line), decision.why);
}

static const struct field can_args[] = {
    FIELD(struct line_args, line, .key = "line", .help = "a command as you would type it",
          .meaning = AS_COMMAND, .need = true),
};

const struct command can_command = {
    .name = "can",
    .help = "Whether you may run a command here, and which rule says so",
    .example = "can deploy api to production",
    .core = true,
    .own = true,
    .args = FIELDS(struct line_args, can_args),
    .run = can_run,
};

static const char *groups_print(struct arena *arena, const struct person *person)
{
    struct text out = text_new(arena, 2000);

    for (size_t i = 0; i < person->groups.count; i++)
        text_addf(&out, "%s%s", i > 0 ? ", " : "", person->groups.items[i]);
    return out.length == 0 ? "none" : text_string(&out);
}

static int whoami_run(struct call *call, struct error *err)
{
    struct arena *arena = call_arena(call);
    const struct person *person = call_requester(call);
    struct fact facts[3];
    struct message message = { 0 };

    (void)err;
    if (person == NULL)
        return say(call, TONE_WARN, "I do not know you");
    facts[0] = (struct fact){ "Groups", groups_print(arena, person) };
    facts[1] =
        (struct fact){ "Account", call_account(call) != NULL ? call_account(call) : "none" };
    facts[2] = (struct fact){ "Here", place_print(arena, call_place(call)) };
    message.text = arena_printf(arena, "%s (%s)", message_escape(arena, person->name),
                                message_escape(arena, person->id));
    message.blocks = ARRAY(arena, block_facts(arena, facts, COUNT_OF(facts)));
    return say_message(call, &message);
}

const struct command whoami_command = {
    .name = "whoami",
    .help = "Who you are to opsroom, and your groups",
    .core = true,
    .own = true,
    .run = whoami_run,
};
