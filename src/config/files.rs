//! Finding the files that `[paths]` names, and laying the user's own over the shipped ones.
//!
//! In: a folder and patterns. Out: paths in order of their names, or named contents. A pattern that the user
//! wrote and that finds nothing is reported; parses nothing.

use std::path::{Path, PathBuf};

use super::document::FileText;
use super::load::Raw;
use super::problem::{Fault, Level, Problem};
use super::resolve::absolute;
use super::shipped;

impl Raw {
    /// The files that `patterns` name, in order of their names.
    pub(super) fn find(
        &mut self,
        main: &FileText,
        key: &str,
        dir: &Path,
        patterns: &[String],
    ) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for pattern in patterns {
            let found = glob(dir, pattern, self.as_if.as_ref().map(|(file, _)| file.as_path()));
            // What the user did not write himself, or copied from the manual, may well be missing.
            let quoted = [format!("\"{pattern}\""), format!("'{pattern}'")];
            let line = main.text.lines().position(|l| quoted.iter().any(|q| l.contains(q)));
            let usual = quoted.iter().any(|q| shipped::MAIN.contains(q));
            if let (true, false, Some(line)) = (found.is_empty(), usual, line) {
                let level = if pattern.contains('*') { Level::Warning } else { Level::Error };
                self.problems.push(Problem {
                    level,
                    file: main.shown(),
                    line: line + 1,
                    key: key.to_owned(),
                    value: pattern.clone(),
                    fault: Fault::NoFiles,
                });
            }
            all.extend(found);
        }
        all.dedup();
        all
    }
}

/// Files under `dir` with the name `pattern`, where `*` in the last part stands for any characters; `as_if` counts
/// as being there.
fn glob(dir: &Path, pattern: &str, as_if: Option<&Path>) -> Vec<PathBuf> {
    let path = dir.join(pattern);
    let Some((before, after)) = pattern.rsplit('/').next().and_then(|name| name.split_once('*'))
    else {
        let is_there =
            path.is_file() || as_if.is_some_and(|file| absolute(file) == absolute(&path));
        return if is_there { vec![path] } else { Vec::new() };
    };
    let matches = |name: &str| {
        name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && !name.starts_with('.')
    };
    let folder = path.parent().unwrap_or(dir);
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found: Vec<PathBuf> = std::fs::read_dir(here)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|file| file.file_name().to_str().is_some_and(matches))
        .map(|file| folder.join(file.file_name()))
        .filter(|file| file.is_file())
        .collect();
    let added = as_if.filter(|file| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(matches) && file.parent().map(absolute) == Some(absolute(here))
    });
    found.extend(added.and_then(|file| Some(folder.join(file.file_name()?))));
    found.sort();
    found.dedup();
    found
}

/// Names and bytes of the user's own word lists or models.
pub(super) fn named_files(
    raw: &mut Raw,
    main: &FileText,
    key: &str,
    patterns: &[String],
) -> Vec<(String, Vec<u8>)> {
    let dir = main.path.parent().unwrap_or(Path::new("")).to_owned();
    let mut files = Vec::new();
    for path in raw.find(main, key, &dir, patterns) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match std::fs::read(&path) {
            Ok(bytes) => files.push((name, bytes)),
            Err(error) => raw.problems.push(Problem {
                level: Level::Error,
                file: path.display().to_string(),
                line: 0,
                key: key.to_owned(),
                value: String::new(),
                fault: Fault::Unreadable { why: error.to_string() },
            }),
        }
    }
    files
}

/// The shipped files with the user's own over them, by name.
pub(super) fn over<S: ?Sized, T>(
    shipped: &[(&str, &'static S)],
    own: Vec<(String, Vec<u8>)>,
    borrow: impl Fn(&'static S) -> T,
    take: impl Fn(Vec<u8>) -> T,
) -> Vec<(String, T)> {
    let kept = shipped.iter().filter(|(name, _)| !own.iter().any(|(mine, _)| mine == name));
    let mut all: Vec<(String, T)> =
        kept.map(|(name, content)| ((*name).to_owned(), borrow(content))).collect();
    all.extend(own.into_iter().map(|(name, bytes)| (name, take(bytes))));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
