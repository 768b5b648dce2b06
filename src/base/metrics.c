/* Counters, gauges and histograms, kept in one registry and printed in the Prometheus text format 0.0.4. */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

enum {
    SERIES_MAX = 1000,
    LABELS_MAX = 8,
    LABEL_VALUE_MAX_BYTES = 200,
    METRIC_SLOTS = 256,
    SERIES_SLOTS = 64,
};

/* Seconds, and how they are written. */
static const struct {
    double limit;
    const char *text;
} buckets[] = {
    { 0.001, "0.001" }, { 0.0025, "0.0025" }, { 0.005, "0.005" }, { 0.01, "0.01" },
    { 0.025, "0.025" }, { 0.05, "0.05" },     { 0.1, "0.1" },     { 0.25, "0.25" },
    { 0.5, "0.5" },     { 1, "1" },           { 2.5, "2.5" },     { 5, "5" },
    { 10, "10" },       { 30, "30" },         { 60, "60" },       { 300, "300" },
};

/* What replaces the label values of the series past the limit, and single ones that are too long or no UTF-8. */
static const char other[] = "other";

struct series {
    struct series *next;      /* in order of appearance */
    struct series *next_slot; /* with the same hash */
    const char *values[LABELS_MAX];
    double value; /* a histogram's sum */
    unsigned long long count;
    unsigned long long in_bucket[COUNT_OF(buckets)]; /* and in no earlier one */
};

struct metric {
    struct metric *next; /* in order of appearance */
    struct metric *next_slot;
    enum metric_kind kind;
    const char *name;
    const char *help;
    const char *label_list; /* as given */
    const char *labels[LABELS_MAX];
    size_t label_count;
    pthread_mutex_t lock; /* for what follows */
    struct series *first;
    struct series **last;
    size_t series_count;
    struct series *slots[SERIES_SLOTS];
};

/* The registry of the process.  Metrics are only added; the lock is for the links between them. */
static struct {
    pthread_mutex_t lock;
    struct metric *first;
    struct metric **last;
    struct metric *slots[METRIC_SLOTS];
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER, .last = &registry.first };

