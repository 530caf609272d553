-- Since when each rare word is known; a word stays known when its posts are purged.
CREATE TABLE terms (
    term TEXT PRIMARY KEY,
    first_seen INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
