-- Schema 8: what several processes on one store agree on through it. A station whose store is a file is one process and
-- leaves these empty. Times are milliseconds since 1970 by the clock of the server.
CREATE TABLE workers (
    name TEXT PRIMARY KEY NOT NULL,
    about TEXT NOT NULL,          -- JSON: roles, machine, what it is at
    since INTEGER NOT NULL,
    seen INTEGER NOT NULL
);
CREATE TABLE leases (
    kind TEXT NOT NULL,           -- 'source', 'host'
    object TEXT NOT NULL,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (kind, object)
);
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,     -- of who asks: asked twice is asked once
    kind TEXT NOT NULL,           -- 'commit'
    source TEXT NOT NULL,
    asker TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    answer TEXT
);
CREATE INDEX tasks_open ON tasks (kind, id) WHERE answer IS NULL;
CREATE INDEX tasks_answered ON tasks (asker, id) WHERE answer IS NOT NULL;
