//! From a digest to a paper: which sections a kind has, in which order, and what each says in words.
//!
//! In: a [`Digest`], a language. Out: a [`Paper`]. Every sentence is made of stored facts and quotations, each with its mark;
//! the words between stand in the locale files. Judges nothing: order and lists are the digest's.

mod cases;
mod charts;
mod happenings;
mod opening;
mod originals;
mod tables;
mod voice;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;

use super::digest::{Change, Digest, Emptiness, Figure, Quote};
use super::input::PeriodKind;
use super::paper::{Block, Head, Paper, Run, Runs, fill, plain, text};

/// `digest` in words.
#[must_use]
pub fn compose(digest: &Digest, lang: Lang) -> Paper {
    let mut writer = Writer { d: digest, lang, body: Vec::new(), sections: 0, tight: 0 };
    let room = room(digest);
    let body = loop {
        if digest.emptiness == Emptiness::NotEmpty {
            writer.sections();
        } else {
            writer.nothing();
        }
        let body = std::mem::take(&mut writer.body);
        if writer.tight == TIGHTEST || room.is_none_or(|room| lines(&body) <= room) {
            break body;
        }
        (writer.tight, writer.sections) = (writer.tight + 1, 0);
    };
    let appendix = writer.originals();
    Paper {
        lang,
        title: writer.title(),
        head: writer.head(),
        body,
        sent: writer.sent(),
        made: writer.say("made", &[("at", &writer.when(digest.generated_at, "full"))]),
        made_at: digest.generated_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        appendix_title: writer.text("heading.originals"),
        appendix,
    }
}

/// Lines of the text of what has a bound: three pages of 22 of a daily, one of a flash report, less what head and end take
/// and what tables lose at the foot of a page.
fn room(digest: &Digest) -> Option<f64> {
    let (pages, lost) = match digest.period {
        PeriodKind::Day => (3.0, 5.0),
        PeriodKind::Flash => (1.0, 1.0),
        _ => return None,
    };
    let paper = &digest.paper;
    let head = match (paper.red_head.is_empty(), paper.issue) {
        (true, _) => 2.9,
        (false, None) => 5.9,
        (false, Some(_)) => 6.9,
    };
    let sent = [&paper.send_to, &paper.copy_to].into_iter().filter(|list| !list.is_empty());
    Some(pages * 22.0 - lost - head - 1.3 - 0.9 * sent.count() as f64)
}

/// How far what is too long is drawn in. A daily: fewer alerts and no words; then fewer units and nothing that is not about
/// us; then what follows the first happening in brief; then no table of cases that the opening has named, and of grievances
/// and praise the first ones alone; then no table of units; then one alert; then one grievance less. A flash report: one view, none, one claim.
const TIGHTEST: u8 = 7;

/// About how many lines of 28 characters `blocks` fill in an official document.
fn lines(blocks: &[Block]) -> f64 {
    // Halves of a character: what is not Chinese is about half as wide.
    let wide = |runs: &[Run]| -> f64 {
        let marks = runs.iter().filter(|run| matches!(run, Run::Quote(_) | Run::Title(_))).count();
        let width = |c: char| if c.is_ascii() { 0.5 } else { 1.0 };
        plain(runs).chars().map(width).sum::<f64>() + 3.5 * marks as f64
    };
    // A row is as tall as its longest cell: 10.5 points, of which a line holds 42.
    let tall = |row: &[Runs], widths: &[u16]| {
        let cell = |(runs, share): (&Runs, &u16)| {
            (wide(runs) / (42.0 * f64::from(*share) / 100.0 - 0.8)).ceil().max(1.0)
        };
        0.6 * row.iter().zip(widths).map(cell).fold(1.0, f64::max)
    };
    let of = |block: &Block| match block {
        Block::Heading(..) => 1.0,
        Block::Para(runs) | Block::Warn(runs) => ((wide(runs) + 2.0) / 27.0).ceil(),
        Block::Note(runs) | Block::Line(_, runs) => (wide(runs) / 36.0).ceil() * 0.7,
        Block::Table(table) => {
            0.8 + table.rows.iter().map(|row| tall(row, &table.widths)).sum::<f64>()
        }
        Block::Cloud(..) | Block::Drawing(..) => 6.0,
    };
    blocks.iter().map(of).sum()
}

