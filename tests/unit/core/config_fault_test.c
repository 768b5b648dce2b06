/* Faults of a configuration: each at its place, with what was found, what was expected and what to do. */
#include "config_fixture.h"

struct row {
    const char *what, *text, *print;
};

static const struct row yaml_rows[] = {
    { "no map", "- a\n",
      "opsroom.yaml:1:1: a configuration is a map of sections (server, chats, people ...), not a "
      "list: opsroom init writes one to begin with\n    - a\n    ^\n" },
    { "empty", "",
      "opsroom.yaml:1:1: a configuration is a map of sections (server, chats, people ...), not "
      "nothing: opsroom init writes one to begin with\n" },
    { "open map", "server: {listen: \"127.0.0.1:80\"\nstore: x\n",
      "opsroom.yaml:2:1: this is no YAML: did not find expected ',' or '}' while parsing a flow "
      "mapping that began on line 1; close the map with }, and put values with a comma, a colon "
      "or a brace in quotes\n    store: x\n    ^\n" },
    { "tab", "server:\n\tlisten: x\n",
      "opsroom.yaml:2:1: this is no YAML: found character that cannot start any token while "
      "scanning for the next token that began on line 2; put a value that begins with @, %, ` or "
      "a tab in quotes; indent with spaces\n    \tlisten: x\n    ^\n" },
    { "star", "routes: [* list]\n",
      "opsroom.yaml:1:11: this is no YAML: did not find expected alphabetic or numeric character "
      "while scanning an alias that began on line 1; put a value that begins with * or & in "
      "quotes\n    routes: [* list]\n              ^\n" },
    { "keys", "store: sqlite:a\nstore: sqlite:b\n<<: 1\n? [a]\n: 3\n",
      "opsroom.yaml:2:1: duplicate key \"store\": it stands on line 1 already; take one out\n"
      "    store: sqlite:b\n    ^\n"
      "opsroom.yaml:3:1: merge keys (<<) are not read here: write the keys out\n"
      "    <<: 1\n    ^\n"
      "opsroom.yaml:4:3: a key must be a word, not a list\n    ? [a]\n      ^\n" },
    { "anchors",
      "routes: &x\n  - { to: *x }\n  - { to: *y, from: &x notify }\n  - { to: !!str 5 }\n",
      "opsroom.yaml:2:7: \"to\" is missing in routes: channels, as chat#channel\n"
      "      - { to: *x }\n          ^\n"
      "opsroom.yaml:2:11: &x would hold itself through this *x: take it out\n"
      "      - { to: *x }\n              ^\n"
      "opsroom.yaml:3:7: \"to\" is missing in routes: channels, as chat#channel\n"
      "      - { to: *y, from: &x notify }\n          ^\n"
      "opsroom.yaml:3:11: there is no &y before this *y: put a value that begins with * in "
      "quotes\n      - { to: *y, from: &x notify }\n              ^\n"
      "opsroom.yaml:3:21: the anchor &x stands here twice: give one of them another name\n"
      "      - { to: *y, from: &x notify }\n                        ^\n"
      "opsroom.yaml:4:11: the tag !!str is not read: take it out, and put text in quotes\n"
      "      - { to: !!str 5 }\n              ^\n"
      "opsroom.yaml:4:11: \"5\" is no channel: write it as chat#channel\n"
      "      - { to: !!str 5 }\n              ^\n" },
    { "documents", "store: sqlite:a\n---\nstore: sqlite:b\n",
      "opsroom.yaml:2:1: a second document begins here: put everything into one, without ---\n"
      "    ---\n    ^\n" },
    { "zero byte", "store: \"sqlite:\\0\"\n",
      "opsroom.yaml:1:8: there is a zero byte in this value: take it out\n"
      "    store: \"sqlite:\\0\"\n           ^\n"
      "opsroom.yaml:1:8: \"store\" must be sqlite:PATH, such as sqlite:opsroom.db\n"
      "    store: \"sqlite:\\0\"\n           ^\n" },
    { "UTF-8", "store: a\nb: \"\xC3\xA4\xFF\"\n",
      "opsroom.yaml:2:6: this is not UTF-8: save the file in that encoding\n"
      "    b: \"ä\xEF\xBF\xBD\"\n         ^\n" },
    { "control character", "b: \x01\n",
      "opsroom.yaml:1:4: this is no YAML: control characters are not allowed; take the character "
      "out\n    b: \xEF\xBF\xBD\n       ^\n" },
};

