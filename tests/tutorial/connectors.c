/* The list of connectors with the tutorial's in it: stands in for src/connectors/connectors.c in the tests' binary. */
#include "connectors/connectors.h"

#include "base/compiler.h"
#include "connectors/local/local.h"
#include "statuspage.h"

const struct connector *const connectors[] = {
    &local_connector,
    &statuspage_connector,
};
const size_t connector_count = COUNT_OF(connectors);
