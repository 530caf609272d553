-- Schema 7: posts that name a subject, by time. The words are those of `posts::NAMES_A_SUBJECT`, as this server has them.
CREATE INDEX posts_naming ON posts (time, id) WHERE strpos(record, '"mentions":[]') = 0;
