/* The web chat: the console shows what the messages table holds, so that a message is sent once it has a name there. */
#include "chat/web/web.h"

#include "base/hash.h"

struct web_config {
    struct strings channels;
};

static const struct field web_config_fields[] = {
    FIELD(struct web_config, channels, .key = "channels",
          .help =
              "channels that are there from the start; others begin with their first message"),
};

static int web_send(struct chat_account *account, struct arena *arena,
                    const struct place *place, const char *only_for_user,
                    const struct message *message, const char **id, struct error *err)
{
    (void)account, (void)place, (void)only_for_user, (void)message, (void)err;
    *id = random_token(arena, 12);
    return 0;
}

static int web_edit(struct chat_account *account, struct arena *arena,
                    const struct place *place, const char *id, const struct message *message,
                    struct error *err)
{
    (void)account, (void)arena, (void)place, (void)id, (void)message, (void)err;
    return 0;
}

const struct chat_platform web_platform = {
    .name = "web",
    .abilities =
        CHAT_THREADS | CHAT_EDITS | CHAT_BUTTONS | CHAT_PRIVATE | CHAT_FILES | CHAT_FORMS,
    .text_limit = 64 * 1024,
    .config = FIELDS(struct web_config, web_config_fields),
    .send = web_send,
    .edit = web_edit,
};
