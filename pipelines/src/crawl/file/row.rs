//! One row of an export → what was found of a post.
//!
//! In: the cells of a row and the layout of its table. Out: a [`Row`], or why it cannot be read. A row needs
//! words: a text, or a title with an address where the table has a column of texts. Everything else may be
//! missing, and what was written there but cannot be used is remarked upon, never guessed at.

use chrono::{DateTime, Utc};

use crate::crawl::address;
use crate::crawl::entry::{count, one_line, plain};
use crate::locale::Lang;
use crate::record::{Counts, Found, Issue};

use super::columns::Layout;
use super::when::when;

/// What stands in a cell where nothing is known.
const NOTHING: &[&str] = &[
    "无", "暂无", "空", "略", "不详", "未知", "-", "--", "—", "——", "/", "\\", "n/a", "na", "null",
    "none", "nan", "#n/a", "#value!", "#ref!",
];

/// One cell: what is written there, and the address it leads to where the file says one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// As written.
    pub text: String,
    /// Of a link of the cell (workbooks, tables in HTML).
    pub link: Option<String>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, link: None }
    }
}

/// One row that can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its number in the file, counted from 1 with everything above it.
    pub number: u64,
    /// Canonical address, where the row has one.
    pub url: Option<String>,
    /// The row's own id, for rows without an address.
    pub id: Option<String>,
    /// What it says of the post.
    pub found: Found,
    /// What was written in it and could not be used.
    pub remarks: Vec<Remark>,
}

/// Something of a row that was not used; the row itself is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// What stands for the address is none.
    Link(String),
    /// What stands for the time cannot be read as one.
    Time(String),
    /// A quote was opened and never closed: the line was read by itself.
    OpenQuote,
}

/// A row that cannot be read: it is set aside and reported, the rest goes in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {why}")]
pub struct RowError {
    /// Its number in the file, counted from 1 with everything above it.
    pub row: u64,
    /// What is wrong with it.
    pub why: RowFault,
}

/// Why a row was set aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// It says nothing.
    #[error("neither text nor title")]
    NoWords,
    /// A title, but neither the text that others have nor an address where it could be read.
    #[error("a title without text and without an address")]
    TitleAlone,
    /// A separator or line break stands within a cell without quotes.
    #[error("{cells} cells under {columns} columns")]
    TooWide {
        /// Its cells.
        cells: usize,
        /// The columns of the header.
        columns: usize,
    },
    /// The header once more.
    #[error("the header again")]
    HeaderAgain,
    /// A line or record over the bound.
    #[error("longer than {0} bytes")]
    TooLong(u64),
    /// Another fault, as the reader of the format says it.
    #[error("{0}")]
    Unreadable(String),
}

impl RowFault {
    /// For an officer.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::NoWords => lang.text("crawl.row.no_words"),
            Self::TitleAlone => lang.text("crawl.row.title_alone"),
            Self::TooWide { cells, columns } => {
                lang.fill("crawl.row.too_wide", &[("cells", cells), ("columns", columns)])
            }
            Self::HeaderAgain => lang.text("crawl.row.header_again"),
            Self::TooLong(bytes) => lang.fill("crawl.row.too_long", &[("bytes", bytes)]),
            Self::Unreadable(why) => lang.fill("crawl.row.unreadable", &[("why", why)]),
        }
    }
}

impl Remark {
    /// For an officer.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Link(text) => lang.fill("crawl.row.link", &[("text", text)]),
            Self::Time(text) => lang.fill("crawl.row.time", &[("text", text)]),
            Self::OpenQuote => lang.text("crawl.row.open_quote"),
        }
    }
}

/// Maps one row.
///
/// # Errors
/// Why it says too little to be a post.
pub fn map_row(
    cells: &[Cell],
    layout: &Layout,
    number: u64,
    now: DateTime<Utc>,
) -> Result<Row, RowError> {
    let cell = |field: &str| layout.column(field).and_then(|column| cells.get(column));
    let said = |field: &str| cell(field).and_then(|cell| said(&cell.text));
    let fault = |why| Err(RowError { row: number, why });
    let title = said("title").as_deref().and_then(one_line);
    let text = said("text").or_else(|| said("summary"));
    let text = text.map(|t| if looks_like_html(&t) { plain(&t) } else { t });
    let mut remarks = Vec::new();
    let url = address_of(cells, layout, &mut remarks);
    match (&title, &text) {
        (None, None) => return fault(RowFault::NoWords),
        (Some(_), None) if url.is_none() && layout.column("text").is_some() => {
            return fault(RowFault::TitleAlone);
        }
        _ => {}
    }
    let written = (said("published_at"), said("clock"));
    let published = when(written.0.as_deref(), written.1.as_deref(), now);
    if published.is_none()
        && let Some(time) = written.0.or(written.1)
    {
        remarks.push(Remark::Time(time));
    }
    // A time that cannot be read is missing, not wrong: the post matters more.
    let issues = if published.is_none() { vec![Issue::NoDate] } else { Vec::new() };
    let number_of = |field: &str| said(field).and_then(|n| count(&n));
    let counts = Counts {
        views: number_of("views"),
        likes: number_of("likes"),
        comments: number_of("comments"),
        shares: number_of("shares"),
    };
    let (author, outlet, origin) = (said("author"), said("outlet"), said("origin"));
    let found = Found {
        title,
        text,
        published,
        author,
        outlet,
        origin,
        counts,
        issues,
        ..Found::default()
    };
    Ok(Row { number, url, id: said("id"), found, remarks })
}

/// What a cell says; none for a blank one and for the signs of nothing.
fn said(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_nothing = text.is_empty() || NOTHING.contains(&text.to_lowercase().as_str());
    (!is_nothing).then(|| text.to_owned())
}

/// The address of the row: of its column, else of the link behind its title.
fn address_of(cells: &[Cell], layout: &Layout, remarks: &mut Vec<Remark>) -> Option<String> {
    let cell = |field: &str| layout.column(field).and_then(|column| cells.get(column));
    let linked = ["url", "title", "text"].iter().find_map(|field| cell(field)?.link.clone());
    let written = cell("url").and_then(|cell| said(&cell.text));
    let url = written.as_deref().and_then(web_address);
    if let (None, Some(text)) = (&url, written) {
        match linked.as_deref().and_then(web_address) {
            Some(url) => return Some(url),
            None => remarks.push(Remark::Link(text)),
        }
    }
    url.or_else(|| linked.as_deref().and_then(web_address))
}

/// The canonical address in a text: with its scheme, alone or in company, or a bare host with a path.
fn web_address(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = ["http://", "https://"].iter().filter_map(|scheme| lower.find(scheme)).min();
    if let Some(start) = start {
        let ends = |c: char| c.is_whitespace() || "，。；、）】》\"'<>".contains(c);
        let url = text[start..].split(ends).next()?;
        return address::canonical_url(url).ok();
    }
    let bare = text.trim_start_matches("//");
    let host = bare.split(['/', '?', '#']).next()?;
    let is_host = host.contains('.')
        && host.split('.').all(|part| !part.is_empty())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c))
        && host.rsplit('.').next().is_some_and(|top| top.chars().any(|c| c.is_ascii_alphabetic()));
    if !is_host || text.contains(char::is_whitespace) {
        return None;
    }
    address::canonical_url(&format!("https://{bare}")).ok()
}

fn looks_like_html(text: &str) -> bool {
    ["</", "<br", "<p>", "<img"].iter().any(|mark| text.contains(mark))
}
