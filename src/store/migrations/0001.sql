-- The store, schema 1. Times are milliseconds since the epoch (UTC); post ids are the 64 bits of PostId.

CREATE TABLE posts (
  id           INTEGER PRIMARY KEY,
  url          TEXT    NOT NULL UNIQUE,
  source       TEXT    NOT NULL,
  site         TEXT    NOT NULL,
  time         INTEGER NOT NULL,            -- published where known, else fetched
  fetched      INTEGER NOT NULL,
  content_hash INTEGER NOT NULL,
  story        INTEGER NOT NULL,
  edited       INTEGER,                     -- when another content was seen under the same address
  gone         INTEGER,                     -- since when its address answers 404 or 410; null while it is served
  record       TEXT    NOT NULL             -- the AnnotatedPost as JSON; `story` above is the one that counts
) STRICT;
CREATE INDEX posts_time    ON posts (time);
CREATE INDEX posts_story   ON posts (story, time);
CREATE INDEX posts_source  ON posts (source, time);
CREATE INDEX posts_content ON posts (content_hash, site);

-- What the index has still to follow.
CREATE TABLE changes (
  seq  INTEGER PRIMARY KEY AUTOINCREMENT,
  post INTEGER NOT NULL
) STRICT;

-- Pages of lists and feeds: waiting, done with, or waiting for another look.
CREATE TABLE frontier (
  url      TEXT PRIMARY KEY,                -- canonical
  source   TEXT    NOT NULL,
  due      INTEGER,                         -- null once done
  attempts INTEGER NOT NULL DEFAULT 0,
  hint     TEXT    NOT NULL,
  outcome  TEXT,                            -- of the first reading
  done_at  INTEGER,                         -- when it was first read; with a `due`, it is looked at again
  replies  INTEGER,                         -- of a thread, as its board last told
  validators TEXT                           -- what makes another look conditional
) STRICT, WITHOUT ROWID;
CREATE INDEX frontier_due ON frontier (source, due) WHERE due IS NOT NULL;

-- Entry addresses (feeds, lists): what makes the next GET conditional.
CREATE TABLE entries (
  source TEXT NOT NULL,
  url    TEXT NOT NULL,
  job    TEXT NOT NULL,
  PRIMARY KEY (source, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  source    TEXT PRIMARY KEY,
  last_run  INTEGER,
  last_good INTEGER,
  last_post INTEGER,
  error_kind TEXT,
  error     TEXT,
  failures  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- outcome is `received`, `kept`, `dropped:<reason>` or `failed:<kind>`.
CREATE TABLE tallies (
  source  TEXT    NOT NULL,
  hour    INTEGER NOT NULL,                 -- hours since the epoch
  outcome TEXT    NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (source, hour, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hits (
  rule  TEXT    NOT NULL,
  post  INTEGER NOT NULL,
  story INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  spans TEXT    NOT NULL,
  PRIMARY KEY (rule, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX hits_at ON hits (rule, at);
CREATE INDEX hits_post ON hits (post);

CREATE TABLE alerts (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  key      TEXT    NOT NULL UNIQUE,
  rule     TEXT    NOT NULL,
  fired    INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  hits     INTEGER NOT NULL,
  state    TEXT    NOT NULL,
  record   TEXT    NOT NULL                 -- the Alert as JSON; `state` above is the one that counts
) STRICT;
CREATE INDEX alerts_fired ON alerts (fired);
CREATE INDEX alerts_rule  ON alerts (rule, fired);

CREATE TABLE outbox (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  key      TEXT    NOT NULL UNIQUE,
  notifier TEXT    NOT NULL,
  body     TEXT    NOT NULL,
  state    TEXT    NOT NULL,                -- pending, sent, dead
  attempts INTEGER NOT NULL DEFAULT 0,
  due      INTEGER NOT NULL,
  error    TEXT,
  sent     INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (state, due);

-- What officers said of posts; overrides the judges and enters the next training.
CREATE TABLE corrections (
  post     INTEGER PRIMARY KEY,
  polarity TEXT    NOT NULL,
  at       INTEGER NOT NULL
) STRICT;

-- Evidence: which records of `evidence/*.warc.gz` hold a post as it was served. No byte of a page stands here.
CREATE TABLE records (
  id      INTEGER PRIMARY KEY,
  file    TEXT    NOT NULL,
  offset  INTEGER NOT NULL,
  length  INTEGER NOT NULL,
  sha256  TEXT    NOT NULL,                 -- of the record as packed
  url     TEXT    NOT NULL,                 -- after redirects
  status  INTEGER NOT NULL,
  payload TEXT    NOT NULL,                 -- SHA-256 of the body
  fetched INTEGER NOT NULL,
  UNIQUE (file, offset)
) STRICT;

CREATE TABLE exhibits (
  post   INTEGER NOT NULL,
  record INTEGER NOT NULL REFERENCES records (id) ON DELETE CASCADE,
  role   TEXT    NOT NULL,                  -- page, part (continues the page) or entry (the feed it came in)
  seen   INTEGER NOT NULL,                  -- the step that brought it: the parts of one reading share it
  PRIMARY KEY (post, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX exhibits_record ON exhibits (record);

CREATE TABLE audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     INTEGER NOT NULL,
  action TEXT    NOT NULL,
  object TEXT    NOT NULL,
  detail TEXT    NOT NULL
) STRICT;
-- The application cannot rewrite its own audit.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
