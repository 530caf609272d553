//! The ledger of a period as a workbook: posts, happenings, alerts and cases, a sheet each.
//!
//! In: what a digest is made from. Out: the bytes of an `.xlsx`, the same for the same input. Times are times, numbers are
//! numbers, addresses of the web are links; all else is text, so that no title is ever run as a formula. It holds every post
//! about us, also those that the appendix had no room for.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Timelike, Utc};
use pipelines::locale::Lang;
use pipelines::record::{Polarity, StoryId};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet,
    XlsxError,
};

use super::cases::CaseLine;
use super::digest::Digest;
use super::groups::{Group, grouped, is_answer};
use super::input::{DigestInput, DigestPost};
use super::markdown::link_target;

/// Rows of a sheet, its head not counted.
const ROWS: usize = 1_048_575;
/// Links that one sheet takes, and characters of one of them.
const LINKS: usize = 65_000;
const LINK_CHARS: usize = 2_000;
/// Characters of a cell.
const CELL_CHARS: usize = 32_000;

/// Width from which the text of a column is wrapped.
const LONG: f64 = 24.0;

/// The height of a line in points, and lines of a row at most.
const LINE: f64 = 15.0;
const LINES: f64 = 6.0;

/// A column: its key under `digest.book.column`, its width in characters.
type Column = (&'static str, f64);

const POSTS: [Column; 13] = [
    ("time", 17.0),
    ("title", 48.0),
    ("source", 20.0),
    ("channel", 9.0),
    ("polarity", 9.0),
    ("risk", 7.0),
    ("grade", 10.0),
    ("units", 28.0),
    ("said", 40.0),
    ("address", 48.0),
    ("fetched", 17.0),
    ("happening", 19.0),
    ("id", 19.0),
];
const STORIES: [Column; 12] = [
    ("first", 17.0),
    ("last", 17.0),
    ("title", 48.0),
    ("first_source", 20.0),
    ("posts", 7.0),
    ("outlets", 9.0),
    ("negative", 7.0),
    ("grade", 10.0),
    ("risk", 7.0),
    ("answered", 9.0),
    ("case", 12.0),
    ("happening", 19.0),
];
const ALERTS: [Column; 6] = [
    ("fired", 17.0),
    ("rule", 24.0),
    ("grade", 10.0),
    ("state", 10.0),
    ("posts", 7.0),
    ("title", 48.0),
];
const CASES: [Column; 10] = [
    ("case", 12.0),
    ("title", 44.0),
    ("grade", 10.0),
    ("state", 12.0),
    ("unit", 24.0),
    ("opened", 17.0),
    ("due", 17.0),
    ("late", 12.0),
    ("answered_at", 17.0),
    ("ended", 17.0),
];

/// The ledger of `input`, of which `digest` was made.
///
/// # Errors
/// More posts than a sheet takes.
pub fn render_workbook(
    input: &DigestInput,
    digest: &Digest,
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let mut posts: Vec<&DigestPost> = input.posts.iter().collect();
    posts.sort_by(|a, b| b.time().cmp(&a.time()).then_with(|| a.id.cmp(&b.id)));
    let mut book = Book { book: Workbook::new(), input, lang };
    let zoned = book.time_of(digest.generated_at)?;
    let properties = DocProperties::new()
        .set_title(lang.text("digest.book.title"))
        .set_author(&input.organisation)
        .set_creation_datetime(&zoned);
    book.book.set_properties(&properties);
    book.posts(&posts)?;
    book.stories(&posts, digest)?;
    book.alerts(digest)?;
    book.cases(digest)?;
    book.book.save_to_buffer()
}

struct Book<'a> {
    book: Workbook,
    input: &'a DigestInput,
    lang: Lang,
}

/// What stands in a cell.
enum Cell {
    Text(String),
    Number(u64),
    Time(Option<DateTime<Utc>>),
    Address(String),
}

/// How a sheet of so many rows and columns is shown and printed: the head stays, every column can be filtered; on paper A4
/// across, as wide as it is, with the head on each page and its number below.
fn set_up(sheet: &mut Worksheet, rows: u32, columns: usize) -> Result<(), XlsxError> {
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?.set_footer("&C&P / &N");
    sheet.set_freeze_panes(1, 0)?;
    let last = u16::try_from(columns).unwrap_or(1).saturating_sub(1);
    sheet.autofilter(0, 0, rows.max(1), last)?;
    Ok(())
}

/// Lines that `text` takes in a column of that width: a Chinese character is as wide as two digits.
fn lines(text: &str, width: f64) -> f64 {
    let wide: u32 = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (f64::from(wide) / (width - 1.0)).ceil().max(1.0)
}

