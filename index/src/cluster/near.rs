//! What stands near what, in one sentence, or so many times, as intervals of the cluster.
//!
//! In: a test whose pattern is made of literals with closed ends. Out: a query with exactly the posts in which the
//! in-memory matcher finds it, and in which of them it may err: a literal that runs across the end of a sentence lies where
//! it begins, which intervals do not see. What else they cannot tell (patterns within patterns, a literal near itself,
//! counts of several names) is not taken: it is verified on the text.

use pipelines::query::{Literal, Pattern, TextTest, Unit};
use pipelines::text::cells;
use serde_json::{Value, json};

use super::cut;
use super::dialect::{all, any, but, field, object, on, phrase};
use crate::compile::{Compiled, Doubt, Part, has_open_run};

/// Pairs of literals that are asked for at once; beyond, posts are looked into.
const MOST_PAIRS: usize = 64;
/// Times that are counted; beyond, posts are looked into.
const MOST_TIMES: u32 = 12;

/// Posts that meet `test` by the places of its pattern; none where intervals do not tell.
pub(super) fn placed(
    parts: &[Part],
    test: &TextTest,
    candidates: &dyn Fn() -> Value,
) -> Option<Compiled<Value>> {
    let is_once = test.min == 1 && test.max.is_none();
    match &test.pattern {
        Pattern::Near { left, right, distance, ordered } if is_once => {
            let pairs = pairs(left, right)?;
            if pairs.iter().any(|(left, right)| left == right) {
                return None;
            }
            let mut ways = Vec::new();
            for (left, right) in pairs {
                ways.push(in_order(left, right, Some(*distance)));
                if !ordered {
                    ways.push(in_order(right, left, Some(*distance)));
                }
            }
            Some(Compiled::exact(in_any(parts, &ways)))
        }
        Pattern::Same { left, right, unit } if is_once => {
            let pairs = pairs(left, right)?;
            let marks = marks(*unit);
            let mut ways = Vec::new();
            let mut crossing = Vec::new();
            for (left, right) in pairs {
                for literal in [left, right] {
                    if cells(literal).nth(1).is_some() && !crossing.contains(&literal) {
                        crossing.push(literal);
                    }
                }
                if left == right {
                    ways.push(interval(left));
                    continue;
                }
                ways.push(filtered(interval(left), "overlapping", &interval(right)));
                for (first, second) in [(left, right), (right, left)] {
                    let both = in_order(first, second, None);
                    ways.push(filtered(both, "not_containing", &marks));
                }
            }
            let same = in_any(parts, &ways);
            if crossing.is_empty() {
                return Some(Compiled::exact(same));
            }
            let crossing = crossing.into_iter();
            let crossing: Vec<Value> =
                crossing.map(|l| filtered(interval(l), "containing", &marks)).collect();
            let doubtful = in_any(parts, &crossing);
            let query = any(vec![same, all(vec![candidates(), doubtful.clone()])]);
            Some(Compiled { query, doubt: Doubt::In(vec![doubtful]) })
        }
        Pattern::Literal(literal) if !is_once => counted(parts, literal, test.min, test.max),
        _ => None,
    }
}

/// Each literal of `left` with each of `right`.
fn pairs<'a>(left: &'a Pattern, right: &'a Pattern) -> Option<Vec<(&'a str, &'a str)>> {
    let (left, right) = (leaves(left)?, leaves(right)?);
    let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (*l, *r)));
    (left.len() * right.len() <= MOST_PAIRS).then(|| pairs.collect())
}

/// The literals of which one is enough.
fn leaves(pattern: &Pattern) -> Option<Vec<&str>> {
    let closed = |l: &'_ Literal| !has_open_run(l);
    match pattern {
        Pattern::Literal(literal) if closed(literal) => Some(vec![&literal.text]),
        Pattern::Alias(alias) if alias.names.iter().all(closed) => {
            Some(alias.names.iter().map(|name| name.text.as_str()).collect())
        }
        Pattern::Either(all) => {
            let leaves: Vec<Vec<&str>> = all.iter().map(leaves).collect::<Option<_>>()?;
            Some(leaves.concat())
        }
        _ => None,
    }
}

