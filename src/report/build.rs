//! From the posts, alerts and source counts of a period to a digest.
//!
//! In: [`DigestInput`]. Out: [`Digest`]. Every figure is a count over a set of posts, and the set is kept; the
//! same input gives the same digest whatever the order of its posts. Reads no store and no clock.

use chrono::{DateTime, Duration, TimeZone, Utc};
use pipelines::record::{Channel, Polarity};

use super::digest::{
    Change, ChannelLine, Curve, Digest, Emptiness, HeatRow, Shares, SourceTotals, SubjectLine,
};
use super::happenings::happenings;
use super::input::{DigestInput, DigestPost, PeriodKind};
use super::ledger::Ledger;
use super::{alerts, cases, elsewhere, sources, voice, words};

/// A percentage of fewer posts than this says more than is known.
const SMALLEST_BASE: u64 = 10;

/// Steps of a curve at most; a special report over years gets wider steps.
const MAX_STEPS: i32 = 62;

impl Digest {
    /// The digest of `input`.
    #[must_use]
    pub fn build(input: &DigestInput) -> Self {
        let mut ledger = Ledger::new(input);
        let ours = ledger.ours.clone();
        // First what is told, so that the appendix counts in the order of the text.
        let (happenings, told) = happenings(&mut ledger);
        let cases = cases::cases(&mut ledger);
        let alerts = alerts::alert_lines(&mut ledger);
        let voice = voice::voice(&mut ledger);
        let elsewhere = elsewhere::elsewhere(&mut ledger);
        let shares = ledger.shares("digest.set.ours", &ours, DigestPost::polarity);
        let aside = ours.iter().copied().filter(|post| post.said.in_passing);
        let passing = ledger.figure(&["digest.set.passing"], aside);
        let subjects = subject_lines(&mut ledger);
        let channels = channel_lines(&mut ledger);
        let words = words::word_lines(&mut ledger);
        let cloud = words::cloud_lines(&mut ledger);
        let sources = sources::source_lines(input);
        let source_totals = sources.as_deref().map(sources::totals);
        let emptiness = emptiness(ours.len(), source_totals);
        let is_measured = !matches!(emptiness, Emptiness::NothingHeard | Emptiness::Unknown);
        let shares = if is_measured { shares } else { Shares::default() };
        let before = input.previous.as_ref().map(|p| p.tally);
        let curve = curve(input, &ours);
        let heat = heat(input, &curve, &ours);
        let (sets, posts, unlisted_posts) = ledger.close();
        Self {
            title: input.title.clone(),
            organisation: input.organisation.clone(),
            paper: input.paper.clone(),
            focus: input.focus.clone(),
            period: input.period,
            from: input.from,
            to: input.to,
            zone: input.zone,
            generated_at: input.generated_at,
            emptiness,
            collected: is_measured.then_some(input.collected),
            posts_change: change(shares.posts.value, before.map(|t| t.posts)),
            negative_change: change(shares.negative.value, before.map(|t| t.negative)),
            shares,
            passing,
            told: is_measured.then_some(told),
            happenings,
            subjects,
            channels,
            words,
            cloud,
            curve,
            heat,
            alerts,
            cases,
            voice,
            elsewhere,
            sources,
            source_totals,
            sets,
            posts,
            unlisted_posts,
        }
    }
}

/// `now` against `before`; nothing where one of them was not measured, no percentage of few.
fn change(now: Option<u64>, before: Option<u64>) -> Change {
    let (Some(now), Some(before)) = (now, before) else { return Change::default() };
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let by = signed(now) - signed(before);
    let percent = (before >= SMALLEST_BASE).then(|| by as f64 * 100.0 / before as f64);
    Change { by: Some(by), percent }
}

fn emptiness(ours: usize, totals: Option<SourceTotals>) -> Emptiness {
    match totals {
        _ if ours > 0 => Emptiness::NotEmpty,
        None => Emptiness::Unknown,
        Some(t) if t.good + t.silent + t.partial == 0 => Emptiness::NothingHeard,
        Some(t) if t.failed + t.not_run + t.partial > 0 => Emptiness::NotAllHeard,
        Some(_) => Emptiness::NothingSaid,
    }
}

