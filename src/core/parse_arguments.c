/* The words after a command's name -> its arguments: by position, sentence word, flag or KEY=VALUE. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "core/parse.h"
#include "core/parse_value.h"

/* One command's arguments being collected. */
struct collection {
    struct arena *arena;
    const struct argument_context *context;
    const struct parsed *parsed;
    const struct fields *fields;
    const char **given;         /* by field: text as typed, NULL: not given */
    struct json_builder *pairs; /* NULL: the command takes none */
    const char **pair_keys;     /* room for every word */
    size_t pair_count;
    const struct word *words;
    size_t count;
    size_t at;
};

static const char *usage(const struct collection *all)
{
    return catalog_usage(all->arena, all->parsed->entry);
}

static size_t field_position(const struct collection *all, const struct field *field)
{
    return (size_t)(field - all->fields->list);
}

static bool is_given(const struct collection *all, const struct field *field)
{
    return all->given[field_position(all, field)] != NULL;
}

static int give(struct collection *all, const struct field *field, const char *value,
                struct error *err)
{
    if (is_given(all, field))
        return error_set(err, ERROR_INVALID, "%s is there twice: \"%s\" and \"%s\"", field->key,
                         all->given[field_position(all, field)], value);
    all->given[field_position(all, field)] = value;
    return 0;
}

static const struct field *find_key(const struct collection *all, const char *key)
{
    for (size_t i = 0; i < all->fields->count; i++) {
        const struct field *field = &all->fields->list[i];

        if (field->meaning != AS_PAIRS && text_is_nocase(field->key, key))
            return field;
    }
    return NULL;
}

static const struct field *find_meaning(const struct collection *all,
                                        enum field_meaning meaning)
{
    for (size_t i = 0; i < all->fields->count; i++)
        if (all->fields->list[i].meaning == meaning)
            return &all->fields->list[i];
    return NULL;
}

static const struct field *find_word(const struct collection *all, const char *word)
{
    for (size_t i = 0; i < all->fields->count; i++) {
        const struct field *field = &all->fields->list[i];

        if (field->word != NULL && text_is_nocase(field->word, word))
            return field;
    }
    return NULL;
}

static int unknown_key(const struct collection *all, const char *what, const char *key,
                       struct error *err)
{
    const char **keys = ARENA_ARRAY(all->arena, const char *, all->fields->count + 1);
    const char *near;

    for (size_t i = 0; i < all->fields->count; i++)
        keys[i] = all->fields->list[i].key;
    near = text_nearest(key, keys, all->fields->count);
    if (near != NULL)
        return error_set(err, ERROR_INVALID,
                         "unknown %s \"%.60s\": did you mean \"%s\"? Usage: %s", what, key,
                         near, usage(all));
    return error_set(err, ERROR_INVALID, "unknown %s \"%.60s\". Usage: %s", what, key,
                     usage(all));
}

/* "--" alone is a word like any other. */
static bool is_flag(const struct word *word)
{
    return !word->quoted && word->key == NULL && text_starts(word->text, "--") &&
           word->text[2] != '\0';
}

static int take_flag_value(struct collection *all, const struct field *field, struct error *err)
{
    const struct word *word = &all->words[all->at];

    if (all->at == all->count || is_flag(word))
        return error_set(err, ERROR_INVALID, "--%s needs a value after it. Usage: %s",
                         field->key, usage(all));
    all->at++;
    if (word->key != NULL)
        return give(all, field, arena_printf(all->arena, "%s=%s", word->key, word->text), err);
    return give(all, field, word->text, err);
}

/* --key value, --key=value, --flag, --no-flag */
static int take_flag(struct collection *all, struct error *err)
{
    const struct word *word = &all->words[all->at++];
    const char *name = word->text + 2;
    const char *equals = strchr(name, '=');
    const char *key =
        equals == NULL ? name : arena_copy_n(all->arena, name, (size_t)(equals - name));
    const struct field *field = find_key(all, key);
    bool negated = field == NULL && text_starts(key, "no-");

    if (negated)
        field = find_key(all, key + 3);
    if (field == NULL || (negated && (field->type != FIELD_BOOLEAN || equals != NULL)))
        return unknown_key(all, "flag", key, err);
    if (equals != NULL)
        return give(all, field, equals + 1, err);
    if (field->type == FIELD_BOOLEAN)
        return give(all, field, negated ? "false" : "true", err);
    return take_flag_value(all, field, err);
}

