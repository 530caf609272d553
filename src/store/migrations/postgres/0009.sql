-- Schema 9: officers correct more than polarity: a row for each post and field, with who said it. Who said what stands
-- already is in the audit, where it was noted.
CREATE TABLE corrections_9 (
  post  BIGINT NOT NULL,
  field TEXT   COLLATE "C" NOT NULL,        -- 'polarity', 'kind', 'urgency', 'topics', 'subject'
  value TEXT   COLLATE "C" NOT NULL,        -- what it is: a name, a number, names with commas between, '+id' and '-id'
  who   TEXT   COLLATE "C" NOT NULL,        -- empty where it was not noted
  at    BIGINT NOT NULL,
  PRIMARY KEY (post, field)
);
INSERT INTO corrections_9 (post, field, value, who, at)
SELECT post, 'polarity', polarity, COALESCE(
  (SELECT who FROM audit WHERE action = 'label' AND object = lpad(to_hex(post), 16, '0') ORDER BY id DESC LIMIT 1), ''), at
FROM corrections;
DROP TABLE corrections;
ALTER TABLE corrections_9 RENAME TO corrections;
ALTER INDEX corrections_9_pkey RENAME TO corrections_pkey;