fn subject_lines(ledger: &mut Ledger) -> Vec<SubjectLine> {
    let ours = ledger.ours.clone();
    let subjects = &ledger.input.subjects;
    subjects
        .iter()
        .map(|(id, name)| {
            let said = |p: &DigestPost| {
                p.subjects.iter().find(|(s, _)| s == id).map(|(_, polarity)| *polarity)
            };
            let posts: Vec<&DigestPost> =
                ours.iter().copied().filter(|p| said(p).is_some()).collect();
            let shares = ledger.shares(name, &posts, |p| said(p).unwrap_or_default());
            SubjectLine { id: id.clone(), name: name.clone(), shares }
        })
        .collect()
}

fn channel_lines(ledger: &mut Ledger) -> Vec<ChannelLine> {
    let ours = ledger.ours.clone();
    Channel::ALL
        .into_iter()
        .filter_map(|channel| {
            let posts: Vec<&DigestPost> =
                ours.iter().copied().filter(|p| p.channel == channel).collect();
            let label = format!("record.channel.{}", channel.as_str());
            (!posts.is_empty()).then(|| ChannelLine {
                channel,
                shares: ledger.shares(&label, &posts, DigestPost::polarity),
            })
        })
        .collect()
}

/// Local midnight after `at`: the days of a curve are those of the calendar, whenever its period begins.
fn next_day(at: DateTime<Utc>, input: &DigestInput) -> DateTime<Utc> {
    let day = at.with_timezone(&input.zone).date_naive().succ_opt();
    let midnight = day.and_then(|day| {
        input.zone.from_local_datetime(&day.and_time(chrono::NaiveTime::MIN)).earliest()
    });
    midnight.map_or(at + Duration::days(1), |midnight| midnight.with_timezone(&Utc))
}

fn curve(input: &DigestInput, ours: &[&DigestPost]) -> Curve {
    let is_hourly = input.period == PeriodKind::Day;
    let mut step = if is_hourly { Duration::hours(1) } else { Duration::days(1) };
    let span = (input.to - input.from).max(Duration::zero());
    while span > step * MAX_STEPS {
        step = step * 2;
    }
    let mut curve = Curve { is_hourly, ..Curve::default() };
    let mut start = input.from;
    while start < input.to {
        curve.starts.push(start);
        start = match step == Duration::days(1) {
            true => next_day(start, input),
            false => start + step,
        };
    }
    let says = |wanted| ours.iter().copied().filter(move |p| p.polarity() == wanted);
    curve.posts = counts(&curve, ours.iter().copied());
    curve.negative = counts(&curve, says(Polarity::Negative));
    curve.positive = counts(&curve, says(Polarity::Positive));
    curve.without_time = ours.iter().filter(|p| is_hourly && !p.has_time).count() as u64;
    curve
}

/// Posts per step of `curve`; those without a time of day are left out of an hourly one.
fn counts<'p>(curve: &Curve, posts: impl Iterator<Item = &'p DigestPost>) -> Vec<u64> {
    let mut counts = vec![0; curve.starts.len()];
    for post in posts.filter(|p| p.has_time || !curve.is_hourly) {
        if let Some(i) = step_of(&curve.starts, post.time()) {
            counts[i] += 1;
        }
    }
    counts
}

/// Posts of each unit by day, in the order of config as in the table of units; nothing for hours, and nothing of less than two units.
fn heat(input: &DigestInput, curve: &Curve, ours: &[&DigestPost]) -> Vec<HeatRow> {
    if curve.is_hourly {
        return Vec::new();
    }
    let row = |(id, name): &(pipelines::record::SubjectId, String)| {
        let of = ours.iter().copied().filter(|p| p.subjects.iter().any(|(s, _)| s == id));
        HeatRow { name: name.clone(), posts: counts(curve, of) }
    };
    let mut rows: Vec<HeatRow> = input.subjects.iter().map(row).collect();
    rows.retain(|row| row.posts.iter().any(|n| *n > 0));
    if rows.len() < 2 { Vec::new() } else { rows }
}

