//! Fonts for PDF: found at run time in the folders of config, then in those of the system, never shipped.
//!
//! In: files and folders from config. Out: a face for each place in a paper, or that there is no Chinese one. Of a file only
//! its tables of names and characters are read until it is chosen; one that cannot be read is passed over, and one whose
//! maker forbids embedding too.

mod names;
mod peek;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use crate::report::{FontFace, Fonts};
use names::{Place, own, substitutes};
use peek::Peeked;

/// Files looked at, so that a folder that holds no fonts costs no minutes.
const FILES: usize = 4_000;
/// Folders within folders.
const DEPTH: usize = 6;

/// A face that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its file.
    pub path: PathBuf,
    /// Which face of it.
    pub index: u32,
    /// The name it was chosen by; its first one.
    pub name: String,
}

/// The faces of a paper on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    song: Found,
    fang: Found,
    kai: Found,
    hei: Found,
    western: Option<Found>,
}

/// What is chosen for each place, from the `configured` files and folders and those of the system; none where no Chinese
/// face is there.
#[must_use]
pub fn choose(configured: &[PathBuf]) -> Option<Chosen> {
    choose_from(configured, &system())
}

/// As [`choose`], of these folders.
#[must_use]
pub fn choose_from(configured: &[PathBuf], system: &[PathBuf]) -> Option<Chosen> {
    let mut faces = Vec::new();
    for (folders, is_configured) in [(configured, true), (system, false)] {
        let mut files = Vec::new();
        for folder in folders {
            walk(folder, 0, &mut files);
        }
        for path in files {
            let each = peek::faces(&path).into_iter().flatten();
            faces.extend(each.map(|face| Candidate { path: path.clone(), face, is_configured }));
        }
    }
    let of = |place| best(&faces, place);
    Some(Chosen {
        song: of(Place::Song)?,
        fang: of(Place::Fang)?,
        kai: of(Place::Kai)?,
        hei: of(Place::Hei)?,
        western: of(Place::Western),
    })
}

impl Chosen {
    /// The bytes of the chosen faces; a file that holds several is read once.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self) -> anyhow::Result<Fonts> {
        let mut files: Vec<(PathBuf, Arc<Vec<u8>>)> = Vec::new();
        let mut face = |found: &Found| -> anyhow::Result<FontFace> {
            let known = files.iter().find(|(path, _)| *path == found.path);
            let bytes = match known {
                Some((_, bytes)) => Arc::clone(bytes),
                None => {
                    let bytes = std::fs::read(&found.path)
                        .with_context(|| format!("cannot read `{}`", found.path.display()))?;
                    files.push((found.path.clone(), Arc::new(bytes)));
                    Arc::clone(&files[files.len() - 1].1)
                }
            };
            Ok(FontFace { bytes, index: found.index })
        };
        Ok(Fonts {
            song: face(&self.song)?,
            fang: face(&self.fang)?,
            kai: face(&self.kai)?,
            hei: face(&self.hei)?,
            western: self.western.as_ref().map(face).transpose()?,
        })
    }
}

struct Candidate {
    path: PathBuf,
    face: Peeked,
    is_configured: bool,
}

/// The best face for `place`: the one that official documents name; then any that config points at; then what stands in for
/// it; then any that is Chinese.
fn best(faces: &[Candidate], place: Place) -> Option<Found> {
    let named = |names: &[&str], face: &Peeked| {
        let is_named = |name: &&str| face.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        names.iter().position(is_named)
    };
    let rank = |one: &Candidate| {
        let (is_chinese, is_western) = (one.face.is_chinese, place == Place::Western);
        let by_name = named(own(place), &one.face).map(|at| (0, at));
        let by_hand = (one.is_configured && is_chinese && !is_western).then_some((1, 0));
        let instead = named(substitutes(place), &one.face).map(|at| (2, at));
        let any = (is_chinese && !is_western).then_some((3, 0));
        let rank = by_name.or(by_hand).or(instead).or(any)?;
        // A face by its name alone may be a cut without Chinese characters.
        (is_western || is_chinese).then_some((rank, one.face.weight_off, !one.is_configured))
    };
    let ranked = faces.iter().filter_map(|one| Some((rank(one)?, one)));
    // Of equals the first by path, so that two runs choose alike.
    let key =
        |(rank, one): &((_, u16, bool), &Candidate)| ((*rank), one.path.clone(), one.face.index);
    let (_, one) = ranked.min_by_key(key)?;
    let name = one.face.names.first().cloned().unwrap_or_default();
    Some(Found { path: one.path.clone(), index: one.face.index, name })
}

/// Font files under `path`, or itself, in the order of their names.
fn walk(path: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    if files.len() >= FILES || depth > DEPTH {
        return;
    }
    let endings = ["ttf", "otf", "ttc", "otc"];
    if path.is_file() {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
            files.push(path.to_owned());
        }
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        walk(&path, depth + 1, files);
    }
}

/// Where systems keep fonts; folders that are not there are empty.
fn system() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"]
            .map(PathBuf::from)
            .to_vec();
    let under = |name: &str, rest: &str| std::env::var_os(name).map(|at| Path::new(&at).join(rest));
    folders.extend(under("HOME", ".local/share/fonts"));
    folders.extend(under("HOME", ".fonts"));
    folders.extend(under("HOME", "Library/Fonts"));
    folders.extend(under("WINDIR", "Fonts"));
    folders.extend(under("LOCALAPPDATA", "Microsoft/Windows/Fonts"));
    folders
}

#[cfg(test)]
mod tests;
