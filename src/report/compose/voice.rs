//! Our own voice in words, and what was told far and wide without naming us.
//!
//! In: what we published and what became of it; happenings of the trade and of the world. Out: a paragraph, a table and
//! titles. A daily says it in a sentence.

use super::super::elsewhere::ElsewhereLine;
use super::super::paper::{Block, Runs, Table, joined, text};
use super::super::voice::{OwnLine, OwnVoice};
use super::{PeriodKind, Writer, count, title};
use crate::cases::words;

impl Writer<'_> {
    /// What we published, who took it, and what nobody took.
    pub(super) fn voice(&mut self) {
        let Some(voice) = &self.d.voice else { return };
        let published = voice.published.value.unwrap_or(0);
        let is_short = self.d.period == PeriodKind::Day;
        if is_short && (published == 0 || self.tight > 1) {
            return;
        }
        if !is_short {
            self.section("voice");
        }
        if published == 0 {
            let line = self.text("voice.nothing");
            return self.body.push(Block::Note(text(line)));
        }
        let line = self.published(voice);
        self.body.push(Block::Para(line));
        if !is_short && !voice.lines.is_empty() {
            self.voice_table(&voice.lines);
        }
        if !voice.untaken.is_empty() && !is_short {
            let titles = joined(voice.untaken.iter().map(title), &self.text("separator"));
            let line = self.fill("voice.untaken", &[("titles", titles)]);
            self.body.push(Block::Para(line));
        }
        if voice.left_out.value.unwrap_or(0) > 0 && !is_short {
            let line = self.fill("voice.left_out", &[("count", count(voice.left_out))]);
            self.body.push(Block::Note(line));
        }
    }

    fn published(&self, voice: &OwnVoice) -> Runs {
        let others = voice.by_others;
        let places = [
            ("published", count(voice.published)),
            ("taken", count(voice.taken)),
            ("posts", count(others.posts)),
            ("outlets", text(voice.outlets.to_string())),
            ("negative", count(others.negative)),
            ("positive", count(others.positive)),
        ];
        let key = if voice.taken.value == Some(0) { "voice.none_taken" } else { "voice.line" };
        let mut line = self.fill(key, &places);
        if let Some(furthest) = voice.lines.first() {
            let places = [
                ("title", title(&furthest.title)),
                ("outlets", text(furthest.outlets.to_string())),
                ("after", text(self.after(furthest.first_minutes))),
            ];
            line.extend(self.fill("voice.furthest", &places));
        }
        line
    }

    /// How long after ours, in words.
    fn after(&self, minutes: Option<i64>) -> String {
        minutes.map_or_else(|| self.text("not_measured"), |n| words::span(n, self.lang))
    }

    fn voice_table(&mut self, lines: &[OwnLine]) {
        let row = |line: &OwnLine| {
            let channels = line.channels.iter().map(|(channel, figure)| {
                let name = self.lang.text(&format!("record.channel.{}", channel.as_str()));
                self.fill("story.channel", &[("name", text(name)), ("count", count(*figure))])
            });
            let spread = [
                ("outlets", text(line.outlets.to_string())),
                ("posts", count(line.taken.posts)),
                ("copies", count(line.copies)),
            ];
            let tone = [
                ("negative", count(line.taken.negative)),
                ("positive", count(line.taken.positive)),
            ];
            let pace = [
                ("first", text(self.after(line.first_minutes))),
                ("last", text(self.after(line.last_minutes))),
            ];
            let name = [
                title(&line.title),
                text(self.say("voice.at", &[("at", &self.when(line.at, "short_day"))])),
            ];
            vec![
                name.concat(),
                self.fill("voice.spread", &spread),
                joined(channels, &self.text("separator")),
                self.fill("voice.pace", &pace),
                self.fill("voice.tone", &tone),
            ]
        };
        let rows = lines.iter().map(row).collect();
        self.body.push(Block::Table(Table {
            head: ["title", "spread", "channels", "pace", "tone"]
                .map(|key| self.text(&format!("voice.column.{key}")))
                .to_vec(),
            widths: vec![36, 18, 18, 14, 14],
            numbers: vec![false; 5],
            rows,
        }));
    }

    /// What does not name us: the trade, then the world.
    pub(super) fn elsewhere(&mut self) {
        let (trade, world) = (&self.d.elsewhere.trade, &self.d.elsewhere.world);
        if trade.is_empty() && world.is_empty() || self.tight > 1 {
            return;
        }
        self.section("elsewhere");
        for (key, lines) in [("elsewhere.trade", trade), ("elsewhere.world", world)] {
            if !lines.is_empty() {
                let list = self
                    .ended(joined(lines.iter().map(|line| self.told(line)), &self.text("pause")));
                let line = self.fill(key, &[("list", list)]);
                self.body.push(Block::Para(line));
            }
        }
    }

    fn told(&self, line: &ElsewhereLine) -> Runs {
        let places = [
            ("title", title(&line.title)),
            ("source", text(line.title.source.clone())),
            ("at", text(self.when(line.at, "short_day"))),
            ("posts", count(line.posts)),
            ("outlets", text(line.outlets.to_string())),
        ];
        self.fill("elsewhere.line", &places)
    }
}
