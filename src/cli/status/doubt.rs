//! Sources whose posts are unlike what the judges learned from: most of what they bring is in doubt.
//!
//! In: the latest posts of each source. Out: a line for each source of which most are in doubt, with the share. A
//! source with few posts is not spoken of. Judges nothing: doubt stands in the posts.

use std::io::Write;

use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;

use crate::store::Store;

/// Posts of a source that are looked at, and how many it must have.
const LATEST: usize = 30;
const LEAST: usize = 12;
/// Of sources that were held out in training 40 in a hundred posts are in doubt; this is half as many again.
const UNLIKE: f64 = 0.6;

/// The share of a source's latest posts whose polarity is in doubt; none where it has brought too few.
///
/// # Errors
/// A store that cannot be read.
pub(super) fn share(store: &dyn Store, source: &SourceConfig) -> anyhow::Result<Option<f64>> {
    let posts = store.latest_posts(&source.id, LATEST)?;
    if posts.len() < LEAST {
        return Ok(None);
    }
    let unsure = posts.iter().filter(|post| post.shown().0.is_unsure()).count();
    Ok(Some(unsure as f64 / posts.len() as f64))
}

/// Names the source where its posts are unlike all training.
///
/// # Errors
/// An output that cannot be written.
pub(super) fn tell(
    source: &SourceConfig,
    share: Option<f64>,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if let Some(share) = share.filter(|share| *share >= UNLIKE) {
        let percent = format!("{:.0}", share * 100.0);
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("source", &source.id), ("name", &source.name), ("percent", &percent)];
        writeln!(out, "{}", lang.fill("cli.status.unlike", &args))?;
    }
    Ok(())
}
