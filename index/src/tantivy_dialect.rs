//! Queries of tantivy: what a compiled query is made of where the index lies in a folder.
//!
//! In: parts of a query. Out: tantivy queries over the fields of one generation. What is looked for in texts stands in
//! `literal.rs`, `places.rs` and `runs.rs`.

use std::ops::{Bound, RangeInclusive};

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use pipelines::query::{NumberRange, TextTest};
use pipelines::record::StoryId;

use crate::compile::{Compiled, Dialect, Part, Property};
use crate::literal::LiteralQuery;
use crate::places::{Places, PlacesQuery};
use crate::runs::RunsQuery;
use crate::schema::Fields;
use crate::timerange::TimeRangeQuery;

type Boxed = Box<dyn Query>;

/// Queries over one set of fields.
pub(crate) struct TantivyDialect(pub Fields);

impl TantivyDialect {
    fn texts(&self, parts: &[Part]) -> Vec<Field> {
        parts.iter().map(|part| self.text(*part)).collect()
    }

    fn text(&self, part: Part) -> Field {
        match part {
            Part::Title => self.0.title,
            Part::Body => self.0.body,
        }
    }
}

impl Dialect for TantivyDialect {
    type Query = Boxed;

    fn copies(&self, queries: &[Boxed]) -> Vec<Boxed> {
        queries.iter().map(|query| query.box_clone()).collect()
    }

    fn everything(&self) -> Boxed {
        Box::new(AllQuery)
    }

    fn nothing(&self) -> Boxed {
        Box::new(EmptyQuery)
    }

    fn any(&self, queries: Vec<Boxed>) -> Boxed {
        Box::new(BooleanQuery::union(queries))
    }

    fn all(&self, queries: Vec<Boxed>) -> Boxed {
        Box::new(BooleanQuery::intersection(queries))
    }

    fn but(&self, mut must: Vec<Boxed>, must_not: Vec<Boxed>) -> Boxed {
        if must.is_empty() {
            must.push(self.everything());
        }
        let clauses = must.into_iter().map(|query| (Occur::Must, query));
        let excluded = must_not.into_iter().map(|query| (Occur::MustNot, query));
        Box::new(BooleanQuery::new(clauses.chain(excluded).collect()))
    }

    fn at_least(&self, count: usize, of: Vec<Boxed>) -> Boxed {
        Box::new(BooleanQuery::union_with_minimum_required_clauses(of, count))
    }

    fn closed(&self, parts: &[Part], folded: &str, closely: bool) -> Boxed {
        let make = if closely { LiteralQuery::new } else { LiteralQuery::loosely };
        match make(&self.0, &self.texts(parts), folded) {
            Some(query) => Box::new(query),
            None => self.nothing(),
        }
    }

    fn run(&self, part: Part, run: &str, open_start: bool, open_end: bool) -> Boxed {
        Box::new(RunsQuery { field: self.text(part), part: run.to_owned(), open_start, open_end })
    }

    fn placed(
        &self,
        parts: &[Part],
        test: &TextTest,
        candidates: &dyn Fn() -> Boxed,
    ) -> Option<Compiled<Boxed>> {
        let texts = self.texts(parts).into_iter();
        let texts = texts.map(|text| Some((text, Places::new(text, &test.pattern)?)));
        let texts: Vec<(Field, Places)> = texts.collect::<Option<_>>()?;
        let (min, max) = (test.min, test.max);
        let query = PlacesQuery { candidates: candidates(), texts, min, max };
        Some(Compiled::exact(Box::new(query)))
    }

    fn equal(&self, property: Property, value: &str) -> Boxed {
        let f = &self.0;
        let field = match property {
            Property::Source => f.source,
            Property::Channel => f.channel,
            Property::SiteTree => f.site_tree,
            Property::TopicTree => f.topic_tree,
            Property::Keyword => f.keyword,
            Property::Subject => f.subject,
            Property::Polarity => f.polarity,
            Property::Reading => f.reading,
            Property::Kind => f.kind,
            Property::Urgency => f.urgency,
            Property::Unsure => f.unsure,
            Property::Case => f.case,
        };
        let term = Term::from_field_text(field, value);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    fn story(&self, story: StoryId) -> Boxed {
        let term = Term::from_field_u64(self.0.story, story.0.0);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    fn risk(&self, range: RangeInclusive<u32>) -> Boxed {
        let bound = |risk: u32| Bound::Included(Term::from_field_u64(self.0.risk, u64::from(risk)));
        numbers(bound(*range.start()), bound(*range.end()))
    }

    fn heat(&self, range: &NumberRange) -> Boxed {
        let heat = self.0.heat;
        let bound = |b: &Option<pipelines::query::Bound>| match b {
            Some(b) if b.inclusive => Bound::Included(Term::from_field_f64(heat, b.value)),
            Some(b) => Bound::Excluded(Term::from_field_f64(heat, b.value)),
            None => Bound::Unbounded,
        };
        numbers(bound(&range.from), bound(&range.to))
    }

    fn time(&self, from: Option<i64>, to: Option<i64>) -> Boxed {
        Box::new(TimeRangeQuery { from, to })
    }
}

fn numbers(from: Bound<Term>, to: Bound<Term>) -> Boxed {
    Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(from, to)), 1.0))
}
