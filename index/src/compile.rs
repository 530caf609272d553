//! From the tree of a query to a tantivy query.
//!
//! In: a `Node`. Out: a tantivy query, and in which of its documents there is a doubt whether they match. The
//! documents hold all posts that match; those in doubt must be looked into by the in-memory matcher: all of
//! them for regular expressions, word boundaries, and open ends in company; for names of subjects only those
//! that hold a word by which a name may be another's. Refuses nothing: what it cannot narrow down it leaves open.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use pipelines::query::{
    FieldTest, Literal, Node, NumberRange, Pattern, Scope, TextTest, TimeRange,
};
use pipelines::text::{Cell, Segmenter, cells};

use crate::literal::{LiteralQuery, has_open_run};
use crate::places::{Places, PlacesQuery};
use crate::runs::RunsQuery;
use crate::schema::Fields;
use crate::timerange::TimeRangeQuery;

/// A compiled query.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub query: Box<dyn Query>,
    pub doubt: Doubt,
}

/// Which of the documents of a query may not match.
#[derive(Debug)]
pub(crate) enum Doubt {
    /// None: they are exactly those that match.
    Nowhere,
    /// Those that are documents of this query as well.
    In(Box<dyn Query>),
    /// Any.
    Everywhere,
}

impl Doubt {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Everywhere) => Self::Everywhere,
            (Self::Nowhere, doubt) | (doubt, Self::Nowhere) => doubt,
            (Self::In(one), Self::In(other)) => Self::In(any(vec![one, other])),
        }
    }
}

impl Compiled {
    fn exact(query: impl Query) -> Self {
        Self { query: Box::new(query), doubt: Doubt::Nowhere }
    }

    fn unsure(query: Box<dyn Query>) -> Self {
        Self { query, doubt: Doubt::Everywhere }
    }
}

/// Compiles for one set of fields.
pub(crate) struct Compiler {
    pub fields: Fields,
}

