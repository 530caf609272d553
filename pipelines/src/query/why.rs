//! Why a post met a query or did not, clause by clause.
//!
//! In: a query and a target. Out: lines with ✓ and ✗, for each clause what was found and where, or what
//! the post has instead. Changes nothing and decides nothing: the verdicts are those of `matching`.

use super::Query;
use super::ast::{FieldTest, Node, Pattern, TextTest};
use super::explain::{children, head};
use super::matching::{accepts, count_of, texts};
use super::places::{Place, places};
use super::target::{Asked, Facts, Target, View};
use super::time::local;
use crate::locale::Lang;
use crate::record::TextField;

/// Characters shown on each side of a found word.
const AROUND: usize = 8;
/// Found words shown for a clause.
const SHOWN: usize = 3;

/// The reasons, one clause a line, the whole verdict first.
#[must_use]
pub fn why(query: &Query, target: &Target, lang: Lang) -> String {
    let verdict = if query.accepts(target) { "why_match" } else { "why_no_match" };
    let mut out = lang.text(&format!("query.say.{verdict}"));
    clause(query.root(), Asked::plain(target), lang, 1, &mut out);
    out.push('\n');
    out
}

fn clause(node: &Node, asked: Asked, lang: Lang, depth: usize, out: &mut String) {
    let mark = if accepts(node, asked) { '✓' } else { '✗' };
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push_str(&format!("{mark} {}", head(node, lang)));
    let detail = match node {
        Node::Text(test) => found(test, asked, lang),
        Node::Field(test) => actual(test, &asked.target.facts, lang),
        _ => String::new(),
    };
    if !detail.is_empty() {
        out.push_str(&lang.fill("query.say.why_detail", &[("detail", &detail)]));
    }
    for child in children(node) {
        clause(child, asked, lang, depth + 1, out);
    }
}

/// How often and in what company; for two sides that did not meet, how often each stands by itself.
fn found(test: &TextTest, asked: Asked, lang: Lang) -> String {
    let count = count_of(test, asked);
    if count == 0 {
        return match &test.pattern {
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                let alone = |pattern: &Pattern| -> usize {
                    texts(test.scope, asked).map(|text| places(pattern, text).len()).sum()
                };
                let (left, right) = (alone(left), alone(right));
                lang.fill("query.say.why_sides", &[("left", &left), ("right", &right)])
            }
            _ => lang.text("query.say.why_absent"),
        };
    }
    let samples: Vec<String> = texts(test.scope, asked)
        .flat_map(|text| {
            places(&test.pattern, text).into_iter().map(move |place| sample(text, place, lang))
        })
        .take(SHOWN)
        .collect();
    let samples = samples.join(&lang.text("query.say.comma"));
    lang.fill("query.say.why_found", &[("count", &count), ("samples", &samples)])
}

/// A found word with its surroundings, from the original.
fn sample(text: View, place: Place, lang: Lang) -> String {
    let (start, end) = text.folded().original_span(place.start, place.end);
    let original = text.original();
    let before: Vec<char> = original[..start].chars().rev().take(AROUND).collect();
    let before: String = before.into_iter().rev().collect();
    let after: String = original[end..].chars().take(AROUND).collect();
    let shown =
        format!("…{before}【{}】{after}…", &original[start..end]).replace(['\n', '\r'], " ");
    let place = match text.field {
        TextField::Title => "query.say.in_title",
        TextField::Body => "query.say.in_body",
    };
    format!("{}{shown}", lang.text(place))
}

/// What the post has in the field that was asked for.
fn actual(test: &FieldTest, facts: &Facts, lang: Lang) -> String {
    fn all<T: ToString>(items: &[T]) -> Option<String> {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        (!items.is_empty()).then(|| items.join(", "))
    }
    let value = match test {
        FieldTest::Source(_) => facts.source.map(ToString::to_string),
        FieldTest::Channel(_) => {
            facts.channel.map(|c| lang.text(&format!("record.channel.{}", c.as_str())))
        }
        FieldTest::Site(_) => facts.site.map(str::to_owned),
        FieldTest::Topic(_) => all(&facts.topics),
        FieldTest::Keyword(_) => all(&facts.keywords),
        FieldTest::Subject(_) => all(&facts.subjects),
        FieldTest::Polarity(_) => {
            facts.polarity.map(|p| lang.text(&format!("record.polarity.{}", p.as_str())))
        }
        FieldTest::Reading(_) => facts.polarity.map(|first| {
            let readings = [Some(first), facts.other].into_iter().flatten();
            let names = readings.map(|p| lang.text(&format!("record.polarity.{}", p.as_str())));
            names.collect::<Vec<_>>().join(" / ")
        }),
        FieldTest::Kind(_) => {
            facts.filing.map(|f| lang.text(&format!("record.kind.{}", f.kind.as_str())))
        }
        FieldTest::Urgency(_) => {
            facts.filing.map(|f| lang.text(&format!("record.urgency.{}", f.urgency)))
        }
        FieldTest::Unsure(_) => facts
            .is_unsure
            .map(|unsure| lang.text(if unsure { "record.unsure.yes" } else { "record.unsure.no" })),
        FieldTest::Risk(_) => facts.risk.map(|risk| risk.to_string()),
        FieldTest::Story(_) => facts.story.map(|story| story.to_string()),
        FieldTest::Case(_) => all(&facts.cases),
        FieldTest::Published(range) => facts.time.map(|at| local(at, range.zone)),
        FieldTest::Heat(_) => facts.heat.map(|heat| format!("{heat:.1}")),
    };
    let value = value.unwrap_or_else(|| lang.text("query.say.why_none"));
    lang.fill("query.say.why_actual", &[("value", &value)])
}
