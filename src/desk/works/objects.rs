//! Whether the object store or the shared folder of a config can be used for evidence.
//!
//! In: a config. Out: a sentence that it answers, or what keeps it from being used: away, no such bucket, keys it does not
//! know, rights that lack, a folder that is not mounted. It writes nothing there.

use pipelines::locale::Lang;

use crate::config::{Config, EvidenceKind};
use crate::desk::trouble::bucket_words;

/// Whether it answers, or why it cannot be used; none where evidence lies in the data directory.
#[must_use]
pub fn tried(config: &Config, lang: Lang) -> Option<Result<String, String>> {
    let settings = &config.evidence;
    let place = settings.shown()?;
    if settings.kind == EvidenceKind::Folder {
        let key = if settings.folder.is_dir() { "folder" } else { "no_folder" };
        let said = lang.fill(&format!("cli.bucket.{key}"), &[("place", &place)]);
        return Some(if key == "folder" { Ok(said) } else { Err(said) });
    }
    let asked = crate::engine::bucket(settings).and_then(|bucket| bucket.tried());
    Some(match asked {
        Ok(()) => Ok(lang.fill("cli.bucket.checked", &[("place", &place)])),
        Err(fault) => Err(bucket_words(&fault, lang)),
    })
}
