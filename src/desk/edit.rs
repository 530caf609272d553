//! Rules, topics, subjects and sources as they are edited: looked at, tried, saved, taken away, brought back.
//!
//! In: a table, an id, its text as the config file has it, and the mark of the text it was made from. Out: the same with
//! its problems in the words of `check`; or the file changed, the change kept with name and time, and the station asked to
//! read its config anew. A change is judged with the whole config before anything is written; comments and the rest of
//! the file stay. Whoever saves over another's change is shown it and loses nothing of their own.

mod shape;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use pipelines::text::hex;
use sha2::{Digest as _, Sha256};
use similar::{ChangeTag, TextDiff};

pub use shape::{DiffLine, EntrySheet, Fault, Saved, Version, VersionRow};

use super::{Act, Desk, DeskError, Result, Who};
use crate::config::{Config, Level, Overrides, Problem, edit};

/// What is edited; the name is the table's in the config.
pub const TABLES: [&str; 4] = ["rule", "topic", "subject", "source"];

/// Where in the store changes are kept.
const HISTORY: &str = "config/";

/// Changes shown of one entry, newest first.
const SHOWN: usize = 50;

/// One change at a time: judged and written as one step.
static SAVING: Mutex<()> = Mutex::new(());

/// The table called `name`.
///
/// # Errors
/// `Unknown`.
pub fn table(name: &str) -> Result<&'static str> {
    let unknown = || DeskError::Unknown { what: "table", id: name.to_owned() };
    TABLES.into_iter().find(|table| *table == name).ok_or_else(unknown)
}

/// What makes `to` of `from`, line by line.
#[must_use]
pub fn diff(from: &str, to: &str) -> Vec<DiffLine> {
    let lines = TextDiff::from_lines(from, to);
    let tag = |tag| match tag {
        ChangeTag::Equal => "same",
        ChangeTag::Delete => "gone",
        ChangeTag::Insert => "new",
    };
    let changes = lines.iter_all_changes();
    changes
        .map(|change| DiffLine {
            tag: tag(change.tag()),
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        })
        .collect()
}

fn mark(text: &str) -> String {
    hex(&Sha256::digest(text.trim().as_bytes())[..8])
}

/// A change of one file, not yet written.
struct Change {
    file: PathBuf,
    text: String,
    /// Lines of the entry in `text`, from 0; none where it is taken away.
    lines: Range<usize>,
}

impl Desk {
    /// An entry as its file has it.
    ///
    /// # Errors
    /// `Unknown` where it is not the user's own; a file that cannot be read.
    pub fn entry(&self, who: &Who, table: &'static str, id: &str) -> Result<EntrySheet> {
        self.check(who, Act::SeeConfig)?;
        let unknown = || DeskError::Unknown { what: table, id: id.to_owned() };
        let file = self.file_with(table, id).ok_or_else(unknown)?;
        let whole = read_file(&file)?;
        let place = edit::place(&whole, table, id).ok_or_else(unknown)?;
        let text = whole[place].trim_end().to_owned();
        Ok(EntrySheet {
            table,
            id: id.to_owned(),
            file: file.display().to_string(),
            mark: mark(&text),
            text,
        })
    }

    /// What `check` would say if `text` stood for the entry `id`, or as a new one where there is none.
    ///
    /// # Errors
    /// A file that cannot be read; `Value` where `text` is not one entry.
    pub fn try_entry(
        &self,
        who: &Who,
        table: &'static str,
        id: Option<&str>,
        text: &str,
    ) -> Result<Vec<Fault>> {
        self.check(who, Act::EditConfig)?;
        let change = self.changed(table, id, Some(text))?;
        Ok(self.judged(&change).into_iter().map(|problem| fault(&problem, who)).collect())
    }

    /// Writes `text` for the entry `id` that was read with `mark`, or as a new one.
    ///
    /// # Errors
    /// A file that cannot be read or written; a broken store; `Value` where `text` is not one entry.
    pub fn save_entry(
        &self,
        who: &Who,
        table: &'static str,
        read: Option<(&str, &str)>,
        text: &str,
    ) -> Result<Saved> {
        self.check(who, Act::EditConfig)?;
        let _one = SAVING.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match read {
            Some((id, mark)) => {
                let now = self.entry(who, table, id)?;
                if now.mark != mark {
                    return Ok(Saved::Overtaken { diff: diff(text.trim(), &now.text), now });
                }
                Some(now.text)
            }
            None => None,
        };
        let id = read.map(|(id, _)| id);
        self.write_change(who, table, (id, before), Some(text.trim()))
    }

