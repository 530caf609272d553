-- Schema 4: people, how they come in, and whose act a line of the audit is.

CREATE TABLE users (
  name     TEXT PRIMARY KEY,                -- as typed at login; what stands in the audit
  role     TEXT    NOT NULL,
  units    TEXT    NOT NULL,                -- ids of units, a JSON list; empty: bound to none
  password TEXT    NOT NULL,                -- argon2id, in PHC form
  made     INTEGER NOT NULL,
  disabled INTEGER                          -- since when
) STRICT, WITHOUT ROWID;

-- A browser that is logged in. The secret of its cookie is not kept, only the hash of it.
CREATE TABLE sessions (
  hash    TEXT PRIMARY KEY,
  user    TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  made    INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  address TEXT    NOT NULL,
  agent   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);

-- A program that acts for somebody. The secret is shown once and not kept.
CREATE TABLE tokens (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  hash    TEXT    NOT NULL UNIQUE,
  user    TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  label   TEXT    NOT NULL,
  scope   TEXT    NOT NULL,                 -- read or write
  made    INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

-- Failed logins by account and by address; what makes the next one wait, also after a restart.
CREATE TABLE tries (
  what   TEXT PRIMARY KEY,                  -- account:NAME or address:IP
  failed INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  until  INTEGER NOT NULL                   -- none before
) STRICT, WITHOUT ROWID;

-- Whose act it was; none of the station's own.
ALTER TABLE audit ADD COLUMN who TEXT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, id) WHERE who IS NOT NULL;