/* FNV-1a; a byte no text has ends each string. */
static unsigned hash_string(unsigned hash, const char *string)
{
    for (const char *at = string; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    return (hash ^ 0xFFu) * 16777619u;
}

static unsigned hash_strings(const char *const *strings, size_t count)
{
    unsigned hash = 2166136261u;

    for (size_t i = 0; i < count; i++)
        hash = hash_string(hash, strings[i]);
    return hash;
}

static void split_labels(struct metric *metric)
{
    struct span rest = span_of(metric->label_list);
    struct span piece;

    while (rest.length > 0 && span_split(&rest, ',', &piece)) {
        char *label = memory_new(piece.length + 1);

        ASSERT(metric->label_count < LABELS_MAX && piece.length > 0);
        memcpy(label, piece.start, piece.length);
        metric->labels[metric->label_count++] = label;
    }
}

static bool values_are(const struct metric *metric, const struct series *series,
                       const char *const *values)
{
    for (size_t i = 0; i < metric->label_count; i++)
        if (strcmp(series->values[i], values[i]) != 0)
            return false;
    return true;
}

static struct series *series_find(const struct metric *metric, const char *const *values,
                                  unsigned slot)
{
    struct series *series = metric->slots[slot];

    while (series != NULL && !values_are(metric, series, values))
        series = series->next_slot;
    return series;
}

static struct series *series_new(struct metric *metric, const char *const *values,
                                 unsigned slot)
{
    struct series *series = memory_new(sizeof(*series));

    for (size_t i = 0; i < metric->label_count; i++)
        series->values[i] = memory_copy(values[i]);
    series->next_slot = metric->slots[slot];
    metric->slots[slot] = series;
    *metric->last = series;
    metric->last = &series->next;
    metric->series_count++;
    return series;
}

static struct series *series_get(struct metric *metric, const char *const *values)
{
    unsigned slot = hash_strings(values, metric->label_count) % SERIES_SLOTS;
    struct series *series = series_find(metric, values, slot);
    const char *others[LABELS_MAX];

    if (series != NULL)
        return series;
    if (metric->series_count < SERIES_MAX)
        return series_new(metric, values, slot);
    for (size_t i = 0; i < LABELS_MAX; i++)
        others[i] = other;
    slot = hash_strings(others, metric->label_count) % SERIES_SLOTS;
    series = series_find(metric, others, slot);
    return series != NULL ? series : series_new(metric, others, slot);
}

/* Label values come from outside: one that is no UTF-8 would spoil the whole page for Prometheus. */
static const char *clean_value(const char *value)
{
    size_t length = value != NULL ? strlen(value) : 0;

    if (length == 0)
        return "";
    return length <= LABEL_VALUE_MAX_BYTES && utf8_is_valid(value, length) ? value : other;
}

/* The series for these label values, its metric locked. */
static struct series *series_lock(struct metric *metric, const char *const *values)
{
    const char *clean[LABELS_MAX];

    ASSERT(metric->label_count == 0 || values != NULL);
    for (size_t i = 0; i < metric->label_count; i++)
        clean[i] = clean_value(values[i]);
    pthread_mutex_lock(&metric->lock);
    return series_get(metric, clean);
}

static struct metric *metric_new(enum metric_kind kind, const char *name, const char *help,
                                 const char *labels)
{
    struct metric *metric = memory_new(sizeof(*metric));

    metric->kind = kind;
    metric->name = memory_copy(name);
    metric->help = memory_copy(help);
    metric->label_list = memory_copy(labels != NULL ? labels : "");
    metric->last = &metric->first;
    ASSERT(pthread_mutex_init(&metric->lock, NULL) == 0);
    split_labels(metric);
    if (metric->label_count == 0)
        series_get(metric, NULL); /* shown as 0 before the first event */
    return metric;
}

struct metric *metric_get(enum metric_kind kind, const char *name, const char *help,
                          const char *labels)
{
    struct metric **slot = &registry.slots[hash_strings(&name, 1) % METRIC_SLOTS];
    struct metric *metric;

    pthread_mutex_lock(&registry.lock);
    for (metric = *slot; metric != NULL; metric = metric->next_slot)
        if (strcmp(metric->name, name) == 0)
            break;
    if (metric == NULL) {
        metric = metric_new(kind, name, help, labels);
        metric->next_slot = *slot;
        *slot = metric;
        *registry.last = metric;
        registry.last = &metric->next;
    }
    pthread_mutex_unlock(&registry.lock);
    ASSERT(metric->kind == kind && text_is(metric->label_list, labels));
    return metric;
}

void metric_add(struct metric *metric, const char *const *values, double amount)
{
    ASSERT(metric->kind != METRIC_HISTOGRAM);
    ASSERT(metric->kind == METRIC_GAUGE || amount >= 0);
    series_lock(metric, values)->value += amount;
    pthread_mutex_unlock(&metric->lock);
}

void metric_set(struct metric *metric, const char *const *values, double value)
{
    ASSERT(metric->kind == METRIC_GAUGE);
    series_lock(metric, values)->value = value;
    pthread_mutex_unlock(&metric->lock);
}

void metric_observe(struct metric *metric, const char *const *values, double seconds)
{
    struct series *series = series_lock(metric, values);
    size_t i = 0;

    ASSERT(metric->kind == METRIC_HISTOGRAM);
    while (i < COUNT_OF(buckets) && seconds > buckets[i].limit)
        i++;
    if (i < COUNT_OF(buckets))
        series->in_bucket[i]++;
    series->value += seconds;
    series->count++;
    pthread_mutex_unlock(&metric->lock);
}

static void print_escaped(struct text *out, const char *string, bool is_label)
{
    for (const char *at = string; *at != '\0'; at++) {
        if (*at == '\n')
            text_add(out, "\\n");
        else if (*at == '\\')
            text_add(out, "\\\\");
        else if (*at == '"' && is_label)
            text_add(out, "\\\"");
        else
            text_add_char(out, *at);
    }
}

static void print_number(struct text *out, double value)
{
    if (isnan(value))
        text_add(out, "NaN");
    else if (isinf(value))
        text_add(out, value > 0 ? "+Inf" : "-Inf");
    else
        text_addf(out, "%.15g", value);
}

/* The name and labels of one line, up to the space before its value. */
static void print_name(struct text *out, const struct metric *metric, const char *ending,
                       const struct series *series, const char *limit)
{
    bool has_labels = metric->label_count > 0 || limit != NULL;

    text_add(out, metric->name);
    text_add(out, ending);
    if (has_labels)
        text_add_char(out, '{');
    for (size_t i = 0; i < metric->label_count; i++) {
        text_addf(out, "%s%s=\"", i > 0 ? "," : "", metric->labels[i]);
        print_escaped(out, series->values[i], true);
        text_add_char(out, '"');
    }
    if (limit != NULL)
        text_addf(out, "%sle=\"%s\"", metric->label_count > 0 ? "," : "", limit);
    if (has_labels)
        text_add_char(out, '}');
    text_add_char(out, ' ');
}

static void print_histogram(struct text *out, const struct metric *metric,
                            const struct series *series)
{
    unsigned long long so_far = 0;

    for (size_t i = 0; i < COUNT_OF(buckets); i++) {
        so_far += series->in_bucket[i];
        print_name(out, metric, "_bucket", series, buckets[i].text);
        text_addf(out, "%llu\n", so_far);
    }
    print_name(out, metric, "_bucket", series, "+Inf");
    text_addf(out, "%llu\n", series->count);
    print_name(out, metric, "_sum", series, NULL);
    print_number(out, series->value);
    text_add_char(out, '\n');
    print_name(out, metric, "_count", series, NULL);
    text_addf(out, "%llu\n", series->count);
}

static const char *kind_name(enum metric_kind kind)
{
    switch (kind) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

static void print_metric(struct text *out, struct metric *metric)
{
    pthread_mutex_lock(&metric->lock);
    if (metric->first != NULL) {
        text_addf(out, "# HELP %s ", metric->name);
        print_escaped(out, metric->help, false);
        text_addf(out, "\n# TYPE %s %s\n", metric->name, kind_name(metric->kind));
    }
    for (const struct series *series = metric->first; series != NULL; series = series->next) {
        if (metric->kind == METRIC_HISTOGRAM) {
            print_histogram(out, metric, series);
            continue;
        }
        print_name(out, metric, "", series, NULL);
        print_number(out, series->value);
        text_add_char(out, '\n');
    }
    pthread_mutex_unlock(&metric->lock);
}

/* metric NULL: the first. */
static struct metric *metric_after(const struct metric *metric)
{
    struct metric *next;

    pthread_mutex_lock(&registry.lock);
    next = metric == NULL ? registry.first : metric->next;
    pthread_mutex_unlock(&registry.lock);
    return next;
}

void metrics_print(struct text *out)
{
    for (struct metric *metric = metric_after(NULL); metric != NULL;
         metric = metric_after(metric))
        print_metric(out, metric);
}