static int add_pair(struct collection *all, const struct word *word, struct error *err)
{
    for (size_t i = 0; i < all->pair_count; i++)
        if (text_is(all->pair_keys[i], word->key))
            return error_set(err, ERROR_INVALID, "%s is there twice", word->key);
    all->pair_keys[all->pair_count++] = word->key;
    json_builder_add(all->pairs, word->key, V(word->text));
    return 0;
}

/* Where a command takes pairs they may have the name of an argument that is there already, or in other letters. */
static bool is_argument(const struct collection *all, const struct field *field,
                        const char *key)
{
    return field != NULL &&
           (all->pairs == NULL || (text_is(field->key, key) && !is_given(all, field)));
}

static int take_pair(struct collection *all, struct error *err)
{
    const struct word *word = &all->words[all->at++];
    const struct field *field = find_key(all, word->key);

    if (is_argument(all, field, word->key))
        return give(all, field, word->text, err);
    if (all->pairs == NULL)
        return unknown_key(all, "argument", word->key, err);
    return add_pair(all, word, err);
}

static const char *raw_until(const struct collection *all, size_t last)
{
    size_t start = all->words[all->at].start;

    return arena_copy_n(all->arena, all->parsed->line + start, all->words[last].end - start);
}

/* As typed; one that is all in quotes loses them. */
static const char *raw_text(const struct collection *all, size_t end)
{
    bool one = all->at + 1 == end && all->words[all->at].whole;

    return one ? all->words[all->at].text : raw_until(all, end - 1);
}

/* All that is left. */
static int take_rest(struct collection *all, const struct field *field, struct error *err)
{
    const char *value = raw_text(all, all->count);

    all->at = all->count;
    return give(all, field, value, err);
}

/* "15m", with its unit: a bare number belongs to the query. */
static bool is_duration(const struct collection *all, size_t at)
{
    const struct word *word = &all->words[at];
    size_t length = strlen(word->text);
    long long seconds;

    return find_meaning(all, AS_DURATION) != NULL && !word->quoted && word->key == NULL &&
           length > 0 && !isdigit((unsigned char)word->text[length - 1]) &&
           text_to_duration(word->text, &seconds);
}

/* Raw text up to a --flag or a last duration; where a reason may follow, up to the first one. */
static int take_query(struct collection *all, const struct field *field, struct error *err)
{
    bool has_rest = find_meaning(all, AS_REST) != NULL;
    size_t end = all->at + 1;
    const char *value;

    while (end < all->count && !is_flag(&all->words[end]) &&
           !(has_rest && is_duration(all, end)))
        end++;
    if (end - all->at > 1 && is_duration(all, end - 1))
        end--;
    value = raw_text(all, end);
    all->at = end;
    return give(all, field, value, err);
}

/* "deploy api staging": what names an environment is not a version.  "deploy api staging to production": it is. */
static bool is_environment(const struct collection *all, const struct field *environment,
                           const char *text)
{
    if (environment == NULL || is_given(all, environment) ||
        !config_has_environment(all->context->config, text))
        return false;
    for (size_t i = all->at + 1; environment->word != NULL && i + 1 < all->count; i++)
        if (!all->words[i].quoted && text_is_nocase(all->words[i].text, environment->word))
            return false;
    return true;
}

/* The next argument that goes by its position. */
static const struct field *next_positional(const struct collection *all, const char *text)
{
    const struct field *environment = find_meaning(all, AS_ENVIRONMENT);

    for (size_t i = 0; i < all->fields->count; i++) {
        const struct field *field = &all->fields->list[i];

        if (field->flag || field->meaning == AS_PAIRS || is_given(all, field))
            continue;
        if (field->meaning == AS_VERSION && !field->need &&
            is_environment(all, environment, text))
            return environment;
        return field;
    }
    return NULL;
}

static int take_positional(struct collection *all, struct error *err)
{
    const struct word *word = &all->words[all->at];
    const struct field *field = next_positional(all, word->text);

    if (field == NULL)
        return error_set(err, ERROR_INVALID, "\"%.60s\" is one word too many. Usage: %s",
                         word->text, usage(all));
    if (field->meaning == AS_REST || field->meaning == AS_COMMAND)
        return take_rest(all, field, err);
    if (field->meaning == AS_QUERY)
        return take_query(all, field, err);
    all->at++;
    return give(all, field, word->text, err);
}

