/* The list of connectors: one line each. */
#include "connectors/connectors.h"

#include "base/compiler.h"
#include "connectors/local/local.h"
#include "connectors/webhook/webhook.h"

const struct connector *const connectors[] = {
    &local_connector,
    &webhook_connector,
};
const size_t connector_count = COUNT_OF(connectors);
