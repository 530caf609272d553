//! `guanlan rule rehearse`: what it counts is what a search finds, and a marked sample binds the rule.

use crate::lab::Lab;

#[test]
fn a_rehearsal_counts_its_hits_and_a_marked_sample_is_checked_ever_after() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    lab.run(&["--quiet", "demo", "--keep", "--data-dir", data]).good();
    let run = lab.run(&["--data-dir", data, "rule", "rehearse", "pay", "--days", "30"]).good();
    let first = run.out.lines().next().unwrap();
    assert!(!first.contains(": 0 posts") && !first.contains(" 0 alerts"), "{first}");
    let id = run
        .out
        .lines()
        .find_map(|l| {
            l.trim()
                .split("  ")
                .next()
                .filter(|w| w.len() == 16 && w.bytes().all(|b| b.is_ascii_hexdigit()))
        })
        .unwrap();
    lab.run(&["--data-dir", data, "rule", "rehearse", "pay", "--mark", id]).good();
    // The rule still matches the sample: check says so until the query is mended.
    let check = lab.run(&["--data-dir", data, "check"]);
    assert_eq!(check.code, Some(1), "{}{}", check.out, check.err);
}
