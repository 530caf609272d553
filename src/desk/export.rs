//! Handing out what a search finds: every post, its texts and verdicts, in local time.
//!
//! In: a query and a form. Out: the bytes of a file (CSV, a workbook, JSON lines). The audit line with name, query and number is written
//! before anything is handed out. Names of authors are in no post and so in no export.

mod sheet;

use index::{SearchIndex, SearchOptions};
use pipelines::record::AnnotatedPost;
use serde_json::json;

use sheet::Sheet;

use super::{Act, Desk, Result, Who};
use crate::engine::StoredPosts;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// With a mark that makes spreadsheets read it as UTF-8; formulas defused.
    Csv,
    /// A workbook of one sheet; dates and numbers are such, all else is text and nothing a formula.
    Xlsx,
    /// One JSON object a line.
    JsonLines,
}

/// Columns of the CSV; locale keys under `desk.column`, and the headings of it.
const COLUMNS: [&str; 12] = [
    "id", "time", "title", "text", "outlet", "source", "channel", "polarity", "risk", "severity",
    "subjects", "url",
];

impl Desk {
    /// All posts that `query` finds, newest first.
    ///
    /// # Errors
    /// A query that cannot be read; a broken store or index.
    pub fn export(&self, who: &Who, query: &str, form: ExportForm) -> Result<Vec<u8>> {
        self.check(who, Act::Export)?;
        let parsed = self.query_of(who, query)?;
        let (index, _) = self.asked()?;
        let limit = usize::try_from(index.posts()?).unwrap_or(usize::MAX - 1).max(1);
        let options = SearchOptions { limit, group_by_story: false, ..SearchOptions::default() };
        let results = index.search(&parsed, &options, Some(&StoredPosts(&*self.store)))?;
        let detail = format!("{} posts", results.hits.len());
        self.audited(who, ("export", query, &detail), &mut |_| Ok(true))?;
        let heading = |column| who.lang.text(&format!("desk.column.{column}"));
        let table = Table::new(form, &COLUMNS.map(heading))?;
        let mut rows = Rows { desk: self, who, form, table, lines: Vec::new() };
        for hit in &results.hits {
            if let Some(post) = self.store.post(hit.post)? {
                rows.put(&post)?;
            }
        }
        rows.end()
    }
}

struct Rows<'a> {
    desk: &'a Desk,
    who: &'a Who,
    form: ExportForm,
    table: Table,
    lines: Vec<u8>,
}

/// Rows of texts as a CSV or a workbook, as they grow.
pub(super) struct Table {
    form: ExportForm,
    csv: csv::Writer<Vec<u8>>,
    sheet: Sheet,
}

impl Table {
    /// With a first row of headings; there is nothing in it of the form of JSON lines.
    pub fn new(form: ExportForm, headings: &[String]) -> Result<Self> {
        let mut table =
            Self { form, csv: csv::Writer::from_writer(Vec::new()), sheet: Sheet::new() };
        match form {
            ExportForm::Csv => table.csv.write_record(headings).map_err(anyhow::Error::from)?,
            ExportForm::Xlsx => table.sheet.head(headings)?,
            ExportForm::JsonLines => {}
        }
        Ok(table)
    }

    pub fn put(&mut self, cells: &[String]) -> Result<()> {
        if self.form == ExportForm::Xlsx {
            return Ok(self.sheet.put(cells)?);
        }
        let defused = cells.iter().map(|cell| defused(cell));
        Ok(self.csv.write_record(defused).map_err(anyhow::Error::from)?)
    }

    pub fn end(self) -> Result<Vec<u8>> {
        if self.form == ExportForm::Xlsx {
            return Ok(self.sheet.end()?);
        }
        let rows = self.csv.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut whole = "\u{feff}".as_bytes().to_vec();
        whole.extend(rows);
        Ok(whole)
    }
}

impl Rows<'_> {
    fn put(&mut self, annotated: &AnnotatedPost) -> Result<()> {
        let (desk, lang, post) = (self.desk, self.who.lang, &annotated.post);
        let time = post.time().with_timezone(&desk.config.station.zone);
        let subjects = desk.subjects_of(annotated);
        let outlet = post.outlet.clone().unwrap_or_default();
        let source = desk.source_name(&post.source);
        let (polarity, severity) = (annotated.shown().0.polarity, annotated.risk.severity);
        if self.form == ExportForm::JsonLines {
            let row = json!({
                "id": post.id, "time": time.to_rfc3339(), "title": post.title, "text": post.text,
                "outlet": outlet, "source": post.source, "source_name": source,
                "channel": post.channel, "polarity": polarity, "risk": annotated.risk.score,
                "severity": severity, "subjects": subjects, "story": annotated.story, "url": post.url,
            });
            serde_json::to_writer(&mut self.lines, &row).map_err(anyhow::Error::from)?;
            self.lines.push(b'\n');
            return Ok(());
        }
        let named = |kind: &str, name: &str| lang.text(&format!("record.{kind}.{name}"));
        let cells = [
            post.id.to_string(),
            time.format("%Y-%m-%d %H:%M").to_string(),
            post.title.clone(),
            post.text.clone(),
            outlet,
            source,
            named("channel", post.channel.as_str()),
            named("polarity", polarity.as_str()),
            annotated.risk.score.to_string(),
            named("severity", severity.as_str()),
            subjects.join(" "),
            post.url.clone(),
        ];
        self.table.put(&cells)
    }

    fn end(self) -> Result<Vec<u8>> {
        if self.form == ExportForm::JsonLines { Ok(self.lines) } else { self.table.end() }
    }
}

/// A leading sign that a spreadsheet would run is defused by an apostrophe.
#[must_use]
pub fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err() {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
