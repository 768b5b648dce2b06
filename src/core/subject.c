/* Subjects: what a new event means for the thing it is about, and the row that holds its newest state. */
#include "core/subject.h"

#include "base/hash.h"
#include "base/text.h"
#include "store/store.h"

/* Older than what is known; of two at the same moment the end is the later one. */
static bool is_late(const struct subject *before, const struct event *event)
{
    if (event->at_ms != before->at_ms)
        return event->at_ms < before->at_ms;
    return event_status_ends(before->status) && event_status_begins(event->status);
}

/* How long what has ended now took: the episode, or for one end after another the state between them. */
static long long lasted(const struct subject *before, const struct event *event)
{
    long long from_ms = event_status_ends(before->status) ? before->since_ms : before->begun_ms;

    if (!event_status_ends(event->status) || text_is(before->status, event->status))
        return 0;
    return event->at_ms - from_ms;
}

struct turn subject_turn(const struct subject *before, const struct event *event,
                         long long now_ms)
{
    struct turn turn = { .previous = before->status,
                         .settled = before->settled,
                         .since_ms = event->at_ms,
                         .begun_ms = event->at_ms,
                         .episode = before->episode + 1,
                         .now_ms = now_ms };
    bool is_same = text_is(before->status, event->status);

    if (before->status == NULL)
        return turn;
    turn.is_late = is_late(before, event);
    turn.lasted_ms = lasted(before, event);
    if (is_same)
        turn.since_ms = before->since_ms;
    /* Over is over: what follows another end, or begins after one, is a new story. */
    if (is_same || !event_status_ends(before->status) || text_is(event->status, "info")) {
        turn.begun_ms = before->begun_ms;
        turn.episode = before->episode;
    }
    return turn;
}

int subject_read(struct db *db, struct arena *arena, const struct event *event,
                 struct subject *subject, struct error *err)
{
    const struct json *row;

    *subject = (struct subject){ .status = NULL };
    if (event->subject == NULL)
        return 0;
    row = db_row(db, arena, err,
                 "SELECT status, settled, since, begun_at, episode, at FROM subjects "
                 "WHERE source = ? AND subject = ?",
                 VALUES(V(event->source), V(event->subject)));
    if (row == NULL)
        return -1;
    *subject = (struct subject){ .status = json_string(row, "status", NULL),
                                 .settled = json_string(row, "settled", NULL),
                                 .since_ms = json_integer(row, "since", 0),
                                 .begun_ms = json_integer(row, "begun_at", 0),
                                 .episode = json_integer(row, "episode", 0),
                                 .at_ms = json_integer(row, "at", 0) };
    return 0;
}

static const char *settled_after(const struct event *event, const struct turn *turn)
{
    bool is_on_its_way = text_is(event->status, "queued") || text_is(event->status, "running");

    return is_on_its_way ? turn->settled : event->status;
}

int subject_write(struct db *db, const struct event *event, const struct turn *turn,
                  long long id, struct error *err)
{
    long long changed;

    if (event->subject == NULL)
        return 0;
    if (turn->is_late)
        changed = db_run(db, err,
                         "UPDATE subjects SET count = count + 1 WHERE source = ? AND "
                         "subject = ?",
                         VALUES(V(event->source), V(event->subject)));
    else
        changed = db_run(
            db, err,
            "INSERT INTO subjects (source, subject, kind, status, settled, severity, title, "
            "since, begun_at, episode, at, event, count) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) "
            "ON CONFLICT (source, subject) DO UPDATE SET kind = excluded.kind, "
            "status = excluded.status, settled = excluded.settled, "
            "severity = excluded.severity, title = excluded.title, since = excluded.since, "
            "begun_at = excluded.begun_at, episode = excluded.episode, at = excluded.at, "
            "event = excluded.event, count = subjects.count + 1",
            VALUES(V(event->source), V(event->subject), V(event->kind), V(event->status),
                   V(settled_after(event, turn)), V(event->severity), V(event->title),
                   V(turn->since_ms), V(turn->begun_ms), V(turn->episode), V(event->at_ms),
                   V(id)));
    return changed < 0 ? -1 : 0;
}

const char *subject_key(struct arena *arena, const struct event *event, const struct turn *turn)
{
    const char *source;

    if (event->subject == NULL)
        return NULL;
    /* A source's own colon would let it speak for another's subject. */
    source = url_encode(arena, event->source);
    if (turn->episode <= 1)
        return arena_printf(arena, "event:%s:%s", source, event->subject);
    return arena_printf(arena, "event %lld:%s:%s", turn->episode, source, event->subject);
}
