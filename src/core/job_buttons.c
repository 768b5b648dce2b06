/* The buttons below a job, by what may be done with it in its state. */
#include "base/text.h"
#include "core/job.h"
#include "core/job_view.h"

enum {
    BUTTONS_MAX = 5
};

struct buttons {
    struct arena *arena;
    const struct job_row *row;
    struct button list[BUTTONS_MAX];
    size_t count;
};

static struct button *add(struct buttons *buttons, const char *label, const char *verb)
{
    struct button *button = &buttons->list[buttons->count++];

    ASSERT(buttons->count <= BUTTONS_MAX);
    *button = (struct button){
        .label = label,
        .line = arena_printf(buttons->arena, "%s %lld", verb, buttons->row->id),
    };
    return button;
}

static void add_cancel(struct buttons *buttons)
{
    struct button *button;

    if (buttons->row->cancel_by != NULL)
        return;
    button = add(buttons, "Cancel", "job cancel");
    button->style = "danger";
    button->confirm = arena_printf(buttons->arena, "Cancel #%lld?", buttons->row->id);
}

static void add_log(struct buttons *buttons)
{
    if (buttons->row->log_bytes > 0)
        add(buttons, "Log", "job log");
}

static void add_vote(struct buttons *buttons)
{
    struct button *deny;

    add(buttons, "Approve", "approve")->style = "primary";
    deny = add(buttons, "Deny", "deny");
    deny->style = "danger";
    deny->ask = "reason";
    add_cancel(buttons);
}

static void add_resolve(struct buttons *buttons)
{
    static const char *const labels[] = { "It happened", "Start again", "Stop" };
    static const char *const words[] = { "happened", "again", "stop" };

    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        struct button *button = add(buttons, labels[i], "job resolve");

        button->line = arena_printf(buttons->arena, "%s %s", button->line, words[i]);
        button->style = text_is(words[i], "stop") ? "danger" : NULL;
    }
    add_log(buttons);
}

static void add_roll_back(struct buttons *buttons)
{
    const char *app = json_string(buttons->row->args, "app", NULL);
    const char *environment = json_string(buttons->row->args, "environment", NULL);
    struct button *button;

    if (!text_is(buttons->row->command, "deploy") || app == NULL || environment == NULL)
        return;
    button = add(buttons, "Roll back", "rollback");
    button->line = arena_printf(buttons->arena, "rollback %s on %s", app, environment);
    button->style = "danger";
    button->confirm = arena_printf(buttons->arena, "Roll back %s on %s?", app, environment);
}

static void add_over(struct buttons *buttons)
{
    const struct job_row *row = buttons->row;

    if (row->quick && job_state_is_good(row->state))
        return;
    if (job_state_is_good(row->state))
        add_roll_back(buttons);
    else if (row->command != NULL && !text_is(row->state, "refused") &&
             (row->started_at != 0 || text_is(row->state, "timed out")))
        add(buttons, "Again", "again");
    add_log(buttons);
}

void job_buttons(struct arena *arena, const struct job_row *row, struct json_builder *blocks)
{
    struct buttons buttons = { .arena = arena, .row = row };

    if (job_state_is_final(row->state)) {
        add_over(&buttons);
    } else if (text_is(row->stage, "approval")) {
        add_vote(&buttons);
    } else if (text_is(row->stage, "unsure")) {
        add_resolve(&buttons);
    } else {
        add_cancel(&buttons);
        add_log(&buttons);
    }
    if (buttons.count > 0)
        json_builder_add(blocks, NULL, block_buttons(arena, buttons.list, buttons.count));
}
