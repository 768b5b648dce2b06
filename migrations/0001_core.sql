-- What a person did at a door, stored before it was acknowledged; the same id is handled once.
CREATE TABLE inputs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_key TEXT NOT NULL UNIQUE, -- the platform's id of it: "web:…", "api:…"
    kind TEXT NOT NULL,               -- message, button, form
    chat TEXT,
    channel TEXT,
    thread TEXT,
    user_id TEXT,                     -- the platform's id of the user
    person TEXT,
    text TEXT,
    job INTEGER,                      -- the job it became or acted on
    created_at INTEGER NOT NULL
);
CREATE INDEX inputs_channel ON inputs (chat, channel, id);

-- One run of a command.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'waiting for approval', 'running', 'waiting', 'succeeded', 'failed',
                                         'cancelled', 'refused', 'timed out')),
    stage TEXT NOT NULL,              -- question, prepare, approval, run, unsure, final
    line TEXT NOT NULL,               -- as typed, repaired
    title TEXT NOT NULL,              -- the full sentence form, for people
    command TEXT,                     -- NULL: no such command
    quick INTEGER NOT NULL DEFAULT 0, -- 1: answered at once, without steps: the answer is its message
    args TEXT,                        -- JSON: key -> text
    pins TEXT,                        -- JSON: name -> value
    digest TEXT,                      -- what was approved, or asked for approval
    door TEXT NOT NULL,               -- chat, button, api, terminal, job
    person TEXT,                      -- NULL: a stranger
    account TEXT,
    chat TEXT,
    channel TEXT,
    thread TEXT,
    place_proven INTEGER NOT NULL DEFAULT 1, -- 0: a local caller only said so
    parent INTEGER REFERENCES jobs (id),
    again_of INTEGER,
    step TEXT,
    step_position INTEGER NOT NULL DEFAULT 0,
    step_running INTEGER NOT NULL DEFAULT 0, -- 1 while a step is under way: what a crash leaves behind
    attempt INTEGER NOT NULL DEFAULT 0,
    state_json TEXT,                  -- the command's state struct
    progress TEXT,                    -- JSON: {line, steps, links, outputs}
    result TEXT,                      -- JSON: the answer, a message
    rows_json TEXT,                   -- JSON: {columns, rows}
    error TEXT,
    cancel_by TEXT,
    cancel_reason TEXT,
    message INTEGER,                  -- its live message
    log_bytes INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    deadline_at INTEGER,
    finished_at INTEGER
);
CREATE INDEX jobs_state ON jobs (state) WHERE finished_at IS NULL;
CREATE INDEX jobs_person ON jobs (person, id);
CREATE INDEX jobs_parent ON jobs (parent) WHERE parent IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE finished_at IS NULL AND deadline_at IS NOT NULL;

-- Every answer of the policy.  A job can be queued only with the id of an allow: the foreign key says so.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    rule TEXT,
    why TEXT NOT NULL,
    needs TEXT,                       -- JSON: the approval it asks for
    config TEXT NOT NULL,             -- digest of the configuration
    at INTEGER NOT NULL,
    UNIQUE (job, id, allowed)
);

-- Jobs that a worker may claim, now or at wake_at.
CREATE TABLE queue (
    job INTEGER PRIMARY KEY REFERENCES jobs (id),
    decision INTEGER NOT NULL,
    allowed INTEGER NOT NULL DEFAULT 1 CHECK (allowed = 1),
    lane TEXT NOT NULL CHECK (lane IN ('core', 'work')),
    connection TEXT,                  -- for the limit per connection
    wake_at INTEGER NOT NULL,
    wake_key TEXT,
    woken INTEGER NOT NULL DEFAULT 0, -- struck while a step was under way
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (decision, job, allowed) REFERENCES decisions (id, job, allowed)
);
CREATE INDEX queue_due ON queue (lane, wake_at);
CREATE INDEX queue_wake_key ON queue (wake_key) WHERE wake_key IS NOT NULL;

CREATE TABLE approvals (
    job INTEGER PRIMARY KEY REFERENCES jobs (id),
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'void')),
    digest TEXT NOT NULL,
    needs TEXT NOT NULL,              -- JSON: {count, from: [[...]], within_s}
    pins TEXT,                        -- what it is about, as shown
    decision INTEGER NOT NULL REFERENCES decisions (id),
    requested_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER
);
CREATE INDEX approvals_decision ON approvals (decision);
CREATE INDEX approvals_pending ON approvals (expires_at) WHERE state = 'pending';

CREATE TABLE votes (
    job INTEGER NOT NULL REFERENCES approvals (job),
    person TEXT NOT NULL,
    approve INTEGER NOT NULL,
    reason TEXT,
    account TEXT,
    vote_job INTEGER,                 -- the job of the "approve" command
    at INTEGER NOT NULL,
    PRIMARY KEY (job, person)
);

CREATE TABLE job_log (
    job INTEGER NOT NULL REFERENCES jobs (id),
    position INTEGER NOT NULL,        -- bytes before it
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, position)
);

-- Everything we say: the newest content of each message.  To be sent while revision > sent_revision.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    only_for TEXT,                    -- person
    key TEXT,                         -- what it is about: "job:412"; one message per place and key
    job INTEGER,
    content TEXT NOT NULL,            -- JSON: core/message.h
    external_id TEXT,                 -- the platform's id once it was sent
    revision INTEGER NOT NULL DEFAULT 1,
    sent_revision INTEGER NOT NULL DEFAULT 0,
    final INTEGER NOT NULL DEFAULT 0, -- never dropped or given up for age before the others
    place_in_queue INTEGER,           -- NULL: nothing to send
    due_at INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    dead TEXT,                        -- why it was given up
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX messages_key ON messages (chat, channel, key) WHERE key IS NOT NULL;
CREATE INDEX messages_queue ON messages (chat, place_in_queue) WHERE place_in_queue IS NOT NULL;
CREATE INDEX messages_channel ON messages (chat, channel, id);

-- What changed, in order: the live feed and its resumption.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,               -- message, input, job, log, approval
    item INTEGER NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    chain TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    job INTEGER,
    person TEXT,
    command TEXT,
    result TEXT,
    record TEXT NOT NULL,             -- canonical JSON: what the hash is computed over
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_job ON audit (job) WHERE job IS NOT NULL;
CREATE INDEX audit_person ON audit (person, sequence);
CREATE INDEX audit_command ON audit (command, sequence);

CREATE TABLE audit_checkpoints (
    sequence INTEGER PRIMARY KEY,     -- of the newest record it covers
    chain TEXT NOT NULL,
    at INTEGER NOT NULL,
    hash TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL
);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('token', 'link', 'session')),
    digest TEXT NOT NULL UNIQUE,      -- SHA-256 of it: the token itself is not kept
    note TEXT,
    parent INTEGER REFERENCES tokens (id), -- the token that a session was begun with: it ends with it
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER,
    revoked_at INTEGER
);
CREATE INDEX tokens_parent ON tokens (parent) WHERE parent IS NOT NULL;

-- What was deployed where.
CREATE TABLE deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    environment TEXT NOT NULL,
    version TEXT,
    commit_id TEXT,
    previous INTEGER,                 -- the deployment that ran there before
    job INTEGER NOT NULL UNIQUE,
    person TEXT,
    kind TEXT NOT NULL,               -- deploy, rollback
    state TEXT NOT NULL,              -- running, then the job's final state
    health TEXT,                      -- healthy, unhealthy, or NULL: not checked
    started_at INTEGER NOT NULL,
    finished_at INTEGER
);
CREATE INDEX deployments_place ON deployments (app, environment, id);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