/* "to staging": the word is only a sentence word when something follows it. */
static int take_sentence_word(struct collection *all, const struct field *field,
                              struct error *err)
{
    const char *word = all->words[all->at++].text;

    if (all->at == all->count)
        return error_set(err, ERROR_INVALID, "%s is missing after \"%s\". Usage: %s",
                         field->key, word, usage(all));
    if (field->meaning == AS_REST)
        return take_rest(all, field, err);
    return give(all, field, all->words[all->at++].text, err);
}

static bool next_is_raw(const struct collection *all)
{
    const struct field *field = next_positional(all, "");

    return field != NULL && (field->meaning == AS_REST || field->meaning == AS_COMMAND ||
                             field->meaning == AS_QUERY);
}

static int take_word(struct collection *all, struct error *err)
{
    const struct word *word = &all->words[all->at];
    const struct field *sentence = NULL;

    if (is_flag(word))
        return take_flag(all, err);
    if (word->key != NULL && (find_key(all, word->key) != NULL || !next_is_raw(all)))
        return take_pair(all, err);
    if (!word->quoted && word->key == NULL)
        sentence = find_word(all, word->text);
    if (sentence != NULL)
        return take_sentence_word(all, sentence, err);
    return take_positional(all, err);
}

static int read_values(struct collection *all, void *structure, struct json_builder *args,
                       struct error *err)
{
    for (size_t i = 0; i < all->fields->count; i++) {
        const struct field *field = &all->fields->list[i];
        const char *value = all->given[i] != NULL ? all->given[i] : field->fallback;

        if (value == NULL)
            continue;
        if (parse_value(all->arena, all->context, all->fields, field, structure, &value, err) <
            0)
            return -1;
        json_builder_add(args, field->key, V(value));
    }
    return 0;
}

static void set_pairs(const struct collection *all, void *structure, struct json_builder *args)
{
    const struct field *field = find_meaning(all, AS_PAIRS);
    const struct json *pairs;

    if (field == NULL)
        return;
    pairs = json_builder_done(all->pairs);
    *(const struct json **)(void *)((char *)structure + field->offset) = pairs;
    if (all->pair_count > 0)
        json_builder_add(args, field->key, V(pairs));
}

static struct strings find_missing(const struct collection *all)
{
    const char **keys = ARENA_ARRAY(all->arena, const char *, all->fields->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < all->fields->count; i++)
        if (all->fields->list[i].need && all->fields->list[i].meaning != AS_PAIRS &&
            all->given[i] == NULL && all->fields->list[i].fallback == NULL)
            keys[count++] = all->fields->list[i].key;
    return (struct strings){ .items = keys, .count = count };
}

static int collect(struct collection *all, struct error *err)
{
    if (line_words(all->arena, all->parsed->line, &all->words, &all->count, err) < 0)
        return -1;
    all->at = all->parsed->name_words;
    all->pair_keys = ARENA_ARRAY(all->arena, const char *, all->count + 1);
    while (all->at < all->count)
        if (take_word(all, err) < 0)
            return -1;
    return 0;
}

static struct collection collection_new(struct arena *arena,
                                        const struct argument_context *context,
                                        const struct parsed *parsed)
{
    const struct fields *fields = &parsed->entry->command->args;
    struct collection all = { .arena = arena,
                              .context = context,
                              .parsed = parsed,
                              .fields = fields,
                              .given = ARENA_ARRAY(arena, const char *, fields->count + 1) };

    if (find_meaning(&all, AS_PAIRS) != NULL)
        all.pairs = json_builder_new(arena, JSON_OBJECT);
    return all;
}

int parse_arguments(struct arena *arena, const struct argument_context *context,
                    struct parsed *parsed, void **structure, struct strings *missing,
                    struct error *err)
{
    struct collection all = collection_new(arena, context, parsed);
    struct json_builder *args = json_builder_new(arena, JSON_OBJECT);
    void *filled = arena_alloc(arena, all.fields->size_bytes + 1);

    if (collect(&all, err) < 0 || read_values(&all, filled, args, err) < 0)
        return -1;
    set_pairs(&all, filled, args);
    parsed->args = json_builder_done(args);
    *missing = find_missing(&all);
    *structure = missing->count == 0 ? filled : NULL;
    return 0;
}

const char *const *parse_given(struct arena *arena, const struct argument_context *context,
                               const struct parsed *parsed)
{
    struct collection all = collection_new(arena, context, parsed);
    struct error ignored = { 0 };

    (void)collect(&all, &ignored);
    return all.given;
}
