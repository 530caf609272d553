//! A post as a document of the cluster.
//!
//! In: an `IndexedPost`. Out: JSON with the fields of `schema.rs`, always all of them: what is left out of a document is
//! lost. No text is kept by the cluster: the store has it.

use pipelines::record::PostId;
use pipelines::text;
use serde_json::{Value, json};

use super::cut;
use crate::schema::{IndexedPost, tails};

/// An id as a term and as the name of a document: digits that sort as the number does.
pub(super) fn id_term(id: u64) -> String {
    format!("{id:016x}")
}

/// The number of an id.
pub(super) fn id_of(term: &str) -> Option<PostId> {
    u64::from_str_radix(term, 16).ok().map(PostId)
}

/// The document of one post.
pub(super) fn document(indexed: &IndexedPost) -> Value {
    let IndexedPost { post: annotated, heat, case } = indexed;
    let post = &annotated.post;
    let (shown, _) = annotated.shown();
    let topics: Vec<&str> = annotated.topics.iter().map(|hit| hit.topic.as_str()).collect();
    let classes = topics.iter().flat_map(|topic| {
        let ends = topic.match_indices('/').map(|(end, _)| end).chain([topic.len()]);
        ends.map(|end| &topic[..end])
    });
    let keywords = annotated.words.keywords.iter().map(|keyword| &keyword.word);
    let subjects = annotated.mentions.iter().map(|mention| mention.subject.as_str());
    let (title, body) = (text::fold(&post.title), text::fold(&post.text));
    let mut pairs: Vec<&str> = cut::pairs(title.text()).chain(cut::pairs(body.text())).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let readings = std::iter::once(shown.polarity).chain(shown.other).map(|p| p.as_str());
    let mut document = json!({
        "id": id_term(post.id.0),
        "time": post.time().timestamp_micros(),
        "story": id_term(annotated.story.0.0),
        "source": post.source.as_str(),
        "channel": post.channel.as_str(),
        "site": post.site,
        "polarity": shown.polarity.as_str(),
        "reading": readings.collect::<Vec<_>>(),
        "unsure": if shown.is_unsure() { "yes" } else { "no" },
        "risk": annotated.risk.score,
        "heat": f64::from(*heat),
        "site_tree": tails(&post.site, '.').collect::<Vec<_>>(),
        "topic_tree": classes.collect::<Vec<_>>(),
        "keyword": keywords.collect::<Vec<_>>(),
        "subject": subjects.collect::<Vec<_>>(),
        "pairs": pairs.join(" "),
        "title": cut::text(&post.title),
        "body": cut::text(&post.text),
    });
    document["topic"] = topics.into();
    if let Some(filing) = &annotated.filing {
        document["kind"] = filing.kind.as_str().into();
        document["urgency"] = filing.urgency.to_string().into();
    }
    if let Some(case) = case {
        document["case"] = case.as_str().into();
    }
    document
}
