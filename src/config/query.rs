//! Reads the queries of a config: whether they can be read, whether what they name exists, and whether
//! they do with the examples what is written there.
//!
//! In: queries, subjects, ids. Out: faults with the place marked, in both languages. What an example does
//! not say (source, polarity, time) has its default value, so examples are about words.

use std::collections::HashSet;

use pipelines::locale::Lang;
use pipelines::query::{Context, FieldTest, Query, parse};
use pipelines::watch::{Example, check_examples};

use super::document::{Placed, nearest};
use super::load::Raw;
use super::problem::{Fault, Problem};

/// Why `text` cannot be read as a query; none if it can.
pub(super) fn fault(text: &str, context: &Context) -> Option<Fault> {
    let error = parse(text, context).err()?;
    Some(Fault::BadQuery { zh: error.render(text, Lang::Zh), en: error.render(text, Lang::En) })
}

/// Makes a problem about a key of the item a query stands in.
type Report<'r> = Box<dyn Fn(&str, Fault) -> Problem + 'r>;

/// One query of the config, with the item it stands in.
struct Asked<'r> {
    key: &'static str,
    text: &'r str,
    examples: &'r [Example],
    problem: Report<'r>,
}

fn asked<'r, T>(
    items: &'r [Placed<T>],
    table: &'static str,
    key: &'static str,
    parts: impl Fn(&'r T) -> Option<(&'r str, &'r [Example])>,
) -> Vec<Asked<'r>> {
    let one = |item: &'r Placed<T>| {
        let (text, examples) = parts(&item.item)?;
        let problem = Box::new(move |key: &str, fault| item.problem(table, key, fault));
        Some(Asked { key, text, examples, problem })
    };
    items.iter().filter_map(one).collect()
}

/// Adds what is wrong with the queries of rules, topics and sources once they can be read: names of sources
/// and topics that nothing has and, where `run_examples`, examples that fail. The number of examples run.
pub(super) fn check(raw: &Raw, run_examples: bool, found: &mut Vec<Problem>) -> usize {
    let mut all = asked(&raw.rules, "rule", "query", |r| Some((r.query.as_str(), &r.examples)));
    all.extend(asked(&raw.sources, "source", "exclude", |s| Some((s.exclude.as_deref()?, &[]))));
    all.extend(asked(&raw.topics, "topic", "query", |t| {
        Some((t.query.as_deref()?, t.examples.as_slice()))
    }));
    let mut run = 0;
    for asked in all {
        // Most queries name no field, and quick commands run no examples: then nothing need be read again.
        let names = ["source", "topic"].iter().any(|field| asked.text.contains(field));
        let examples = if run_examples { asked.examples } else { &[] };
        if !names && examples.is_empty() {
            continue;
        }
        let Ok(query) = parse(asked.text, &raw.context) else { continue };
        if !raw.incomplete {
            unknown_names(&query, raw, &asked, found);
        }
        for failure in check_examples(&query, examples, &raw.context.segmenter) {
            let fault = if failure.expected_hit { Fault::ExampleMissed } else { Fault::ExampleHit };
            found.push((asked.problem)(&format!("example.{}.text", failure.index), fault));
        }
        run += examples.len();
    }
    run
}

fn unknown_names(query: &Query, raw: &Raw, asked: &Asked, found: &mut Vec<Problem>) {
    let ids = |table: &str| -> HashSet<&str> {
        raw.declared.keys().filter(|(t, _)| *t == table).map(|(_, id)| id.as_str()).collect()
    };
    for field in query.fields() {
        let (table, name) = match field {
            FieldTest::Source(id) => ("source", id.as_str()),
            FieldTest::Topic(id) => ("topic", id.as_str()),
            _ => continue,
        };
        let known = ids(table);
        let below = format!("{name}/");
        let is_shown = match table {
            "source" => raw.sources.iter().any(|source| source.item.name == name),
            _ => raw.topics.iter().any(|t| t.item.name == name || t.item.name_en == name),
        };
        if is_shown || known.contains(name) || known.iter().any(|id| id.starts_with(&below)) {
            continue;
        }
        let mut listed: Vec<&str> = known.iter().copied().collect();
        listed.sort_unstable();
        let nearest = nearest(name, listed.iter().copied());
        let fault = Fault::UnknownReference { nearest, known: listed.join(", ") };
        found.push((asked.problem)(asked.key, fault));
    }
}
