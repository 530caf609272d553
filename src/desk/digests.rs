//! Digests at the desk: which are written, one of them, and a new one for a day, week or month, of any span, of a unit, of
//! a topic or of one happening.
//!
//! In: what is asked for, or a file's name. Out: names and bytes. Only files of the digest folder are
//! handed out, by names that lead nowhere else.

pub mod approval;
mod ask;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Act, Desk, DeskError, Result, Who};
use crate::config::Form;
use crate::engine::digests::{self, fonts};

pub use approval::{Standing, WaitingDigest};
pub use ask::{DigestAsk, DigestChoice, DigestChoices};

/// A written digest, in one form.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DigestFile {
    /// Its name in the digest folder.
    pub name: String,
    /// When it was written.
    pub written: DateTime<Utc>,
    /// Its size.
    pub bytes: u64,
    /// How its approval stands, where it has to be approved.
    pub standing: Option<Standing>,
}

/// A digest that was made.
#[derive(Clone, Debug)]
pub struct MadeDigest {
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Whether it has no PDF, since no Chinese font is there.
    pub lacks_fonts: bool,
}

impl Desk {
    /// The digests written so far, newest first.
    ///
    /// # Errors
    /// A folder that cannot be read; one that is not there yet holds none.
    pub fn digests(&self, who: &Who) -> Result<Vec<DigestFile>> {
        self.check(who, Act::SeeDigests)?;
        self.unbounded(who)?;
        let dir = self.dir.digests();
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&dir, error)),
        };
        let standings = self.standings()?;
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&dir, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let standing = standings.get(stem(&name)).copied();
            if !is_digest(&name) || !approval::may_see(who, standing) {
                continue;
            }
            let meta = entry.metadata().map_err(|error| unreadable(&entry.path(), error))?;
            let written = meta.modified().map_err(|error| unreadable(&entry.path(), error))?;
            files.push(DigestFile { name, written: written.into(), bytes: meta.len(), standing });
        }
        files.sort_by(|a, b| b.written.cmp(&a.written).then_with(|| a.name.cmp(&b.name)));
        Ok(files)
    }

    /// The bytes of a digest.
    ///
    /// # Errors
    /// `Unknown` for any name that is not one of a digest.
    pub fn digest_file(&self, who: &Who, name: &str) -> Result<Vec<u8>> {
        self.check(who, Act::SeeDigests)?;
        self.unbounded(who)?;
        let unknown = || DeskError::Unknown { what: "digest", id: name.to_owned() };
        let standing = self.standings()?.get(stem(name)).copied();
        if !is_digest(name) || !approval::may_see(who, standing) {
            return Err(unknown());
        }
        let path = self.dir.digests().join(name);
        match std::fs::read(&path) {
            Ok(bytes) => {
                self.audited(who, ("digest", name, "handed out"), &mut |_| Ok(true))?;
                Ok(bytes)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(unknown()),
            Err(error) => Err(unreadable(&path, error)),
        }
    }

    /// Writes the digest asked for among the others; answers the names of its files.
    ///
    /// # Errors
    /// As of [`write_digest_to`](Self::write_digest_to).
    pub fn write_digest(&self, who: &Who, ask: &DigestAsk) -> Result<Vec<String>> {
        self.check(who, Act::WriteDigest)?;
        let made = self.write_digest_to(who, ask, &self.dir.digests())?;
        let names = made.files.iter().filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// Whether no Chinese font is there, so that digests have no PDF.
    #[must_use]
    pub fn lacks_fonts(&self) -> bool {
        fonts::choose(&self.config.paper.fonts).is_none()
    }

    /// Writes the digest asked for into the folder `dir`; answers the files. The command line alone names folders.
    ///
    /// # Errors
    /// `Value` for a day that has not come, a span that ends before it begins, or a PDF alone where no Chinese font is
    /// there; `Unknown` for a unit, topic or happening; a broken store; a file that cannot be written.
    pub fn write_digest_to(&self, who: &Who, ask: &DigestAsk, dir: &Path) -> Result<MadeDigest> {
        self.check(who, Act::WriteDigest)?;
        if ask.forms == [Form::Pdf] && self.lacks_fonts() {
            let value = Form::Pdf.ending().to_owned();
            return Err(DeskError::Value { what: "form_without_fonts", value });
        }
        let mut order = self.order(ask)?;
        if !ask.forms.is_empty() {
            order.forms.clone_from(&ask.forms);
        }
        self.write_order(who, &order, dir)
    }

    /// Writes the digest that config calls `id`, of its period that ends now; answers its files.
    ///
    /// # Errors
    /// `Unknown` where config has none; as of [`write_digest_to`](Self::write_digest_to).
    pub fn write_digest_of_config(&self, who: &Who, id: &str) -> Result<MadeDigest> {
        self.check(who, Act::WriteDigest)?;
        let named = self.config.digests.iter().find(|digest| digest.id == id);
        let named =
            named.ok_or_else(|| DeskError::Unknown { what: "digest", id: id.to_owned() })?;
        let mut order = digests::Order::of_config(named, self.now(), &self.config);
        // The titles in config are in the language of the station.
        order.title = order.title.filter(|_| who.lang == self.config.station.lang);
        self.write_order(who, &order, &self.dir.digests())
    }

    fn write_order(&self, who: &Who, order: &digests::Order, dir: &Path) -> Result<MadeDigest> {
        self.unbounded(who)?;
        let mut config = (*self.config).clone();
        config.station.lang = who.lang;
        let written = digests::write(&config, &*self.store, order, self.now(), dir)?;
        let done = ("digest", order.name.as_str(), order.to.to_rfc3339());
        self.audited(who, (done.0, done.1, &done.2), &mut |_| Ok(true))?;
        Ok(MadeDigest { files: written.files, lacks_fonts: written.lacks_fonts })
    }

    /// Where digests lie.
    #[must_use]
    pub fn digest_folder(&self) -> PathBuf {
        self.dir.digests()
    }
}

/// Letters, digits, `-` and `_`, then one of the endings: such a name cannot lead out of the folder.
fn is_digest(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    Form::of(ending).is_some() && !stem.is_empty() && stem.chars().all(is_plain)
}

/// The name without its ending: that of all its forms.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn unreadable(path: &std::path::Path, error: std::io::Error) -> DeskError {
    DeskError::Broken(
        anyhow::Error::new(error).context(format!("cannot read `{}`", path.display())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_digests_are_taken() {
        for good in
            ["daily-2026-11-26.html", "day-2026-11-26.docx", "week-2026-11-26.pdf", "日报_1.md"]
        {
            assert!(is_digest(good), "{good}");
        }
        for bad in ["../guanlan.db", "..html", ".html", "a/b.html", "a.db", "a.html.part", "a\0.md"]
        {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
