//! From the tree of a query to a query of the engine that stands behind the index.
//!
//! In: a `Node`, and the dialect of an engine. Out: its query, and in which of the posts found there is a doubt
//! whether they match. It finds all posts that match; those in doubt must be looked into by the in-memory matcher: all of
//! them for regular expressions, word boundaries, and open ends in company; for names of subjects only those
//! that hold a word by which a name may be another's. Refuses nothing: what it cannot narrow down it leaves open.

use std::ops::RangeInclusive;

use pipelines::query::{
    FieldTest, Literal, Node, NumberRange, Pattern, Scope, TextTest, TimeRange,
};
use pipelines::record::StoryId;
use pipelines::text::{Cell, cells};

/// A text of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Title,
    Body,
}

/// A property that is met by an equal value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    Source,
    Channel,
    SiteTree,
    TopicTree,
    Keyword,
    Subject,
    Polarity,
    Reading,
    Kind,
    Urgency,
    Unsure,
    Case,
}

/// What an engine is asked with.
pub(crate) trait Dialect {
    /// A query of the engine.
    type Query;

    /// The same once more.
    fn copies(&self, queries: &[Self::Query]) -> Vec<Self::Query>;
    /// Whether literals are found too often: then every post is looked into.
    fn is_loose(&self) -> bool {
        false
    }
    /// Every post.
    fn everything(&self) -> Self::Query;
    /// No post.
    fn nothing(&self) -> Self::Query;
    /// Of two or more.
    fn any(&self, queries: Vec<Self::Query>) -> Self::Query;
    /// Of two or more.
    fn all(&self, queries: Vec<Self::Query>) -> Self::Query;
    /// Posts of all of the first, where there are any, and of none of the second.
    fn but(&self, must: Vec<Self::Query>, must_not: Vec<Self::Query>) -> Self::Query;
    /// Posts of so many at least.
    fn at_least(&self, count: usize, of: Vec<Self::Query>) -> Self::Query;
    /// Posts in one of whose texts a literal with closed ends stands; not `closely`: may stand.
    fn closed(&self, parts: &[Part], folded: &str, closely: bool) -> Self::Query;
    /// Posts with a run that holds `run` where the open ends allow.
    fn run(&self, part: Part, run: &str, open_start: bool, open_end: bool) -> Self::Query;
    /// Posts that meet `test` by the places of its pattern; none where places do not tell. `candidates` are posts
    /// that hold what it is made of.
    fn placed(
        &self,
        parts: &[Part],
        test: &TextTest,
        candidates: &dyn Fn() -> Self::Query,
    ) -> Option<Compiled<Self::Query>>;
    /// Posts with this value.
    fn equal(&self, property: Property, value: &str) -> Self::Query;
    /// Posts of a story.
    fn story(&self, story: StoryId) -> Self::Query;
    /// Risk within bounds.
    fn risk(&self, range: RangeInclusive<u32>) -> Self::Query;
    /// Heat within a range that has a bound.
    fn heat(&self, range: &NumberRange) -> Self::Query;
    /// `from <= time < to` in microseconds since 1970.
    fn time(&self, from: Option<i64>, to: Option<i64>) -> Self::Query;
}

/// A compiled query.
#[derive(Debug)]
pub(crate) struct Compiled<Q> {
    pub query: Q,
    pub doubt: Doubt<Q>,
}

/// Which of the posts of a query may not match.
#[derive(Debug)]
pub(crate) enum Doubt<Q> {
    /// None: they are exactly those that match.
    Nowhere,
    /// Those that any of these finds as well.
    In(Vec<Q>),
    /// Any.
    Everywhere,
}

impl<Q> Doubt<Q> {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Everywhere) => Self::Everywhere,
            (Self::Nowhere, doubt) | (doubt, Self::Nowhere) => doubt,
            (Self::In(mut one), Self::In(mut other)) => {
                one.append(&mut other);
                Self::In(one)
            }
        }
    }
}

impl<Q> Compiled<Q> {
    pub(crate) fn exact(query: Q) -> Self {
        Self { query, doubt: Doubt::Nowhere }
    }

    fn unsure(query: Q) -> Self {
        Self { query, doubt: Doubt::Everywhere }
    }
}

/// Compiles for one engine.
pub(crate) struct Compiler<D> {
    pub dialect: D,
}

impl<D: Dialect> Compiler<D> {
    /// The query of a tree.
    pub fn node(&self, node: &Node) -> Compiled<D::Query> {
        match node {
            Node::All(nodes) => self.every(nodes),
            Node::Any(nodes) => self.combined(nodes.iter().map(|n| self.node(n)), Self::any),
            Node::Not(inner) => self.every(std::slice::from_ref(&Node::Not(inner.clone()))),
            Node::AtLeast { count, of } => self
                .combined(of.iter().map(|n| self.node(n)), |s, all| {
                    s.dialect.at_least(*count, all)
                }),
            Node::Text(test) => self.text(test),
            Node::Words(test) => {
                let tests = test.words.iter().map(|word| TextTest {
                    scope: test.scope,
                    pattern: Pattern::Literal(word.clone()),
                    min: 1,
                    max: None,
                });
                self.combined(tests.map(|t| self.text(&t)), Self::all)
            }
            Node::Field(test) => self.field(test),
        }
    }