fn step_of(starts: &[DateTime<Utc>], at: DateTime<Utc>) -> Option<usize> {
    starts.partition_point(|start| *start <= at).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::report::{Figure, SourceOutcome, Tally};

    #[test]
    fn every_figure_is_the_size_of_its_set_and_every_set_is_listed() {
        let digest = Digest::build(&sample::input());
        assert_eq!(digest.emptiness, Emptiness::NotEmpty);
        let s = digest.shares;
        let value = |f: Figure| f.value.unwrap();
        assert_eq!(value(s.posts), value(s.negative) + value(s.neutral) + value(s.positive));
        assert!(value(s.negative) > 0 && value(s.positive) > 0);
        for line in &digest.subjects {
            if let Some(set) = line.shares.posts.set {
                assert_eq!(digest.sets[set - 1].posts.len() as u64, value(line.shares.posts));
            }
        }
        for set in &digest.sets {
            assert_eq!(set.unlisted, 0);
            assert!(set.posts.iter().all(|n| (1..=digest.posts.len()).contains(n)));
        }
        let numbers: Vec<usize> = digest.posts.iter().map(|p| p.number).collect();
        assert_eq!(numbers, (1..=digest.posts.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_the_posts_changes_nothing() {
        let input = sample::input();
        let mut turned = input.clone();
        turned.posts.reverse();
        assert_eq!(Digest::build(&input), Digest::build(&turned));
    }

    #[test]
    fn the_curve_counts_each_post_once() {
        let input = sample::input();
        let digest = Digest::build(&input);
        let counted: u64 = digest.curve.posts.iter().sum();
        assert_eq!(Some(counted + digest.curve.without_time), digest.shares.posts.value);
        assert_eq!(digest.curve.starts.len(), 24);
    }

    #[test]
    fn changes_against_what_was_not_measured_are_not_measured() {
        for (now, before, by, percent) in [
            (Some(30), Some(20), Some(10), Some(50.0)),
            (Some(3), Some(0), Some(3), None),
            (Some(0), Some(40), Some(-40), Some(-100.0)),
            (Some(12), Some(1), Some(11), None),
            (Some(3), None, None, None),
            (None, Some(3), None, None),
        ] {
            assert_eq!(change(now, before), Change { by, percent }, "{now:?} {before:?}");
        }
    }

    #[test]
    fn silence_is_told_from_deafness() {
        let outcomes = |outcomes: &[SourceOutcome]| {
            let mut input = sample::input();
            input.posts.clear();
            input.other_posts.clear();
            input.previous = Some(super::super::PreviousPeriod {
                tally: Tally::default(),
                words: Default::default(),
            });
            let template = input.sources.as_ref().unwrap()[0].clone();
            input.sources = Some(
                outcomes
                    .iter()
                    .map(|o| super::super::SourceInput { outcome: o.clone(), ..template.clone() })
                    .collect(),
            );
            let digest = Digest::build(&input);
            let is_measured = digest.emptiness != Emptiness::NothingHeard;
            assert_eq!(digest.shares.posts.value, is_measured.then_some(0), "unheard is not 0");
            digest.emptiness
        };
        let failed = SourceOutcome::Failed { reason: "HTTP 500".into() };
        assert_eq!(outcomes(&[SourceOutcome::Good]), Emptiness::NothingSaid);
        assert_eq!(outcomes(&[SourceOutcome::Good, failed.clone()]), Emptiness::NotAllHeard);
        let partial = SourceOutcome::Partial { reason: "HTTP 500".into() };
        assert_eq!(outcomes(&[partial]), Emptiness::NotAllHeard);
        assert_eq!(outcomes(&[failed, SourceOutcome::NotRun]), Emptiness::NothingHeard);
        let mut input = sample::input();
        input.posts.clear();
        input.sources = None;
        assert_eq!(Digest::build(&input).emptiness, Emptiness::Unknown);
    }

    #[test]
    fn a_full_appendix_says_how_many_it_left_out_and_holds_what_is_named() {
        let mut input = sample::input();
        let full = Digest::build(&input);
        input.listed_posts = 5;
        let digest = Digest::build(&input);
        let inside = |digest: &Digest| digest.posts.iter().filter(|post| !post.outside).count();
        assert!(digest.posts.len() < full.posts.len());
        assert_eq!(inside(&digest) + digest.unlisted_posts, input.posts.len());
        assert_eq!(full.unlisted_posts, 0);
        let set = &digest.sets[digest.shares.posts.set.unwrap() - 1];
        assert_eq!(Some((set.posts.len() + set.unlisted) as u64), digest.shares.posts.value);
        assert!(set.unlisted > 0);
        for happening in digest.happenings.matters.iter().chain(&digest.happenings.praise) {
            let named = &digest.posts[happening.title.post - 1];
            assert_eq!(named.title, happening.title.text, "what is named is listed");
        }
    }
}