static const struct row server_rows[] = {
    { "addresses",
      "server:\n  listen: [\"8080\", \"[::1]:80\", \"a:99999\"]\n"
      "  trusted_proxies: 10.0.0.0/8\n  public_url: ops.example.com\n",
      "opsroom.yaml:2:12: \"listen\" in server must be HOST:PORT such as 127.0.0.1:8080 or "
      "[::1]:8080, not \"8080\"\n      listen: [\"8080\", \"[::1]:80\", \"a:99999\"]\n"
      "               ^\n"
      "opsroom.yaml:2:32: \"listen\" in server must be HOST:PORT such as 127.0.0.1:8080 or "
      "[::1]:8080, not \"a:99999\"\n      listen: [\"8080\", \"[::1]:80\", \"a:99999\"]\n"
      "                                   ^\n"
      "opsroom.yaml:3:20: \"trusted_proxies\" in server must be addresses such as 10.0.0.7, not "
      "\"10.0.0.0/8\"\n      trusted_proxies: 10.0.0.0/8\n                       ^\n"
      "opsroom.yaml:4:15: \"public_url\" in server must be an address such as "
      "https://ops.example.com, not \"ops.example.com\"\n      public_url: ops.example.com\n"
      "                  ^\n" },
    { "values",
      "server:\n  workers: many\n  limits: { body: 3 parsecs }\n  log: { level: inf }\n"
      "  tls: { cert: a.pem }\n  zone: Mars/Base\n  retain: 90\n  lisen: x\n",
      "opsroom.yaml:2:12: \"workers\" in server must be an integer, not \"many\"\n"
      "      workers: many\n               ^\n"
      "opsroom.yaml:3:19: \"body\" in server.limits must be a size from 1KiB to 1024MiB, not \"3 "
      "parsecs\"\n      limits: { body: 3 parsecs }\n                      ^\n"
      "opsroom.yaml:4:17: \"level\" in server.log must be debug, info, warn or error, not "
      "\"inf\"; did you mean \"info\"?\n      log: { level: inf }\n                    ^\n"
      "opsroom.yaml:5:8: \"key\" is missing in server.tls: a PEM file with the private key\n"
      "      tls: { cert: a.pem }\n           ^\n"
      "opsroom.yaml:6:9: there is no time zone \"Mars/Base\": write one of the tz database, such "
      "as Europe/Lisbon or UTC\n      zone: Mars/Base\n            ^\n"
      "opsroom.yaml:7:11: \"retain\" in server must be at least a day, with its unit, such as "
      "90d, not \"90\"\n      retain: 90\n              ^\n"
      "opsroom.yaml:8:3: unknown key \"lisen\" in server: did you mean \"listen\"?\n"
      "      lisen: x\n      ^\n" },
    { "store", "store: postgresql://x@y/z\nserver: [a]\nstor: x\n",
      "opsroom.yaml:1:8: PostgreSQL is not built into this version of opsroom: write "
      "sqlite:PATH\n    store: ******************\n           ^\n"
      "opsroom.yaml:2:9: \"server\" must be a map of KEY: VALUE, not a list\n"
      "    server: [a]\n            ^\n"
      "opsroom.yaml:3:1: unknown section \"stor\": did you mean \"store\"?\n"
      "    stor: x\n    ^\n" },
};

