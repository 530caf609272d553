//! The one query language: of search, saved searches, topics, rules and digests.
//!
//! In: what an officer typed, and a [`Context`] (now, zone, subjects, segmenter). Out: a [`Query`], or a
//! [`QueryError`] that marks the place and says what was expected. A query is read in memory against a
//! [`Target`], many at once in a [`QuerySet`], compiled by the index, and explained in words. Refuses what
//! it cannot read rather than guess: a query never silently means something else.
//!
//! # Grammar
//!
//! Signs may be half or full width. From tightest to loosest:
//!
//! | | |
//! |---|---|
//! | operand | `词` · `"短 语"` `“…”` `「…」` `『…』` · `( … )` · `/regex/` · `@主体` · `field:value` · `word:词` · `words:(…)` · `2 OF (a, b, c)` |
//! | `*` | touching a word or phrase: opens the latin or digit run at that end (`*ai*`) |
//! | `{n,}` `{n,m}` | after a word, phrase or group: so many times |
//! | NOT | `-a` `!a` `NOT a` |
//! | near | `a NEAR/20 b` · `a ONEAR/20 b` · `a 同句 b` = `a SAMES b` · `a 同段 b` = `a SAMEP b`; read from the left; `a NEAR/5 b` stands where `b` stands |
//! | AND | blank, `+` or `AND` |
//! | OR | `\|` or `OR` |
//!
//! Keywords are upper case. `\` before any character takes it as text, in words and in quotes; inside
//! quotes only `\` and the quote are special. Inside `title:(…)` and `body:(…)` stands any expression
//! without fields; in `source:(a|b)` several values. A word may hold any other punctuation (`PM2.5`,
//! `3-5号`), but not begin with `-` or `!`, and `: , 、` need quotes.

mod ast;
mod context;
mod error;
mod explain;
mod field;
mod gate;
mod literal;
mod matching;
mod naming;
mod operand;
mod parse;
mod places;
mod scan;
mod set;
mod show;
mod sight;
mod target;
mod time;
mod trie;
mod why;

pub use ast::{
    Alias, Bound, FieldTest, Literal, Node, NumberRange, Pattern, Regexp, Scope, TextTest,
    TimeRange, Unit, WordsTest,
};
pub use context::{Context, Name, SharedNaming};
pub use error::QueryError;
pub(crate) use naming::sentence_around;
pub use naming::{Named, Naming};
pub use set::{QuerySet, QuerySetError};
pub use target::{Facts, Target};
pub use why::why;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use target::Asked;

use crate::locale::Lang;
use crate::record::Span;

/// A query that was read and may be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    root: Node,
    source: String,
}

/// Reads `input`.
///
/// # Errors
///
/// The first thing that cannot be read, with its place and what was expected.
pub fn parse(input: &str, context: &Context) -> Result<Query, QueryError> {
    let root = parse::parse_tree(input, context)?;
    Ok(Query { root, source: input.to_owned() })
}

/// Reads the query of a rule or a route: a polarity in doubt counts as either of its readings there, so that no alert is missed
/// because of a doubt. What is asked for to be absent is absent only where it is the first reading.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_rule(input: &str, context: &Context) -> Result<Query, QueryError> {
    let query = parse(input, context)?;
    Ok(Query { root: either_reading(query.root), ..query })
}

fn either_reading(node: Node) -> Node {
    let each = |parts: Vec<Node>| parts.into_iter().map(either_reading).collect();
    match node {
        Node::All(parts) => Node::All(each(parts)),
        Node::Any(parts) => Node::Any(each(parts)),
        Node::AtLeast { count, of } => Node::AtLeast { count, of: each(of) },
        Node::Field(FieldTest::Polarity(polarity)) => Node::Field(FieldTest::Reading(polarity)),
        Node::Not(_) | Node::Text(_) | Node::Words(_) | Node::Field(_) => node,
    }
}

impl Query {
    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// As typed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The words of `target` that meet the query, on its original text, ordered by field and place,
    /// none inside another, at most 1,000; `None` where it does not meet it. May be empty for a query of fields alone.
    #[must_use]
    pub fn matches(&self, target: &Target) -> Option<Vec<Span>> {
        self.matches_asked(Asked::plain(target))
    }

    /// Whether `target` meets the query.
    #[must_use]
    pub fn accepts(&self, target: &Target) -> bool {
        matching::accepts(&self.root, Asked::plain(target))
    }

    fn matches_asked(&self, asked: Asked) -> Option<Vec<Span>> {
        matching::spans(&self.root, asked)
    }

    /// What was understood: the tree, its meaning in words, what it costs, whom its names stand for.
    #[must_use]
    pub fn explain(&self, lang: Lang) -> String {
        explain::explain(&self.root, lang)
    }

    /// What it means, as a sentence.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        explain::describe(&self.root, lang)
    }

    /// Folded literals of which one must occur in the folded title or body, as a plain substring, for a
    /// post to meet the query; `None` if no such set can be told. A cheap first test, never the last.
    #[must_use]
    pub fn required_literals(&self) -> Option<Vec<String>> {
        gate::required(&self.root)
    }

    /// Whether it holds times reckoned from the present (`published:7d`): such a query must be parsed anew
    /// as time goes on.
    #[must_use]
    pub fn depends_on_now(&self) -> bool {
        self.fields().iter().any(|test| matches!(test, FieldTest::Published(r) if r.is_relative))
    }

    /// The same query of the posts from `from` on and before `to`; `zone` is that in which this is shown.
    #[must_use]
    pub fn during(&self, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, zone: Tz) -> Self {
        let span = FieldTest::Published(Box::new(time::span(from, to, zone)));
        let root = Node::All(vec![self.root.clone(), Node::Field(span)]);
        let source = root.to_string();
        Self { root, source }
    }

    /// The posts that meet this query and `other`.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let root = Node::All(vec![self.root.clone(), other.root.clone()]);
        let source = root.to_string();
        Self { root, source }
    }

    /// Every field test in it, wherever it stands; `check` holds sources and topics against config.
    #[must_use]
    pub fn fields(&self) -> Vec<&FieldTest> {
        let mut out = Vec::new();
        let mut open = vec![&self.root];
        while let Some(node) = open.pop() {
            match node {
                Node::All(parts) | Node::Any(parts) | Node::AtLeast { of: parts, .. } => {
                    open.extend(parts.iter().rev());
                }
                Node::Not(inner) => open.push(inner),
                Node::Field(test) => out.push(test),
                Node::Text(_) | Node::Words(_) => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
