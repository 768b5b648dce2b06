/* What core's own commands see beyond core/call.h: the engine itself. */
#pragma once

#include "core/call.h"
#include "core/catalog.h"
#include "core/config.h"
#include "core/core.h"

struct core *call_core(const struct call *call);
const struct config *call_snapshot(const struct call *call); /* the one this call runs under */
const struct catalog *call_catalog(const struct call *call);
const struct person *call_requester(const struct call *call); /* NULL: a stranger */
const char *call_account(const struct call *call);            /* as the door knew it */
const struct catalog_entry *call_entry(const struct call *call);
const struct json *call_arguments(const struct call *call); /* key -> text, as given */

/* While a deployer works for a command of core: its connection and state stand in for the call's own.  NULL, NULL ends it. */
void call_lend(struct call *call, const struct connection *connection, void *state);