/// A section of a paper; kinds choose among them.
#[derive(Clone, Copy)]
enum Section {
    Opening,
    Matters,
    Grievances,
    Praise,
    Others,
    Voice,
    Elsewhere,
    Alerts,
    Units,
    Curve,
    Words,
    Sources,
    Happening,
    Spread,
    Content,
    Handling,
    Advice,
}

fn sections(period: PeriodKind, is_one: bool) -> &'static [Section] {
    use Section::{
        Advice, Alerts, Content, Curve, Elsewhere, Grievances, Handling, Happening, Matters,
        Opening, Others, Praise, Sources, Spread, Units, Voice, Words,
    };
    match (period, is_one) {
        (PeriodKind::Day, _) => &[
            Opening, Matters, Grievances, Praise, Others, Voice, Alerts, Units, Words, Elsewhere,
            Sources,
        ],
        (PeriodKind::Flash, _) => &[Happening],
        (PeriodKind::Special, true) => &[Happening, Spread, Content, Handling, Advice],
        (PeriodKind::Special, false) => &[
            Opening, Curve, Matters, Grievances, Praise, Others, Voice, Handling, Units, Words,
            Advice, Sources,
        ],
        (PeriodKind::Week | PeriodKind::Month, _) => &[
            Opening, Matters, Grievances, Praise, Others, Voice, Alerts, Units, Curve, Words,
            Elsewhere, Sources,
        ],
    }
}

struct Writer<'a> {
    d: &'a Digest,
    lang: Lang,
    body: Vec<Block>,
    /// Headings of the first level so far.
    sections: usize,
    /// How far it is drawn in.
    tight: u8,
}

