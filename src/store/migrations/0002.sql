-- Schema 2: what the store knows of itself, and what was decided for good.

-- The store's identity (`store`), the latest time its clock has shown (`latest_seen`).
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('store', lower(hex(randomblob(16))));

-- A random mark with each change: two stores that were one until a copy was put back part here.
ALTER TABLE changes ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
-- The last change is never cut from now on; where it was, one of no post stands for it.
INSERT INTO changes (post, mark) SELECT 0, random() FROM sqlite_sequence WHERE name = 'changes' AND seq > 0;

-- Posts purged on purpose: what a source brings again under these ids is not taken in.
CREATE TABLE tombstones (
  post INTEGER PRIMARY KEY,
  at   INTEGER NOT NULL
) STRICT;

-- Files that were taken in by hand; an import can be undone as a whole.
CREATE TABLE imports (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT    NOT NULL,
  file   TEXT    NOT NULL,                  -- its name as given
  at     INTEGER NOT NULL,
  kept   INTEGER NOT NULL DEFAULT 0,        -- posts that were new with it
  undone INTEGER                            -- when it was taken back
) STRICT;
ALTER TABLE posts ADD COLUMN import INTEGER;  -- of a post that came by hand
ALTER TABLE posts ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0;  -- 1: its source is not of the house at its address
CREATE INDEX posts_import ON posts (import) WHERE import IS NOT NULL;

-- A time in the future (more than 26 hours ahead) is no time to sort by.
UPDATE posts SET time = fetched WHERE time > fetched + 93600000;

-- Which post a page led to: after a redirect its address is not the one that was asked.
ALTER TABLE frontier ADD COLUMN post INTEGER;

-- What was read row by row.
CREATE INDEX alerts_story ON alerts (json_extract(record, '$.story'));
CREATE INDEX hits_story ON hits (story);
DROP INDEX hits_at;
CREATE INDEX hits_window ON hits (rule, at, post, story);
CREATE INDEX audit_object ON audit (action, object);
