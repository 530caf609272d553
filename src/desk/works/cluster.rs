//! Whether the search cluster of a config can be used.
//!
//! In: a config. Out: a sentence of how it stands, or of what keeps it from being used: away, red, too old, read-only, an
//! index of another version, one whose copies lose posts. It changes nothing there.

use index::{IndexError, Place};
use pipelines::locale::Lang;

use crate::config::Config;
use crate::desk::station::health_words;
use crate::desk::trouble;

/// How the cluster stands, or why it cannot be used; none where the index lies in none.
#[must_use]
pub fn tried(config: &Config, lang: Lang) -> Option<Result<String, String>> {
    let Place::Cluster(at) = crate::engine::index_place(config) else { return None };
    let checked = |line: &str| lang.fill("cli.cluster.checked", &[("line", &line)]);
    Some(match at.health() {
        Ok(health) => Ok(checked(&health_words(&at, &health, lang))),
        // The station makes it.
        Err(IndexError::Missing { .. }) => {
            Ok(checked(&lang.fill("cli.cluster.no_index_yet", &[("name", &at.name)])))
        }
        Err(error) => Err(trouble::in_words(&error.into(), lang)),
    })
}
