//! What a search finds as whole posts, for scripts: every field, with the places of the words found.
//!
//! In: what was asked. Out: one object a post, in the order asked for. It counts nothing: who reads rows wants the rows.

use index::SearchIndex;
use pipelines::query::{Query, Target};
use pipelines::record::{AnnotatedPost, TextField};
use serde_json::{Map, Value, json};

use super::search::Ask;
use super::{Act, Desk, Result, Who};
use crate::engine::StoredPosts;

/// A page of whole posts.
#[derive(Clone, Debug)]
pub struct Rows {
    /// One object a post.
    pub rows: Vec<Map<String, Value>>,
    /// Changes that the index has not taken up: so many posts may be missing.
    pub behind: u64,
}

impl Desk {
    /// The posts that a search finds, whole.
    ///
    /// # Errors
    /// A query or page mark that cannot be read; a broken store or index.
    pub fn search_rows(&self, who: &Who, ask: &Ask) -> Result<Rows> {
        self.check(who, Act::Search)?;
        let query = self.query_of(who, &ask.query)?;
        let (index, behind) = self.asked()?;
        let options = index::SearchOptions { totals: false, ..self.options(ask)? };
        let results = index.search(&query, &options, Some(&StoredPosts(&*self.store)))?;
        let mut rows = Vec::new();
        for hit in &results.hits {
            if let Some(post) = self.post_of(hit)? {
                rows.push(self.whole_row(&post, &query, hit.score)?);
            }
        }
        Ok(Rows { rows, behind })
    }

    fn whole_row(
        &self,
        annotated: &AnnotatedPost,
        query: &Query,
        score: f32,
    ) -> Result<Map<String, Value>> {
        let spans = query.matches(&Target::new(annotated)).unwrap_or_default();
        let post = &annotated.post;
        let marks = self.store.marks(post.id)?;
        let highlights = spans.iter().map(|span| {
            let text = if span.field == TextField::Title { &post.title } else { &post.text };
            let words = &text[span.start as usize..span.end as usize];
            json!({"field": span.field, "start": span.start, "end": span.end, "text": words})
        });
        let (shown, of) = annotated.shown();
        let row = json!({
            "id": post.id,
            "url": post.url,
            "title": post.title,
            "published_at": post.published.as_ref().map(|p| p.at.to_rfc3339()),
            "time": post.time().to_rfc3339(),
            "source": post.source,
            "channel": post.channel,
            "site": post.site,
            "outlet": post.outlet,
            "polarity": shown.polarity,
            "polarity_of": of,
            "unsure": shown.is_unsure(),
            "polarity_other": shown.other,
            "confidence": shown.confidence,
            "kind": annotated.filing.map(|f| f.kind),
            "urgency": annotated.filing.map(|f| f.urgency),
            "risk": annotated.risk.score,
            "severity": annotated.risk.severity,
            "subjects": annotated.mentions.iter().map(|m| &m.subject).collect::<Vec<_>>(),
            "topics": annotated.topics.iter().map(|t| &t.topic).collect::<Vec<_>>(),
            "story": annotated.story,
            "text": post.text,
            "edited_at": marks.edited.map(|at| at.to_rfc3339()),
            "gone_at": marks.gone.map(|at| at.to_rfc3339()),
            "highlights": highlights.collect::<Vec<_>>(),
            "score": score,
        });
        let Value::Object(row) = row else { unreachable!("an object literal") };
        Ok(row)
    }
}