impl Compiler {
    /// The query of a tree.
    pub fn node(&self, node: &Node) -> Compiled {
        match node {
            Node::All(nodes) => self.all(nodes),
            Node::Any(nodes) => combined(nodes.iter().map(|n| self.node(n)), any),
            Node::Not(inner) => self.all(std::slice::from_ref(&Node::Not(inner.clone()))),
            Node::AtLeast { count, of } => combined(of.iter().map(|n| self.node(n)), |queries| {
                Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, *count))
            }),
            Node::Text(test) => self.text(test),
            Node::Words(test) => {
                let tests = test.words.iter().map(|word| TextTest {
                    scope: test.scope,
                    pattern: Pattern::Literal(word.clone()),
                    min: 1,
                    max: None,
                });
                combined(tests.map(|t| self.text(&t)), all)
            }
            Node::Field(test) => self.field(test),
        }
    }

    fn all(&self, nodes: &[Node]) -> Compiled {
        let mut doubt = Doubt::Nowhere;
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for node in nodes {
            let Node::Not(inner) = node else {
                let compiled = self.node(node);
                doubt = doubt.and(compiled.doubt);
                clauses.push((Occur::Must, compiled.query));
                continue;
            };
            let Compiled { query, doubt: of_inner } = self.node(inner);
            // What may hold too much must not exclude: the matcher will.
            match &of_inner {
                Doubt::Nowhere => clauses.push((Occur::MustNot, query)),
                Doubt::In(doubtful) => {
                    let sure = vec![(Occur::Must, query), (Occur::MustNot, doubtful.box_clone())];
                    clauses.push((Occur::MustNot, Box::new(BooleanQuery::new(sure))));
                }
                Doubt::Everywhere => {}
            }
            doubt = doubt.and(of_inner);
        }
        if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        let query: Box<dyn Query> = match clauses.len() {
            1 => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        };
        Compiled { query, doubt }
    }

    fn texts(&self, scope: Scope) -> Vec<Field> {
        match scope {
            Scope::Both => vec![self.fields.title, self.fields.body],
            Scope::Title => vec![self.fields.title],
            Scope::Body => vec![self.fields.body],
        }
    }

    fn text(&self, test: &TextTest) -> Compiled {
        let texts = self.texts(test.scope);
        let doubt = self.doubt(&texts, &test.pattern);
        let is_once = test.min == 1 && test.max.is_none();
        if is_once && is_exact(&test.pattern) {
            return Compiled { query: self.candidates(&texts, &test.pattern, true), doubt };
        }
        let recipes: Option<Vec<(Field, Places)>> =
            texts.iter().map(|t| Some((*t, Places::new(*t, &test.pattern)?))).collect();
        // Places that do not count may stand in the way of those that do when they are counted.
        let recipes = recipes.filter(|_| is_once || matches!(doubt, Doubt::Nowhere));
        let candidates = self.candidates(&texts, &test.pattern, recipes.is_none());
        match recipes {
            Some(texts) => {
                let query = PlacesQuery { candidates, texts, min: test.min, max: test.max };
                Compiled { query: Box::new(query), doubt }
            }
            None => Compiled::unsure(candidates),
        }
    }

    /// Where a name in `pattern` may be another's.
    fn doubt(&self, texts: &[Field], pattern: &Pattern) -> Doubt {
        match pattern {
            Pattern::Alias(alias) if alias.doubts.is_empty() => Doubt::Nowhere,
            Pattern::Alias(alias) => {
                let words = alias.doubts.iter().map(|word| self.literal(texts, word, true));
                Doubt::In(any(words.collect()))
            }
            Pattern::Either(all) => {
                let doubts = all.iter().map(|pattern| self.doubt(texts, pattern));
                doubts.fold(Doubt::Nowhere, Doubt::and)
            }
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                self.doubt(texts, left).and(self.doubt(texts, right))
            }
            Pattern::Literal(_) | Pattern::Word(_) | Pattern::Regex(_) => Doubt::Nowhere,
        }
    }

    /// Posts in one of whose `texts` a pattern may occur: all in which it does, and others. `closely`
    /// looks at the places of literals, which is not worth it where they are looked at anyway.
    fn candidates(&self, texts: &[Field], pattern: &Pattern, closely: bool) -> Box<dyn Query> {
        let literal = |l: &Literal| self.literal(texts, l, closely);
        let part = |p: &Pattern| self.candidates(texts, p, closely);
        match pattern {
            Pattern::Literal(l) | Pattern::Word(l) => literal(l),
            Pattern::Regex(regexp) if regexp.required.is_empty() => Box::new(AllQuery),
            Pattern::Regex(regexp) => {
                let open = |required: &String| Literal {
                    text: required.clone(),
                    open_start: true,
                    open_end: true,
                };
                any(regexp.required.iter().map(|r| literal(&open(r))).collect())
            }
            Pattern::Alias(alias) => any(alias.names.iter().map(literal).collect()),
            Pattern::Either(patterns) => any(patterns.iter().map(part).collect()),
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                all(vec![part(left), part(right)])
            }
        }
    }

    /// Posts in one of whose `texts` a literal stands; where an end of several cells is open, posts that
    /// hold its closed inside and runs that fit its ends.
    fn literal(&self, texts: &[Field], literal: &Literal, closely: bool) -> Box<dyn Query> {
        if has_open_run(literal) {
            return any(texts.iter().map(|text| self.open(*text, literal)).collect());
        }
        self.closed(texts, &literal.text, closely)
    }

    fn closed(&self, texts: &[Field], folded: &str, closely: bool) -> Box<dyn Query> {
        let make = if closely { LiteralQuery::new } else { LiteralQuery::loosely };
        match make(&self.fields, texts, folded) {
            Some(query) => Box::new(query),
            None => Box::new(EmptyQuery),
        }
    }

    fn open(&self, text: Field, literal: &Literal) -> Box<dyn Query> {
        let folded = &literal.text;
        let all_cells: Vec<Cell> = cells(folded).collect();
        let (first, last) = (all_cells[0], all_cells[all_cells.len() - 1]);
        let run = |cell: Cell, open_start, open_end| -> Box<dyn Query> {
            let part = folded[cell.start..cell.end].to_owned();
            Box::new(RunsQuery { field: text, part, open_start, open_end })
        };
        if all_cells.len() == 1 {
            return run(first, literal.open_start, literal.open_end);
        }
        let (mut inside, mut clauses) = (all_cells.as_slice(), Vec::new());
        if literal.open_start && first.is_word {
            clauses.push(run(first, true, false));
            inside = &inside[1..];
        }
        if literal.open_end && last.is_word {
            clauses.push(run(last, false, true));
            inside = &inside[..inside.len() - 1];
        }
        if let (Some(from), Some(to)) = (inside.first(), inside.last()) {
            clauses.push(self.closed(&[text], &folded[from.start..to.end], true));
        }
        all(clauses)
    }

    fn field(&self, test: &FieldTest) -> Compiled {
        let f = &self.fields;
        match test {
            FieldTest::Source(source) => term(f.source, source.as_str()),
            FieldTest::Channel(channel) => term(f.channel, channel.as_str()),
            FieldTest::Site(host) => term(f.site_tree, host),
            FieldTest::Topic(topic) => term(f.topic_tree, topic.as_str()),
            FieldTest::Keyword(word) => term(f.keyword, word),
            FieldTest::Subject(subjects) => {
                combined(subjects.iter().map(|subject| term(f.subject, subject.as_str())), any)
            }
            FieldTest::Polarity(polarity) => term(f.polarity, polarity.as_str()),
            FieldTest::Kind(kind) => term(f.kind, kind.as_str()),
            FieldTest::Urgency(range) => {
                let levels = 0..=pipelines::record::Filing::MOST_URGENT;
                let wanted = levels.filter(|level| range.contains(f64::from(*level)));
                combined(wanted.map(|level| term(f.urgency, &level.to_string())), any)
            }
            FieldTest::Unsure(unsure) => term(f.unsure, if *unsure { "yes" } else { "no" }),
            FieldTest::Case(case) => term(f.case, case),
            FieldTest::Story(story) => Compiled::exact(TermQuery::new(
                Term::from_field_u64(f.story, story.0.0),
                IndexRecordOption::Basic,
            )),
            FieldTest::Risk(range) => risk(f.risk, range),
            FieldTest::Heat(range) => {
                let bound = |b: &Option<pipelines::query::Bound>| match b {
                    Some(b) if b.inclusive => {
                        Bound::Included(Term::from_field_f64(f.heat, b.value))
                    }
                    Some(b) => Bound::Excluded(Term::from_field_f64(f.heat, b.value)),
                    None => Bound::Unbounded,
                };
                numbers(bound(&range.from), bound(&range.to))
            }
            FieldTest::Published(range) => Compiled::exact(time(range)),
        }
    }
}

