-- What happened outside, normalised, stored once.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,             -- the connection's name, what the sender wrote, "notify", "opsroom"
    delivery TEXT,                    -- the sender's id of it: the same twice is stored once
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,            -- what it is about: one alert, one build
    status TEXT NOT NULL,
    severity TEXT,
    title TEXT NOT NULL,
    text TEXT,
    url TEXT,
    actor TEXT,
    labels TEXT NOT NULL,             -- JSON object of strings
    outcome TEXT NOT NULL,            -- routed, unrouted, unchanged, muted, held, collapsed
    routes TEXT,                      -- JSON: the routes it took
    at INTEGER NOT NULL,              -- when it happened
    received_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_delivery ON events (source, delivery) WHERE delivery IS NOT NULL;
CREATE INDEX events_subject ON events (source, subject, id);

-- The newest state of each thing that events are about.
CREATE TABLE subjects (
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    severity TEXT,
    title TEXT NOT NULL,
    since INTEGER NOT NULL,           -- in this status
    first_at INTEGER NOT NULL,
    event INTEGER NOT NULL,           -- the newest
    count INTEGER NOT NULL,           -- of events
    PRIMARY KEY (source, subject)
);

-- What a route collects before it says it: a grouping window, quiet hours, a flood.
CREATE TABLE gatherings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,         -- route, place and why
    why TEXT NOT NULL CHECK (why IN ('group', 'quiet', 'flood')),
    route TEXT NOT NULL,
    chat TEXT NOT NULL,
    channel TEXT NOT NULL,
    count INTEGER NOT NULL,
    content TEXT NOT NULL,            -- JSON: counts by status, the newest titles
    due_at INTEGER NOT NULL,          -- when it is said and the row goes
    created_at INTEGER NOT NULL
);
CREATE INDEX gatherings_due ON gatherings (due_at);

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
