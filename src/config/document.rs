//! One TOML file with the place of everything in it.
//!
//! In: a path or a text. Out: its tables with spans, lines for offsets, and all syntax errors at once.
//! Knows nothing of what the keys mean.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{Fault, Level, Problem};

/// A value with the bytes it stands at.
pub(super) type Node<'t> = Spanned<DeValue<'t>>;

/// A file as read.
#[derive(Clone, Debug)]
pub(super) struct FileText {
    /// Where it is; relative paths in it resolve from its folder.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) text: String,
    /// The bytes that end a line, in order: thousands of faults ask for theirs.
    ends: OnceLock<Vec<usize>>,
}

impl FileText {
    pub(super) fn read(path: &Path) -> Result<Self, Box<Problem>> {
        let unreadable = |why: String| {
            Box::new(Problem {
                level: Level::Error,
                file: path.display().to_string(),
                line: 0,
                key: String::new(),
                value: String::new(),
                fault: Fault::Unreadable { why },
            })
        };
        let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|e| unreadable(e.to_string()))?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        Ok(Self::of(path.to_owned(), text))
    }

    /// What a file says, or would say.
    pub(super) fn of(path: PathBuf, text: String) -> Self {
        Self { path, text, ends: OnceLock::new() }
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The line, from 1, that byte `offset` stands in.
    pub(super) fn line(&self, offset: usize) -> usize {
        let bytes = self.text.bytes().enumerate();
        let ends = self
            .ends
            .get_or_init(|| bytes.filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect());
        1 + ends.partition_point(|end| *end < offset)
    }

    /// The value as written, on one line and shortened.
    pub(super) fn written(&self, node: &Node) -> String {
        const LONGEST_CHARS: usize = 60;
        let raw = self.text.get(node.span()).unwrap_or_default();
        let line: Vec<&str> = raw.split_whitespace().collect();
        let line = line.join(" ");
        match line.char_indices().nth(LONGEST_CHARS) {
            Some((cut, _)) => format!("{}…", &line[..cut]),
            None => line,
        }
    }

    /// The file's tables; a file with syntax errors has them all reported, and no tables.
    pub(super) fn parse(&self, problems: &mut Vec<Problem>) -> Option<DeTable<'_>> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        let mut last_line = 0;
        for error in &errors {
            let line = error.span().map_or(0, |span| self.line(span.start));
            // One slip makes several complaints about its line; the first one says what is wrong.
            if line == last_line {
                continue;
            }
            last_line = line;
            problems.push(Problem {
                level: Level::Error,
                file: self.shown(),
                line,
                key: String::new(),
                value: String::new(),
                fault: Fault::Syntax { why: error.message().to_owned() },
            });
        }
        errors.is_empty().then(|| table.into_inner())
    }
}

/// Reads a checked value into its type.
pub(super) fn decode<T: DeserializeOwned>(node: &Node) -> Result<T, String> {
    T::deserialize(ValueDeserializer::from(node.clone())).map_err(|e| e.message().to_owned())
}

/// The entries of an array of tables.
pub(super) fn entries<'n, 't>(table: &'n DeTable<'t>, name: &str) -> Vec<&'n Node<'t>> {
    match table.get(name).map(Spanned::get_ref) {
        Some(DeValue::Array(array)) => array.iter().collect(),
        _ => Vec::new(),
    }
}

/// Something read from a file, with the lines of all that is in it.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) item: T,
    pub(super) file: String,
    pub(super) line: usize,
    /// Line and written value by key: `notify.0`, `example.1`, `parent`.
    marks: HashMap<String, (usize, String)>,
}

impl<T> Placed<T> {
    pub(super) fn new(item: T, file: &FileText, node: &Node) -> Self {
        let mut marks = HashMap::new();
        mark(file, node, "", &mut marks);
        Self { item, file: file.shown(), line: file.line(node.span().start), marks }
    }

    /// A problem about `key` of it, or about the whole where there is no such key.
    pub(super) fn problem(&self, table: &str, key: &str, fault: Fault) -> Problem {
        let (line, value) = self.marks.get(key).cloned().unwrap_or((self.line, String::new()));
        // What must not stand there is not shown either.
        let value = if matches!(fault, Fault::InlineSecret { .. }) { String::new() } else { value };
        let name = key.split('.').next().unwrap_or_default();
        let key = [table, name].into_iter().filter(|k| !k.is_empty()).collect::<Vec<_>>().join(".");
        Problem { level: Level::Error, file: self.file.clone(), line, key, value, fault }
    }

    /// The lines from its first to that of its last key.
    pub(super) fn lines(&self) -> RangeInclusive<usize> {
        let last = self.marks.values().map(|(line, _)| *line).max().unwrap_or(self.line);
        self.line..=last
    }

    /// `file:line` of it.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

fn mark(file: &FileText, node: &Node, path: &str, marks: &mut HashMap<String, (usize, String)>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    marks.insert(path.to_owned(), (file.line(node.span().start), file.written(node)));
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                mark(file, value, &below(key.get_ref()), marks);
            }
        }
        DeValue::Array(array) => {
            for (i, value) in array.iter().enumerate() {
                mark(file, value, &below(&i.to_string()), marks);
            }
        }
        _ => {}
    }
}

/// The name in `known` that `name` was probably meant to be, or an empty text.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let name = name.to_lowercase();
    let far = 1 + name.chars().count() / 3;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(longer) = known.iter().find(|k| name.len() > 2 && k.starts_with(&name)) {
        return (*longer).to_owned();
    }
    known
        .into_iter()
        .map(|k| (distance(&name, &k.to_lowercase()), k))
        .filter(|(d, k)| *d <= far && *d < k.chars().count())
        .min_by_key(|(d, _)| *d)
        .map_or_else(String::new, |(_, k)| k.to_owned())
}

/// Insertions, deletions and replacements that make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
