//! tantivy with each character and each two neighbours as terms, with their places: the plain way to find every
//! literal. Its own n-gram tokenizer gives every gram the place 0, so this one is written here.

use std::path::Path;
use std::time::Instant;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{Index, IndexReader, IndexWriter, Order, TantivyDocument, Term};

use crate::{Asked, Peer, Text};

struct Grams {
    reader: IndexReader,
    text: Field,
}

pub fn build(dir: &Path, texts: Vec<Text>) -> Box<dyn Peer> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("grams")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let time = schema.add_i64_field("time", FAST);
    let index = Index::create_in_dir(dir, schema.build()).expect("a fresh directory");
    index.tokenizers().register("grams", TextAnalyzer::builder(GramTokenizer).build());
    let mut writer: IndexWriter = index.writer_with_num_threads(2, 600 << 20).expect("a writer");
    for post in texts {
        let mut doc = TantivyDocument::new();
        doc.add_text(text, &post.body);
        doc.add_i64(time, post.micros);
        writer.add_document(doc).expect("posts can be indexed");
    }
    writer.commit().expect("the index can be committed");
    writer.wait_merging_threads().expect("merges end");
    Box::new(Grams { reader: index.reader().expect("a reader"), text })
}

impl Grams {
    fn literal(&self, literal: &str) -> Box<dyn Query> {
        let chars: Vec<char> = literal.chars().collect();
        let term =
            |gram: &[char]| Term::from_field_text(self.text, &gram.iter().collect::<String>());
        if chars.len() <= 2 {
            return Box::new(TermQuery::new(term(&chars), IndexRecordOption::Basic));
        }
        // Every second pair, and the last.
        let last = chars.len() - 2;
        let at = (0..last).step_by(2).chain([last]);
        Box::new(PhraseQuery::new_with_offset(
            at.map(|at| (at, term(&chars[at..at + 2]))).collect(),
        ))
    }
}

impl Peer for Grams {
    fn ask(&mut self, asked: &Asked) -> (u64, f64) {
        let start = Instant::now();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> =
            asked.all.iter().map(|l| (Occur::Must, self.literal(l))).collect();
        if !asked.any.is_empty() {
            let any = asked.any.iter().map(|l| self.literal(l)).collect();
            clauses.push((Occur::Must, Box::new(BooleanQuery::union(any))));
        }
        clauses.extend(asked.not.iter().map(|l| (Occur::MustNot, self.literal(l))));
        let query: Box<dyn Query> = match clauses.len() {
            1 => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        };
        let newest = TopDocs::with_limit(20).order_by_fast_field::<i64>("time", Order::Desc);
        let found = self.reader.searcher().search(&query, &(Count, newest)).expect("an answer");
        (found.0 as u64, start.elapsed().as_secs_f64())
    }
}

#[derive(Clone)]
struct GramTokenizer;

impl Tokenizer for GramTokenizer {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        GramStream { rest: text, at: 0, is_pair: false, token: Token::default() }
    }
}

struct GramStream<'a> {
    rest: &'a str,
    at: usize,
    /// Whether the pair at the front is due, its character being out already.
    is_pair: bool,
    token: Token,
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        let mut ends = self.rest.char_indices().skip(1).map(|(at, _)| at);
        let (first, second) = (ends.next(), ends.next());
        let whole = self.rest.len();
        let end = match (self.is_pair, first) {
            (false, _) if whole == 0 => return false,
            (false, first) => first.unwrap_or(whole),
            (true, Some(_)) => second.unwrap_or(whole),
            (true, None) => return false,
        };
        self.token.text.clear();
        self.token.text.push_str(&self.rest[..end]);
        self.token.position = self.at;
        if self.is_pair {
            self.rest = &self.rest[first.unwrap_or(whole)..];
            self.at += 1;
        }
        self.is_pair = !self.is_pair;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