static const struct row connection_rows[] = {
    { "types",
      "chats:\n  acme: { type: slack, bot_token: \"xoxb-12345\" }\n  local: { type: web }\n"
      "  a b: { type: wbe }\n  c: {}\nconnections:\n  gh: { type: github, token: ghp_1 }\n",
      "opsroom.yaml:2:17: type \"slack\" is not built into this version of opsroom; built in: "
      "web\n      acme: { type: slack, bot_token: ************ }\n                    ^\n"
      "opsroom.yaml:3:3: a chat cannot be called \"local\": that is the word for this machine's "
      "Unix users in people's accounts\n      local: { type: web }\n      ^\n"
      "opsroom.yaml:4:3: \"a b\" is no name for a chat: use up to 64 letters, digits, _ . -\n"
      "      a b: { type: wbe }\n      ^\n"
      "opsroom.yaml:4:16: unknown type \"wbe\" of a chat (built in: web): did you mean \"web\"?\n"
      "      a b: { type: wbe }\n                   ^\n"
      "opsroom.yaml:5:3: \"type\" is missing in chats.c; built in: web\n      c: {}\n      ^\n"
      "opsroom.yaml:7:15: type \"github\" is not built into this version of opsroom; built in: "
      "local, vault\n      gh: { type: github, token: ***** }\n                  ^\n" },
    { "literal secrets are not told",
      "connections:\n  v: { type: vault, url: nowhere, token: \"hunter2\", tokn: hunter3 }\n"
      "  w:\n    type: vault\n    url: http://x/\n    token: |\n      multi\n      line\n",
      "opsroom.yaml:2:26: \"url\" in connections.v must be a URL such as https://example.org, not "
      "\"nowhere\"\n      v: { type: vault, url: nowhere, token: *********, tokn: ******* }\n"
      "                             ^\n"
      "opsroom.yaml:2:42: \"token\" is a secret and does not stand in the file itself: write "
      "${env:NAME}, ${file:PATH} or ${secret:NAME} and nothing else\n"
      "      v: { type: vault, url: nowhere, token: *********, tokn: ******* }\n"
      "                                             ^\n"
      "opsroom.yaml:2:53: unknown key \"tokn\" in connections.v: did you mean \"token\"?\n"
      "      v: { type: vault, url: nowhere, token: *********, tokn: ******* }\n"
      "                                                        ^\n"
      "opsroom.yaml:6:12: \"token\" is a secret and does not stand in the file itself: write "
      "${env:NAME}, ${file:PATH} or ${secret:NAME} and nothing else\n"
      "        token: *\n               ^\n" },
    { "references",
      "connections:\n  w: { type: vault, url: \"http://x/${file:a}/${foo}\", token: "
      "\"${env:NOPE}\" }\n  y: { type: vault, url: \"http://x/\", token: \"${secret:jenkins}\", "
      "other_token: \"${env:SHORT}\" }\n  z: { type: vault, url: \"http://x/\", token: "
      "\"a${env:TOKEN}\", other_token: \"${env:EMPTY}\" }\n",
      "opsroom.yaml:2:26: a secret cannot go into \"url\": ${file:a} belongs in a key that is "
      "made for one, such as token\n      w: { type: vault, url: \"http://x/${file:a}/${foo}\", "
      "token: \"${env:NOPE}\" }\n                             ^\n"
      "opsroom.yaml:2:26: \"${foo}\" is no reference: write ${env:NAME}, or $${ for the "
      "characters ${\n      w: { type: vault, url: \"http://x/${file:a}/${foo}\", token: "
      "\"${env:NOPE}\" }\n                             ^\n"
      "opsroom.yaml:2:62: the environment variable \"NOPE\" is not set: set it where opsroom is "
      "started\n      w: { type: vault, url: \"http://x/${file:a}/${foo}\", token: \"${env:NOPE}\" "
      "}\n                                                                 ^\n"
      "opsroom.yaml:3:46: there is no sealed secret \"jenkins\"; set it: opsroom secret set "
      "jenkins\n      y: { type: vault, url: \"http://x/\", token: \"${secret:jenkins}\", "
      "other_token: \"${env:SHORT}\" }\n                                                 ^\n"
      "opsroom.yaml:3:80: warning: this secret has under 6 bytes, so it cannot be taken out of "
      "logs and messages: use a longer one\n      y: { type: vault, url: \"http://x/\", token: "
      "\"${secret:jenkins}\", other_token: \"${env:SHORT}\" }\n"
      "                                                                                   ^\n"
      "opsroom.yaml:4:46: \"token\" is a secret and does not stand in the file itself: write "
      "${env:NAME}, ${file:PATH} or ${secret:NAME} and nothing else\n      z: { type: vault, url: "
      "\"http://x/\", token: ***************, other_token: \"${env:EMPTY}\" }\n"
      "                                                 ^\n"
      "opsroom.yaml:4:76: the environment variable \"EMPTY\" is empty\n      z: { type: vault, "
      "url: \"http://x/\", token: ***************, other_token: \"${env:EMPTY}\" }\n"
      "                                                                               ^\n" },
};

