//! Whether the files of an index are as they were written.
//!
//! In: the directory of an index, and how long it may take. Out: how many files were looked at, and which
//! are damaged. Each file carries the checksum of its content; reading them all takes about as long as the
//! disk needs for it. It mends nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::IndexError;
use crate::generation::{Generation, Root};
use crate::guard::guarded;
use crate::place::Place;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Files of the current generation.
    pub files: usize,
    /// Of these, looked at before the time was over.
    pub checked: usize,
    /// Of these, not as they were written, or missing.
    pub damaged: Vec<PathBuf>,
}

impl Examined {
    /// An error that names the first damaged file.
    ///
    /// # Errors
    /// `Damaged`, where one is.
    pub fn whole(&self) -> Result<(), IndexError> {
        match self.damaged.first() {
            None => Ok(()),
            Some(path) => Err(IndexError::Damaged {
                what: format!("{} is not as it was written", path.display()),
            }),
        }
    }
}

/// Looks at the files of the current generation at `place`, the smallest first, for about `at_most`. A cluster looks at
/// its own files: there it is asked whether every part of the index is at work.
///
/// # Errors
/// Those of opening the index: `Missing`, `Format`, `Damaged`, a broken disk.
pub fn examine(place: impl Into<Place>, at_most: Duration) -> Result<Examined, IndexError> {
    let dir = match place.into() {
        Place::Folder(dir) => dir,
        Place::Cluster(cluster) => return cluster.health().map(|_| Examined::default()),
    };
    examine_folder(&dir, at_most)
}

fn examine_folder(dir: &Path, at_most: Duration) -> Result<Examined, IndexError> {
    let root = Root::new(dir);
    let missing = || IndexError::Missing { dir: dir.to_owned() };
    let name = root.current()?.ok_or_else(missing)?;
    let generation = Generation::open(&root, &name)?;
    examine_generation(&root, &generation, at_most)
}

/// The same for one generation.
pub(crate) fn examine_generation(
    root: &Root,
    generation: &Generation,
    at_most: Duration,
) -> Result<Examined, IndexError> {
    let started = Instant::now();
    let listed = files(root, generation)?;
    let mut examined = Examined { files: listed.len(), ..Examined::default() };
    let directory = generation.index.directory();
    for (_, path) in listed {
        if started.elapsed() >= at_most {
            break;
        }
        // A file that is gone or has no checksum any more is as bad as one with a wrong one.
        let sound = guarded(|| Ok(directory.validate_checksum(&path).unwrap_or(false)));
        if !sound.unwrap_or(false) {
            examined.damaged.push(path);
        }
        examined.checked += 1;
    }
    if !examined.damaged.is_empty() {
        // A writer beside this has merged segments away: what is listed no more is no loss.
        let listed = files(root, generation)?;
        examined.damaged.retain(|path| listed.iter().any(|(_, p)| p == path));
    }
    for path in &mut examined.damaged {
        *path = root.dir().join(&generation.name).join(&*path);
    }
    Ok(examined)
}

/// The files that hold what is searched, with their sizes, smallest first.
fn files(root: &Root, generation: &Generation) -> Result<Vec<(u64, PathBuf)>, IndexError> {
    let managed = generation.index.directory().list_managed_files();
    let listed = generation.index.load_metas()?.list_segment_files().into_iter();
    let size = |path: PathBuf| {
        let meta = std::fs::metadata(root.dir().join(&generation.name).join(&path));
        (meta.map_or(0, |meta| meta.len()), path)
    };
    let mut files: Vec<_> = listed.filter(|path| managed.contains(path)).map(size).collect();
    files.sort_unstable();
    Ok(files)
}