fn cell(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

impl Book<'_> {
    /// Local time as a spreadsheet has it.
    fn time_of(&self, at: DateTime<Utc>) -> Result<ExcelDateTime, XlsxError> {
        let at = at.with_timezone(&self.input.zone);
        let two = |n: u32| u8::try_from(n).unwrap_or(0);
        let year = u16::try_from(at.year()).unwrap_or(1900);
        let hour = u16::try_from(at.hour()).unwrap_or(0);
        ExcelDateTime::from_ymd(year, two(at.month()), two(at.day()))?.and_hms(
            hour,
            two(at.minute()),
            0.0,
        )
    }

    fn sheet(
        &mut self,
        name: &str,
        columns: &[Column],
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> Result<(), XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(self.lang.text(&format!("digest.book.sheet.{name}")))?;
        let bold = Format::new()
            .set_bold()
            .set_background_color("#E8EDF2")
            .set_border_bottom(FormatBorder::Thin)
            .set_align(FormatAlign::VerticalCenter);
        let plain = Format::new().set_align(FormatAlign::Top);
        let wrapped = Format::new().set_align(FormatAlign::Top).set_text_wrap();
        let time = Format::new().set_align(FormatAlign::Top).set_num_format("yyyy-mm-dd hh:mm");
        for (column, (key, width)) in (0..).zip(columns) {
            let head = self.lang.text(&format!("digest.book.column.{key}"));
            sheet.write_string_with_format(0, column, head, &bold)?;
            sheet.set_column_width(column, *width)?;
        }
        let (mut next, mut links) = (1, 0);
        for row in rows.take(ROWS) {
            let mut tall = 1.0_f64;
            for (column, cell) in (0..).zip(row) {
                let target = match &cell {
                    Cell::Address(url) => link(url).filter(|_| links < LINKS),
                    _ => None,
                };
                match (cell, target) {
                    (Cell::Time(None), _) => continue,
                    (Cell::Number(number), _) => {
                        sheet.write_number_with_format(next, column, number as f64, &plain)?
                    }
                    (Cell::Time(Some(at)), _) => {
                        let at = self.time_of(at)?;
                        sheet.write_datetime_with_format(next, column, &at, &time)?
                    }
                    (Cell::Address(_), Some(target)) => {
                        links += 1;
                        sheet.write_url(next, column, Url::new(target))?
                    }
                    (Cell::Address(text) | Cell::Text(text), _) => {
                        let width = columns[usize::from(column)].1;
                        let format = if width >= LONG { &wrapped } else { &plain };
                        if width >= LONG {
                            tall = tall.max(lines(&text, width));
                        }
                        sheet.write_string_with_format(next, column, cut(&text), format)?
                    }
                };
            }
            // Said here, since not every program finds it out by itself.
            if tall > 1.0 {
                sheet.set_row_height(next, LINE * tall.min(LINES))?;
            }
            next += 1;
        }
        set_up(&mut sheet, next - 1, columns.len())?;
        self.book.push_worksheet(sheet);
        Ok(())
    }

    fn word(&self, kind: &str, name: &str) -> Cell {
        cell(self.lang.text(&format!("record.{kind}.{name}")))
    }

    fn posts(&mut self, posts: &[&DigestPost]) -> Result<(), XlsxError> {
        let names: HashMap<_, _> =
            self.input.subjects.iter().map(|(id, name)| (id, name)).collect();
        let lang = self.lang;
        let word = |kind: &str, name: &str| cell(lang.text(&format!("record.{kind}.{name}")));
        let row = |post: &&DigestPost| {
            let units: Vec<&str> = post
                .subjects
                .iter()
                .filter_map(|(id, _)| names.get(id).map(|name| name.as_str()))
                .collect();
            vec![
                Cell::Time(Some(post.time())),
                cell(post.title.clone()),
                cell(post.source_name.clone()),
                word("channel", post.channel.as_str()),
                word("polarity", post.polarity().as_str()),
                Cell::Number(u64::from(post.risk)),
                word("severity", post.said.grade.as_str()),
                cell(units.join("、")),
                cell(post.said.point.clone()),
                Cell::Address(post.url.clone()),
                Cell::Time(Some(post.fetched_at)),
                cell(post.story.to_string()),
                cell(post.id.to_string()),
            ]
        };
        self.sheet("posts", &POSTS, posts.iter().map(row))
    }

    fn stories(&mut self, posts: &[&DigestPost], digest: &Digest) -> Result<(), XlsxError> {
        let mut groups = grouped(posts);
        groups.sort_by_cached_key(|group| {
            let first = group.0.first().map(|post| (post.story, post.id));
            (std::cmp::Reverse((group.grade(), group.outlets(), group.0.len())), first)
        });
        let cases = cases_by_story(&digest.cases.lines);
        let rows: Vec<Vec<Cell>> =
            groups.iter().filter_map(|group| self.story(group, &cases)).collect();
        self.sheet("stories", &STORIES, rows.into_iter())
    }

    fn story(&self, group: &Group, cases: &HashMap<StoryId, &str>) -> Option<Vec<Cell>> {
        let (first, last) = (group.telling().first().copied()?, group.0.last()?);
        let negative = group.0.iter().filter(|p| p.polarity() == Polarity::Negative).count();
        let answered = if group.0.iter().any(|post| is_answer(post)) { "yes" } else { "no" };
        let case = group.0.iter().find_map(|post| cases.get(&post.story).copied());
        Some(vec![
            Cell::Time(Some(first.time())),
            Cell::Time(Some(last.time())),
            cell(first.title.clone()),
            cell(first.source_name.clone()),
            Cell::Number(group.0.len() as u64),
            Cell::Number(group.outlets() as u64),
            Cell::Number(negative as u64),
            self.word("severity", group.grade().as_str()),
            Cell::Number(u64::from(group.risk())),
            cell(self.lang.text(&format!("digest.book.{answered}"))),
            cell(case.unwrap_or_default()),
            cell(first.story.to_string()),
        ])
    }

    fn alerts(&mut self, digest: &Digest) -> Result<(), XlsxError> {
        let row = |line: &super::AlertLine| {
            vec![
                Cell::Time(Some(line.fired_at)),
                cell(line.rule_name.clone()),
                self.word("severity", line.severity.as_str()),
                self.word("alert_state", line.state.as_str()),
                Cell::Number(line.alert.evidence.len() as u64),
                cell(line.headline.clone().unwrap_or_default()),
            ]
        };
        let rows: Vec<Vec<Cell>> = digest.alerts.iter().map(row).collect();
        self.sheet("alerts", &ALERTS, rows.into_iter())
    }

    fn cases(&mut self, digest: &Digest) -> Result<(), XlsxError> {
        let row = |line: &CaseLine| {
            let late = line.due.map_or(0, |due| due.late_minutes).unsigned_abs();
            vec![
                cell(line.number.clone()),
                cell(line.title.clone()),
                self.word("severity", line.grade.as_str()),
                cell(self.lang.text(&format!("cases.state.{}", line.state.as_str()))),
                cell(line.unit.clone()),
                Cell::Time(Some(line.opened)),
                Cell::Time(line.due.map(|due| due.at)),
                Cell::Number(late),
                Cell::Time(line.answered),
                Cell::Time(line.ended),
            ]
        };
        let rows: Vec<Vec<Cell>> = digest.cases.lines.iter().map(row).collect();
        self.sheet("cases", &CASES, rows.into_iter())
    }
}