static const struct row people_rows[] = {
    { "accounts",
      "chats: { web: { type: web } }\npeople:\n  ana: { accounts: { web: ana, lcal: x } }\n"
      "  bob: { accounts: { web: ana } }\n  carl: { accounts: { local: root, web: dora } }\n"
      "  dora: { accounts: { local: root } }\n",
      "opsroom.yaml:3:32: \"lcal\" in the accounts of ana is no chat of this configuration: did "
      "you mean \"local\"?\n      ana: { accounts: { web: ana, lcal: x } }\n"
      "                                   ^\n"
      "opsroom.yaml:4:27: the account \"ana\" in \"web\" is ana's already (line 3): one account "
      "is one person's\n      bob: { accounts: { web: ana } }\n"
      "                              ^\n"
      "opsroom.yaml:6:3: the account \"dora\" in \"web\" is carl's already (line 5): one account "
      "is one person's\n      dora: { accounts: { local: root } }\n      ^\n"
      "opsroom.yaml:6:30: the account \"root\" in \"local\" is carl's already (line 5): one "
      "account is one person's\n      dora: { accounts: { local: root } }\n"
      "                                 ^\n" },
    { "names", "people:\n  everyone: {}\n  carl: { groups: [everyone, dora] }\n  dora: {}\n",
      "opsroom.yaml:2:3: a person cannot be called \"everyone\": in rules that is every person\n"
      "      everyone: {}\n      ^\n"
      "opsroom.yaml:3:3: carl: a group cannot be called \"everyone\": in rules that is every "
      "person\n      carl: { groups: [everyone, dora] }\n      ^\n"
      "opsroom.yaml:3:3: warning: carl is in a group \"dora\", and a person is called so too: a "
      "rule for one is a rule for both\n      carl: { groups: [everyone, dora] }\n      ^\n" },
    { "only warnings",
      "people: { ana: { groups: leads } }\npolicy:\n  - { allow: anna, commands: help }\n"
      "  - { allow: ana, commands: x, channels: [\"wep#ops\"], approval: { from: leads, count: 2 "
      "} }\n",
      "opsroom.yaml:3:14: warning: nobody is called \"anna\" or in a group of that name: did you "
      "mean \"ana\"?\n      - { allow: anna, commands: help }\n                 ^\n"
      "opsroom.yaml:4:43: warning: \"wep\" is no chat of this configuration\n"
      "      - { allow: ana, commands: x, channels: [\"wep#ops\"], approval: { from: leads, count: "
      "2 } }\n                                              ^\n"
      "opsroom.yaml:4:87: warning: 2 must approve, but only 1 could: nobody could ever run it\n"
      "      - { allow: ana, commands: x, channels: [\"wep#ops\"], approval: { from: leads, count: "
      "2 } }\n                                                                                      "
      "    ^\n" },
    { "rules",
      "policy:\n  - { commands: help }\n  - { allow: local, deny: local, commands: x }\n"
      "  - { allow: local }\n  - { allow: local, commands: x, channels: ops }\n"
      "  - { allow: local, commands: x, when: { a: { b: c } } }\n"
      "  - { allow: local, commands: x, approval: { from: leads } }\n"
      "  - { deny: local, commands: x, approval: some }\n  - 5\n",
      "opsroom.yaml:2:5: a rule needs \"allow\" or \"deny\": who may, or who may not\n"
      "      - { commands: help }\n        ^\n"
      "opsroom.yaml:3:27: a rule has either \"allow\" or \"deny\": make two rules of it\n"
      "      - { allow: local, deny: local, commands: x }\n                              ^\n"
      "opsroom.yaml:4:5: \"commands\" is missing in policy: names of commands; * stands for any "
      "characters\n      - { allow: local }\n        ^\n"
      "opsroom.yaml:5:44: \"ops\" is no channel: write chat#channel, such as web#ops\n"
      "      - { allow: local, commands: x, channels: ops }\n"
      "                                               ^\n"
      "opsroom.yaml:6:45: \"a\" in when must be a value or a list of values, not a map\n"
      "      - { allow: local, commands: x, when: { a: { b: c } } }\n"
      "                                                ^\n"
      "opsroom.yaml:7:52: nobody is in \"leads\": it could never be approved\n"
      "      - { allow: local, commands: x, approval: { from: leads } }\n"
      "                                                       ^\n"
      "opsroom.yaml:8:43: a rule that denies asks for no approval: take one of both out\n"
      "      - { deny: local, commands: x, approval: some }\n"
      "                                              ^\n"
      "opsroom.yaml:8:43: \"approval\" must be none, or a map with from, count and within, not "
      "\"some\"\n      - { deny: local, commands: x, approval: some }\n"
      "                                              ^\n"
      "opsroom.yaml:9:5: each of \"policy\" must be a map of KEY: VALUE, not \"5\"\n      - 5\n"
      "        ^\n" },
};

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *print = NULL;

        tap_case("%s", rows[i].what);
        config_release(fixture_read(arena, rows[i].text, CONFIG_WHOLE, &print));
        CHECK_STR(print, rows[i].print);
    }
}

