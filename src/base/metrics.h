/* Counters, gauges and histograms in the Prometheus text format.  Thread-safe. */
#pragma once

#include "base/arena.h"
#include "base/text.h"

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM
};

struct metric; /* lives as long as the process */

/*
 * Finds or makes one.  labels are names joined by commas ("path,method,code") or NULL; name starts with
 * opsroom_ and ends with _total (counters) or its unit (_seconds, _bytes).
 */
struct metric *metric_get(enum metric_kind kind, const char *name, const char *help,
                          const char *labels);

/* values: as many label values as the metric has names, NULL if none.  At most 1,000 series a metric; what
 * comes after is counted in the series whose values are all "other".  A value over 200 bytes or not UTF-8 is
 * shown as "other" too.  Counters only grow; metric_set is for gauges, metric_observe for histograms. */
void metric_add(struct metric *metric, const char *const *values, double amount);
void metric_set(struct metric *metric, const char *const *values, double value);
void metric_observe(struct metric *metric, const char *const *values, double seconds);

/* Everything as /metrics shows it. */
void metrics_print(struct text *out);
