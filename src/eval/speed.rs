//! How many posts the whole annotation judges a second, on one thread.
//!
//! In: the texts of the polarity sets and the shipped config. Out: posts a second, best of three rounds, and the
//! length of what was judged. Loading is not counted; a folder without such sets gives nothing. Time is the
//! thread's own processor time where the system tells it (Linux), so that a busy machine does not count; else
//! wall time.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::record::{Channel, Post, PostId, SourceId, Subject, Trust};
use serde::Serialize;

use super::sets::{sets, text};

/// Posts judged at most: enough for a steady figure.
const MOST: usize = 4000;
const ROUNDS: usize = 3;

/// Speed and what it was measured on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpeedScore {
    /// Whole annotation by the fast path, one thread.
    pub posts_per_second: f64,
    /// Posts a round.
    pub n: usize,
    /// Their mean length in characters.
    pub mean_chars: f64,
}

pub(super) fn measure(dir: &Path, judges: &AnnotatorConfig) -> Result<Option<SpeedScore>> {
    let sets = sets(dir, "polarity")?;
    let rows: Vec<_> = sets.iter().flat_map(|s| &s.rows).collect();
    let step = rows.len().div_ceil(MOST).max(1);
    let posts: Vec<Post> = rows
        .iter()
        .step_by(step)
        .enumerate()
        .map(|(at, row)| post(at, text(row, "title"), text(row, "text")))
        .collect();
    if posts.is_empty() {
        return Ok(None);
    }
    let annotator = Annotator::load(with_subject(judges))?;
    let chars: usize = posts.iter().map(|p| p.title.chars().count() + p.text.chars().count()).sum();
    let now = chrono::DateTime::UNIX_EPOCH;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let batch = posts.clone();
        let (begun, used) = (Instant::now(), processor_secs());
        for post in batch {
            std::hint::black_box(annotator.annotate_fast(post, now));
        }
        let spent = processor_secs().zip(used).map(|(after, before)| after - before);
        best = best.min(spent.unwrap_or_else(|| begun.elapsed().as_secs_f64()));
    }
    Ok(Some(SpeedScore {
        posts_per_second: posts.len() as f64 / best,
        n: posts.len(),
        mean_chars: chars as f64 / posts.len() as f64,
    }))
}

/// Seconds this thread has run, as Linux counts them; none elsewhere.
fn processor_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = stat.split(' ').next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}

pub(super) fn post(at: usize, title: &str, body: &str) -> Post {
    let url = format!("import:eval/{at}");
    Post {
        id: PostId::of_url(&url),
        url,
        source: SourceId::from("eval"),
        channel: Channel::default(),
        trust: Trust::default(),
        site: "eval".to_owned(),
        title: title.to_owned(),
        text: body.to_owned(),
        author: None,
        outlet: None,
        origin: None,
        published: None,
        fetched_at: chrono::DateTime::UNIX_EPOCH,
        counts: Default::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash: at as u64,
    }
}

/// The judges with a subject, so that subjects are looked for.
fn with_subject(judges: &AnnotatorConfig) -> AnnotatorConfig {
    let subject = Subject {
        name: "云岭矿业集团有限公司".to_owned(),
        short_names: vec!["云岭矿业".to_owned(), "云岭集团".to_owned()],
        ..Subject::default()
    };
    AnnotatorConfig { subjects: vec![subject], deep: None, ..judges.clone() }
}
