//! Equal complaints are equally grave: whoever says the same in other words gets the same risk.
//!
//! In: `data/complaints/equal-own.jsonl`, sets of paraphrases of one complaint each (the same facts, other words). They are
//! the test and nothing learns from them. The shipped annotator judges them, as the product does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::DateTime;
use guanlan::eval::sets::text;

use super::own::{annotator, post, set};

/// Points that the risk of paraphrases of one complaint may lie apart.
const APART: u8 = 5;

#[test]
fn equal_complaints_are_equally_grave() {
    let rows = set("complaints/equal-own.jsonl").rows;
    let mut complaints: BTreeMap<&str, Vec<(u8, String)>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let post = post(at, text(row, "title"), text(row, "text"));
        let judged = annotator().annotate(post, DateTime::UNIX_EPOCH);
        let parts =
            judged.risk.parts.iter().map(|p| format!("{} {} ({})", p.name, p.points, p.from));
        let why = parts.collect::<Vec<_>>().join(", ");
        let told = format!("{} {} {why}", text(row, "id"), judged.risk.score);
        complaints.entry(text(row, "complaint")).or_default().push((judged.risk.score, told));
    }
    assert!(complaints.len() >= 8, "{} complaints", complaints.len());
    let (mut apart, mut widest) = (String::new(), 0);
    for (complaint, posts) in &complaints {
        assert!((4..=6).contains(&posts.len()), "{complaint} is told {} times", posts.len());
        let scores = posts.iter().map(|(score, _)| *score);
        let spread = scores.clone().max().unwrap() - scores.clone().min().unwrap();
        widest = widest.max(spread);
        eprintln!("{complaint}: {:?}, {spread} apart", scores.collect::<Vec<_>>());
        if spread > APART {
            let _ = writeln!(apart, "{complaint} lies {spread} apart");
            posts.iter().for_each(|(_, told)| apart.push_str(&format!("  {told}\n")));
        }
    }
    eprintln!("the widest complaint lies {widest} apart");
    assert!(apart.is_empty(), "more than {APART} points apart:\n{apart}");
}
