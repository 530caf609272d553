//! A paper: a digest in one language and in no form yet. Headings, paragraphs, tables and drawings, made of runs that say
//! where each comes from.
//!
//! In: nothing. Out: data that every form (Markdown, HTML, Word) renders alike. A quotation names its post, a figure the
//! posts it counts; plain text is ours, from the locale files or from config.

use pipelines::locale::{Lang, place};

use super::digest::{Figure, Quote};
use super::drawing::Drawing;

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// Our own words, names from config, times.
    Text(String),
    /// The same, for the eye.
    Strong(String),
    /// The number of a part, at the start of its paragraph.
    Part(String),
    /// A piece of a post, shown in quotation marks with its number.
    Quote(Quote),
    /// The title of a post, shown as one with its number.
    Title(Quote),
    /// The number of a post in the appendix.
    Mark(usize),
    /// A count with where its posts stand.
    Count(Figure),
    /// An address outside.
    Address(String),
}

/// A line of text.
pub type Runs = Vec<Run>;

/// A table; its first row of texts is the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Heads of the columns.
    pub head: Vec<String>,
    /// Shares of the width, in percent; a column of numbers is the narrow one.
    pub widths: Vec<u16>,
    /// Which columns hold numbers.
    pub numbers: Vec<bool>,
    /// The rows, as many cells each as there are heads.
    pub rows: Vec<Vec<Runs>>,
}

/// A word of a cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudWord {
    /// The word.
    pub word: String,
    /// From 1 to 5.
    pub size: u8,
}

/// A part of a paper.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading of level 1 to 3 with its number before it.
    Heading(u8, Runs),
    /// A paragraph.
    Para(Runs),
    /// A paragraph in small type: what a table or drawing shows.
    Note(Runs),
    /// A paragraph that warns: a source was not heard.
    Warn(Runs),
    /// A table.
    Table(Table),
    /// Words by size, with what that shows; a line with their numbers stands beside them.
    Cloud(Vec<CloudWord>, String),
    /// A drawing, with what it shows in words; its table stands beside it.
    Drawing(Drawing, String),
    /// A line of the appendix that marks lead to, by its anchor.
    Line(String, Runs),
}

/// The head of a paper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// The red head; empty: none.
    pub red: String,
    /// The number of the issue, in words; empty: none.
    pub issue: String,
    /// Who makes it.
    pub unit: String,
    /// The day it is of.
    pub day: String,
    /// The span it is about.
    pub span: String,
}

/// A digest in one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Its language.
    pub lang: Lang,
    /// Its title.
    pub title: String,
    /// Its head.
    pub head: Head,
    /// What it says.
    pub body: Vec<Block>,
    /// To whom it goes: lines before the end, such as 报送; none where nothing is configured.
    pub sent: Vec<String>,
    /// When it was made, in words.
    pub made: String,
    /// The same as RFC 3339, for the properties of a file.
    pub made_at: String,
    /// The heading of the appendix.
    pub appendix_title: String,
    /// The appendix.
    pub appendix: Vec<Block>,
}

impl Paper {
    /// The text of its first heading, number and all; empty where it has none.
    #[must_use]
    pub fn first_heading(&self) -> String {
        let heading = self.body.iter().find_map(|block| match block {
            Block::Heading(1, runs) => Some(plain(runs)),
            _ => None,
        });
        heading.unwrap_or_default()
    }
}

/// The words of a line, without links.
#[must_use]
pub fn plain(runs: &[Run]) -> String {
    let mut text = String::new();
    for run in runs {
        match run {
            Run::Text(t) | Run::Strong(t) | Run::Part(t) | Run::Address(t) => text += t,
            Run::Quote(quote) | Run::Title(quote) => text += &quote.text,
            Run::Mark(n) => text += &format!("[{n}]"),
            Run::Count(figure) => text += &figure.value.map_or_else(String::new, |n| n.to_string()),
        }
    }
    text
}

/// One run of our own words.
pub(super) fn text(text: impl Into<String>) -> Runs {
    vec![Run::Text(text.into())]
}

/// Marks of posts, one after the other.
pub(super) fn marks(numbers: &[usize]) -> Runs {
    numbers.iter().map(|n| Run::Mark(*n)).collect()
}

/// The text for `key` as runs, each `{name}` replaced by its runs.
pub(super) fn fill(lang: Lang, key: &str, places: &[(&str, Runs)]) -> Runs {
    let template = lang.text(key);
    let mut runs = Vec::new();
    let mut rest = template.as_str();
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        if !before.is_empty() {
            runs.push(Run::Text(before.to_owned()));
        }
        let (name, words) = place(name);
        let filled = places.iter().find(|(place, _)| *place == name).map(|(_, runs)| runs);
        match (filled, words) {
            (Some(filled), Some(words)) => {
                runs.push(Run::Text(words.of(&plain(filled)).to_owned()))
            }
            (Some(filled), None) => runs.extend(filled.iter().cloned()),
            (None, _) => {}
        }
        rest = after;
    }
    if !rest.is_empty() {
        runs.push(Run::Text(rest.to_owned()));
    }
    runs
}

/// Without the second of two spaces where one text meets the next.
pub(super) fn spaced(mut runs: Runs) -> Runs {
    for i in 1..runs.len() {
        let (before, after) = runs.split_at_mut(i);
        if let (Some(Run::Text(a)), Some(Run::Text(b))) = (before.last(), after.first_mut())
            && a.ends_with(' ')
        {
            *b = b.trim_start_matches(' ').to_owned();
        }
    }
    runs
}

/// With a capital letter where it begins with a small one.
pub(super) fn capital(mut runs: Runs) -> Runs {
    if let Some(Run::Text(text)) = runs.first_mut()
        && let Some(first) = text.chars().next().filter(char::is_ascii_lowercase)
    {
        text.replace_range(..1, &first.to_ascii_uppercase().to_string());
    }
    runs
}

/// Lines one after the other, with `between` between them.
pub(super) fn joined(lines: impl IntoIterator<Item = Runs>, between: &str) -> Runs {
    let mut runs = Vec::new();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        if !runs.is_empty() {
            runs.push(Run::Text(between.to_owned()));
        }
        runs.extend(line);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_text_take_runs() {
        let figure = Figure { value: Some(7), set: Some(1), post: None };
        let runs = fill(
            Lang::Zh,
            "digest.word.new",
            &[("word", text("冒顶")), ("posts", vec![Run::Count(figure)])],
        );
        assert!(plain(&runs).contains("冒顶") && plain(&runs).contains('7'), "{runs:?}");
        assert!(runs.contains(&Run::Count(figure)));
        assert_eq!(
            joined([text("a"), Vec::new(), text("b")], "、"),
            joined([text("a"), text("b")], "、")
        );
    }
}
