//! Digests at the desk: which are written, one of them, and a new one for a day, week or month.
//!
//! In: a period and its last day, or a file's name. Out: names and bytes. Only files of the digest folder are
//! handed out, by names that lead nowhere else.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::Serialize;

use super::{Act, Desk, DeskError, Result, Who};
use crate::config::Period;
use crate::engine::digests;

/// A written digest, in one form.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DigestFile {
    /// Its name in the digest folder.
    pub name: String,
    /// When it was written.
    pub written: DateTime<Utc>,
    /// Its size.
    pub bytes: u64,
}

/// Endings of the forms digests are written in.
const FORMS: [&str; 3] = ["html", "docx", "md"];

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
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&dir, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_digest(&name) {
                continue;
            }
            let meta = entry.metadata().map_err(|error| unreadable(&entry.path(), error))?;
            let written = meta.modified().map_err(|error| unreadable(&entry.path(), error))?;
            files.push(DigestFile { name, written: written.into(), bytes: meta.len() });
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
        if !is_digest(name) {
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

    /// Writes a digest of the `period` that ends with `last`, or now; answers the names of its files.
    ///
    /// # Errors
    /// A broken store; a file that cannot be written.
    pub fn write_digest(
        &self,
        who: &Who,
        period: Period,
        last: Option<NaiveDate>,
    ) -> Result<Vec<String>> {
        self.check(who, Act::WriteDigest)?;
        self.unbounded(who)?;
        let now = self.now();
        let to = last.and_then(|day| self.end_of(day)).unwrap_or(now);
        let span = digests::span(period, to, &self.config);
        let id = match period {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        };
        let mut order = digests::Order::of_all(id, span, &self.config);
        if last.is_none() {
            order.name = digests::name_of_now(id, now, &self.config);
        }
        let mut config = (*self.config).clone();
        config.station.lang = who.lang;
        let files = digests::write(&config, &*self.store, &order, now, &self.dir.digests())?;
        self.audited(who, ("digest", id, &to.to_rfc3339()), &mut |_| Ok(true))?;
        let names = files.files.iter().filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// Local midnight after `day`.
    fn end_of(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
        let local = self.config.station.zone.from_local_datetime(&next).earliest()?;
        Some(local.with_timezone(&Utc))
    }
}

/// Letters, digits, `-` and `_`, then one of the endings: such a name cannot lead out of the folder.
fn is_digest(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    FORMS.contains(&ending) && !stem.is_empty() && stem.chars().all(is_plain)
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
        for good in ["daily-2026-11-26.html", "day-2026-11-26.docx", "日报_1.md"] {
            assert!(is_digest(good), "{good}");
        }
        for bad in ["../guanlan.db", "..html", ".html", "a/b.html", "a.db", "a.html.part", "a\0.md"]
        {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