    /// Posts of any of `queries`.
    pub fn any(&self, mut queries: Vec<D::Query>) -> D::Query {
        match queries.len() {
            0 => self.dialect.nothing(),
            1 => queries.remove(0),
            _ => self.dialect.any(queries),
        }
    }

    fn all(&self, mut queries: Vec<D::Query>) -> D::Query {
        match queries.len() {
            0 => self.dialect.everything(),
            1 => queries.remove(0),
            _ => self.dialect.all(queries),
        }
    }

    fn combined(
        &self,
        parts: impl Iterator<Item = Compiled<D::Query>>,
        join: impl FnOnce(&Self, Vec<D::Query>) -> D::Query,
    ) -> Compiled<D::Query> {
        let mut doubt = Doubt::Nowhere;
        let mut queries = Vec::new();
        for part in parts {
            doubt = doubt.and(part.doubt);
            queries.push(part.query);
        }
        Compiled { query: join(self, queries), doubt }
    }

    fn every(&self, nodes: &[Node]) -> Compiled<D::Query> {
        let mut doubt = Doubt::Nowhere;
        let (mut must, mut must_not) = (Vec::new(), Vec::new());
        for node in nodes {
            let Node::Not(inner) = node else {
                let compiled = self.node(node);
                doubt = doubt.and(compiled.doubt);
                must.push(compiled.query);
                continue;
            };
            let Compiled { query, doubt: of_inner } = self.node(inner);
            // What may hold too much must not exclude: the matcher will.
            match &of_inner {
                Doubt::Nowhere => must_not.push(query),
                Doubt::In(doubtful) => {
                    let doubtful = self.dialect.copies(doubtful);
                    must_not.push(self.dialect.but(vec![query], doubtful));
                }
                Doubt::Everywhere => {}
            }
            doubt = doubt.and(of_inner);
        }
        let query = match must_not.is_empty() {
            true => self.all(must),
            false => self.dialect.but(must, must_not),
        };
        Compiled { query, doubt }
    }

    fn text(&self, test: &TextTest) -> Compiled<D::Query> {
        let parts = parts(test.scope);
        if self.dialect.is_loose() {
            return Compiled::unsure(self.candidates(parts, &test.pattern, false));
        }
        let doubt = self.doubt(parts, &test.pattern);
        let is_once = test.min == 1 && test.max.is_none();
        if is_once && is_exact(&test.pattern) {
            return Compiled { query: self.candidates(parts, &test.pattern, true), doubt };
        }
        // Places that do not count may stand in the way of those that do when they are counted.
        if is_once || matches!(doubt, Doubt::Nowhere) {
            let candidates = || self.candidates(parts, &test.pattern, false);
            if let Some(placed) = self.dialect.placed(parts, test, &candidates) {
                return Compiled { query: placed.query, doubt: doubt.and(placed.doubt) };
            }
        }
        Compiled::unsure(self.candidates(parts, &test.pattern, true))
    }

