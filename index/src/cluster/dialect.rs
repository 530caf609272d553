//! Queries of the cluster: what a compiled query is made of there.
//!
//! In: parts of a query. Out: JSON of `bool`, `term`, `terms`, `match_phrase`, `range`, `prefix` and `wildcard`; what needs
//! places stands in `near.rs`. Everything in it was cut here: nothing of what an officer typed is read by the cluster.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use pipelines::query::{NumberRange, TextTest};
use pipelines::record::StoryId;
use pipelines::text::{Cell, cells};
use serde_json::{Map, Value, json};

use super::cut;
use super::document::id_term;
use super::near;
use crate::compile::{Compiled, Dialect, Part, Property};

/// Pairs by which a literal is narrowed down; more cost clauses and narrow little.
const NARROWING: usize = 2;

/// Queries of the cluster.
pub(super) struct ClusterDialect(pub Effort);

/// How much a query says: a cluster takes so many clauses, 1,024 unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Everything it can decide.
    Full,
    /// No places but those within literals, which are not narrowed down.
    Plain,
    /// One term a literal: posts are looked into.
    Loose,
}

/// The field of a text.
pub(super) fn field(part: Part) -> &'static str {
    match part {
        Part::Title => "title",
        Part::Body => "body",
    }
}

/// An object of `parts`, which are moved: `json!` would copy each, and what is nested once more for each level.
pub(super) fn object<const N: usize>(parts: [(&str, Value); N]) -> Value {
    Value::Object(parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect())
}

/// `{kind: {field: value}}`
pub(super) fn on(kind: &str, field: &str, value: impl Into<Value>) -> Value {
    object([(kind, object([(field, value.into())]))])
}

/// Posts of so many of `queries` at least.
fn some_of(queries: Vec<Value>, count: usize) -> Value {
    object([("bool", object([("should", queries.into()), ("minimum_should_match", count.into())]))])
}

/// Posts of any of `queries`: equal values of one field asked for at once.
pub(super) fn any(queries: Vec<Value>) -> Value {
    let mut terms: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut others = Vec::new();
    for query in queries {
        let term = query.get("term").and_then(Value::as_object).and_then(|t| t.iter().next());
        match term {
            Some((field, value)) => terms.entry(field.clone()).or_default().push(value.clone()),
            None => others.push(query),
        }
    }
    others.extend(terms.into_iter().map(|(field, values)| on("terms", &field, values)));
    match others.len() {
        // An empty list of choices would leave everything open.
        0 => json!({"match_none": {}}),
        1 => others.remove(0),
        _ => some_of(others, 1),
    }
}

/// Posts of all of `queries`.
pub(super) fn all(queries: Vec<Value>) -> Value {
    on("bool", "filter", queries)
}

/// Posts of all of `must` and none of `must_not`.
pub(super) fn but(must: Vec<Value>, must_not: Vec<Value>) -> Value {
    object([("bool", object([("filter", must.into()), ("must_not", must_not.into())]))])
}

/// A literal in one text.
pub(super) fn phrase(part: Part, folded: &str) -> Value {
    match cells(folded).nth(1) {
        None => {
            let cell = cells(folded).next();
            let term = cell.map_or(folded.into(), |cell: Cell| cut::term(folded, &cell));
            on("term", field(part), &*term)
        }
        Some(_) => on("match_phrase", field(part), cut::phrase(folded)),
    }
}

impl Dialect for ClusterDialect {
    type Query = Value;

    fn copies(&self, queries: &[Value]) -> Vec<Value> {
        queries.to_vec()
    }

    fn is_loose(&self) -> bool {
        self.0 == Effort::Loose
    }

    fn everything(&self) -> Value {
        json!({"match_all": {}})
    }

    fn nothing(&self) -> Value {
        json!({"match_none": {}})
    }

    fn any(&self, queries: Vec<Value>) -> Value {
        any(queries)
    }

