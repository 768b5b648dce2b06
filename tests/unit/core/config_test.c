/* Configurations as they are read: every section's values, references, packs, lookups, and how fast. */
#include "base/hash.h"
#include "base/redact.h"
#include "config_fixture.h"
#include "core/sealed.h"
#include "core/workflow.h"

static const char *folder;

static const char *in_folder(struct arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static void test_defaults(struct arena *arena)
{
    AUTO(config) const struct config *config = fixture_good(arena, "server:\n");

    CHECK_STR(config->path, in_folder(arena, "opsroom.yaml"));
    CHECK_STR(config->directory, folder);
    CHECK_INT(config->server.listen.count, 1);
    CHECK_STR(config->server.listen.items[0], "127.0.0.1:8080");
    CHECK_STR(config->server.socket, in_folder(arena, "opsroom.sock"));
    CHECK(config->server.tls_cert == NULL && config->server.public_url == NULL);
    CHECK_STR(config->server.zone_name, "UTC");
    CHECK(config->server.zone != NULL);
    CHECK_INT(config->server.body_limit, 1024 * 1024);
    CHECK_INT(config->server.hook_limit, 25 * 1024 * 1024);
    CHECK_INT(config->server.workers, 16);
    CHECK_STR(config->server.log_format, "text");
    CHECK_STR(config->server.log_level, "info");
    CHECK_INT(config->server.retain_days, 90);
    CHECK_STR(config->store_url,
              arena_printf(arena, "sqlite:%s", in_folder(arena, "opsroom.db")));
    CHECK_INT(config->person_count, 1);
    CHECK_STR(config_person(config, "local")->name, "local");
    CHECK_INT(config->version, 1);
    CHECK_INT(json_count(config->routes), 0);
}

static void test_server(struct arena *arena)
{
    char digest[SHA256_HEX];
    const char *text = "server:\n  listen: [\"0.0.0.0:80\", \"[::1]:0\", \":9000\"]\n"
                       "  tls: { cert: tls/a.pem, key: /etc/k.pem }\n"
                       "  public_url: \"https://${env:HOST}/ops/\"\n"
                       "  socket: ./run/../o.sock\n  trusted_proxies: [10.0.0.7, \"::1\"]\n"
                       "  zone: Europe/Lisbon\n  limits: { body: 500KB, hooks: 2 MiB }\n"
                       "  workers: \"4\"\n  log: { format: json, level: warn }\n"
                       "  retain: 2w\nstore: sqlite:data/x.db\n";
    AUTO(config) const struct config *config = fixture_good(arena, text);

    CHECK_INT(config->server.listen.count, 3);
    CHECK_STR(config->server.tls_cert, in_folder(arena, "tls/a.pem"));
    CHECK_STR(config->server.tls_key, "/etc/k.pem");
    CHECK_STR(config->server.public_url, "https://ops.example.com/ops");
    CHECK_STR(config->server.socket, in_folder(arena, "run/../o.sock"));
    CHECK_INT(config->server.trusted_proxies.count, 2);
    CHECK_INT(config->server.body_limit, 500000);
    CHECK_INT(config->server.hook_limit, 2 * 1024 * 1024);
    CHECK_INT(config->server.workers, 4);
    CHECK_STR(config->server.log_format, "json");
    CHECK_INT(config->server.retain_days, 14);
    CHECK_STR(config->store_url,
              arena_printf(arena, "sqlite:%s", in_folder(arena, "data/x.db")));
    sha256_hex(text, strlen(text), digest);
    CHECK_STR(config->digest, digest);
}

static void test_connections(struct arena *arena)
{
    const char *text =
        "chats:\n  web: { type: web, title: 'a $${b} ${env:HOST}' }\nconnections:\n"
        "  v:\n    type: vault\n    url: http://127.0.0.1:9000\n    token: ${env:TOKEN}\n"
        "    other_token: ${file:token.txt}\n    ratio: 0.5\n    strict: yes\n"
        "    tags: [one, \"${env:HOST}\"]\n    labels: { n: 5, host: \"${env:HOST}\", no: ~ }\n"
        "  w: { type: vault, url: \"http://x/\", token: \"${secret:w}\", tags: single }\n"
        "  l: { type: local, directory: jobs }\n  m: { type: local }\n";
    struct error err = { .kind = ERROR_NONE };
    AUTO(config) const struct config *config = NULL;

    fixture_text("token.txt", "from a file\n\n");
    CHECK_INT(sealed_set(".", "w", span_of("a sealed value"), &err), 0);
    config = fixture_good(arena, text);
    const struct fake_web *web = config_chat(config, "web")->settings;
    CHECK_STR(web->title, "a ${b} ops.example.com");
    const struct fake_vault *v = config_connection(config, "v")->settings;
    CHECK(secret_is(v->token, "a secret value", 14));
    CHECK(secret_is(v->other, "from a file\n", 12));
    CHECK(v->ratio > 0.49 && v->ratio < 0.51);
    CHECK(v->strict);
    CHECK_INT(v->retries, 3);
    CHECK_STR(v->tags.items[1], "ops.example.com");
    CHECK_STR(json_string(v->labels, "host", NULL), "ops.example.com");
    CHECK_STR(json_string(v->labels, "n", NULL), "5");
    CHECK(json_is(json_member(v->labels, "no"), JSON_NULL));
    const struct fake_vault *w = config_connection(config, "w")->settings;
    CHECK(secret_is(w->token, "a sealed value", 14));
    CHECK_INT(w->tags.count, 1);
    const struct fake_local *l = config_connection(config, "l")->settings;
    CHECK_STR(l->directory, in_folder(arena, "jobs"));
    const struct fake_local *m = config_connection(config, "m")->settings;
    CHECK_STR(m->directory, folder);
    CHECK_STR(json_print(arena, config_chat(config, "web")->node),
              "{\"type\":\"web\",\"title\":\"a ${b} ops.example.com\"}");
    CHECK_STR(json_string(config_connection(config, "v")->node, "token", NULL), "${env:TOKEN}");
    CHECK_STR(redact(config->redactor, arena, "x a secret value, a sealed value, from a file"),
              "x [secret], [secret], [secret]");
    CHECK(config_connection(config, "none") == NULL && config_chat(config, "none") == NULL);
    unlink("token.txt");
    unlink("opsroom.secrets");
    unlink("opsroom.key");
}

static void test_people(struct arena *arena)
{
    AUTO(config)
    const struct config *config = fixture_good(
        arena, "chats: { web: { type: web }, talk: { type: web } }\npeople:\n"
               "  ana: { name: Ana Silva, accounts: { web: W1, local: root }, groups: [leads, "
               "ops] }\n  bob: { groups: ops, email: bob@example.com }\n");
    const struct person *ana = config_person(config, "ana");

    CHECK_INT(config->person_count, 3);
    CHECK_STR(ana->name, "Ana Silva");
    CHECK_STR(config_person(config, "bob")->name, "bob");
    CHECK_STR(config_person(config, "bob")->email, "bob@example.com");
    CHECK(config_person_of(config, "web", "W1") == ana);
    CHECK(config_person_of(config, "local", "root") == ana);
    CHECK(config_person_of(config, "talk", "ana") == ana);
    CHECK(config_person_of(config, "web", "ana") == NULL);
    CHECK(config_person_of(config, "web", "bob") == config_person(config, "bob"));
    CHECK(config_person_of(config, "nowhere", "bob") == NULL);
    CHECK(config_person_of(config, "web", NULL) == NULL);
    CHECK(person_is_in(ana, "leads") && person_is_in(ana, "ana"));
    CHECK(person_is_in(ana, "everyone") && !person_is_in(ana, "bob"));
    CHECK(!person_is_in(NULL, "everyone"));
}

static void test_policy(struct arena *arena)
{
    AUTO(config)
    const struct config *config = fixture_good(
        arena, "chats: { web: { type: web } }\npeople: { ana: { groups: leads }, bob: {} }\n"
               "policy:\n  - { allow: everyone, commands: [help, \"* list\"] }\n"
               "  - allow: [leads, bob]\n    commands: deploy\n"
               "    when: { environment: [staging, \"prod*\"], app: api }\n"
               "    channels: [\"web#ops\", \"*#all\"]\n    hours: Mon-Fri 22:00-06:00\n"
               "    approval: { from: [leads, bob], count: 2, within: 30m }\n"
               "  - { deny: bob, commands: deploy }\n"
               "  - { allow: ana, commands: x, approval: none }\n"
               "  - { allow: ana, commands: x, approval: { from: leads } }\n");
    const struct rule *rule = &config->rules[1];

    CHECK_INT(config->rule_count, 5);
    CHECK_STR(config->rules[0].who.items[0], "everyone");
    CHECK_STR(config->rules[0].commands.items[1], "* list");
    CHECK_INT(rule->who.count, 2);
    CHECK_STR(json_string(rule->when, "environment.1", NULL), "prod*");
    CHECK_INT(rule->channels.count, 2);
    CHECK_STR(rule->hours.text, "Mon-Fri 22:00-06:00");
    CHECK(rule->approval.asked && !rule->approval.none);
    CHECK_INT(rule->approval.count, 2);
    CHECK_INT(rule->approval.within_s, 1800);
    CHECK_STR(rule->file, "opsroom.yaml");
    CHECK_INT(rule->line, 5);
    CHECK(config->rules[2].deny);
    CHECK(config->rules[3].approval.none && !config->rules[3].approval.asked);
    CHECK_INT(config->rules[4].approval.count, 1);
    CHECK_INT(config->rules[4].approval.within_s, 3600);
    CHECK(hours_include(&config->rules[0].hours, 0));
}

static void test_apps(struct arena *arena)
{
    AUTO(config)
    const struct config *config = fixture_good(
        arena,
        "connections: { l: { type: local } }\napps:\n  api:\n    repository: acme/api\n"
        "    environments:\n      staging: { deploy: { connection: l, run: [./deploy, "
        "\"{{version}}\"], inputs: { to: \"${env:HOST}\" } }, health: http://127.0.0.1:1/h }\n"
        "      production: { deploy: { connection: l, run: x }, health: { run: [./check], "
        "within: 2m }, rollback_on_failure: true, concurrency: refuse }\n"
        "  site: { repository: ../site, environments: { staging: { deploy: { connection: l, "
        "run: x } } } }\n");
    const struct app *api = config_app(config, "api");
    const struct environment *staging = app_environment(api, "staging");
    const struct environment *production = app_environment(api, "production");
    const struct fake_target *target = staging->target;

    CHECK_STR(api->repository, "acme/api");
    CHECK_STR(config_app(config, "site")->repository, in_folder(arena, "../site"));
    CHECK(staging->connection == config_connection(config, "l"));
    CHECK_STR(target->run.items[1], "{{version}}");
    CHECK_STR(json_string(target->inputs, "to", NULL), "ops.example.com");
    CHECK_STR(json_string(staging->node, "deploy.inputs.to", NULL), "ops.example.com");
    CHECK_STR(staging->health, "http://127.0.0.1:1/h");
    CHECK_INT(staging->health_within_s, 60);
    CHECK(!staging->rollback_on_failure && !staging->refuse_when_busy);
    CHECK_STR(production->health_run.items[0], "./check");
    CHECK_INT(production->health_within_s, 120);
    CHECK(production->rollback_on_failure && production->refuse_when_busy);
    CHECK(config_has_environment(config, "production"));
    CHECK(!config_has_environment(config, "elsewhere"));
    CHECK(app_environment(api, "elsewhere") == NULL && config_app(config, "x") == NULL);
}

static void test_commands(struct arena *arena)
{
    AUTO(config)
    const struct config *config = fixture_good(
        arena,
        "connections: { l: { type: local } }\ncommands:\n"
        "  disk: { help: Show disk usage., run: [df, -h], risk: read, limit: 90s }\n"
        "  db backup:\n    run: [./backup, \"{{what}}\", \"{{#full}}--full{{/full}}\", "
        "\"{{! free }}\"]\n"
        "    args: { what: { choices: [one, two], help: which }, full: boolean, n: { type: "
        "integer, fallback: 3 }, to: { type: environment, word: to, need: no } }\n"
        "  release: { args: { app: app }, steps: [\"github tag {{app}}\", status] }\n");
    const struct custom_command *disk = &config->commands[0];
    const struct custom_command *backup = &config->commands[1];
    const struct custom_command *release = &config->commands[2];
    const struct fields *args = &backup->command.args;

    CHECK_INT(config->command_count, 3);
    CHECK_STR(disk->command.help, "Show disk usage");
    CHECK_INT(disk->command.risk, RISK_READ);
    CHECK_INT(disk->command.limit_s, 90);
    CHECK(disk->connection == config_connection(config, "l"));
    CHECK(disk->command.steps == fake_steps && disk->command.step_count == 2);
    CHECK_STR(disk->directory, folder);
    CHECK_STR(backup->command.name, "db backup");
    CHECK_STR(backup->run.items[0], in_folder(arena, "backup"));
    CHECK_INT(args->count, 4);
    CHECK_INT(args->size_bytes, 32);
    CHECK_STR(args->list[0].choices, "one|two");
    CHECK_STR(args->list[0].help, "which");
    CHECK(args->list[0].need && args->list[1].need && !args->list[2].need);
    CHECK_INT(args->list[1].type, FIELD_BOOLEAN);
    CHECK_INT(args->list[2].type, FIELD_INTEGER);
    CHECK_INT(args->list[3].meaning, AS_ENVIRONMENT);
    CHECK_STR(args->list[3].word, "to");
    CHECK_INT(args->list[3].offset, 24);
    CHECK_INT(backup->command.risk, RISK_CHANGE);
    CHECK(release->command.steps == workflow_steps);
    CHECK_INT(release->steps.count, 2);
    CHECK_STR(release->command.help, "Run github tag {{app}}, then status");
}

static void make_pack(const char *name, const char *text)
{
    struct text file;
    AUTO(arena) struct arena *arena = arena_new();

    mkdir("packs", 0700);
    CHECK_INT(mkdir(arena_printf(arena, "packs/%s", name), 0700), 0);
    file = text_new(arena, 200);
    text_addf(&file, "packs/%s/pack.yaml", name);
    fixture_text(text_string(&file), text);
}

static void remove_pack(struct arena *arena, const char *name)
{
    unlink(arena_printf(arena, "packs/%s/pack.yaml", name));
    rmdir(arena_printf(arena, "packs/%s", name));
    rmdir("packs");
}

static void test_packs(struct arena *arena)
{
    const char *text = "packs: [\"packs/*\", packs/a]\nroutes: [ { to: web#lobby } ]\n"
                       "commands: { one: { run: [./one] } }\nchats: { web: { type: web } }\n";
    const char *print = NULL;
    AUTO(config) const struct config *config = NULL;

    make_pack("b", "routes: [ { from: notify, to: web#lobby, continue: true } ]\n");
    make_pack("a", "commands: { two: { run: [./two] } }\nroutes: [ { to: web#lobby } ]\n");
    fixture_text("packs/README", "no pack\n");
    config = fixture_good(arena, text);
    CHECK_INT(config->command_count, 2);
    CHECK_STR(config->commands[1].directory, in_folder(arena, "packs/a"));
    CHECK_STR(config->commands[1].run.items[0], in_folder(arena, "packs/a/two"));
    CHECK(config->commands[0].connection == NULL);
    CHECK_INT(json_count(config->routes), 3);
    CHECK_STR(json_string(config->routes, "2.from", NULL), "notify");
    remove_pack(arena, "b");
    remove_pack(arena, "a");
    make_pack("a", "commands: { one: { run: [x] } }\nchats: {}\n");
    mkdir("packs/c", 0700);
    CHECK(fixture_read(arena, text, CONFIG_WHOLE, &print) == NULL);
    CHECK_STR(print,
              "opsroom.yaml:1:9: packs/c/pack.yaml: cannot be opened: No such file or "
              "directory\n    packs: [\"packs/*\", packs/a]\n            ^\n"
              "packs/a/pack.yaml:1:13: there is a command \"one\" already, in opsroom.yaml on "
              "line 3: give one of them another name\n    commands: { one: { run: [x] } }\n"
              "                ^\n"
              "packs/a/pack.yaml:2:1: unknown key \"chats\" in a pack, which has commands and "
              "routes\n    chats: {}\n    ^\n");
    unlink("packs/README");
    rmdir("packs/c");
    remove_pack(arena, "a");
}

static void test_client(struct arena *arena)
{
    const char *print = NULL;
    AUTO(config)
    const struct config *config = fixture_read(
        arena, "server: { socket: s }\nconnections: { v: { type: nope, token: literal } }\n",
        CONFIG_CLIENT, &print);

    CHECK_STR(print, "");
    CHECK_STR(config->server.socket, in_folder(arena, "s"));
    CHECK_INT(config->connection_count, 0);
    CHECK(config_person(config, "local") == NULL);
    CHECK(config_connection(config, "v") == NULL);
}

static void test_hold(struct arena *arena)
{
    const struct config *config = fixture_good(arena, "store: sqlite:x\n");

    CHECK(config_hold(config) == config);
    config_release(config);
    CHECK(text_ends(config->store_url, "/x"));
    config_release(config);
    config_release(NULL);
}

/* One put together by hand has no indexes and is searched. */
static void test_by_hand(void)
{
    static const struct person people[] = { { .id = "ana" }, { .id = "bob" } };
    static const struct environment environments[] = { { .name = "staging" } };
    static const struct app apps[] = {
        { .name = "api", .environments = environments, .environment_count = 1 },
    };
    static const struct connection connections[] = { { .name = "ci" } };
    static const struct chat_config chats[] = { { .name = "web" } };
    const struct config config = { .people = people,
                                   .person_count = 2,
                                   .apps = apps,
                                   .app_count = 1,
                                   .connections = connections,
                                   .connection_count = 1,
                                   .chats = chats,
                                   .chat_count = 1 };

    CHECK(config_person(&config, "bob") == &people[1]);
    CHECK(config_person(&config, "carl") == NULL);
    CHECK(config_person_of(&config, "web", "x") == NULL);
    CHECK(config_connection(&config, "ci") == connections);
    CHECK(config_chat(&config, "web") == chats);
    CHECK(config_app(&config, "api") == apps);
    CHECK(config_has_environment(&config, "staging"));
    CHECK(!config_has_environment(&config, "production"));
}

/* 10,000 routes; 3,000 persons with rules: it says how long they take. */
static void test_speed(struct arena *arena)
{
    struct text text = text_new(arena, 1024 * 1024);
    long long start;

    text_add(&text, "chats: { web: { type: web } }\nroutes:\n");
    for (int i = 0; i < 10000; i++)
        text_addf(&text, "  - { from: notify, match: 'branch=\"b%d\"', to: [\"web#lobby\"] }\n",
                  i);
    start = clock_steady_ms();
    config_release(fixture_good(arena, text_string(&text)));
    printf("# 10,000 routes: %lld ms\n", clock_steady_ms() - start);
    text = text_new(arena, 1024 * 1024);
    text_add(&text, "chats: { web: { type: web } }\npeople:\n");
    for (int i = 0; i < 3000; i++)
        text_addf(&text, "  p%d: { name: P %d, accounts: { web: W%d }, groups: [g%d, all] }\n",
                  i, i, i, i / 10);
    text_add(&text, "policy:\n");
    for (int i = 0; i < 3000; i++)
        text_addf(&text,
                  "  - { allow: [p%d, g%d], commands: x, approval: { from: g%d, count: 1 } }\n",
                  i, i / 10, i / 20);
    start = clock_steady_ms();
    config_release(fixture_good(arena, text_string(&text)));
    printf("# 3,000 persons and rules: %lld ms\n", clock_steady_ms() - start);
}

int main(void)
{
    static void (*const tests[])(struct arena * arena) = {
        test_defaults, test_server, test_connections, test_people, test_policy, test_apps,
        test_commands, test_packs,  test_client,      test_hold,   test_speed,
    };
    AUTO(arena) struct arena *start = arena_new();

    folder = fixture_start(start);
    setenv("HOST", "ops.example.com", 1);
    setenv("TOKEN", "a secret value", 1);
    unsetenv("OPSROOM_KEY_FILE");
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("test %zu", i);
        tests[i](arena);
    }
    test_by_hand();
    unlink("opsroom.yaml");
    CHECK_INT(rmdir(folder), 0);
    return tap_done();
}
