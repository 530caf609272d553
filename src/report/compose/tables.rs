//! Alerts, units, channels, the curve, hot words and sources: tables with their drawings, and lines.
//!
//! In: the counts of a digest. Out: sections. A count that was not measured says so.

use pipelines::record::AlertState;

use super::super::digest::{AlertLine, Curve, Shares};
use super::super::drawing::Drawing;
use super::super::paper::{Block, Runs, Table, joined, marks, text};
use super::super::why::why;
use super::{PeriodKind, Writer, count};

/// Alerts shown.
const ALERTS: usize = 6;
/// Units shown in a daily; others are of the appendix of figures.
const UNITS: usize = 12;
/// Words told in a daily.
const WORDS: usize = 5;
/// Names of sources in a line.
const NAMES: usize = 6;

impl Writer<'_> {
    pub(super) fn alerts(&mut self, heading: &str) {
        let d = self.d;
        let (alerts, cases) = (&d.alerts, &d.cases.lines);
        if alerts.is_empty() && cases.is_empty() && heading == "alerts" {
            return;
        }
        self.section(heading);
        self.case_table();
        if alerts.is_empty() && !cases.is_empty() {
            return;
        }
        if alerts.is_empty() {
            let line = self.text("no_alerts");
            self.body.push(Block::Para(text(line)));
            return;
        }
        let most = match self.tight {
            0 => ALERTS,
            1..=5 => ALERTS / 2,
            _ => 1,
        };
        let rows = alerts.iter().take(most).map(|alert| self.alert(alert)).collect();
        self.body.push(Block::Table(Table {
            head: ["severity", "rule", "fired", "state"]
                .map(|key| self.text(&format!("alert.{key}")))
                .to_vec(),
            widths: vec![17, 41, 23, 19],
            numbers: vec![false; 4],
            rows,
        }));
        if alerts.len() > most {
            let line = self.say("alert.more", &[("count", &(alerts.len() - most))]);
            self.body.push(Block::Note(text(line)));
        }
    }

    fn alert(&self, alert: &AlertLine) -> Vec<Runs> {
        let severity = self.lang.text(&format!("record.severity.{}", alert.severity.as_str()));
        let state = self.lang.text(&format!("record.alert_state.{}", alert.state.as_str()));
        // What is short names the rule alone; what is long says why it fired.
        let is_short = matches!(self.d.period, PeriodKind::Day | PeriodKind::Flash);
        let places = [("rule", text(alert.rule_name.clone())), ("count", count(alert.evidence))];
        let mut why = match is_short {
            true => self.fill("alert.short", &places),
            false => {
                let why = why(alert.rule.as_ref(), &alert.alert, self.lang);
                text(self.say("alert.why", &[("rule", &alert.rule_name), ("why", &why)]))
            }
        };
        why.extend(marks(if is_short { &[] } else { &alert.posts }));
        if alert.missing > 0 {
            why.extend(text(self.say("alert.missing", &[("count", &alert.missing)])));
        }
        let since = alert.state_since.filter(|_| alert.state != AlertState::Open && !is_short);
        let state = match since {
            Some(since) => {
                self.say("alert.since", &[("state", &state), ("at", &self.when(since, "minute"))])
            }
            None => state,
        };
        vec![text(severity), why, text(self.when(alert.fired_at, "minute")), text(state)]
    }

    /// All of us and each unit: posts and what they say.
    pub(super) fn units(&mut self) {
        let d = self.d;
        self.section("units");
        let shares = d.shares;
        let is_compared = d.posts_change.by.is_some() || d.negative_change.by.is_some();
        let line = self.fill(
            if is_compared { "units.line" } else { "units.first" },
            &[
                ("posts", count(shares.posts)),
                ("change", text(self.change(d.posts_change))),
                ("negative", count(shares.negative)),
                ("bad", text(self.change(d.negative_change))),
                ("neutral", count(shares.neutral)),
                ("positive", count(shares.positive)),
                ("told", text(d.told.map_or_else(|| self.text("not_measured"), |n| n.to_string()))),
            ],
        );
        let passing = match d.passing.value {
            Some(0) | None => Vec::new(),
            Some(_) => self.fill("units.passing", &[("count", count(d.passing))]),
        };
        self.body.push(Block::Para([line, passing].concat()));
        let named: Vec<_> =
            d.subjects.iter().filter(|s| s.shares.posts.value.unwrap_or(0) > 0).collect();
        if named.len() < 2 || self.tight > 4 {
            return;
        }
        let rows: Vec<(String, Shares)> = named
            .iter()
            .take(if self.tight > 1 { UNITS / 3 } else { UNITS })
            .map(|unit| (unit.name.clone(), unit.shares))
            .collect();
        self.shares_table("subject", &rows);
        self.heat();
    }

    /// The curve by itself, with the channels.
    pub(super) fn curve(&mut self) {
        self.section("curve");
        self.drawn_curve();
        self.channels();
    }

    pub(super) fn channels(&mut self) {
        let rows: Vec<(String, Shares)> = self
            .d
            .channels
            .iter()
            .map(|line| {
                (self.lang.text(&format!("record.channel.{}", line.channel.as_str())), line.shares)
            })
            .collect();
        self.shares_table("channel", &rows);
    }

    /// A table of posts by polarity, under its bands.
    fn shares_table(&mut self, what: &str, rows: &[(String, Shares)]) {
        if self.d.period != PeriodKind::Day && rows.len() > 1 {
            let bands: Vec<[u64; 3]> = rows.iter().map(|(_, shares)| bands(shares)).collect();
            self.body.push(Block::Drawing(Drawing::bands(&bands), self.text("bands")));
        }
        let head = ["posts", "negative", "neutral", "positive"]
            .map(|key| self.text(&format!("column.{key}")));
        let row = |(i, (name, shares)): (usize, &(String, Shares))| {
            let mut row = vec![text((i + 1).to_string()), text(name.clone())];
            row.extend([shares.posts, shares.negative, shares.neutral, shares.positive].map(count));
            row
        };
        self.body.push(Block::Table(Table {
            head: [self.text("column.number"), self.text(&format!("column.{what}"))]
                .into_iter()
                .chain(head)
                .collect(),
            widths: vec![6, 42, 13, 13, 13, 13],
            numbers: vec![true, false, true, true, true, true],
            rows: rows.iter().enumerate().map(row).collect(),
        }));
    }

    /// The drawing of the curve and its table; nothing where there is nothing to draw.
    pub(super) fn drawn_curve(&mut self) {
        let curve = &self.d.curve;
        if curve.posts.iter().all(|n| *n == 0) {
            return;
        }
        let bands: Vec<[u64; 3]> = (0..curve.posts.len())
            .map(|i| {
                let (bad, good) = (curve.negative[i], curve.positive[i]);
                [bad, curve.posts[i] - bad - good, good]
            })
            .collect();
        let key = if curve.is_hourly { "curve.hourly" } else { "curve.daily" };
        let says = self.text(key);
        self.body.push(Block::Drawing(Drawing::curve(&bands, &self.labels(curve)), says));
        // The table of the curve, in one line: only the steps in which something was said.
        let steps =
            curve.starts.iter().zip(&bands).filter(|(_, band)| band.iter().sum::<u64>() > 0);
        let style = if curve.is_hourly { "hour" } else { "short_day" };
        let steps = steps.map(|(start, band)| {
            let (all, bad) = (band.iter().sum::<u64>(), band[0]);
            text(self.say(
                "curve.step",
                &[("at", &self.when(*start, style)), ("posts", &all), ("negative", &bad)],
            ))
        });
        let line = joined(steps, &self.text("comma"));
        self.body.push(Block::Note(line));
        if curve.without_time > 0 {
            let line = self.say("curve.without_time", &[("count", &curve.without_time)]);
            self.body.push(Block::Note(text(line)));
        }
    }

    /// One label a step, most of them empty so that they do not run into each other.
    fn labels(&self, curve: &Curve) -> Vec<String> {
        let every = curve.starts.len().div_ceil(10).max(1);
        let format = if curve.is_hourly { "%-H" } else { "%-m.%-d" };
        let label = |(i, start): (usize, &chrono::DateTime<chrono::Utc>)| match i % every {
            0 => start.with_timezone(&self.d.zone).format(format).to_string(),
            _ => String::new(),
        };
        curve.starts.iter().enumerate().map(label).collect()
    }

    pub(super) fn words(&mut self) {
        if self.d.words.is_empty() && self.d.cloud.is_empty() || self.tight > 0 {
            return;
        }
        let is_short = self.d.period == PeriodKind::Day;
        if !is_short {
            self.section("words");
            self.cloud();
        }
        let most = if is_short { WORDS } else { self.d.words.len() };
        // Against a period before that was not measured nothing rose.
        let is_compared = self.d.words.iter().any(|word| word.before.is_some());
        let most = if is_short || is_compared { most } else { 0 };
        let words = self.d.words.iter().take(most).map(|word| {
            let (name, posts) = (text(word.word.clone()), count(word.posts));
            match word.before {
                Some(before) => self.fill(
                    "word.line",
                    &[("word", name), ("posts", posts), ("before", text(before.to_string()))],
                ),
                None => self.fill("word.new", &[("word", name), ("posts", posts)]),
            }
        });
        let line = joined(words, &self.text("separator"));
        if line.is_empty() {
            return;
        }
        let key = if is_short { "word.list" } else { "word.rose" };
        let line = self.fill(key, &[("list", self.ended(line))]);
        self.body.push(Block::Para(line));
    }

    /// Which sources were not heard; one line where all were.
    pub(super) fn sources(&mut self) {
        let is_short = self.d.period == PeriodKind::Day;
        if !is_short {
            self.section("sources");
        }
        let collected = self
            .d
            .collected
            .map(|n| self.say("sources.collected", &[("count", &n)]))
            .unwrap_or_default();
        let Some((lines, totals)) = self.d.sources.as_ref().zip(self.d.source_totals) else {
            let line = self.text("sources.unknown");
            return self.body.push(Block::Warn(text(line)));
        };
        if totals.sources == 0 {
            let line = text(self.text("sources.none") + &collected);
            return self.body.push(if is_short { Block::Note(line) } else { Block::Para(line) });
        }
        if totals.good == totals.sources {
            let line = text(self.say("sources.sound", &[("count", &totals.sources)]) + &collected);
            return self.body.push(if is_short { Block::Note(line) } else { Block::Para(line) });
        }
        let mut line = String::new();
        for state in ["failed", "partial", "silent", "not_run"] {
            let of: Vec<_> = lines.iter().filter(|line| line.state == state).collect();
            if of.is_empty() {
                continue;
            }
            let named = of.iter().take(NAMES).map(|line| match &line.reason {
                Some(reason) => {
                    self.say("sources.because", &[("name", &line.name), ("reason", reason)])
                }
                None => line.name.clone(),
            });
            let mut list = named.collect::<Vec<_>>().join(&self.text("separator"));
            if of.len() > NAMES {
                list = self.say("open.and_more", &[("list", &list)]);
            }
            line +=
                &self.say(&format!("sources.{state}"), &[("count", &of.len()), ("list", &list)]);
        }
        line += &self.text("sources.trouble");
        let line = text(line + &collected);
        self.body.push(if is_short { Block::Note(line) } else { Block::Warn(line) });
    }
}

fn bands(shares: &Shares) -> [u64; 3] {
    [shares.negative, shares.neutral, shares.positive].map(|figure| figure.value.unwrap_or(0))
}