    fn all(&self, queries: Vec<Value>) -> Value {
        all(queries)
    }

    fn but(&self, must: Vec<Value>, must_not: Vec<Value>) -> Value {
        but(must, must_not)
    }

    fn at_least(&self, count: usize, of: Vec<Value>) -> Value {
        some_of(of, count)
    }

    fn closed(&self, parts: &[Part], folded: &str, _closely: bool) -> Value {
        let length = cells(folded).count();
        if length == 0 {
            return self.nothing();
        }
        let pairs: Vec<&str> = cut::pairs(folded).collect();
        if length == 2 && parts.len() == 2 && pairs.len() == 1 {
            return on("term", "pairs", pairs[0]);
        }
        if self.is_loose() && length > 1 {
            return match (pairs.first(), cells(folded).next()) {
                (Some(pair), _) => on("term", "pairs", *pair),
                (None, Some(cell)) => {
                    let term = cut::term(folded, &cell);
                    any(parts.iter().map(|part| on("term", field(*part), &*term)).collect())
                }
                (None, None) => self.nothing(),
            };
        }
        let phrases = any(parts.iter().map(|part| phrase(*part, folded)).collect());
        if pairs.is_empty() || length == 1 || self.0 != Effort::Full {
            return phrases;
        }
        let every = pairs.len().div_ceil(NARROWING);
        let mut clauses: Vec<Value> =
            pairs.iter().step_by(every).map(|pair| on("term", "pairs", *pair)).collect();
        clauses.push(phrases);
        all(clauses)
    }

    fn run(&self, part: Part, run: &str, open_start: bool, open_end: bool) -> Value {
        // Runs are letters and digits: none of them means anything but itself.
        let field = field(part);
        match (open_start, open_end) {
            (true, true) => on("wildcard", field, json!({"value": format!("*{run}*")})),
            (true, false) => on("wildcard", field, json!({"value": format!("*{run}")})),
            (false, true) => on("prefix", field, json!({"value": run})),
            (false, false) => on("term", field, run),
        }
    }

    fn placed(
        &self,
        parts: &[Part],
        test: &TextTest,
        candidates: &dyn Fn() -> Value,
    ) -> Option<Compiled<Value>> {
        (self.0 == Effort::Full).then(|| near::placed(parts, test, candidates)).flatten()
    }

    fn equal(&self, property: Property, value: &str) -> Value {
        let field = match property {
            Property::Source => "source",
            Property::Channel => "channel",
            Property::SiteTree => "site_tree",
            Property::TopicTree => "topic_tree",
            Property::Keyword => "keyword",
            Property::Subject => "subject",
            Property::Polarity => "polarity",
            Property::Reading => "reading",
            Property::Kind => "kind",
            Property::Urgency => "urgency",
            Property::Unsure => "unsure",
            Property::Case => "case",
        };
        on("term", field, value)
    }

    fn story(&self, story: StoryId) -> Value {
        on("term", "story", id_term(story.0.0))
    }

    fn risk(&self, range: RangeInclusive<u32>) -> Value {
        on("range", "risk", json!({"gte": range.start(), "lte": range.end()}))
    }

    fn heat(&self, range: &NumberRange) -> Value {
        let mut bounds = Map::new();
        let ends = [(&range.from, "gte", "gt"), (&range.to, "lte", "lt")];
        for (bound, inclusive, exclusive) in ends {
            if let Some(bound) = bound {
                let name = if bound.inclusive { inclusive } else { exclusive };
                bounds.insert(name.to_owned(), bound.value.into());
            }
        }
        on("range", "heat", bounds)
    }

    fn time(&self, from: Option<i64>, to: Option<i64>) -> Value {
        let mut bounds = Map::new();
        for (bound, name) in [(from, "gte"), (to, "lt")] {
            bounds.extend(bound.map(|micros| (name.to_owned(), micros.into())));
        }
        if bounds.is_empty() { self.everything() } else { on("range", "time", bounds) }
    }
}
