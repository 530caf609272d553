-- Schema 9: officers correct more than polarity: a row for each post and field, with who said it. Who said what stands
-- already is in the audit, where it was noted.
CREATE TABLE corrections_9 (
  post  INTEGER NOT NULL,
  field TEXT    NOT NULL,        -- 'polarity', 'kind', 'urgency', 'topics', 'subject'
  value TEXT    NOT NULL,        -- what it is: a name, a number, names with commas between, '+id' and '-id'
  who   TEXT    NOT NULL,        -- empty where it was not noted
  at    INTEGER NOT NULL,
  PRIMARY KEY (post, field)
) STRICT;
INSERT INTO corrections_9 (post, field, value, who, at)
SELECT post, 'polarity', polarity, COALESCE(
  (SELECT who FROM audit WHERE action = 'label' AND object = printf('%016x', post) ORDER BY id DESC LIMIT 1), ''), at
FROM corrections;
DROP TABLE corrections;
ALTER TABLE corrections_9 RENAME TO corrections;
