//! Whether a post meets a query, and which words of it say so.
//!
//! In: a tree and a [`Target`]. Out: yes or no, and spans on the original text. Must agree with the index
//! on every post (a property test there says so). Pure; looks at a text only when a clause needs it.

use super::ast::{FieldTest, Literal, Node, Pattern, Scope, TextTest};
use super::places::{Place, apart, literal_places, marks, occurs, places};
use super::target::{Asked, Facts, View};
use crate::record::Span;

/// Most spans told of one post; a post of a thousand hits is not shown a thousand times.
const MAX_SPANS: usize = 1_000;

/// Whether what is asked meets `node`.
pub(super) fn accepts(node: &Node, asked: Asked) -> bool {
    match node {
        Node::All(parts) => parts.iter().all(|part| accepts(part, asked)),
        Node::Any(parts) => parts.iter().any(|part| accepts(part, asked)),
        Node::Not(inner) => !accepts(inner, asked),
        Node::AtLeast { count, of } => {
            of.iter().filter(|part| accepts(part, asked)).take(*count).count() >= *count
        }
        Node::Text(test) => accepts_text(test, asked),
        Node::Words(test) => test.words.iter().all(|word| {
            texts(test.scope, asked).any(|text| literal_places(word, text).next().is_some())
        }),
        Node::Field(test) => accepts_field(test, &asked.target.facts),
    }
}

fn accepts_text(test: &TextTest, asked: Asked) -> bool {
    if test.min == 1 && test.max.is_none() {
        return texts(test.scope, asked).any(|text| occurs(&test.pattern, text));
    }
    let count = count_of(test, asked);
    count >= test.min && test.max.is_none_or(|max| count <= max)
}

/// How often the pattern of `test` occurs.
pub(super) fn count_of(test: &TextTest, asked: Asked) -> u32 {
    texts(test.scope, asked).map(|text| apart(&places(&test.pattern, text))).sum()
}

/// Whether a field test is met.
pub(super) fn accepts_field(test: &FieldTest, facts: &Facts) -> bool {
    match test {
        FieldTest::Source(id) => facts.source == Some(id),
        FieldTest::Channel(channel) => facts.channel == Some(*channel),
        FieldTest::Site(site) => facts.site.is_some_and(|host| is_below(host, site, '.', true)),
        FieldTest::Topic(topic) => {
            facts.topics.iter().any(|own| is_below(own.as_str(), topic.as_str(), '/', false))
        }
        FieldTest::Keyword(word) => facts.keywords.contains(&word.as_str()),
        FieldTest::Subject(any) => any.iter().any(|subject| facts.subjects.contains(&subject)),
        FieldTest::Polarity(polarity) => facts.polarity == Some(*polarity),
        FieldTest::Reading(polarity) => [facts.polarity, facts.other].contains(&Some(*polarity)),
        FieldTest::Kind(kind) => facts.filing.is_some_and(|filing| filing.kind == *kind),
        FieldTest::Urgency(range) => {
            facts.filing.is_some_and(|filing| range.contains(f64::from(filing.urgency)))
        }
        FieldTest::Unsure(wanted) => facts.is_unsure == Some(*wanted),
        FieldTest::Risk(range) => facts.risk.is_some_and(|risk| range.contains(f64::from(risk))),
        FieldTest::Story(story) => facts.story == Some(*story),
        FieldTest::Case(case) => facts.cases.contains(&case.as_str()),
        FieldTest::Published(range) => facts.time.is_some_and(|time| range.contains(time)),
        FieldTest::Heat(range) => facts.heat.is_some_and(|heat| range.contains(heat)),
    }
}

/// Whether `name` is `top` or lies below it: hosts grow to the left, topics to the right.
fn is_below(name: &str, top: &str, joint: char, grows_left: bool) -> bool {
    let rest = if grows_left { name.strip_suffix(top) } else { name.strip_prefix(top) };
    rest.is_some_and(|rest| {
        rest.is_empty() || if grows_left { rest.ends_with(joint) } else { rest.starts_with(joint) }
    })
}

/// The texts of a scope.
pub(super) fn texts<'t, 'a>(
    scope: Scope,
    asked: Asked<'t, 'a>,
) -> impl Iterator<Item = View<'t, 'a>> {
    let title = (scope != Scope::Body).then(|| asked.title());
    let body = (scope != Scope::Title).then(|| asked.body());
    title.into_iter().chain(body)
}

/// The words of what is asked that meet `node`, in order, none inside another; `None` where it does not.
pub(super) fn spans(node: &Node, asked: Asked) -> Option<Vec<Span>> {
    let mut out = Vec::new();
    if !meets(node, asked, &mut out) {
        return None;
    }
    out.sort_unstable_by_key(|span| (span.field, span.start, u32::MAX - span.end));
    let mut last: Option<Span> = None;
    out.retain(|span| {
        let is_inside = last.is_some_and(|last| last.field == span.field && span.end <= last.end);
        last = if is_inside { last } else { Some(*span) };
        !is_inside
    });
    out.truncate(MAX_SPANS);
    Some(out)
}

/// What [`accepts`] says; where it is yes, the words that say so are added to `out`.
fn meets(node: &Node, asked: Asked, out: &mut Vec<Span>) -> bool {
    let before = out.len();
    let is_met = match node {
        Node::All(parts) => parts.iter().all(|part| meets(part, asked, out)),
        Node::Any(parts) => parts.iter().filter(|part| meets(part, asked, out)).count() > 0,
        Node::AtLeast { count, of } => {
            of.iter().filter(|part| meets(part, asked, out)).count() >= *count
        }
        Node::Not(_) | Node::Field(_) => accepts(node, asked),
        Node::Text(test) => meets_text(test, asked, out),
        Node::Words(test) => test.words.iter().all(|word| {
            let before = out.len();
            texts(test.scope, asked).for_each(|text| mark_literal(word, text, out));
            out.len() > before
        }),
    };
    if !is_met {
        out.truncate(before);
    }
    is_met
}

fn meets_text(test: &TextTest, asked: Asked, out: &mut Vec<Span>) -> bool {
    let before = out.len();
    if test.min > 1 || test.max.is_some() {
        if !accepts_text(test, asked) {
            return false;
        }
        texts(test.scope, asked).for_each(|text| mark(&test.pattern, text, out));
        return true;
    }
    texts(test.scope, asked).for_each(|text| mark(&test.pattern, text, out));
    out.len() > before
}

fn mark(pattern: &Pattern, text: View, out: &mut Vec<Span>) {
    if let Pattern::Literal(literal) = pattern {
        return mark_literal(literal, text, out);
    }
    let found = places(pattern, text);
    if found.is_empty() {
        return;
    }
    let mut marked: Vec<Place> = Vec::new();
    marks(pattern, &found, text, &mut marked);
    out.extend(marked.into_iter().map(|place| span(place, text)));
}

fn mark_literal(literal: &Literal, text: View, out: &mut Vec<Span>) {
    out.extend(literal_places(literal, text).map(|place| span(place, text)));
}

fn span(place: Place, text: View) -> Span {
    let (start, end) = text.folded().original_span(place.start, place.end);
    Span { field: text.field, start: start as u32, end: end as u32 }
}
