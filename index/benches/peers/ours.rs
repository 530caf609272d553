//! The index of this crate, as `guanlan reindex` builds it.

use std::convert::Infallible;
use std::path::Path;
use std::time::Instant;

use index::{Index, RebuildLock, SearchIndex, SearchOptions, WriterOptions};
use pipelines::query::{Context, parse};

use crate::{Asked, Peer, Text};

struct Ours {
    index: Index,
    context: Context,
}

pub fn build(dir: &Path, texts: Vec<Text>) -> Box<dyn Peer> {
    let context = Context::at(crate::end());
    let lock = RebuildLock::take(dir).expect("nobody else rebuilds");
    let posts = texts.into_iter().map(|text| Ok::<_, Infallible>(*text.post));
    Index::rebuild(&lock, WriterOptions::bulk(), 0, posts, &mut |_| {}).expect("an index");
    let index = Index::open_read_only(dir, &context.segmenter).expect("an index");
    Box::new(Ours { index, context })
}

impl Peer for Ours {
    fn ask(&mut self, asked: &Asked) -> (u64, f64) {
        let quoted = |words: &[String], between: &str| {
            words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(between)
        };
        let mut text = quoted(&asked.all, " ");
        if !asked.any.is_empty() {
            text += &format!(" ({})", quoted(&asked.any, " | "));
        }
        if let Some(not) = &asked.not {
            text += &format!(" -\"{not}\"");
        }
        let options = SearchOptions { limit: 20, group_by_story: false, ..Default::default() };
        let start = Instant::now();
        let query = parse(text.trim(), &self.context).expect("a query");
        let results = self.index.search(&query, &options, None).expect("an answer");
        (results.posts.expect("totals were asked for"), start.elapsed().as_secs_f64())
    }
}
