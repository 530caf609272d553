//! What the columns of an export mean: names as offices and platforms write them → fields of a post.
//!
//! In: the names of a header, and a map where the officer gave one. Out: a [`Layout`]: which column fills
//! which field, and which fill none. A name is compared without blanks, width, remarks in brackets and
//! signs. 序号 counts rows and is no id; times of handling (办结时间, 采集时间) are not when it was said.

use std::collections::BTreeMap;

use super::names::{ENDINGS, FIELDS, OTHER_MATTER};
use crate::text::fold;

/// Field → column. Empty: the common names are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(pub BTreeMap<String, String>);

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
}

/// Which column fills which field, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The columns as they are named in the file.
    pub names: Vec<String>,
    fields: BTreeMap<&'static str, usize>,
}

impl Layout {
    /// The layout of a header.
    #[must_use]
    pub fn of(names: &[String], map: &ColumnMap) -> Self {
        let mut best: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        for (column, name) in names.iter().enumerate() {
            let Some((field, rank)) = meaning(name, map) else { continue };
            let held = best.get(field).copied();
            if held.is_none_or(|(_, other)| rank < other) {
                best.insert(field, (column, rank));
            }
        }
        let fields = best.into_iter().map(|(field, (column, _))| (field, column)).collect();
        let mut layout = Self { names: names.to_vec(), fields };
        if map.0.is_empty() {
            layout.pair_day_and_clock();
        }
        layout
    }

    /// The column of `field`.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<usize> {
        self.fields.get(field).copied()
    }

    /// Takes a column out of its field: it does not say what its name promised.
    pub(super) fn forget(&mut self, field: &str) {
        self.fields.remove(field);
    }

    /// How many fields are filled: what a header is told by.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.fields.len()
    }

    /// Whether a post can come of it: a text, a summary or a title.
    #[must_use]
    pub fn has_words(&self) -> bool {
        ["text", "summary", "title"].iter().any(|field| self.fields.contains_key(field))
    }

    /// Whether every column of `map` is there.
    #[must_use]
    pub fn lacks<'m>(&self, map: &'m ColumnMap) -> Option<&'m str> {
        let is_there = |column: &str| self.names.iter().any(|name| same(name, column));
        map.0.values().map(String::as_str).find(|column| !is_there(column))
    }

    /// Field and column as named, in the order of the columns.
    #[must_use]
    pub fn used(&self) -> Vec<(&'static str, String)> {
        let mut used: Vec<_> =
            self.fields.iter().map(|(field, column)| (*column, *field)).collect();
        used.sort_unstable();
        used.into_iter().map(|(column, field)| (field, self.names[column].clone())).collect()
    }

    /// The columns that fill nothing.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let is_unused = |column: &usize| !self.fields.values().any(|used| used == column);
        let unused =
            (0..self.names.len()).filter(is_unused).map(|column| self.names[column].clone());
        unused.filter(|name| !name.trim().is_empty()).collect()
    }

    /// 日期 beside 时间: the day stands in one column, the clock in the other.
    fn pair_day_and_clock(&mut self) {
        let Some(first) = self.column("published_at") else { return };
        let is_day = |name: &str| name.ends_with("日期") || name.ends_with("date");
        let is_clock =
            |name: &str| name.ends_with("时间") || name.ends_with("time") || name.ends_with("时刻");
        let plain: Vec<String> = self.names.iter().map(|name| normal(name)).collect();
        let is_other = |column: &usize| *column != first && !is_other_matter(&plain[*column]);
        let mut others = (0..plain.len()).filter(is_other);
        if is_day(&plain[first]) {
            if let Some(clock) = others.find(|column| is_clock(&plain[*column])) {
                self.fields.insert("clock", clock);
            }
        } else if let Some(day) = others.find(|column| is_day(&plain[*column])) {
            self.fields.insert("published_at", day);
            self.fields.insert("clock", first);
        }
    }
}

/// What a column is, and how sure that is (0 is surest).
fn meaning(name: &str, map: &ColumnMap) -> Option<(&'static str, usize)> {
    if !map.0.is_empty() {
        let field = map.0.iter().find(|(_, column)| same(name, column))?.0;
        return FIELDS.iter().find(|(known, _)| known == field).map(|(known, _)| (*known, 0));
    }
    let plain = normal(name);
    let exact = FIELDS.iter().find_map(|(field, names)| {
        names.iter().position(|known| *known == plain).map(|rank| (*field, rank))
    });
    if exact.is_some() || is_other_matter(&plain) {
        return exact;
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| plain.ends_with(ending));
    ENDINGS.iter().find(|(_, endings)| ends(endings)).map(|(field, _)| (*field, 100))
}

fn is_other_matter(plain: &str) -> bool {
    OTHER_MATTER.iter().any(|word| plain.contains(word))
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase() || normal(one) == normal(other)
}

/// `标 题（必填）*` → `标题`.
fn normal(name: &str) -> String {
    let folded = fold(name);
    let mut depth = 0_usize;
    let mut plain = String::new();
    for c in folded.text().chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || "*:：#\"'\u{feff}".contains(c) => {}
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, used: &[(&str, &str)], unused: &[&str]) {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        let layout = Layout::of(&names, &ColumnMap::default());
        let got: Vec<(&str, String)> = layout.used();
        let got: Vec<(&str, &str)> = got.iter().map(|(f, c)| (*f, c.as_str())).collect();
        assert_eq!(got, used, "{header}");
        assert_eq!(layout.unused(), unused, "{header}");
    }

    #[test]
    fn names_are_understood_as_offices_write_them() {
        check(
            "编号,标题,内容,来信时间",
            &[("id", "编号"), ("title", "标题"), ("text", "内容"), ("published_at", "来信时间")],
            &[],
        );
        check(
            "序号,标题（必填）,正 文,来源网址,发稿时间,采集时间,处理单位",
            &[
                ("title", "标题（必填）"),
                ("text", "正 文"),
                ("url", "来源网址"),
                ("published_at", "发稿时间"),
            ],
            &["序号", "采集时间", "处理单位"],
        );
        check(
            "标题,摘要,链接,答复内容",
            &[("title", "标题"), ("summary", "摘要"), ("url", "链接")],
            &["答复内容"],
        );
    }

    #[test]
    fn a_day_and_a_clock_are_told_apart() {
        let both = [("title", "标题"), ("published_at", "日期"), ("clock", "时间")];
        check("标题,日期,时间", &both, &[]);
        check(
            "标题,时间,日期",
            &[("title", "标题"), ("clock", "时间"), ("published_at", "日期")],
            &[],
        );
        check(
            "标题,发布时间,采集日期",
            &[("title", "标题"), ("published_at", "发布时间")],
            &["采集日期"],
        );
    }

    #[test]
    fn a_map_goes_before_names() {
        let map = parse_map("text=摘要,id=序号").unwrap();
        let names: Vec<String> = ["序号", "正文", "摘要"].map(str::to_owned).to_vec();
        let layout = Layout::of(&names, &map);
        assert_eq!((layout.column("text"), layout.column("id")), (Some(2), Some(0)));
        assert_eq!(layout.lacks(&parse_map("text=全文").unwrap()), Some("全文"));
    }
}
