//! One happening: its posts in order, who was first, how it spread by day and channel, how it is spoken of.
//!
//! In: a story's id. Out: a sheet of counts and lines. Every count is the number of stored posts listed on the
//! same sheet, or says how many of them are listed.

use std::collections::BTreeMap;

use pipelines::annotate::role_of;
use pipelines::locale::Lang;
use pipelines::record::{AnnotatedPost, PostId, StoryId};
use serde::Serialize;

use super::grouping::StoryAct;
use super::line::PostLine;
use super::search::{Day, FacetValue};
use super::{Act, Desk, DeskError, Result, Who};
use crate::store::CaseLink;

/// Posts of a story that are read; a larger story says so.
const READ: usize = 2_000;

/// Posts of a story that are listed.
const LISTED: usize = 100;

/// Everything shown of one happening.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StorySheet {
    /// Its id: that of its first post.
    #[schema(value_type = String)]
    pub id: StoryId,
    /// The earliest post.
    pub first: PostLine,
    /// All posts of it that were read.
    pub posts: usize,
    /// Whether there are more than were read.
    pub more: bool,
    /// Posts by local day, oldest first.
    pub days: Vec<Day>,
    /// Posts by channel, most first.
    pub channels: Vec<FacetValue>,
    /// Posts by polarity, most first.
    pub polarities: Vec<FacetValue>,
    /// Posts by their role: hearsay, reports, answers, corrections; most first.
    pub roles: Vec<FacetValue>,
    /// What officers did to it that can be undone, newest first.
    pub acts: Vec<StoryAct>,
    /// Cases that are about it, latest first.
    pub cases: Vec<String>,
    /// Highest risk among them.
    pub risk: u8,
    /// The posts, oldest first, at most 100 of them.
    pub lines: Vec<PostLine>,
}

impl Desk {
    /// The sheet of a story.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn story(&self, who: &Who, id: &str) -> Result<StorySheet> {
        self.check(who, Act::SeeStory)?;
        let unknown = || DeskError::Unknown { what: "story", id: id.to_owned() };
        let story = StoryId(id.parse::<PostId>().map_err(|_| unknown())?);
        let ids = self.store.story_posts(story, READ + 1)?;
        let mut posts = Vec::new();
        for id in ids.iter().take(READ) {
            // A purge may come between the two readings.
            posts.extend(self.store.post(*id)?.filter(|post| self.sees(who, post)));
        }
        posts.sort_by_key(|post| (post.post.time(), post.post.id));
        let first = posts.first().ok_or_else(unknown)?;
        let zone = self.config.station.zone;
        let day = |p: &AnnotatedPost| p.post.time().with_timezone(&zone).date_naive().to_string();
        let channels = counted(&posts, |p| p.post.channel.as_str().to_owned());
        let polarities = counted(&posts, |p| p.shown().0.polarity.as_str().to_owned());
        Ok(StorySheet {
            id: story,
            first: self.line(first, None)?,
            posts: posts.len(),
            more: ids.len() > READ,
            days: counted(&posts, day).into_iter().map(|(day, posts)| Day { day, posts }).collect(),
            channels: self.most_first(who, "channel", channels),
            polarities: self.most_first(who, "polarity", polarities),
            roles: roles(&posts, who.lang),
            acts: self.groupings(story)?,
            cases: self.cases_about(who, CaseLink::Story(story))?,
            risk: posts.iter().map(|post| post.risk.score).max().unwrap_or(0),
            lines: posts.iter().take(LISTED).map(|p| self.line(p, None)).collect::<Result<_>>()?,
        })
    }

    fn most_first(&self, who: &Who, field: &str, counts: BTreeMap<String, u64>) -> Vec<FacetValue> {
        let value = |(value, posts): (String, u64)| FacetValue {
            name: self.value_name(who, field, &value),
            value,
            posts,
        };
        let mut values = counts.into_iter().map(value).collect::<Vec<_>>();
        values.sort_by_key(|value| std::cmp::Reverse(value.posts));
        values
    }
}

fn roles(posts: &[AnnotatedPost], lang: Lang) -> Vec<FacetValue> {
    let counts = counted(posts, |p| role_of(&p.post).as_str().to_owned());
    let named = |(value, posts): (String, u64)| FacetValue {
        name: lang.text(&format!("record.role.{value}")),
        value,
        posts,
    };
    let mut roles: Vec<FacetValue> = counts.into_iter().map(named).collect();
    roles.sort_by_key(|role| std::cmp::Reverse(role.posts));
    roles
}

fn counted(
    posts: &[AnnotatedPost],
    key: impl Fn(&AnnotatedPost) -> String,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for post in posts {
        *counts.entry(key(post)).or_default() += 1;
    }
    counts
}
