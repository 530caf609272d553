-- Schema 6: answers on record (口径), and each version of them.

-- An entry as the last thing done to it made it.
CREATE TABLE answers (
  number  INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,                 -- things done to it
  record  TEXT    NOT NULL                  -- the Entry as JSON
) STRICT;

-- What was done to an entry, and the entry after it.
CREATE TABLE answer_versions (
  number  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  done    TEXT    NOT NULL,                 -- write, approve, retire
  record  TEXT    NOT NULL,
  PRIMARY KEY (number, version)
) STRICT, WITHOUT ROWID;

-- Who stood for what is not rewritten.
CREATE TRIGGER answer_versions_no_update BEFORE UPDATE ON answer_versions BEGIN SELECT RAISE(ABORT, 'versions of answers are append-only'); END;
CREATE TRIGGER answer_versions_no_delete BEFORE DELETE ON answer_versions BEGIN SELECT RAISE(ABORT, 'versions of answers are append-only'); END;
CREATE TRIGGER answers_no_delete BEFORE DELETE ON answers BEGIN SELECT RAISE(ABORT, 'an answer on record is never deleted'); END;
