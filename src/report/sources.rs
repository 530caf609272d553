//! How collecting went: one line a source, troubled ones first.
//!
//! In: the outcome of each source. Out: lines and totals. The account of what was received, kept and dropped is that of
//! `guanlan status`; a digest says which sources it has not heard.

use super::digest::{SourceLine, SourceTotals};
use super::input::{DigestInput, SourceInput, SourceOutcome};

/// The lines of all sources; none where collecting was not measured.
pub(super) fn source_lines(input: &DigestInput) -> Option<Vec<SourceLine>> {
    let mut lines: Vec<SourceLine> = input.sources.as_ref()?.iter().map(source_line).collect();
    lines.sort_by_key(|line| trouble(line.state));
    Some(lines)
}

/// How many sources were heard and how many were not.
pub(super) fn totals(lines: &[SourceLine]) -> SourceTotals {
    let count = |state| lines.iter().filter(|line| line.state == state).count() as u64;
    SourceTotals {
        sources: lines.len() as u64,
        good: count("good"),
        partial: count("partial"),
        failed: count("failed"),
        silent: count("silent"),
        not_run: count("not_run"),
    }
}

fn trouble(state: &str) -> u8 {
    match state {
        "failed" => 0,
        "silent" => 1,
        "not_run" => 2,
        "partial" => 3,
        _ => 4,
    }
}

fn source_line(source: &SourceInput) -> SourceLine {
    let (state, reason, since) = match &source.outcome {
        SourceOutcome::Good => ("good", None, None),
        SourceOutcome::Partial { reason } => ("partial", Some(reason.clone()), None),
        SourceOutcome::Failed { reason } => ("failed", Some(reason.clone()), None),
        SourceOutcome::Silent { since, reason } => ("silent", reason.clone(), *since),
        SourceOutcome::NotRun => ("not_run", None, None),
    };
    SourceLine { name: source.name.clone(), channel: source.channel, state, reason, since }
}

#[cfg(test)]
mod tests {
    use super::super::{Digest, sample};

    #[test]
    fn troubled_sources_stand_first() {
        let digest = Digest::build(&sample::input());
        let lines = digest.sources.unwrap();
        assert_eq!(lines[0].state, "failed");
        assert!(lines[0].reason.is_some());
        let totals = digest.source_totals.unwrap();
        assert_eq!(
            totals.sources,
            totals.good + totals.partial + totals.failed + totals.silent + totals.not_run
        );
    }
}
