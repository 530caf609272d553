//! The fields of the index.
//!
//! In: an `IndexedPost`. Out: a tantivy document. `pairs` holds each two neighbouring cells of title and
//! body, documents only: it narrows down literals, and answers those of two cells. `title` and `body` hold
//! the cells of each with their positions, which decide the rest. No text is stored: the store has it.

use pipelines::record::{AnnotatedPost, PostId};
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::tokenize;

/// Raised whenever the fields, their tokenisers or the meaning of a value change.
pub(crate) const SCHEMA_VERSION: u32 = 5;

/// Name of the field that segments are sorted by, newest first.
pub(crate) const TIME: &str = "time";

/// A post as the index takes it: the annotated post and what the store knows besides.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedPost {
    /// The post with its verdicts.
    pub post: AnnotatedPost,
    /// Heat of its story at the time of indexing.
    pub heat: f32,
    /// The case it belongs to.
    pub case: Option<String>,
}

/// One change to the index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Add the post, or replace what is indexed under its id.
    Put(Box<IndexedPost>),
    /// Remove the post; unknown ids are fine.
    Delete(PostId),
}

/// `text` and what is left of it after each `separator`.
pub(crate) fn tails(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let starts = text.match_indices(separator).map(|(i, s)| i + s.len());
    std::iter::once(0).chain(starts).map(|start| &text[start..])
}

/// All fields by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub id: Field,
    pub time: Field,
    pub story: Field,
    pub source: Field,
    pub channel: Field,
    pub site: Field,
    pub polarity: Field,
    /// The polarity, and the other reading of one in doubt.
    pub reading: Field,
    pub kind: Field,
    /// 0 to 3 as text: few values, asked for by range and counted.
    pub urgency: Field,
    /// `yes` or `no`: whether the polarity is in doubt.
    pub unsure: Field,
    pub topic: Field,
    pub keyword: Field,
    pub subject: Field,
    pub risk: Field,
    pub heat: Field,
    pub case: Field,
    /// The site and every domain above it.
    pub site_tree: Field,
    /// The topics and every class above them.
    pub topic_tree: Field,
    /// Pairs of title and body.
    pub pairs: Field,
    /// Cells of the title, and of the body.
    pub title: Field,
    pub body: Field,
}

fn text(tokenizer: &str, record: IndexRecordOption, norms: bool) -> TextOptions {
    TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(record)
            .set_fieldnorms(norms),
    )
}

impl Fields {
    /// The schema and its fields.
    pub fn build() -> (Schema, Self) {
        let mut b = Schema::builder();
        let pairs = text("pairs", IndexRecordOption::Basic, false);
        let cells = |norms| text("cells", IndexRecordOption::WithFreqsAndPositions, norms);
        let fields = Self {
            id: b.add_u64_field("id", INDEXED | FAST),
            time: b.add_i64_field(TIME, FAST),
            story: b.add_u64_field("story", INDEXED | FAST),
            source: b.add_text_field("source", STRING | FAST),
            channel: b.add_text_field("channel", STRING | FAST),
            site: b.add_text_field("site", STRING | FAST),
            polarity: b.add_text_field("polarity", STRING | FAST),
            reading: b.add_text_field("reading", STRING),
            kind: b.add_text_field("kind", STRING | FAST),
            urgency: b.add_text_field("urgency", STRING | FAST),
            unsure: b.add_text_field("unsure", STRING | FAST),
            topic: b.add_text_field("topic", STRING | FAST),
            keyword: b.add_text_field("keyword", STRING | FAST),
            subject: b.add_text_field("subject", STRING | FAST),
            risk: b.add_u64_field("risk", FAST),
            heat: b.add_f64_field("heat", FAST),
            case: b.add_text_field("case", STRING),
            site_tree: b.add_text_field("site_tree", STRING),
            topic_tree: b.add_text_field("topic_tree", STRING),
            pairs: b.add_text_field("pairs", pairs),
            title: b.add_text_field("title", cells(false)),
            // Its length is what ranks are weighed by.
            body: b.add_text_field("body", cells(true)),
        };
        (b.build(), fields)
    }

    /// The document of one post.
    pub fn document(&self, indexed: &IndexedPost) -> TantivyDocument {
        let IndexedPost { post: annotated, heat, case } = indexed;
        let post = &annotated.post;
        let mut doc = TantivyDocument::new();
        doc.add_u64(self.id, post.id.0);
        doc.add_i64(self.time, post.time().timestamp_micros());
        doc.add_u64(self.story, annotated.story.0.0);
        doc.add_text(self.source, post.source.as_str());
        doc.add_text(self.channel, post.channel.as_str());
        doc.add_text(self.site, &post.site);
        let (shown, _) = annotated.shown();
        doc.add_text(self.polarity, shown.polarity.as_str());
        for reading in std::iter::once(shown.polarity).chain(shown.other) {
            doc.add_text(self.reading, reading.as_str());
        }
        doc.add_text(self.unsure, if shown.is_unsure() { "yes" } else { "no" });
        if let Some(filing) = &annotated.filing {
            doc.add_text(self.kind, filing.kind.as_str());
            doc.add_text(self.urgency, filing.urgency.to_string());
        }
        for domain in tails(&post.site, '.') {
            doc.add_text(self.site_tree, domain);
        }
        for hit in &annotated.topics {
            let topic = hit.topic.as_str();
            doc.add_text(self.topic, topic);
            for (end, _) in topic.match_indices('/') {
                doc.add_text(self.topic_tree, &topic[..end]);
            }
            doc.add_text(self.topic_tree, topic);
        }
        for keyword in &annotated.words.keywords {
            doc.add_text(self.keyword, &keyword.word);
        }
        for mention in &annotated.mentions {
            doc.add_text(self.subject, mention.subject.as_str());
        }
        doc.add_u64(self.risk, u64::from(annotated.risk.score));
        doc.add_f64(self.heat, f64::from(*heat));
        if let Some(case) = case {
            doc.add_text(self.case, case);
        }
        for (cells, original) in [(self.title, &post.title), (self.body, &post.text)] {
            let value = tokenize::value(original);
            doc.add_text(self.pairs, &value);
            doc.add_text(cells, &value);
        }
        doc
    }
}