    /// Takes the entry `id` away; its text stays in the history.
    ///
    /// # Errors
    /// As of [`save_entry`](Self::save_entry).
    pub fn drop_entry(&self, who: &Who, table: &'static str, id: &str) -> Result<Saved> {
        self.check(who, Act::EditConfig)?;
        let _one = SAVING.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entry(who, table, id)?.text;
        self.write_change(who, table, (Some(id), Some(before)), None)
    }

    /// The changes of an entry, newest first.
    ///
    /// # Errors
    /// A broken store.
    pub fn entry_history(
        &self,
        who: &Who,
        table: &'static str,
        id: &str,
    ) -> Result<Vec<VersionRow>> {
        self.check(who, Act::SeeConfig)?;
        let kept = self.store.states(&format!("{HISTORY}{table}/{id}/"))?;
        let rows = kept.into_iter().rev().take(SHOWN).map(|(name, text)| {
            let version: Version =
                serde_json::from_str(&text).context("a change as it was kept")?;
            let (before, after) = (version.before.as_deref(), version.after.as_deref());
            Ok(VersionRow {
                number: name.rsplit('/').next().unwrap_or_default().to_owned(),
                at: version.at,
                by: version.by,
                diff: diff(before.unwrap_or_default(), after.unwrap_or_default()),
            })
        });
        rows.collect::<anyhow::Result<_>>().map_err(DeskError::Broken)
    }

    /// Brings back the entry as it was before the change called `number`, as a change of its own.
    ///
    /// # Errors
    /// `Unknown`; as of [`save_entry`](Self::save_entry).
    pub fn undo_entry(
        &self,
        who: &Who,
        table: &'static str,
        id: &str,
        number: &str,
    ) -> Result<Saved> {
        self.check(who, Act::EditConfig)?;
        let unknown = || DeskError::Unknown { what: "version", id: number.to_owned() };
        let kept = self.store.state(&format!("{HISTORY}{table}/{id}/{number}"))?;
        let version: Version =
            serde_json::from_str(&kept.ok_or_else(unknown)?).context("a change as it was kept")?;
        let _one = SAVING.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match self.entry(who, table, id) {
            Ok(sheet) => Some(sheet.text),
            Err(DeskError::Unknown { .. }) => None,
            Err(error) => return Err(error),
        };
        let there = now.is_some().then_some(id);
        self.write_change(who, table, (there, now), version.before.as_deref())
    }

    /// Whether a station at work takes up what is saved here by itself.
    #[must_use]
    pub fn takes_up_changes(&self) -> bool {
        self.renewal.is_some()
    }

