//! Whether the object store of a config can be used for evidence.
//!
//! In: a config. Out: a sentence that it answers, or what keeps it from being used: away, no such bucket, keys it does not
//! know, rights that lack. It writes nothing there.

use pipelines::locale::Lang;

use crate::config::{Config, EvidenceKind};
use crate::desk::trouble::bucket_words;

/// Whether it answers, or why it cannot be used; none where evidence lies in none.
#[must_use]
pub fn tried(config: &Config, lang: Lang) -> Option<Result<String, String>> {
    let settings = &config.evidence;
    if settings.kind != EvidenceKind::S3 {
        return None;
    }
    let place = settings.shown().unwrap_or_default();
    let asked = crate::engine::bucket(settings).and_then(|bucket| bucket.tried());
    Some(match asked {
        Ok(()) => Ok(lang.fill("cli.bucket.checked", &[("place", &place)])),
        Err(fault) => Err(bucket_words(&fault, lang)),
    })
}
