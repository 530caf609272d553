//! One row of an export → what was found of a post.
//!
//! In: column → text, field → column. Out: a [`Row`], or why it cannot be read. Without a map the common
//! column names, Chinese and English, are understood. A row needs a text or a title, and an address or an
//! id; everything else may be missing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::crawl::address;
use crate::crawl::entry::{count, one_line, plain, stamp};
use crate::record::{Counts, Found, Issue};

/// The fields a column may fill, each with the column names understood when no map is given.
const FIELDS: &[(&str, &[&str])] = &[
    ("id", &["id", "编号", "序号", "信息id", "文章id", "mid"]),
    ("url", &["url", "link", "链接", "网址", "原文链接", "文章链接", "地址", "信息链接"]),
    ("title", &["title", "标题", "文章标题", "主题"]),
    (
        "text",
        &["text", "content", "body", "正文", "内容", "全文", "文章内容", "信息内容", "微博正文"],
    ),
    (
        "published_at",
        &[
            "published_at",
            "posted_at",
            "time",
            "date",
            "pubdate",
            "发布时间",
            "发布日期",
            "时间",
            "日期",
            "发表时间",
        ],
    ),
    ("author", &["author", "作者", "发布人", "用户", "昵称", "用户昵称", "博主", "发布者"]),
    ("outlet", &["outlet", "媒体", "媒体名称", "站点", "网站", "平台", "来源网站"]),
    ("origin", &["origin", "source", "来源", "首发媒体"]),
    ("likes", &["likes", "点赞", "点赞数", "赞"]),
    ("comments", &["comments", "评论", "评论数", "回复数"]),
    ("shares", &["shares", "转发", "转发数", "分享数"]),
    ("views", &["views", "阅读", "阅读数", "阅读量", "浏览量", "点击量"]),
];

/// Field → column. Empty: the common names are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(pub BTreeMap<String, String>);

/// One row that can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its number in the file; the header line is 1.
    pub number: u64,
    /// Canonical address, where the row has one.
    pub url: Option<String>,
    /// The row's own id, for rows without an address.
    pub id: Option<String>,
    /// What it says of the post.
    pub found: Found,
}

/// A row that cannot be read: it is kept aside and reported, the rest goes in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {why}")]
pub struct RowError {
    /// Its number in the file; the header line is 1.
    pub row: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Reads `id=id,title=标题,published_at=posted_at`.
///
/// # Errors
/// What is wrong with it, and what fields there are.
pub fn parse_map(text: &str) -> Result<ColumnMap, String> {
    let mut map = BTreeMap::new();
    for pair in text.split([',', '，']).map(str::trim).filter(|p| !p.is_empty()) {
        let Some((field, column)) = pair.split_once('=') else {
            return Err(format!("`{pair}` is not of the form field=column"));
        };
        map.insert(field.trim().to_owned(), column.trim().to_owned());
    }
    let map = ColumnMap(map);
    map.check_fields()?;
    Ok(map)
}

impl ColumnMap {
    /// Whether every field of the map is one there is.
    ///
    /// # Errors
    /// The first that is not, and the fields there are.
    pub fn check_fields(&self) -> Result<(), String> {
        let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        match self.0.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => Err(format!("no field `{field}`; fields are {}", known.join(", "))),
            None => Ok(()),
        }
    }

    /// Whether a header has every column of the map and, without a map, a text or title at all.
    ///
    /// # Errors
    /// What is missing, and what columns there are.
    pub fn check_columns(&self, names: &[String]) -> Result<(), String> {
        self.check_fields()?;
        let missing = self.0.values().find(|column| !names.iter().any(|n| same(n, column)));
        if let Some(column) = missing {
            return Err(format!("no column `{column}`; columns are {}", names.join(", ")));
        }
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        let has = |field: &str| self.column_of(field, &listed).is_some();
        if has("text") || has("title") {
            return Ok(());
        }
        Err(format!("no column with the text; name it by a map; columns are {}", names.join(", ")))
    }

    /// The column that fills `field`, as it is named in the file.
    fn column_of<'a>(&self, field: &str, names: &[&'a str]) -> Option<&'a str> {
        let named = |word: &str| names.iter().copied().find(|n| same(n, word));
        if !self.0.is_empty() {
            return named(self.0.get(field)?);
        }
        let (_, common) = FIELDS.iter().find(|(known, _)| *known == field)?;
        common.iter().find_map(|word| named(word))
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Maps one row.
///
/// # Errors
/// [`RowError`] when the row has neither text nor title, neither address nor id.
pub fn map_row(
    columns: &BTreeMap<String, String>,
    map: &ColumnMap,
    number: u64,
    now: DateTime<Utc>,
) -> Result<Row, RowError> {
    let error = |why: String| RowError { row: number, why };
    let names: Vec<&str> = columns.keys().map(String::as_str).collect();
    let said = |field: &str| {
        let column = map.column_of(field, &names)?;
        let text = columns.get(column)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let title = said("title").as_deref().and_then(one_line);
    let text = said("text").map(|t| if looks_like_html(&t) { plain(&t) } else { t });
    if title.is_none() && text.is_none() {
        return Err(error("neither text nor title".to_owned()));
    }
    let url = match said("url") {
        Some(url) => Some(address::canonical_url(&url).map_err(|e| error(e.to_string()))?),
        None => None,
    };
    let id = said("id");
    if url.is_none() && id.is_none() {
        return Err(error("neither address nor id".to_owned()));
    }
    // A time that cannot be read is missing, not wrong: the post matters more.
    let published = said("published_at").and_then(|said| stamp(&said, "import", now));
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
    Ok(Row { number, url, id, found })
}

fn looks_like_html(text: &str) -> bool {
    ["</", "<br", "<p>", "<img"].iter().any(|mark| text.contains(mark))
}
