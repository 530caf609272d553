//! A post as one line of a list: marked title, snippet, verdicts, story, and what became of its page.
//!
//! In: a stored post and the query it was found by. Out: plain values. Marks are pieces of text with a flag, so
//! that each door marks in its own way; no markup is made here.

use chrono::{DateTime, Utc};
use index::Hit;
use index::highlight::{self, Snippet};
use pipelines::annotate::{Role, role_of};
use pipelines::query::{Query, Target};
use pipelines::record::{
    AnnotatedPost, Channel, Filing, Polarity, PostId, Severity, Span, StoryId, TextField,
};
use serde::Serialize;

use super::{Desk, DeskError, Result};
use crate::store::Marks;

/// Characters of a snippet around the words found.
pub const SNIPPET_CHARS: usize = 120;

/// A piece of text, marked or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Piece {
    /// The text as it stands in the post.
    pub text: String,
    /// Whether a word of the query, or one a verdict rests on, stands here.
    pub marked: bool,
}

/// One line of a list of posts.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PostLine {
    /// The post.
    #[schema(value_type = String)]
    pub id: PostId,
    /// Its title.
    pub title: Vec<Piece>,
    /// What stands around the words found.
    pub snippet: Vec<Piece>,
    /// Published, or fetched where that is not known.
    pub time: DateTime<Utc>,
    /// Whether `time` is when it was published.
    pub dated: bool,
    /// Outlet, else the source as officers know it.
    pub outlet: String,
    /// Kind of medium.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// The polarity shown: for us where a subject is named, else of the post.
    #[schema(value_type = String)]
    pub polarity: Polarity,
    /// Whether it is for a subject.
    pub for_us: bool,
    /// The other reading where it is in doubt.
    #[schema(value_type = Option<String>)]
    pub other: Option<Polarity>,
    /// Kind and urgency.
    #[schema(value_type = Option<Object>)]
    pub filing: Option<Filing>,
    /// 0 to 100.
    pub risk: u8,
    /// Suggested grade.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// Names of the units it speaks of.
    pub subjects: Vec<String>,
    /// The original.
    pub url: String,
    /// When its page was edited, where it was.
    pub edited: Option<DateTime<Utc>>,
    /// When its page was found gone, where it was.
    pub gone: Option<DateTime<Utc>>,
    /// What it is within its story.
    #[schema(value_type = String)]
    pub role: Role,
    /// Its story, and how many posts of it are in the answer.
    #[schema(value_type = String)]
    pub story: StoryId,
    /// Posts of the story among those found; 1 where posts are listed one by one.
    pub in_story: u64,
    /// The source of the earliest of them, and its time.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub first: Option<(String, DateTime<Utc>)>,
}

/// A snippet as pieces; line breaks as blanks, an ellipsis where it was cut.
#[must_use]
pub fn pieces(snippet: &Snippet) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut put = |text: &str, marked| {
        if !text.is_empty() {
            out.push(Piece { text: text.replace(['\n', '\r'], " "), marked });
        }
    };
    put(if snippet.cut_before { "…" } else { "" }, false);
    let mut at = 0;
    for &(start, end) in &snippet.marks {
        put(&snippet.text[at..start], false);
        put(&snippet.text[start..end], true);
        at = end;
    }
    put(&snippet.text[at..], false);
    put(if snippet.cut_after { "…" } else { "" }, false);
    out
}

impl Desk {
    /// The post of a hit; none where it was deleted and the index has not followed yet.
    pub(super) fn post_of(&self, hit: &Hit) -> Result<Option<AnnotatedPost>> {
        let post = self.store.post(hit.post)?;
        if post.is_none() && self.asked()?.1 == 0 {
            let id = hit.post;
            return Err(DeskError::Broken(anyhow::anyhow!(
                "post {id} is in the index and not in the store; run `guanlan reindex`"
            )));
        }
        Ok(post)
    }

    /// The line of a hit, with `chars` of its text; none where the post is gone.
    pub(super) fn line_of(
        &self,
        hit: &Hit,
        query: Option<&Query>,
        chars: usize,
    ) -> Result<Option<PostLine>> {
        let Some(post) = self.post_of(hit)? else { return Ok(None) };
        let mut line = self.cut_line(&post, query, chars)?;
        line.in_story = hit.in_story;
        if hit.in_story > 1 {
            let source = self.source_name(&hit.first.source.as_str().into());
            line.first = Some((source, hit.first.time));
        }
        Ok(Some(line))
    }

    /// The line of a stored post, with the words of `query` marked.
    pub(super) fn line(
        &self,
        annotated: &AnnotatedPost,
        query: Option<&Query>,
    ) -> Result<PostLine> {
        self.cut_line(annotated, query, SNIPPET_CHARS)
    }

    fn cut_line(
        &self,
        annotated: &AnnotatedPost,
        query: Option<&Query>,
        chars: usize,
    ) -> Result<PostLine> {
        let post = &annotated.post;
        let spans = spans(annotated, query);
        let (shown, subject) = annotated.shown();
        let Marks { edited, gone, .. } = self.store.marks(post.id)?;
        let title = highlight::mark_all(&post.title, TextField::Title, &spans);
        let body = highlight::snippet(&post.text, TextField::Body, &spans, chars);
        Ok(PostLine {
            id: post.id,
            title: pieces(&title),
            snippet: pieces(&body),
            time: post.time(),
            dated: post.published.is_some(),
            outlet: post.outlet.clone().unwrap_or_else(|| self.source_name(&post.source)),
            channel: post.channel,
            polarity: shown.polarity,
            for_us: subject.is_some(),
            other: shown.other,
            filing: annotated.filing,
            risk: annotated.risk.score,
            severity: annotated.risk.severity,
            subjects: self.subjects_of(annotated),
            url: post.url.clone(),
            edited,
            gone,
            role: role_of(post),
            story: annotated.story,
            in_story: 1,
            first: None,
        })
    }

    pub(super) fn subjects_of(&self, annotated: &AnnotatedPost) -> Vec<String> {
        let name = |id: &pipelines::record::SubjectId| {
            let subject = self.config.subjects.iter().find(|subject| subject.id == *id);
            subject.map_or_else(|| id.0.clone(), |subject| subject.name.clone())
        };
        annotated.mentions.iter().map(|mention| name(&mention.subject)).collect()
    }
}

/// The words of `query` in a post; none without a query.
pub(super) fn spans(annotated: &AnnotatedPost, query: Option<&Query>) -> Vec<Span> {
    query.and_then(|query| query.matches(&Target::new(annotated))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_cut_at_its_marks_and_nothing_is_lost() {
        let snippet = Snippet {
            text: "青石沟\n欠薪四个月".to_owned(),
            marks: vec![(10, 16)],
            cut_before: true,
            cut_after: false,
        };
        let shown = pieces(&snippet);
        let marked = shown.iter().filter(|p| p.marked).map(|p| p.text.as_str());
        assert_eq!(marked.collect::<Vec<_>>(), ["欠薪"]);
        let whole = shown.iter().map(|p| p.text.as_str()).collect::<String>();
        assert_eq!(whole, "…青石沟 欠薪四个月");
    }
}