/// Where a literal stands.
fn interval(folded: &str) -> Value {
    json!({"match": {"query": cut::phrase(folded), "max_gaps": 0, "ordered": true}})
}

/// `first` before `second`, with at most so many characters between.
fn in_order(first: &str, second: &str, distance: Option<u32>) -> Value {
    let both = vec![interval(first), interval(second)];
    let Some(distance) = distance else { return after_each_other(both) };
    // A literal ends where its last cell begins; a run is as long as its characters.
    let last = cells(first).last().map_or(1, |cell| first[cell.start..cell.end].chars().count());
    let gaps = 2 * u64::from(distance) + 2 * last as u64 - 1;
    let gaps = i32::try_from(gaps).unwrap_or(i32::MAX);
    let near = [("ordered", true.into()), ("max_gaps", gaps.into()), ("intervals", both.into())];
    object([("all_of", object(near))])
}

/// Each of `intervals` behind the one before.
fn after_each_other(intervals: Vec<Value>) -> Value {
    object([("all_of", object([("ordered", true.into()), ("intervals", intervals.into())]))])
}

fn filtered(mut interval: Value, how: &str, by: &Value) -> Value {
    let inner = interval.as_object_mut().and_then(|object| object.values_mut().next());
    if let Some(inner) = inner {
        inner["filter"] = object([(how, by.clone())]);
    }
    interval
}

/// What parts sentences, or paragraphs.
fn marks(unit: Unit) -> Value {
    let mark = |mark: &str| json!({"match": {"query": mark}});
    match unit {
        Unit::Paragraph => mark(cut::PARAGRAPH),
        Unit::Sentence => {
            json!({"any_of": {"intervals": [mark(cut::SENTENCE), mark(cut::PARAGRAPH)]}})
        }
    }
}

/// Posts in one of whose texts any of `ways` is found.
fn in_any(parts: &[Part], ways: &[Value]) -> Value {
    let any_of = || on("any_of", "intervals", ways);
    let one = |part: &Part| on("intervals", field(*part), any_of());
    any(parts.iter().map(one).collect())
}

/// Posts in which a literal stands so many times, title and body together.
fn counted(
    parts: &[Part],
    literal: &Literal,
    min: u32,
    max: Option<u32>,
) -> Option<Compiled<Value>> {
    let folded = literal.text.as_str();
    let most = max.map_or(min, |max| max.max(min).saturating_add(1));
    if has_open_run(literal) || most > MOST_TIMES || overlaps_itself(folded) {
        return None;
    }
    let at_least = |times: u32| match parts {
        [title, body] => {
            let ways = (0..=times).map(|in_title| {
                let both = [(*title, in_title), (*body, times - in_title)];
                let asked = both.into_iter().filter(|(_, times)| *times > 0);
                all(asked.map(|(part, times)| repeated(part, folded, times)).collect())
            });
            any(ways.collect())
        }
        _ => any(parts.iter().map(|part| repeated(*part, folded, times)).collect()),
    };
    let mut query = at_least(min);
    if let Some(max) = max {
        query = but(vec![query], vec![at_least(max + 1)]);
    }
    Some(Compiled::exact(query))
}

/// A text in which a literal stands `times` times.
fn repeated(part: Part, folded: &str, times: u32) -> Value {
    if times == 1 {
        return phrase(part, folded);
    }
    let places = vec![interval(folded); times as usize];
    on("intervals", field(part), after_each_other(places))
}

/// Whether a literal may begin before it has ended.
fn overlaps_itself(folded: &str) -> bool {
    let cells: Vec<&str> = cells(folded).map(|cell| &folded[cell.start..cell.end]).collect();
    (1..cells.len()).any(|from| cells[from..] == cells[..cells.len() - from])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_that_overlap_themselves_are_told() {
        for (literal, expected) in
            [("人人", true), ("瓦斯", false), ("一二一", true), ("a b", false)]
        {
            assert_eq!(overlaps_itself(literal), expected, "{literal}");
        }
    }

    #[test]
    fn distances_are_counted_from_the_end_of_a_run() {
        let gaps = |first| in_order(first, "矿", Some(3))["all_of"]["max_gaps"].clone();
        assert_eq!((gaps("瓦斯"), gaps("瓦斯ai")), (7.into(), 9.into()));
    }
}
