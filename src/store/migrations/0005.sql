-- Schema 5: cases, and the log of each step.

-- A case as its events make it; they are what counts.
CREATE TABLE cases (
  number  TEXT PRIMARY KEY,                 -- 2026-0042
  version INTEGER NOT NULL,                 -- events it has
  state   TEXT    NOT NULL,
  opened  INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  record  TEXT    NOT NULL                  -- the Case as JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_state ON cases (state, opened);

-- All steps of all cases in one chain: each line has the hash of the line before.
CREATE TABLE case_events (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  number TEXT    NOT NULL,
  seq    INTEGER NOT NULL,
  body   TEXT    NOT NULL,                  -- the Event as JSON
  before TEXT    NOT NULL,                  -- hash of the line before; of nothing: 64 zeros
  hash   TEXT    NOT NULL UNIQUE,           -- SHA-256 of before, number and body
  UNIQUE (number, seq)
) STRICT;

-- What a case is about. Posts may be purged; that the case was about them stays.
CREATE TABLE case_links (
  number TEXT    NOT NULL,
  kind   TEXT    NOT NULL,                  -- post, story, alert
  target INTEGER NOT NULL,
  PRIMARY KEY (kind, target, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_links_number ON case_links (number);

-- The application cannot rewrite what was done.
CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events BEGIN SELECT RAISE(ABORT, 'the log of cases is append-only'); END;
CREATE TRIGGER case_events_no_delete BEFORE DELETE ON case_events BEGIN SELECT RAISE(ABORT, 'the log of cases is append-only'); END;
CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'a case is never deleted'); END;