fn term(field: Field, value: &str) -> Compiled {
    Compiled::exact(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic))
}

fn numbers(from: Bound<Term>, to: Bound<Term>) -> Compiled {
    if from == Bound::Unbounded && to == Bound::Unbounded {
        return Compiled::exact(AllQuery);
    }
    Compiled::exact(ConstScoreQuery::new(Box::new(RangeQuery::new(from, to)), 1.0))
}

/// Risk is a whole number from 0 to 100; the bounds may be any.
fn risk(field: Field, range: &NumberRange) -> Compiled {
    let mut wanted = (0..=100u32).filter(|risk| range.contains(f64::from(*risk)));
    let Some(from) = wanted.next() else { return Compiled::exact(EmptyQuery) };
    let to = wanted.next_back().unwrap_or(from);
    let bound = |risk: u32| Bound::Included(Term::from_field_u64(field, u64::from(risk)));
    numbers(bound(from), bound(to))
}

/// Times are kept to the microsecond, cut down; bounds are cut up, so that the comparison stays right for
/// posts that have no finer time.
fn time(range: &TimeRange) -> TimeRangeQuery {
    let micros = |t: chrono::DateTime<chrono::Utc>| {
        t.timestamp_micros() + i64::from(!t.timestamp_subsec_nanos().is_multiple_of(1000))
    };
    TimeRangeQuery { from: range.from.map(micros), to: range.to.map(micros) }
}

fn any(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

fn all(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.len() {
        0 => Box::new(AllQuery),
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::intersection(queries)),
    }
}

fn combined(
    parts: impl Iterator<Item = Compiled>,
    join: impl FnOnce(Vec<Box<dyn Query>>) -> Box<dyn Query>,
) -> Compiled {
    let mut doubt = Doubt::Nowhere;
    let mut queries = Vec::new();
    for part in parts {
        doubt = doubt.and(part.doubt);
        queries.push(part.query);
    }
    Compiled { query: join(queries), doubt }
}

/// Whether `candidates` of this pattern are exactly the posts in which it occurs, doubts about names apart.
fn is_exact(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Literal(literal) => {
            !has_open_run(literal) || cells(&literal.text).nth(1).is_none()
        }
        Pattern::Alias(alias) => alias.names.iter().all(|l| !has_open_run(l)),
        Pattern::Either(all) => all.iter().all(is_exact),
        Pattern::Word(_) | Pattern::Regex(_) | Pattern::Near { .. } | Pattern::Same { .. } => false,
    }
}

/// The words that a tree asks for, apart from what it excludes, each once. The dictionary is loaded only
/// where literals must be cut.
pub(crate) fn words_asked(node: &Node, segmenter: &Segmenter) -> Vec<String> {
    let mut words = Vec::new();
    asked_words(node, segmenter, &mut words);
    words.sort_unstable();
    words.dedup();
    words
}

fn asked_words(node: &Node, segmenter: &Segmenter, into: &mut Vec<String>) {
    match node {
        Node::All(nodes) | Node::Any(nodes) | Node::AtLeast { of: nodes, .. } => {
            nodes.iter().for_each(|n| asked_words(n, segmenter, into));
        }
        Node::Text(test) => pattern_words(&test.pattern, segmenter, into),
        Node::Words(test) => into.extend(test.words.iter().map(|w| w.text.clone())),
        Node::Not(_) | Node::Field(_) => {}
    }
}

fn pattern_words(pattern: &Pattern, segmenter: &Segmenter, into: &mut Vec<String>) {
    let mut cut = |literal: &Literal| into.extend(words_of(&literal.text, segmenter));
    match pattern {
        Pattern::Literal(literal) | Pattern::Word(literal) => cut(literal),
        Pattern::Alias(alias) => alias.names.iter().for_each(cut),
        Pattern::Regex(_) => {}
        Pattern::Either(all) => all.iter().for_each(|p| pattern_words(p, segmenter, into)),
        Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
            pattern_words(left, segmenter, into);
            pattern_words(right, segmenter, into);
        }
    }
}

/// The segmented words of a folded text.
pub(crate) fn words_of<'a>(
    folded: &'a str,
    segmenter: &Segmenter,
) -> impl Iterator<Item = String> + use<'a> {
    segmenter.words(folded).into_iter().map(move |w| folded[w.start..w.end].to_owned())
}