/* Thousands of faults are neither slow nor all listed. */
static void test_many(struct arena *arena)
{
    struct text text = text_new(arena, 1024 * 1024);
    struct faults faults;

    tap_case("many");
    for (int i = 0; i < 20000; i++)
        text_addf(&text, "key%d: x\n", i);
    fixture_text("opsroom.yaml", text_string(&text));
    CHECK(config_read("opsroom.yaml", CONFIG_WHOLE, &fake_registry, arena, &faults) == NULL);
    CHECK_INT(faults.errors, 20000);
    CHECK_INT(faults.count, 1001);
    CHECK_STR(faults.list[1000].text, "19000 more faults are not listed");
}

static void check_first(struct arena *arena, const char *what, const char *text,
                        const char *fault)
{
    struct faults faults;

    tap_case("%s", what);
    fixture_text("opsroom.yaml", text);
    CHECK(config_read("opsroom.yaml", CONFIG_WHOLE, &fake_registry, arena, &faults) == NULL);
    CHECK(faults.count > 0 && text_has(faults.list[0].text, fault));
}

static const char *repeated(struct arena *arena, const char *part, size_t times)
{
    struct text text = text_new(arena, 4 * 1024 * 1024);

    for (size_t i = 0; i < times; i++)
        text_add(&text, part);
    return text_string(&text);
}

static void test_limits(struct arena *arena)
{
    struct faults faults;
    struct text laughs = text_new(arena, 10000);

    check_first(arena, "deep", arena_printf(arena, "a: %s", repeated(arena, "[", 40)),
                "nested more than 32 deep");
    check_first(arena, "very deep", repeated(arena, "[", 1000 * 1000), "nested more than 32");
    check_first(arena, "deep blocks", repeated(arena, "- ", 500 * 1000), "nested more than 32");
    check_first(arena, "large", repeated(arena, "#2345678\n", 120 * 1000), "larger than 1 MiB");
    text_add(&laughs, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 12; i++)
        text_addf(&laughs, "a%d: &a%d [%s *a%d]\n", i, i,
                  repeated(arena, arena_printf(arena, "*a%d,", i - 1), 9), i - 1);
    check_first(arena, "aliases of aliases", text_string(&laughs), "more than 1000000 values");
    tap_case("no file");
    CHECK(config_read("nowhere.yaml", CONFIG_WHOLE, &fake_registry, arena, &faults) == NULL);
    CHECK_STR(
        faults_print(arena, &faults),
        "nowhere.yaml: cannot be opened: No such file or directory: make one with opsroom "
        "init, or name it with -c FILE\n");
    tap_case("a folder");
    CHECK(config_read(".", CONFIG_WHOLE, &fake_registry, arena, &faults) == NULL);
    CHECK_INT(faults.errors, 1);
}

/* A long line is shown round the place. */
static void test_long_line(struct arena *arena)
{
    struct faults faults;
    const char *text =
        arena_printf(arena, "people: {%s}\nlast: x\n", repeated(arena, "äöü: {}, ", 300));

    tap_case("long line");
    fixture_text("opsroom.yaml", text);
    CHECK(config_read("opsroom.yaml", CONFIG_WHOLE, &fake_registry, arena, &faults) == NULL);
    struct span quote = span_of(faults.list[100].quote), line;
    CHECK(span_split(&quote, '\n', &line) && text_starts(line.start, "…"));
    const char *caret = memchr(quote.start, '^', quote.length);
    CHECK_INT(caret - quote.start, 81);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *folder = fixture_start(arena);

    setenv("TOKEN", "a secret value", 1);
    setenv("SHORT", "abc", 1);
    setenv("EMPTY", "", 1);
    unsetenv("NOPE");
    run_rows(yaml_rows, COUNT_OF(yaml_rows));
    run_rows(server_rows, COUNT_OF(server_rows));
    run_rows(connection_rows, COUNT_OF(connection_rows));
    run_rows(people_rows, COUNT_OF(people_rows));
    test_many(arena);
    test_limits(arena);
    test_long_line(arena);
    unlink("opsroom.yaml");
    CHECK_INT(rmdir(folder), 0);
    return tap_done();
}
