-- What happened outside, normalised, stored once.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,             -- the connection's name, what the sender wrote, "notify", "opsroom"
    delivery TEXT,                    -- the sender's id of it: the same twice is stored once
    kind TEXT NOT NULL,
    subject TEXT,                     -- what it is about: one alert, one build; NULL: only itself
    status TEXT NOT NULL,
    severity TEXT,
    title TEXT NOT NULL,
    text TEXT,
    markup TEXT,                      -- the text again in our markup, where the sender had more than plain text
    url TEXT,
    actor TEXT,
    labels TEXT,                      -- JSON object of strings; NULL: none
    outcome TEXT NOT NULL CHECK (outcome IN ('routed', 'unrouted', 'unchanged', 'muted', 'held', 'collapsed')),
    routes TEXT,                      -- JSON: [{route, channel, outcome}], what became of it where
    at INTEGER NOT NULL,              -- when it happened
    received_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_delivery ON events (source, delivery) WHERE delivery IS NOT NULL;
CREATE INDEX events_subject ON events (source, subject, id) WHERE subject IS NOT NULL;

-- The newest state of each thing that events are about.
CREATE TABLE subjects (
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    settled TEXT,                     -- the newest status that is neither queued nor running
    severity TEXT,
    title TEXT NOT NULL,
    since INTEGER NOT NULL,           -- in this status
    begun_at INTEGER NOT NULL,        -- this episode: firing until resolved, queued until ended
    episode INTEGER NOT NULL,         -- which one: each has a message of its own
    at INTEGER NOT NULL,              -- when its newest event happened: an older one that comes late changes nothing
    event INTEGER NOT NULL,           -- the newest
    count INTEGER NOT NULL,           -- of events
    PRIMARY KEY (source, subject)
);
CREATE INDEX subjects_at ON subjects (at);

-- What a route collects before it says it: a grouping window, quiet hours, a flood.
CREATE TABLE gatherings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,         -- why, route and place
    why TEXT NOT NULL CHECK (why IN ('group', 'quiet', 'flood')),
    route TEXT NOT NULL,
    chat TEXT NOT NULL,
    channel TEXT NOT NULL,
    content TEXT,                     -- JSON: what its message tells already, counts by status and the newest
    due_at INTEGER NOT NULL,          -- when it is looked at next
    last_at INTEGER NOT NULL,         -- of what its message tells
    created_at INTEGER NOT NULL
);
CREATE INDEX gatherings_due ON gatherings (due_at);

-- Events in it that its message does not tell yet.
CREATE TABLE gathered (
    gathering INTEGER NOT NULL,
    event INTEGER NOT NULL
);
CREATE INDEX gathered_gathering ON gathered (gathering);

-- New messages of a route into a channel in the minute that began at since: what tells a flood.
CREATE TABLE route_paces (
    key TEXT PRIMARY KEY,             -- route and place
    since INTEGER NOT NULL,
    count INTEGER NOT NULL,
    was_over INTEGER NOT NULL         -- 1: the minute before had too many
);

CREATE TABLE mutes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    matchers TEXT NOT NULL,
    person TEXT NOT NULL,
    reason TEXT,
    until_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);

-- Who keeps an environment for themselves.
CREATE TABLE locks (
    app TEXT NOT NULL,
    environment TEXT NOT NULL,
    person TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (app, environment)
);

-- No deployments for a while: one environment of every app, or "all".
CREATE TABLE freezes (
    environment TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL
);
