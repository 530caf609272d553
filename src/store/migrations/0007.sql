-- Schema 7: posts that name a subject are found without reading the others: what a digest of a month reads. The test is
-- the one of `each_mentioning`, word for word; no text can hold the sign, since in JSON its quotation marks are escaped.
CREATE INDEX posts_naming ON posts (time) WHERE instr(record, '"mentions":[]') = 0;
