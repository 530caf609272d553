//! What collecting came to: one line a source, troubled ones first.
//!
//! In: the outcome and counts of each source. Out: lines and totals. Counts that do not add up are marked, a
//! count that was not measured stays so.

use pipelines::record::DropReason;

use super::build::Ledger;
use super::digest::{Figure, SourceLine, SourceTotals};
use super::input::{DigestPost, SourceInput, SourceOutcome};

/// The lines of all sources; none where collecting was not measured.
pub(super) fn source_lines(ledger: &mut Ledger) -> Option<Vec<SourceLine>> {
    let sources = ledger.input.sources.as_ref()?;
    let mut lines: Vec<SourceLine> =
        sources.iter().map(|source| source_line(ledger, source)).collect();
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

fn source_line(ledger: &mut Ledger, source: &SourceInput) -> SourceLine {
    let (state, reason, since) = match &source.outcome {
        SourceOutcome::Good => ("good", None, None),
        SourceOutcome::Partial { reason } => ("partial", Some(reason.clone()), None),
        SourceOutcome::Failed { reason } => ("failed", Some(reason.clone()), None),
        SourceOutcome::Silent { since, reason } => ("silent", reason.clone(), *since),
        SourceOutcome::NotRun => ("not_run", None, None),
    };
    let posts: Vec<&DigestPost> =
        ledger.input.posts.iter().filter(|p| p.source == source.id).collect();
    let dropped = source.dropped.as_ref().map(|d| d.iter().map(|(_, n)| n).sum::<u64>());
    let adds_up = match (source.received, source.kept, dropped, source.failed) {
        (Some(received), Some(kept), Some(dropped), Some(failed)) => {
            received == kept + dropped + failed
        }
        _ => true,
    };
    SourceLine {
        name: source.name.clone(),
        channel: source.channel,
        state,
        reason,
        since,
        received: Figure::bare(source.received),
        kept: Figure::bare(source.kept),
        dropped: Figure::bare(dropped),
        drops: drops(source.dropped.as_deref().unwrap_or_default()),
        failed: Figure::bare(source.failed),
        posts: ledger.figure(&["digest.set.source", &source.name], posts.into_iter()),
        adds_up,
    }
}

fn drops(dropped: &[(DropReason, u64)]) -> Vec<(String, u64)> {
    let mut drops: Vec<(String, u64)> = dropped
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(reason, n)| (format!("record.drop.{}", reason.as_str()), *n))
        .collect();
    drops.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    drops
}

#[cfg(test)]
mod tests {
    use super::super::{Digest, sample};

    #[test]
    fn troubled_sources_stand_first_and_counts_that_do_not_add_up_are_marked() {
        let mut input = sample::input();
        let digest = Digest::build(&input);
        let lines = digest.sources.unwrap();
        assert_eq!(lines[0].state, "failed");
        assert!(lines[0].reason.is_some());
        assert!(lines.iter().all(|l| l.adds_up));
        let totals = digest.source_totals.unwrap();
        assert_eq!(
            totals.sources,
            totals.good + totals.partial + totals.failed + totals.silent + totals.not_run
        );
        let sources = input.sources.as_mut().unwrap();
        sources[0].received = sources[0].received.map(|n| n + 1);
        let name = sources[0].name.clone();
        sources[1].kept = None;
        let lines = Digest::build(&input).sources.unwrap();
        let marked: Vec<&str> =
            lines.iter().filter(|l| !l.adds_up).map(|l| l.name.as_str()).collect();
        assert_eq!(marked, [name.as_str()]);
    }
}
