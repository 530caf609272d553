//! Sources that stand for others: a list of feeds becomes one source a feed; a search without words asks for the
//! names of all subjects.
//!
//! In: the sources as written. Out: those the station runs. A list that cannot be read is a problem of its line;
//! reads that file and no other. Names lose what steers a terminal.

use std::path::Path;

use pipelines::crawl::{SourceConfig, SourceKind, read_opml};
use pipelines::record::{PostId, SourceId};
use pipelines::text::visible_line;

use super::document::Placed;
use super::load::Raw;
use super::problem::Fault;

impl Raw {
    /// Puts the feeds of lists in the place of the lists, and words into searches.
    pub(super) fn expand_sources(&mut self) {
        let names: Vec<String> = self
            .subjects
            .iter()
            .flat_map(|s| s.item.names().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let mut expanded = Vec::new();
        for mut source in std::mem::take(&mut self.sources) {
            match &mut source.item.kind {
                SourceKind::Search { words, .. } if words.is_empty() => {
                    words.clone_from(&names);
                    expanded.push(source);
                }
                SourceKind::Opml { .. } => match feeds(&source) {
                    Ok(feeds) => expanded.extend(feeds),
                    Err(fault) => self.problems.push(source.problem("source", "path", fault)),
                },
                _ => expanded.push(source),
            }
        }
        // A name is shown everywhere: on terminals, in digests, in messages; that of a list was written by others.
        for source in &mut expanded {
            source.item.name = visible_line(&source.item.name).into_owned();
        }
        self.sources = expanded;
    }
}

/// One source for each feed of the list, with all that the list's own source says.
fn feeds(list: &Placed<SourceConfig>) -> Result<Vec<Placed<SourceConfig>>, Fault> {
    let SourceKind::Opml { path, full_page } = &list.item.kind else { return Ok(Vec::new()) };
    let path = Path::new(&list.file).parent().unwrap_or(Path::new("")).join(path);
    let why = |why: String| Fault::Unreadable { why };
    let bytes = std::fs::read(&path).map_err(|e| why(e.to_string()))?;
    let feeds = read_opml(&bytes).map_err(why)?;
    Ok(feeds
        .into_iter()
        .map(|feed| {
            let mut source = list.clone();
            source.item.id = id_of(&list.item.id, &feed.url);
            source.item.name = feed.title;
            source.item.kind = SourceKind::Feed { url: feed.url, full_page: *full_page };
            source
        })
        .collect())
}

/// The list's id, the site, and four signs of the address: the same feed has the same id in whatever order the
/// list is.
fn id_of(list: &SourceId, url: &str) -> SourceId {
    let site = url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned));
    let site = site.unwrap_or_default();
    let print = PostId::of_url(url).to_string();
    SourceId(format!("{list}/{}-{}", site.trim_start_matches("www."), &print[..4]))
}
