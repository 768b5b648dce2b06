/* A registry of pretended types, for tests that read configurations: local runs and deploys, vault has secrets. */
#pragma once

#include "core/chat.h"
#include "core/registry.h"

struct fake_local {
    const char *directory;
};
static const struct field fake_local_fields[] = {
    FIELD(struct fake_local, directory, .key = "directory", .meaning = AS_PATH, .fallback = ".",
          .help = "where executables run"),
};

struct fake_target {
    struct strings run;
    const struct json *inputs;
};
static const struct field fake_target_fields[] = {
    FIELD(struct fake_target, run, .key = "run", .need = true, .help = "argument list"),
    FIELD(struct fake_target, inputs, .key = "inputs", .meaning = AS_PAIRS,
          .help = "what it is given"),
};
static const struct deployer fake_deployer = {
    .target_config = FIELDS(struct fake_target, fake_target_fields),
};

static const struct command_step fake_steps[] = { { .name = "start" }, { .name = "follow" } };
static const struct command fake_runner = { .name = "run",
                                            .steps = fake_steps,
                                            .step_count = COUNT_OF(fake_steps) };
static const struct command fake_list = { .name = "list", .help = "List what could be run" };
static const struct command *const fake_local_commands[] = { &fake_list };

static const struct connector fake_local_connector = {
    .name = "local",
    .help = "Executables of this machine",
    .config = FIELDS(struct fake_local, fake_local_fields),
    .commands = fake_local_commands,
    .command_count = COUNT_OF(fake_local_commands),
    .deployer = &fake_deployer,
    .runner = &fake_runner,
};

struct fake_vault {
    const char *url;
    struct secret *token, *other;
    long long retries;
    double ratio;
    bool strict;
    struct strings tags;
    const struct json *labels;
};
static const struct field fake_vault_fields[] = {
    FIELD(struct fake_vault, url, .key = "url", .meaning = AS_URL, .need = true,
          .help = "where it is"),
    FIELD(struct fake_vault, token, .key = "token", .need = true, .help = "who we are"),
    FIELD(struct fake_vault, other, .key = "other_token", .help = "who else we are"),
    FIELD(struct fake_vault, retries, .key = "retries", .fallback = "3", .min = 1, .max = 9,
          .help = "how often"),
    FIELD(struct fake_vault, ratio, .key = "ratio", .help = "how much"),
    FIELD(struct fake_vault, strict, .key = "strict", .help = "how exactly"),
    FIELD(struct fake_vault, tags, .key = "tags", .help = "what for"),
    FIELD(struct fake_vault, labels, .key = "labels", .meaning = AS_PAIRS, .help = "what else"),
};
static const struct connector fake_vault_connector = {
    .name = "vault",
    .help = "Something with secrets",
    .config = FIELDS(struct fake_vault, fake_vault_fields),
};

struct fake_web {
    const char *title;
};
static const struct field fake_web_fields[] = {
    FIELD(struct fake_web, title, .key = "title", .help = "what it is called"),
};
static const struct chat_platform fake_web_platform = {
    .name = "web",
    .config = FIELDS(struct fake_web, fake_web_fields),
};

static const struct connector *const fake_connectors[] = { &fake_local_connector,
                                                           &fake_vault_connector };
static const struct chat_platform *const fake_platforms[] = { &fake_web_platform };
static const struct registry fake_registry = {
    .connectors = fake_connectors,
    .connector_count = COUNT_OF(fake_connectors),
    .platforms = fake_platforms,
    .platform_count = COUNT_OF(fake_platforms),
};
