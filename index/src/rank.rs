//! How much is said of the words asked for: BM25.
//!
//! In: segmented words of a query. Out: a score by document. A word counts where its characters stand, so
//! that ranks, like finds, do not hang on the dictionary the posts were cut by. Words of one character are
//! a third of all and say little: they are left out. Documents must be asked for in ascending order.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::{DocId, Searcher, SegmentReader, Term};

use pipelines::text::cells;

use crate::error::IndexError;
use crate::literal::pairs;
use crate::phrase::{Phrase, PhraseCursor};
use crate::schema::Fields;
use crate::tokenize::cell_term;

/// How soon more of the same word says no more; the usual value.
const K1: f32 = 1.2;
/// How much a long text weighs less; the usual value.
const B: f32 = 0.75;

/// The words of one query over one state of the index.
pub(crate) struct Rank {
    fields: Fields,
    words: Vec<Word>,
    mean_length: f32,
}

struct Word {
    weight: f32,
    phrases: [Phrase; 2],
}

impl Rank {
    /// Ranks by `words` (folded).
    pub fn new(fields: Fields, searcher: &Searcher, words: &[String]) -> Result<Self, IndexError> {
        let posts = searcher.segment_readers().iter().map(|r| u64::from(r.max_doc())).sum::<u64>();
        let mut cells = 0;
        for reader in searcher.segment_readers() {
            cells += reader.inverted_index(fields.body)?.total_num_tokens();
        }
        let mut ranked = Vec::with_capacity(words.len());
        for word in words.iter().filter(|word| word.chars().nth(1).is_some()) {
            let phrases = (Phrase::new(fields.title, word), Phrase::new(fields.body, word));
            let (Some(title), Some(body)) = phrases else { continue };
            let having = having(&fields, searcher, word)?.min(posts) as f32;
            let weight = (1.0 + (posts as f32 - having + 0.5) / (having + 0.5)).ln();
            ranked.push(Word { weight, phrases: [title, body] });
        }
        let mean_length = (cells as f32 / posts.max(1) as f32).max(1.0);
        Ok(Self { fields, words: ranked, mean_length })
    }

    /// The ranks of one segment.
    pub fn segment(&self, reader: &SegmentReader) -> Result<SegmentRank, IndexError> {
        let mut words = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let mut cursors = Vec::with_capacity(2);
            for phrase in &word.phrases {
                cursors.extend(phrase.cursor(reader)?);
            }
            words.push((word.weight, cursors));
        }
        let lengths = reader.get_fieldnorms_reader(self.fields.body)?;
        Ok(SegmentRank { words, lengths, mean_length: self.mean_length })
    }
}

/// How many posts have `word`; where it is of several parts, at most so many: as its rarest.
fn having(fields: &Fields, searcher: &Searcher, word: &str) -> Result<u64, IndexError> {
    let mut rarest = u64::MAX;
    for pair in pairs(fields.pairs, word) {
        rarest = rarest.min(searcher.doc_freq(&pair)?);
    }
    for cell in cells(word) {
        let mut posts = 0;
        for text in [fields.title, fields.body] {
            let cell = cell_term(word, &cell);
            posts += searcher.doc_freq(&Term::from_field_text(text, &cell))?;
        }
        rarest = rarest.min(posts);
    }
    Ok(rarest)
}

/// Scores the documents of one segment.
pub(crate) struct SegmentRank {
    words: Vec<(f32, Vec<PhraseCursor>)>,
    lengths: FieldNormReader,
    mean_length: f32,
}

impl SegmentRank {
    /// The score of `doc`.
    pub fn score(&mut self, doc: DocId) -> f32 {
        let length = self.lengths.fieldnorm(doc) as f32 / self.mean_length;
        let bound = K1 * (1.0 - B + B * length);
        let mut score = 0.0;
        for (weight, texts) in &mut self.words {
            let times: usize = texts.iter_mut().map(|text| text.places(doc).len()).sum();
            score += *weight * times as f32 * (1.0 + K1) / (times as f32 + bound);
        }
        score
    }
}
