//! One post: its text with the words each verdict rests on, what was judged and why, what officers said of it.
//!
//! In: an id, or the beginning of one that names one post only. Out: a sheet of plain values, or the zip of its
//! pages as they were served. A handing out is audited with the name of who did it.

use chrono::{DateTime, Utc};
use index::highlight;
use pipelines::annotate;
use pipelines::query::Target;
use pipelines::record::{AnnotatedPost, Issue, PostId, Span, TextField};
use serde::Serialize;

use super::corrections::CorrectionLine;
use super::line::{Piece, PostLine, pieces, spans};
use super::versions::TextVersion;
use super::{Act, Desk, DeskError, Result, Who};
use crate::store::CaseLink;

/// Posts told of where a beginning names several.
const SEVERAL: usize = 5;

/// A reply as shown: never with a name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// When, where the page says so.
    pub time: Option<DateTime<Utc>>,
}

/// Everything shown of one post.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PostSheet {
    /// As in lists.
    pub line: PostLine,
    /// The text by paragraphs, with marks.
    pub paragraphs: Vec<Vec<Piece>>,
    /// Each verdict in words, one paragraph each.
    pub explanation: Vec<String>,
    /// When it was fetched.
    pub fetched: DateTime<Utc>,
    /// The original outlet of a repost.
    pub origin: Option<String>,
    /// The source as officers know it.
    pub source: String,
    /// Replies of a thread.
    pub replies: Vec<Reply>,
    /// What could not be read as it should.
    #[schema(value_type = Vec<String>)]
    pub issues: Vec<Issue>,
    /// What officers said of it against the judges, field by field.
    pub corrections: Vec<CorrectionLine>,
    /// Readings of its page that differ, oldest first; none where it was never seen otherwise.
    pub versions: Vec<TextVersion>,
    /// Pages kept as they were served.
    pub records: usize,
    /// Posts of its story.
    pub story_posts: usize,
    /// Cases that are about it, latest first.
    pub cases: Vec<String>,
}

/// The verdicts on a post in words.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The post.
    pub id: PostId,
    /// Each verdict, with what it rests on.
    pub words: String,
    /// When its page was edited, where it was.
    pub edited: Option<DateTime<Utc>>,
    /// When its page was found gone, where it was.
    pub gone: Option<DateTime<Utc>>,
    /// Pages kept as they were served.
    pub records: usize,
}

impl Desk {
    /// The sheet of a post; the words of `query` are marked, else those its polarity rests on.
    ///
    /// # Errors
    /// `Unknown`; a query that cannot be read; a broken store.
    pub fn post(&self, who: &Who, id: &str, query: Option<&str>) -> Result<PostSheet> {
        let annotated = self.post_named(who, id)?;
        let query = query.filter(|text| !text.trim().is_empty());
        let query = query.map(|text| self.query(text)).transpose()?;
        let marks = match &query {
            Some(query) => spans(&annotated, Some(query)),
            None => annotated.shown().0.basis.iter().map(|basis| basis.span).collect(),
        };
        let explained = annotate::explain(self.annotator()?, &annotated, who.lang);
        let post = &annotated.post;
        let exhibits = self.store.evidence(post.id)?;
        Ok(PostSheet {
            line: self.line(&annotated, query.as_ref())?,
            paragraphs: paragraphs(&post.text, &marks),
            explanation: explained.split("\n\n").skip(1).map(str::to_owned).collect(),
            fetched: post.fetched_at,
            origin: post.origin.clone(),
            source: self.source_name(&post.source),
            replies: post
                .comments
                .iter()
                .map(|reply| Reply { text: reply.text.clone(), time: reply.published_at })
                .collect(),
            issues: post.issues.clone(),
            corrections: self.corrections_of(who, &annotated)?,
            versions: if exhibits.len() > 1 {
                self.versions(&annotated, &exhibits)
            } else {
                Vec::new()
            },
            records: exhibits.len(),
            cases: self.cases_about(who, CaseLink::Post(post.id))?,
            story_posts: self.store.story_posts(annotated.story, usize::MAX)?.len(),
        })
    }

    /// The verdicts on a post in words, when its page changed or went, and how many pages of it are kept.
    ///
    /// # Errors
    /// `Unknown`, `Several`; a broken store.
    pub fn explained(&self, who: &Who, id: &str) -> Result<Explained> {
        let annotated = self.post_named(who, id)?;
        let id = annotated.post.id;
        let marks = self.store.marks(id)?;
        let mut words = annotate::explain(self.annotator()?, &annotated, who.lang);
        for said in self.corrections_of(who, &annotated)? {
            words.push_str("\n\n");
            words.push_str(&self.correction_in_words(who, &said));
        }
        Ok(Explained {
            id,
            words: words.trim_end().to_owned(),
            edited: marks.edited,
            gone: marks.gone,
            records: self.store.evidence(id)?.len(),
        })
    }

    /// The one post whose id begins with `id`.
    ///
    /// # Errors
    /// `Unknown` where there is none, `Several` where there are more.
    pub fn post_named(&self, who: &Who, id: &str) -> Result<AnnotatedPost> {
        self.check(who, Act::SeePost)?;
        let unknown = || DeskError::Unknown { what: "post", id: id.to_owned() };
        match self.store.posts_by_prefix(id, SEVERAL)?.as_slice() {
            [one] => {
                let post = self.store.post(*one)?.filter(|post| self.sees(who, post));
                post.ok_or_else(unknown)
            }
            [] => Err(unknown()),
            several => {
                let ids = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                Err(DeskError::Several { id: id.to_owned(), ids })
            }
        }
    }

    /// Clause by clause, why a post meets a query or does not.
    ///
    /// # Errors
    /// `Unknown`, a query that cannot be read.
    pub fn why(&self, who: &Who, id: &str, query: &str) -> Result<String> {
        let post = self.post_named(who, id)?;
        let rule = self.config.rules.iter().find(|rule| rule.id.as_str() == query);
        let of_rule = rule.map(|rule| self.rule_query(&rule.query));
        let query = of_rule.unwrap_or_else(|| self.query(query))?;
        let segmenter = crate::engine::segmenter(&self.config);
        let target = Target::new(&post).segmented_by(&segmenter);
        Ok(pipelines::query::why(&query, &target, who.lang).trim_end().to_owned())
    }
}

/// `text` by its lines, each with the marks that fall into it.
fn paragraphs(text: &str, spans: &[Span]) -> Vec<Vec<Piece>> {
    let whole = highlight::mark_all(text, TextField::Body, spans);
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let end = at + line.len();
        let marks = whole.marks.iter().filter(|(from, to)| *from < end && *to > at);
        let part = highlight::Snippet {
            text: line.to_owned(),
            marks: marks.map(|(from, to)| (from.max(&at) - at, to.min(&end) - at)).collect(),
            ..highlight::Snippet::default()
        };
        if !line.trim().is_empty() {
            out.push(pieces(&part));
        }
        at = end + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_in_their_paragraph_and_run_over_its_end_into_the_next() {
        let text = "工资拖欠\n四个月";
        let span = |start, end| Span { field: TextField::Body, start, end };
        let shown = paragraphs(text, &[span(6, 19)]);
        let marked = |n: usize| {
            shown[n].iter().filter(|p| p.marked).map(|p| p.text.as_str()).collect::<String>()
        };
        assert_eq!((marked(0).as_str(), marked(1).as_str()), ("拖欠", "四个"));
    }
}