    /// Where a name in `pattern` may be another's.
    fn doubt(&self, parts: &[Part], pattern: &Pattern) -> Doubt<D::Query> {
        match pattern {
            Pattern::Alias(alias) if alias.doubts.is_empty() => Doubt::Nowhere,
            Pattern::Alias(alias) => {
                let words = alias.doubts.iter().map(|word| self.literal(parts, word, true));
                Doubt::In(words.collect())
            }
            Pattern::Either(all) => {
                let doubts = all.iter().map(|pattern| self.doubt(parts, pattern));
                doubts.fold(Doubt::Nowhere, Doubt::and)
            }
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                self.doubt(parts, left).and(self.doubt(parts, right))
            }
            Pattern::Literal(_) | Pattern::Word(_) | Pattern::Regex(_) => Doubt::Nowhere,
        }
    }

    /// Posts in one of whose texts a pattern may occur: all in which it does, and others. `closely`
    /// looks at the places of literals, which is not worth it where they are looked at anyway.
    fn candidates(&self, parts: &[Part], pattern: &Pattern, closely: bool) -> D::Query {
        let literal = |l: &Literal| self.literal(parts, l, closely);
        let part = |p: &Pattern| self.candidates(parts, p, closely);
        match pattern {
            Pattern::Literal(l) | Pattern::Word(l) => literal(l),
            Pattern::Regex(regexp) if regexp.required.is_empty() => self.dialect.everything(),
            Pattern::Regex(regexp) => {
                let open = |required: &String| Literal {
                    text: required.clone(),
                    open_start: true,
                    open_end: true,
                };
                self.any(regexp.required.iter().map(|r| literal(&open(r))).collect())
            }
            Pattern::Alias(alias) => self.any(alias.names.iter().map(literal).collect()),
            Pattern::Either(patterns) => self.any(patterns.iter().map(part).collect()),
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                self.all(vec![part(left), part(right)])
            }
        }
    }

    /// Posts in one of whose texts a literal stands; where an end of several cells is open, posts that
    /// hold its closed inside and runs that fit its ends.
    fn literal(&self, parts: &[Part], literal: &Literal, closely: bool) -> D::Query {
        if has_open_run(literal) {
            return self.any(parts.iter().map(|part| self.open(*part, literal)).collect());
        }
        self.dialect.closed(parts, &literal.text, closely)
    }

    fn open(&self, part: Part, literal: &Literal) -> D::Query {
        let folded = &literal.text;
        let all_cells: Vec<Cell> = cells(folded).collect();
        let (first, last) = (all_cells[0], all_cells[all_cells.len() - 1]);
        let run = |cell: Cell, open_start, open_end| {
            self.dialect.run(part, &folded[cell.start..cell.end], open_start, open_end)
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
            clauses.push(self.dialect.closed(&[part], &folded[from.start..to.end], true));
        }
        self.all(clauses)
    }

    fn field(&self, test: &FieldTest) -> Compiled<D::Query> {
        let d = &self.dialect;
        Compiled::exact(match test {
            FieldTest::Source(source) => d.equal(Property::Source, source.as_str()),
            FieldTest::Channel(channel) => d.equal(Property::Channel, channel.as_str()),
            FieldTest::Site(host) => d.equal(Property::SiteTree, host),
            FieldTest::Topic(topic) => d.equal(Property::TopicTree, topic.as_str()),
            FieldTest::Keyword(word) => d.equal(Property::Keyword, word),
            FieldTest::Subject(subjects) => {
                let subjects = subjects.iter().map(|s| d.equal(Property::Subject, s.as_str()));
                self.any(subjects.collect())
            }
            FieldTest::Polarity(polarity) => d.equal(Property::Polarity, polarity.as_str()),
            FieldTest::Reading(polarity) => d.equal(Property::Reading, polarity.as_str()),
            FieldTest::Kind(kind) => d.equal(Property::Kind, kind.as_str()),
            FieldTest::Urgency(range) => {
                let levels = 0..=pipelines::record::Filing::MOST_URGENT;
                let wanted = levels.filter(|level| range.contains(f64::from(*level)));
                self.any(wanted.map(|l| d.equal(Property::Urgency, &l.to_string())).collect())
            }
            FieldTest::Unsure(unsure) => {
                d.equal(Property::Unsure, if *unsure { "yes" } else { "no" })
            }
            FieldTest::Case(case) => d.equal(Property::Case, case),
            FieldTest::Story(story) => d.story(*story),
            FieldTest::Risk(range) => self.risk(range),
            FieldTest::Heat(range) if range.from.is_none() && range.to.is_none() => d.everything(),
            FieldTest::Heat(range) => d.heat(range),
            FieldTest::Published(range) => time(d, range),
        })
    }

    /// Risk is a whole number from 0 to 100; the bounds may be any.
    fn risk(&self, range: &NumberRange) -> D::Query {
        let mut wanted = (0..=100u32).filter(|risk| range.contains(f64::from(*risk)));
        let Some(from) = wanted.next() else { return self.dialect.nothing() };
        let to = wanted.next_back().unwrap_or(from);
        self.dialect.risk(from..=to)
    }
}

/// Times are kept to the microsecond, cut down; bounds are cut up, so that the comparison stays right for
/// posts that have no finer time.
fn time<D: Dialect>(dialect: &D, range: &TimeRange) -> D::Query {
    let micros = |t: chrono::DateTime<chrono::Utc>| {
        t.timestamp_micros() + i64::from(!t.timestamp_subsec_nanos().is_multiple_of(1000))
    };
    dialect.time(range.from.map(micros), range.to.map(micros))
}

fn parts(scope: Scope) -> &'static [Part] {
    match scope {
        Scope::Both => &[Part::Title, Part::Body],
        Scope::Title => &[Part::Title],
        Scope::Body => &[Part::Body],
    }
}

/// Whether an end of `literal` is open and lies in a run, so that the run need not be whole.
pub(crate) fn has_open_run(literal: &Literal) -> bool {
    let is_run = |cell: Option<Cell>| cell.is_some_and(|c| c.is_word);
    (literal.open_start && is_run(cells(&literal.text).next()))
        || (literal.open_end && is_run(cells(&literal.text).last()))
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