    /// Ids and names of the subjects or topics that stand in files of the user, in the order of config.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn own_entries(&self, who: &Who, table: &'static str) -> Result<Vec<(String, String)>> {
        self.check(who, Act::SeeConfig)?;
        let all: Vec<(&str, &str)> = match table {
            "subject" => {
                self.config.subjects.iter().map(|s| (s.id.as_str(), s.name.as_str())).collect()
            }
            _ => self.config.topics.iter().map(|t| (t.id.as_str(), t.name.as_str())).collect(),
        };
        let own = all.into_iter().filter(|(id, _)| self.config.file_of(table, id).is_some());
        Ok(own.map(|(id, name)| (id.to_owned(), name.to_owned())).collect())
    }

    /// Judges, writes, keeps and tells. Who calls it holds `SAVING`.
    fn write_change(
        &self,
        who: &Who,
        table: &'static str,
        (id, before): (Option<&str>, Option<String>),
        text: Option<&str>,
    ) -> Result<Saved> {
        let change = self.changed(table, id, text)?;
        let judged = self.judged(&change);
        let is_refused = judged.iter().any(|problem| problem.level == Level::Error);
        let faults = judged.iter().map(|problem| fault(problem, who)).collect();
        if is_refused {
            return Ok(Saved::Refused { faults });
        }
        let now_called = text.and_then(|text| edit::ids(text, table).into_iter().next());
        let id = now_called.or_else(|| id.map(str::to_owned)).unwrap_or_default();
        let now = self.now();
        let version =
            Version { at: now, by: who.name.clone(), before, after: text.map(str::to_owned) };
        let kept = serde_json::to_string(&version).context("a change is plain text")?;
        let name = format!("{HISTORY}{table}/{id}/{:013}", now.timestamp_millis());
        let action = if text.is_some() { "config_save" } else { "config_drop" };
        let old = std::fs::read(&change.file).ok();
        put_file(&change.file, change.text.as_bytes())?;
        let noted = self.audited(who, (action, &format!("{table} {id}"), ""), &mut |write| {
            write.put_state(&name, &kept)?;
            Ok(true)
        });
        if let Err(error) = noted {
            // Without its line in the audit a change does not stand.
            match old {
                Some(old) => put_file(&change.file, &old)?,
                None => {
                    std::fs::remove_file(&change.file).context("cannot take a new file back")?
                }
            }
            return Err(error);
        }
        self.renewal.iter().for_each(super::seat::Renewal::ask);
        Ok(Saved::Done { id, in_force: self.renewal.is_some(), warnings: faults })
    }

    /// The file as it would be with `text` for the entry `id`.
    fn changed(&self, table: &'static str, id: Option<&str>, text: Option<&str>) -> Result<Change> {
        let file = id
            .and_then(|id| self.file_with(table, id))
            .or_else(|| self.home_of(table))
            .ok_or_else(|| DeskError::Value { what: "config_file", value: table.to_owned() })?;
        let whole = if file.exists() { read_file(&file)? } else { String::new() };
        let (text, lines) = match (text, id) {
            (Some(text), _) => {
                let [called] = edit::ids(text, table).try_into().map_err(|_| {
                    let value = text.lines().next().unwrap_or_default().to_owned();
                    DeskError::Value { what: "one_entry", value }
                })?;
                let whole = edit::put(&whole, table, id, text);
                let place = edit::place(&whole, table, &called).unwrap_or_default();
                let line = |at: usize| whole[..at].lines().count();
                let lines = line(place.start)..line(place.end);
                (whole, lines)
            }
            (None, Some(id)) => {
                let unknown = || DeskError::Unknown { what: table, id: id.to_owned() };
                (edit::take(&whole, table, id).ok_or_else(unknown)?, 0..0)
            }
            (None, None) => (whole, 0..0),
        };
        Ok(Change { file, text, lines })
    }

    /// The file an entry stands in, also one that was saved a moment ago and is not in force yet.
    fn file_with(&self, table: &'static str, id: &str) -> Option<PathBuf> {
        let known = self.config.file_of(table, id).map(Path::to_owned);
        known.or_else(|| {
            let home = self.home_of(table)?;
            let whole = std::fs::read_to_string(&home).ok()?;
            edit::place(&whole, table, id).map(|_| home)
        })
    }

    /// Where a new entry goes: the main file for subjects; else the last file of its kind, or one of our own name
    /// where config looks for them.
    fn home_of(&self, table: &'static str) -> Option<PathBuf> {
        let main = self.config.file.clone()?;
        let paths = &self.config.paths;
        let patterns = match table {
            "rule" => &paths.rules,
            "topic" => &paths.topics,
            "source" => &paths.sources,
            _ => return Some(main),
        };
        let of_kind = self.config.entry_files.iter().filter(|((of, _), _)| *of == table);
        let last = of_kind.map(|(_, file)| file.clone()).max();
        let named = || {
            let pattern = patterns.first()?;
            Some(main.parent()?.join(pattern.replace('*', "console")))
        };
        last.or_else(named)
    }

    /// What `check` says of a change. An example of another entry that fails is a warning: a false alarm puts one
    /// where it fails until somebody mends that rule, and no other change has to wait for it.
    fn judged(&self, change: &Change) -> Vec<Problem> {
        let overrides = Overrides {
            data_dir: Some(self.config.station.data_dir.clone()),
            run_examples: true,
            as_if: Some((change.file.clone(), change.text.clone())),
            ..Overrides::default()
        };
        let judged = Config::load(self.config.file.as_deref(), &overrides);
        let mut problems = judged.map_or_else(|found| found, |config| config.warnings).0;
        for problem in &mut problems {
            let is_own =
                problem.line.checked_sub(1).is_some_and(|line| change.lines.contains(&line))
                    && std::path::absolute(&problem.file).is_ok_and(|file| file == change.file);
            if problem.fault.is_of_example() && !is_own {
                problem.level = Level::Warning;
            }
        }
        problems
    }
}

/// What is wrong, or warned of, in words.
fn fault(problem: &Problem, who: &Who) -> Fault {
    Fault {
        is_warning: problem.level == Level::Warning,
        key: problem.key.clone(),
        what: problem.fault.what(who.lang),
        hint: problem.fault.hint(who.lang),
        place: problem.place(),
    }
}

/// A file of the config.
///
/// # Errors
/// One that cannot be read.
pub(super) fn read_file(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// The whole file or the old one, whatever dies; the first of its folder brings that with it.
///
/// # Errors
/// A disk that refuses.
pub(super) fn put_file(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let half = file.with_extension("toml.part");
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = folder.and_then(|()| std::fs::write(&half, bytes)).and_then(|()| {
        std::fs::File::open(&half)?.sync_all()?;
        std::fs::rename(&half, file)
    });
    written.with_context(|| format!("cannot write `{}`", file.display()))
}

#[cfg(test)]
mod tests;
