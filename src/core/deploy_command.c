/* deploy, rollback, promote: three sentences over the same steps. */
#include "core/app.h"
#include "core/deploy_site.h"

enum {
    DEPLOY_LIMIT_S = 2 * 3600
};

static const struct field deploy_state_fields[] = {
    FIELD(struct deploy_state, deployer, .key = "deployer"),
    FIELD(struct deploy_state, health_until, .key = "health_until"),
};

static struct also_needed override_also(const struct json *args)
{
    return (struct also_needed){ .command = json_member(args, "override") != NULL
                                                ? "freeze override"
                                                : NULL,
                                 .with_approval = true };
}

#define OVERRIDE_FIELD                                                                         \
    FIELD(struct deploy_args, override, .key = "override",                                     \
          .help = "deploy through a freeze, and why", .flag = true)
#define DRY_RUN_FIELD                                                                          \
    FIELD(struct deploy_args, dry_run, .key = "dry-run", .help = "only say what would go out", \
          .flag = true)

static const struct field deploy_args[] = {
    FIELD(struct deploy_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct deploy_args, version, .key = "version",
          .help = "a tag, branch or commit; the newest unless given", .meaning = AS_VERSION),
    FIELD(struct deploy_args, environment, .key = "environment", .help = "where to",
          .meaning = AS_ENVIRONMENT, .word = "to", .need = true),
    OVERRIDE_FIELD,
    DRY_RUN_FIELD,
};

const struct command deploy_command = {
    .name = "deploy",
    .help = "Bring a version of an app to an environment",
    .example = "deploy api v1.2 to staging",
    .risk = RISK_DANGER,
    .limit_s = DEPLOY_LIMIT_S,
    .args = FIELDS(struct deploy_args, deploy_args),
    .also = override_also,
    .dry = "dry-run",
    .pin = deploy_pin,
    .steps = deploy_steps,
    .step_count = DEPLOY_STEP_COUNT,
    .state = FIELDS(struct deploy_state, deploy_state_fields),
    .cancel = deploy_cancel,
};

static const struct field rollback_args[] = {
    FIELD(struct deploy_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct deploy_args, environment, .key = "environment", .help = "where",
          .meaning = AS_ENVIRONMENT, .word = "on", .need = true),
    OVERRIDE_FIELD,
    DRY_RUN_FIELD,
};

const struct command rollback_command = {
    .name = "rollback",
    .help = "Go back to the version that ran before",
    .example = "rollback api on production",
    .risk = RISK_DANGER,
    .limit_s = DEPLOY_LIMIT_S,
    .args = FIELDS(struct deploy_args, rollback_args),
    .also = override_also,
    .dry = "dry-run",
    .pin = deploy_pin,
    .steps = deploy_steps,
    .step_count = DEPLOY_STEP_COUNT,
    .state = FIELDS(struct deploy_state, deploy_state_fields),
    .cancel = deploy_cancel,
};

static const struct field promote_args[] = {
    FIELD(struct deploy_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct deploy_args, from, .key = "from", .help = "where it runs now",
          .meaning = AS_ENVIRONMENT, .word = "from", .need = true),
    FIELD(struct deploy_args, environment, .key = "environment", .help = "where to",
          .meaning = AS_ENVIRONMENT, .word = "to", .need = true),
    OVERRIDE_FIELD,
    DRY_RUN_FIELD,
};

const struct command promote_command = {
    .name = "promote",
    .help = "Bring what runs in one environment to another",
    .example = "promote api from staging to production",
    .risk = RISK_DANGER,
    .limit_s = DEPLOY_LIMIT_S,
    .args = FIELDS(struct deploy_args, promote_args),
    .also = override_also,
    .dry = "dry-run",
    .pin = deploy_pin,
    .steps = deploy_steps,
    .step_count = DEPLOY_STEP_COUNT,
    .state = FIELDS(struct deploy_state, deploy_state_fields),
    .cancel = deploy_cancel,
};
