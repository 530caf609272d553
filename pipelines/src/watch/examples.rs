//! Holding a query to the examples beside it in config.
//!
//! In: a query and `[[example]]` texts. Out: those it does not treat as they say. Judges nothing else.

use super::Example;
use crate::query::{Facts, Query, Target};
use crate::text::Segmenter;

/// An example that a query does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailure {
    /// Which, from 0.
    pub index: usize,
    /// Whether it should have been hit.
    pub expected_hit: bool,
}

/// The examples that `query` treats otherwise than they say. An example is title and text without facts,
/// so a clause about a field (channel, risk …) misses every example.
#[must_use]
pub fn check_examples(
    query: &Query,
    examples: &[Example],
    segmenter: &Segmenter,
) -> Vec<ExampleFailure> {
    let is_met = |example: &Example| {
        let target = Target::of_texts(&example.title, &example.text, Facts::default());
        query.accepts(&target.segmented_by(segmenter)) == example.hit
    };
    let failing = examples.iter().enumerate().filter(|(_, example)| !is_met(example));
    failing.map(|(index, e)| ExampleFailure { index, expected_hit: e.hit }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Context, parse};

    #[test]
    fn failing_examples_are_named() {
        let context = Context::at("2026-11-22T00:00:00Z".parse().unwrap());
        let query = parse("(拖欠 | 欠薪) 工资 -讨薪成功", &context).unwrap();
        let example =
            |text: &str, hit| Example { title: String::new(), text: text.to_owned(), hit };
        let examples = [
            example("工程队拖欠工资三个月", true),
            example("欠薪一事，工资已讨薪成功", true),
            example("今日发工资", false),
        ];
        let failures = check_examples(&query, &examples, &context.segmenter);
        assert_eq!(failures, [ExampleFailure { index: 1, expected_hit: true }]);
    }
}