impl Writer<'_> {
    fn sections(&mut self) {
        let all = &self.d.happenings;
        let lists = [&all.matters, &all.grievances, &all.praise, &all.others];
        let is_one =
            self.d.told == Some(1) && lists.iter().map(|list| list.len()).sum::<usize>() == 1;
        for section in sections(self.d.period, is_one) {
            match section {
                Section::Opening => self.opening(),
                Section::Matters => self.matters(),
                Section::Grievances => self.grievances(),
                Section::Praise => self.praise(),
                Section::Others => self.others(),
                Section::Voice => self.voice(),
                Section::Elsewhere => self.elsewhere(),
                Section::Alerts => self.alerts("alerts"),
                Section::Units => self.units(),
                Section::Curve => self.curve(),
                Section::Words => self.words(),
                Section::Sources => self.sources(),
                Section::Happening => self.happening(),
                Section::Spread => self.spread(),
                Section::Content => self.content(),
                Section::Handling => self.alerts("handling"),
                Section::Advice => self.advice(),
            }
        }
    }

    /// Nothing about us: one line, and what the station knows beside it.
    fn nothing(&mut self) {
        let totals = self.d.source_totals.unwrap_or_default();
        let key = format!("empty.{}", self.d.emptiness.as_str());
        let (from, to) = (self.when(self.d.from, "full"), self.when(self.d.to, "full"));
        let line = self.say(
            &key,
            &[
                ("from", &from),
                ("to", &to),
                ("count", &totals.sources),
                ("failed", &totals.failed),
                ("idle", &totals.not_run),
            ],
        );
        self.section("opening");
        let is_calm = self.d.emptiness == Emptiness::NothingSaid;
        self.body.push(if is_calm { Block::Para(text(line)) } else { Block::Warn(text(line)) });
        if !self.d.alerts.is_empty() || !self.d.cases.lines.is_empty() {
            self.alerts("alerts");
        }
        if self.d.emptiness == Emptiness::NotAllHeard {
            self.sources();
        }
    }

    fn text(&self, key: &str) -> String {
        self.lang.text(&format!("digest.{key}"))
    }

    /// Our own words with texts in their places.
    fn say(&self, key: &str, places: &[(&str, &dyn std::fmt::Display)]) -> String {
        self.lang.fill(&format!("digest.{key}"), places)
    }

    /// Our own words with runs in their places.
    fn fill(&self, key: &str, places: &[(&str, Runs)]) -> Runs {
        fill(self.lang, &format!("digest.{key}"), places)
    }

    fn when(&self, at: DateTime<Utc>, style: &str) -> String {
        let format = self.text(&format!("format.{style}"));
        at.with_timezone(&self.d.zone).format(&format).to_string()
    }

    /// A heading of the first level.
    fn section(&mut self, key: &str) {
        self.sections += 1;
        let number = match self.lang {
            Lang::Zh => format!("{}、", chinese(self.sections)),
            Lang::En => format!("{}. ", self.sections),
        };
        let heading = number + &self.text(&format!("heading.{key}"));
        self.body.push(Block::Heading(1, text(heading)));
    }

    /// The number of a part within its section.
    fn part(&self, number: usize) -> String {
        match self.lang {
            Lang::Zh => format!("（{}）", chinese(number)),
            Lang::En => format!("({number}) "),
        }
    }

    fn title(&self) -> String {
        let kind = self.d.title.clone();
        let kind = kind.unwrap_or_else(|| self.text(&format!("title.{}", self.d.period.as_str())));
        match &self.d.focus {
            Some(focus) if self.d.period != PeriodKind::Flash => {
                self.say("title.focus", &[("focus", focus), ("kind", &kind)])
            }
            _ => kind,
        }
    }

    fn unit(&self) -> &str {
        if self.d.paper.unit.is_empty() { &self.d.organisation } else { &self.d.paper.unit }
    }

    fn head(&self) -> Head {
        let paper = &self.d.paper;
        // The day a digest is about is that of its last moment.
        let last = self.d.to - chrono::TimeDelta::seconds(1);
        let issue = paper
            .issue
            .map(|issue| self.say("issue", &[("year", &issue.year), ("number", &issue.number)]));
        Head {
            red: paper.red_head.clone(),
            issue: issue.unwrap_or_default(),
            unit: self.unit().to_owned(),
            day: self.when(last, "date"),
            span: self.say(
                "subtitle",
                &[("from", &self.when(self.d.from, "full")), ("to", &self.when(self.d.to, "full"))],
            ),
        }
    }

    /// 报送 and 抄送.
    fn sent(&self) -> Vec<String> {
        let paper = &self.d.paper;
        let separator = self.text("separator");
        [("sent.to", &paper.send_to), ("sent.copy", &paper.copy_to)]
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(key, list)| self.say(key, &[("list", &list.join(&separator))]))
            .collect()
    }

    /// A change against the period before.
    fn change(&self, change: Change) -> String {
        let direction = |by: i64| if by > 0 { "more" } else { "less" };
        match (change.by, change.percent) {
            (None, _) => self.text("change.unknown"),
            (Some(0), _) => self.text("change.same"),
            (Some(by), None) => {
                self.say(&format!("change.{}", direction(by)), &[("by", &by.unsigned_abs())])
            }
            (Some(by), Some(percent)) => self.say(
                &format!("change.{}_percent", direction(by)),
                &[("by", &by.unsigned_abs()), ("percent", &percent.abs().round())],
            ),
        }
    }
}

fn count(figure: Figure) -> Runs {
    vec![Run::Count(figure)]
}

fn quote(quote: &Quote) -> Runs {
    if quote.text.is_empty() {
        vec![Run::Mark(quote.post)]
    } else {
        vec![Run::Quote(quote.clone())]
    }
}

fn title(quote: &Quote) -> Runs {
    vec![Run::Title(quote.clone())]
}

/// Whether a line says nothing.
fn is_blank(runs: &[Run]) -> bool {
    plain(runs).trim().is_empty()
}

/// A number up to 99 as headings write it.
fn chinese(number: usize) -> String {
    let digit = |n: usize| {
        "零一二三四五六七八九".chars().nth(n).map_or_else(|| n.to_string(), String::from)
    };
    match (number / 10, number % 10) {
        (0, ones) => digit(ones),
        (tens, ones) if tens < 10 => {
            let tens = if tens == 1 { String::new() } else { digit(tens) };
            let ones = if ones == 0 { String::new() } else { digit(ones) };
            format!("{tens}十{ones}")
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_count_in_chinese() {
        for (number, expected) in
            [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (42, "四十二")]
        {
            assert_eq!(chinese(number), expected);
        }
    }
}