/// The case of each happening; of two the one that stands first.
fn cases_by_story(lines: &[CaseLine]) -> HashMap<StoryId, &str> {
    let mut cases = HashMap::new();
    for line in lines {
        for story in &line.stories {
            cases.entry(*story).or_insert(line.number.as_str());
        }
    }
    cases
}

/// The address as a link that spreadsheets take.
fn link(url: &str) -> Option<String> {
    link_target(url).filter(|target| target.chars().count() <= LINK_CHARS)
}

/// A text that a cell takes.
fn cut(text: &str) -> String {
    match text.encode_utf16().count() > CELL_CHARS {
        true => text.chars().take(CELL_CHARS / 2 - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, DataType as _, Reader as _, Xlsx};

    use super::super::sample;
    use super::*;

    #[test]
    fn every_sheet_is_read_back_and_a_formula_in_a_title_stays_text() {
        let mut input = sample::input();
        input.posts[0].title = "=HYPERLINK(\"http://x\",\"y\")".into();
        let digest = Digest::build(&input);
        let bytes = render_workbook(&input, &digest, Lang::Zh).unwrap();
        assert_eq!(bytes, render_workbook(&input, &digest, Lang::Zh).unwrap(), "the same bytes");
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["信息", "事件", "预警", "工单"]);
        let sheet = |book: &mut Xlsx<_>, name: &str| -> Vec<Vec<Data>> {
            let range = book.worksheet_range(name).unwrap();
            range.rows().map(<[Data]>::to_vec).collect()
        };
        let posts = sheet(&mut book, "信息");
        assert_eq!(posts.len(), input.posts.len() + 1);
        let Data::DateTime(newest) = &posts[1][0] else { panic!("{:?}", posts[1]) };
        let latest = input.posts.iter().map(DigestPost::time).max().unwrap();
        let local = latest.with_timezone(&input.zone).naive_local();
        // Days since 1900, as spreadsheets count.
        let day =
            chrono::NaiveDate::from_ymd_opt(1899, 12, 30).unwrap().and_time(Default::default());
        let days = (local - day).num_minutes() as f64 / 1_440.0;
        assert!((newest.as_f64() - days).abs() < 1e-6, "{newest:?} {days}");
        assert!(posts.iter().any(|row| row[1] == Data::String(input.posts[0].title.clone())));
        assert!(book.worksheet_formula("信息").unwrap().is_empty(), "no formula");
        let stories = sheet(&mut book, "事件");
        assert_eq!(stories.len() as u64, digest.told.unwrap() + 1);
        let sum: f64 = stories[1..].iter().map(|row| row[4].get_float().unwrap()).sum();
        assert!((sum - input.posts.len() as f64).abs() < 1e-9, "each post is of one happening");
        assert!(stories.iter().any(|row| row[10] == Data::String("2026-0001".into())));
        assert_eq!(sheet(&mut book, "预警").len(), input.alerts.len() + 1);
        assert_eq!(sheet(&mut book, "工单").len(), input.cases.len() + 1);
    }
}
