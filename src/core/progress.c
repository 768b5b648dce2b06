/* How far a job is, and its form in the jobs table. */
#include "core/progress.h"

static struct progress_step *find_step(struct progress *progress, const char *name)
{
    for (size_t i = 0; i < progress->step_count; i++)
        if (text_is(progress->steps[i].name, name))
            return &progress->steps[i];
    if (progress->step_count == PROGRESS_STEPS_MAX)
        return NULL;
    progress->steps[progress->step_count] =
        (struct progress_step){ .name = name, .duration_ms = -1 };
    return &progress->steps[progress->step_count++];
}

void progress_step(struct progress *progress, const char *name, const char *state,
                   long long now_ms)
{
    struct progress_step *step = find_step(progress, name);
    bool ends = text_is(state, "succeeded") || text_is(state, "failed");

    if (step == NULL)
        return;
    if (text_is(state, "running") && !text_is(step->state, "running")) {
        step->since_ms = now_ms;
        step->duration_ms = -1;
    }
    if (ends && step->duration_ms < 0 && step->since_ms > 0)
        step->duration_ms = now_ms - step->since_ms;
    step->state = state;
}

void progress_link(struct progress *progress, const char *text, const char *url)
{
    for (size_t i = 0; i < progress->link_count; i++)
        if (text_is(progress->links[i].value, url)) {
            progress->links[i].name = text;
            return;
        }
    if (progress->link_count < PROGRESS_LINKS_MAX)
        progress->links[progress->link_count++] = (struct progress_pair){ text, url };
}

void progress_output(struct progress *progress, const char *name, const char *value)
{
    for (size_t i = 0; i < progress->output_count; i++)
        if (text_is(progress->outputs[i].name, name)) {
            progress->outputs[i].value = value;
            return;
        }
    if (progress->output_count < PROGRESS_OUTPUTS_MAX)
        progress->outputs[progress->output_count++] = (struct progress_pair){ name, value };
}

static struct json integer_or_absent(long long value, long long absent)
{
    return value == absent ? (struct json){ .kind = JSON_ABSENT } : json_from_integer(value);
}

static const struct json *steps_to_json(struct arena *arena, const struct progress *progress)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < progress->step_count; i++) {
        const struct progress_step *step = &progress->steps[i];

        json_builder_add(
            list, NULL,
            V(OBJECT(arena, { "name", V(step->name) }, { "state", V(step->state) },
                     { "since", integer_or_absent(step->since_ms, 0) },
                     { "duration_ms", integer_or_absent(step->duration_ms, -1) })));
    }
    return json_builder_done(list);
}

static const struct json *links_to_json(struct arena *arena, const struct progress *progress)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < progress->link_count; i++)
        json_builder_add(list, NULL,
                         V(OBJECT(arena, { "text", V(progress->links[i].name) },
                                  { "url", V(progress->links[i].value) })));
    return json_builder_done(list);
}

static const struct json *outputs_to_json(struct arena *arena, const struct progress *progress)
{
    struct json_builder *list = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < progress->output_count; i++)
        json_builder_add(list, progress->outputs[i].name, V(progress->outputs[i].value));
    return json_builder_done(list);
}

const struct json *progress_to_json(struct arena *arena, const struct progress *progress)
{
    return json_copy(arena, OBJECT(arena, { "line", V(progress->line) },
                                   { "steps", V(steps_to_json(arena, progress)) },
                                   { "links", V(links_to_json(arena, progress)) },
                                   { "outputs", V(outputs_to_json(arena, progress)) }));
}

static void read_steps(const struct json *list, struct progress *progress)
{
    for (size_t i = 0; i < json_count(list) && i < PROGRESS_STEPS_MAX; i++) {
        const struct json *step = json_at(list, i);

        progress->steps[progress->step_count++] = (struct progress_step){
            .name = json_string(step, "name", ""),
            .state = json_string(step, "state", "waiting"),
            .since_ms = json_integer(step, "since", 0),
            .duration_ms = json_integer(step, "duration_ms", -1),
        };
    }
}

void progress_from_json(const struct json *json, struct progress *progress)
{
    const struct json *links = json_get(json, "links");
    const struct json *outputs = json_get(json, "outputs");

    *progress = (struct progress){ .line = json_string(json, "line", NULL) };
    read_steps(json_get(json, "steps"), progress);
    for (size_t i = 0; i < json_count(links); i++)
        progress_link(progress, json_string(json_at(links, i), "text", NULL),
                      json_string(json_at(links, i), "url", ""));
    if (json_is(outputs, JSON_OBJECT))
        for (size_t i = 0; i < json_count(outputs); i++)
            progress_output(progress, outputs->as.object.members[i].key,
                            json_string(json_at(outputs, i), "", ""));
}
