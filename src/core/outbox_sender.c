/* One chat's sender: takes what may go, hands it to the platform, writes what became of it. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "core/audit.h"
#include "core/chat_internal.h"
#include "core/feed.h"
#include "core/outbox_internal.h"

struct sender {
    struct core *core;
    struct followed *followed;
    const struct chat_platform *platform;
    struct chat_account account;
    struct paces paces;
};

/* What became of one message, on its way into the database. */
struct sent {
    const struct outgoing *outgoing;
    const char *external_id; /* NULL: as before */
    long long due_at;
    const char *dead; /* why it is given up */
    bool fails;       /* tried again at due_at */
};

static int write_sent(struct db *db, const struct sent *sent, struct error *err)
{
    const struct outgoing *outgoing = sent->outgoing;

    if (db_run(db, err,
               "UPDATE messages SET external_id = coalesce(?, external_id), sent_revision = ?, "
               "attempts = 0, failing_since = NULL, dead = NULL, due_at = ?, place_in_queue = "
               "CASE WHEN revision > ? THEN place_in_queue END WHERE id = ?",
               VALUES(V(sent->external_id), V(outgoing->revision), V(sent->due_at),
                      V(outgoing->revision), V(outgoing->id))) < 0)
        return -1;
    return change_add(db, "message", outgoing->id, err);
}

static int write_failing(struct db *db, const struct sent *sent, struct error *err)
{
    return db_run(db, err,
                  "UPDATE messages SET attempts = attempts + 1, due_at = ?, "
                  "failing_since = coalesce(failing_since, ?) WHERE id = ?",
                  VALUES(V(sent->due_at), V(clock_now_ms()), V(sent->outgoing->id))) < 0
               ? -1
               : 0;
}

static int write_dead(struct db *db, const struct sent *sent, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct outgoing *outgoing = sent->outgoing;
    struct audit_record record = {
        .kind = "undelivered",
        .job = outgoing->job,
        .person = outgoing->only_for,
        .place = place_print(arena, &outgoing->place),
        .result = "failed",
        .text = sent->dead,
    };

    if (db_run(db, err,
               "UPDATE messages SET attempts = attempts + 1, dead = ?, place_in_queue = NULL "
               "WHERE id = ?",
               VALUES(V(sent->dead), V(outgoing->id))) < 0)
        return -1;
    return audit_append(db, &record, err);
}

static int sent_write(struct db *db, void *argument, struct error *err)
{
    const struct sent *sent = argument;

    if (sent->dead != NULL)
        return write_dead(db, sent, err);
    return sent->fails ? write_failing(db, sent, err) : write_sent(db, sent, err);
}

static void count_sent(const struct sender *sender, const char *outcome)
{
    metric_add(metric_get(METRIC_COUNTER, "opsroom_messages_sent_total",
                          "Messages handed to chats, by what became of them", "chat,outcome"),
               (const char *const[]){ chat_name(&sender->account), outcome }, 1);
}

static bool can(const struct sender *sender, enum chat_ability ability)
{
    return (sender->platform->abilities & ability) != 0;
}

/* A private answer that the platform cannot show in the channel goes to the person directly. */
static struct place place_for(const struct sender *sender, struct arena *arena,
                              const struct outgoing *outgoing)
{
    struct place place = outgoing->place;

    if (!can(sender, CHAT_THREADS))
        place.thread = NULL;
    if (outgoing->only_for != NULL && !can(sender, CHAT_PRIVATE))
        place = (struct place){ .chat = place.chat,
                                .channel = arena_printf(arena, "@%s", outgoing->only_for) };
    return place;
}

static int send_new(struct sender *sender, struct arena *arena, const struct outgoing *outgoing,
                    struct sent *sent, struct error *err)
{
    struct place place = place_for(sender, arena, outgoing);
    struct message message = chat_adapt(arena, sender->platform, &outgoing->message);
    const char *only_for = NULL;

    if (outgoing->only_for != NULL && can(sender, CHAT_PRIVATE))
        only_for = chat_user_of(sender->followed->config, chat_name(&sender->account),
                                outgoing->only_for);
    paces_set(&sender->paces, outgoing->place.channel,
              clock_now_ms() + sender->platform->interval_ms);
    return sender->platform->send(&sender->account, arena, &place, only_for, &message,
                                  &sent->external_id, err);
}

