/* The list of connectors: one line each. */
#include "connectors/connectors.h"

#include "base/compiler.h"

const struct connector *const connectors[] = {
    NULL, /* stays last, and is not counted */
};
const size_t connector_count = COUNT_OF(connectors) - 1;
