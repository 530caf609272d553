//! Sources that are files: a file, or a folder in which exports are laid down.
//!
//! In: a source of kind `files`. Out: each file taken in once; one that changed is taken in again, where what is
//! stored already counts as a duplicate. Rows that cannot be read are named, with their numbers, in a list of
//! their own under `rejected/` in the data directory; the rest of the file goes in. Rows that are older than posts are
//! kept are announced beside that list before the file is taken in. The files themselves are neither moved nor changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use pipelines::crawl::{ColumnMap, FileError, FileFormat, SourceConfig, SourceKind};
use pipelines::locale::Lang;

use super::collect::Collector;
use super::commit::CommitError;
use super::import::{self, ImportError};
use crate::store::Tally;

/// What a run over the files came to.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// Counts.
    pub tally: Tally,
    /// Kind and text of the last error.
    pub error: Option<(String, String)>,
}

/// Takes in the files of `source` that are new or changed.
///
/// # Errors
/// Those of the store; a file that cannot be read is in the answer and does not stop the others.
pub fn take_in(collector: &Collector, source: &SourceConfig) -> Result<TakenIn, CommitError> {
    let SourceKind::Files { path, format, map } = &source.kind else {
        return Ok(TakenIn::default());
    };
    let map = ColumnMap(map.clone());
    let mut taken = TakenIn::default();
    let files = match waiting(Path::new(path), *format) {
        Ok(files) => files,
        Err(why) => {
            taken.error = Some(("file".to_owned(), format!("cannot read `{path}`: {why}")));
            return Ok(taken);
        }
    };
    for file in files {
        let mark = format!("file:{}:{}", source.id, file.display());
        let print = match fingerprint(&file) {
            Ok(print) => print,
            // It was taken away meanwhile.
            Err(_) => continue,
        };
        if collector.store.state(&mark)?.as_deref() == Some(&print) {
            continue;
        }
        match one(collector, &file, *format, &map, source) {
            Ok(tally) => {
                taken.tally.add(&tally);
                collector.store.write(&mut |write| write.put_state(&mark, &print))?;
            }
            Err(ImportError::File(error)) => {
                taken.error = Some(("file".to_owned(), error.to_string()));
            }
            Err(ImportError::Commit(error)) => return Err(error),
            Err(ImportError::Stopped(imported)) => {
                taken.tally.add(&imported.tally);
                break;
            }
        }
    }
    Ok(taken)
}

fn one(
    collector: &Collector,
    file: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
) -> Result<Tally, ImportError> {
    announce_old_rows(collector, file, format, map, source)?;
    let imported = import::file(collector, file, format, map, source)?;
    if !imported.unreadable.is_empty() {
        match beside(collector, source, file, "rejected", &list_of_rejected(&imported)) {
            Ok(path) => tracing::warn!(
                file = %file.display(), rows = imported.unreadable.len(), list = %path.display(),
                "rows that cannot be read were passed over"
            ),
            // The rows are counted all the same; the file is where it was.
            Err(error) => tracing::error!(%error, "the list of rejected rows is missing"),
        }
    }
    Ok(imported.tally)
}

/// Says how many rows the next purge will delete again, while the file still can be taken away or the config changed.
fn announce_old_rows(
    collector: &Collector,
    file: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
) -> Result<(), FileError> {
    let now = (collector.clock)();
    let Some((days, from)) = collector.stages.kept_from(now) else { return Ok(()) };
    let old = import::look(file, format, map, source, (now, Some(from)))?.too_old;
    if old == 0 {
        return Ok(());
    }
    let name = file.display();
    let args: [(&str, &dyn std::fmt::Display); 3] = [("file", &name), ("n", &old), ("days", &days)];
    let say = |lang: Lang| lang.fill("cli.import.too_old", &args);
    let note = format!("{}\n{}\n", say(Lang::Zh), say(Lang::En));
    match beside(collector, source, file, "past-retention", &note) {
        Ok(path) => tracing::warn!(
            file = %name, rows = old, days, note = %path.display(),
            "rows older than posts are kept are taken in, and deleted by the next purge"
        ),
        Err(error) => {
            tracing::error!(%error, rows = old, "the note of rows past retention is missing")
        }
    }
    Ok(())
}

/// Writes what is to be told of a file under the name of its source; the path of what was written.
fn beside(
    collector: &Collector,
    source: &SourceConfig,
    file: &Path,
    kind: &str,
    text: &str,
) -> anyhow::Result<PathBuf> {
    let folder = collector.rejected.join(source.id.as_str());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let path = folder.join(format!("{name}.{kind}.txt"));
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

fn list_of_rejected(imported: &import::Imported) -> String {
    imported.unreadable.iter().fold(String::new(), |mut list, row| {
        // Writing to a String cannot fail.
        let _ = writeln!(
            list,
            "{}\t{}\t{}",
            row.row,
            row.why.render(Lang::Zh),
            row.why.render(Lang::En)
        );
        list
    })
}

/// The files of `path` in the order of their names: itself, or what lies in it and is no hidden file.
fn waiting(path: &Path, format: FileFormat) -> std::io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let fits = import::format_of(&name).is_some_and(|found| found == format);
        if fits && !name.starts_with(['.', '~']) && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// What tells one state of a file from another.
fn fingerprint(file: &Path) -> std::io::Result<String> {
    let about = file.metadata()?;
    let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}:{}", about.len(), modified.as_millis()))
}