/* What was sent is edited; where that cannot be, only the end is worth a second message. */
static int hand_over(struct sender *sender, struct arena *arena,
                     const struct outgoing *outgoing, struct sent *sent, struct error *err)
{
    struct place place = place_for(sender, arena, outgoing);
    struct message message;

    if (outgoing->external_id == NULL)
        return send_new(sender, arena, outgoing, sent, err);
    if (!can(sender, CHAT_EDITS))
        return outgoing->final ? send_new(sender, arena, outgoing, sent, err) : 0;
    message = chat_adapt(arena, sender->platform, &outgoing->message);
    return sender->platform->edit(&sender->account, arena, &place, outgoing->external_id,
                                  &message, err);
}

static long long retry_ms(const struct outgoing *outgoing, const struct error *err)
{
    static const int seconds[] = { 1, 2, 5, 10, 30, 60 };
    size_t step = (size_t)outgoing->attempts;

    if (err->retry_after_s > 0)
        return err->retry_after_s * 1000LL;
    return seconds[step < COUNT_OF(seconds) ? step : COUNT_OF(seconds) - 1] * 1000LL;
}

static bool is_too_old(const struct outgoing *outgoing, long long now_ms)
{
    long long limit_s = outgoing->final ? OUTBOX_FINAL_AGE_LIMIT_S : OUTBOX_AGE_LIMIT_S;

    return outgoing->failing_since != 0 && now_ms - outgoing->failing_since > limit_s * 1000;
}

static void note_failure(struct sender *sender, struct arena *arena, struct sent *sent,
                         const struct error *err)
{
    const struct outgoing *outgoing = sent->outgoing;
    long long now_ms = clock_now_ms();
    bool passing = err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE;

    if (passing && !is_too_old(outgoing, now_ms)) {
        sent->fails = true;
        sent->due_at = now_ms + retry_ms(outgoing, err);
        count_sent(sender, "retried");
        return;
    }
    sent->dead = core_redact(sender->core, arena, err->text);
    log_warn(outgoing->job, "a message to %s is given up: %s",
             place_print(arena, &outgoing->place), sent->dead);
    count_sent(sender, "dead");
}

static int deliver(struct sender *sender, struct arena *arena, const struct outgoing *outgoing,
                   struct error *err)
{
    struct sent sent = { .outgoing = outgoing };
    struct error failure = { 0 };

    if (hand_over(sender, arena, outgoing, &sent, &failure) < 0) {
        note_failure(sender, arena, &sent, &failure);
    } else {
        sent.due_at = clock_now_ms() + sender->platform->edit_interval_ms;
        count_sent(sender, outgoing->external_id == NULL ? "sent" : "edited");
    }
    return store_write(core_store(sender->core), sent_write, &sent, err);
}

/* One message, or a wait for the next. */
static int send_next(struct sender *sender, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    unsigned long heard = follow_news(sender->followed);
    struct outgoing outgoing;
    long long wait_ms = 0;

    if (outbox_pick(sender->core, arena, chat_name(&sender->account), &sender->paces, &outgoing,
                    &wait_ms, err) < 0)
        return -1;
    if (outgoing.id != 0)
        return deliver(sender, arena, &outgoing, err);
    follow_wait(sender->followed, heard, wait_ms);
    return 0;
}

int outbox_send_all(struct followed *followed, struct error *err)
{
    const struct chat_config *chat = followed->thing;
    struct sender sender = {
        .core = followed->core,
        .followed = followed,
        .platform = chat->platform,
        .account = { .core = followed->core,
                     .config = followed->config,
                     .chat = chat,
                     .closing = &followed->closing },
    };
    int result = 0;

    while (result == 0 && !atomic_load(&followed->closing))
        result = send_next(&sender, err);
    paces_free(&sender.paces);
    return result;
}

void outbox_measure(struct core *core)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(core), &err);
    const struct json *row = NULL;
    long long now_ms = clock_now_ms();

    if (db != NULL)
        row = db_row(db, arena, &err,
                     "SELECT count(*) AS waiting, min(coalesce(failing_since, updated_at)) AS "
                     "oldest FROM messages WHERE place_in_queue IS NOT NULL",
                     NO_VALUES);
    if (row == NULL)
        return;
    metric_set(
        metric_get(METRIC_GAUGE, "opsroom_outbox_waiting", "Messages not sent yet", NULL), NULL,
        (double)json_integer(row, "waiting", 0));
    metric_set(metric_get(METRIC_GAUGE, "opsroom_outbox_age_seconds",
                          "How long the oldest of them waits", NULL),
               NULL, (double)(now_ms - json_integer(row, "oldest", now_ms)) / 1000.0);
}
