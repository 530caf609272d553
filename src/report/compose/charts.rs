//! The heat map of units by day and the cloud of words, each with the numbers it shows.
//!
//! In: the counts of a digest. Out: drawings, and beside each its table. Nothing is drawn of hours.

use chrono::{DateTime, Datelike as _, Utc};

use super::super::drawing::Drawing;
use super::super::paper::{Block, CloudWord, Runs, Table, joined, text};
use super::{Writer, count};

/// Units drawn.
const UNITS: usize = 12;
/// Columns that a table has room for; more days are told in lines.
const COLUMNS: usize = 8;
/// Sizes of words in a cloud.
const SIZES: u64 = 5;

impl Writer<'_> {
    /// Units by days, numbered as in the table of units.
    pub(super) fn heat(&mut self) {
        let rows = &self.d.heat;
        if rows.is_empty() {
            return;
        }
        let rows = &rows[..rows.len().min(UNITS)];
        let starts = &self.d.curve.starts;
        let cells: Vec<Vec<u64>> = rows.iter().map(|row| row.posts.clone()).collect();
        let every = starts.len().div_ceil(16).max(1);
        let named = self.days().into_iter().enumerate();
        let labels: Vec<String> =
            named.map(|(i, day)| if i % every == 0 { day } else { String::new() }).collect();
        self.body.push(Block::Drawing(Drawing::heat(&cells, &labels), self.text("heat")));
        if starts.len() <= COLUMNS {
            return self.heat_table();
        }
        for (i, row) in rows.iter().enumerate() {
            let days = starts.iter().zip(&row.posts).filter(|(_, posts)| **posts > 0);
            let days = days.map(|(at, posts)| {
                let at = self.when(*at, "short_day");
                text(self.say("heat_day", &[("at", &at), ("posts", posts)]))
            });
            let name = self.say("heat_row", &[("number", &(i + 1)), ("name", &row.name)]);
            let line = [text(name), joined(days, &self.text("comma"))].concat();
            self.body.push(Block::Note(line));
        }
    }

    /// The days of the curve, with the month where it begins.
    fn days(&self) -> Vec<String> {
        let local = |at: &DateTime<Utc>| at.with_timezone(&self.d.zone);
        let name = |(i, at): (usize, &DateTime<Utc>)| {
            let is_new = i == 0 || local(at).day() == 1;
            local(at).format(if is_new { "%-m.%-d" } else { "%-d" }).to_string()
        };
        self.d.curve.starts.iter().enumerate().map(name).collect()
    }

    fn heat_table(&mut self) {
        let starts = &self.d.curve.starts;
        let days = self.days();
        let wide = 64 / u16::try_from(starts.len().max(1)).unwrap_or(1);
        let row = |(i, row): (usize, &super::super::digest::HeatRow)| -> Vec<Runs> {
            let cells = row.posts.iter().map(|posts| text(posts.to_string()));
            [text((i + 1).to_string()), text(row.name.clone())].into_iter().chain(cells).collect()
        };
        self.body.push(Block::Table(Table {
            head: [self.text("column.number"), self.text("column.by_day")]
                .into_iter()
                .chain(days)
                .collect(),
            widths: [7, 29].into_iter().chain(starts.iter().map(|_| wide)).collect(),
            numbers: [true, false].into_iter().chain(starts.iter().map(|_| true)).collect(),
            rows: self.d.heat.iter().take(UNITS).enumerate().map(row).collect(),
        }));
    }

    /// The words that most posts about us have, by size, with how many posts have each.
    pub(super) fn cloud(&mut self) {
        let words = &self.d.cloud;
        let (Some(most), Some(least)) = (
            words.iter().filter_map(|word| word.posts.value).max(),
            words.iter().filter_map(|word| word.posts.value).min(),
        ) else {
            return;
        };
        let size = |posts: u64| 1 + (posts - least) * (SIZES - 1) / (most - least).max(1);
        let mut cloud: Vec<CloudWord> = words
            .iter()
            .map(|word| CloudWord {
                word: word.word.clone(),
                size: u8::try_from(size(word.posts.value.unwrap_or(least))).unwrap_or(1),
            })
            .collect();
        // Not by size: a cloud is mixed, and the line below is in order.
        cloud.sort_by(|a, b| a.word.cmp(&b.word));
        self.body.push(Block::Cloud(cloud, self.text("cloud")));
        let listed = words.iter().map(|word| {
            let places = [("word", text(word.word.clone())), ("posts", count(word.posts))];
            self.fill("word.new", &places)
        });
        let line = self.fill("cloud_table", &[("list", joined(listed, &self.text("separator")))]);
        self.body.push(Block::Note(line));
    }
}
