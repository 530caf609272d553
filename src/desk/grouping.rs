//! What an officer says belongs together: posts taken out of a story, stories made one, and each of it undone.
//!
//! In: ids. Out: the act as it is remembered, with a number to undo it by. Acts stand in the store, beside the posts: new
//! posts, restarts and a rebuilt index go by them, and stories that were taken apart are never merged again by
//! the program. Each act is audited with the name of who did it.

use pipelines::record::{PostId, StoryId};

use super::rights::Act;
use super::{Desk, DeskError, Result, Who};
use crate::store::grouping::{ACT, GROUPED, acts};
pub use crate::store::grouping::{Grouping, StoryAct};

impl Desk {
    /// Takes `posts` (ids or their beginnings) out of the story they are in, into one of their own.
    ///
    /// # Errors
    /// `Unknown` for a post; `Value` where they are of several stories, or all of theirs.
    pub fn split_story(&self, who: &Who, posts: &[String]) -> Result<StoryAct> {
        self.check(who, Act::GroupStories)?;
        let mut named = Vec::new();
        for id in posts {
            named.push(self.post_named(who, id)?);
        }
        let refuse = |value: String| DeskError::Value { what: "story_posts", value };
        let from = named.first().map(|post| post.story).ok_or_else(|| refuse(String::new()))?;
        if named.iter().any(|post| post.story != from) {
            return Err(refuse(posts.join(" ")));
        }
        let mut moved: Vec<PostId> = named.iter().map(|post| post.post.id).collect();
        moved.sort_unstable();
        moved.dedup();
        let all = self.store.story_posts(from, usize::MAX)?;
        let stay: Vec<PostId> = all.into_iter().filter(|id| !moved.contains(id)).collect();
        // The founder names the story: where it is among those to go, the others leave instead.
        let (moved, stay) = if moved.contains(&from.0) { (stay, moved) } else { (moved, stay) };
        let (Some(into), Some(other)) = (moved.first().copied(), stay.first().copied()) else {
            return Err(refuse(posts.join(" ")));
        };
        self.regroup(who, Grouping::Split, (from, StoryId(into)), moved, other)
    }

    /// Makes the story `from` part of `into`.
    ///
    /// # Errors
    /// `Unknown` for a story; `Value` where both are one.
    pub fn merge_stories(&self, who: &Who, from: &str, into: &str) -> Result<StoryAct> {
        self.check(who, Act::GroupStories)?;
        let (from, into) = (self.story_named(who, from)?, self.story_named(who, into)?);
        let moved = self.store.story_posts(from, usize::MAX)?;
        let other = self.store.story_posts(into, 1)?;
        match other.first() {
            Some(other) if from != into => {
                self.regroup(who, Grouping::Merge, (from, into), moved, *other)
            }
            _ => Err(DeskError::Value { what: "story_posts", value: into.to_string() }),
        }
    }

    /// Takes an act back: its posts go where they were. Posts purged or moved on since then stay where they are.
    ///
    /// # Errors
    /// `Unknown` where there is no such act, or it was taken back already.
    pub fn undo_grouping(&self, who: &Who, number: u64) -> Result<StoryAct> {
        self.check(who, Act::GroupStories)?;
        let act = acts(&*self.store)?.into_iter().find(|act| act.number == number && !act.undone);
        let unknown = || DeskError::Unknown { what: "story_act", id: number.to_string() };
        let mut act = act.ok_or_else(unknown)?;
        act.undone = true;
        let mut still = Vec::new();
        for id in &act.posts {
            still.extend(self.store.post(*id)?.filter(|p| p.story == act.into).map(|p| p.post.id));
        }
        self.remember(who, &act, "undone", &still, act.from)?;
        Ok(act)
    }

    /// Acts on `story` that can be undone, newest first.
    ///
    /// # Errors
    /// A broken store.
    pub fn groupings(&self, story: StoryId) -> Result<Vec<StoryAct>> {
        let mut acts = acts(&*self.store)?;
        acts.retain(|act| !act.undone && (act.from == story || act.into == story));
        acts.reverse();
        Ok(acts)
    }

    /// The story that `id` names: itself, or that of a post whose id begins so.
    fn story_named(&self, who: &Who, id: &str) -> Result<StoryId> {
        if let Ok(post) = id.parse::<PostId>()
            && !self.store.story_posts(StoryId(post), 1)?.is_empty()
        {
            return Ok(StoryId(post));
        }
        Ok(self.post_named(who, id)?.story)
    }

    fn regroup(
        &self,
        who: &Who,
        kind: Grouping,
        (from, into): (StoryId, StoryId),
        posts: Vec<PostId>,
        other: PostId,
    ) -> Result<StoryAct> {
        let number = acts(&*self.store)?.last().map_or(1, |act| act.number + 1);
        let (at, by) = (self.now(), who.name.clone());
        let act = StoryAct { number, kind, from, into, posts, other, at, by, undone: false };
        let done = if kind == Grouping::Split { "split" } else { "merged" };
        self.remember(who, &act, done, &act.posts, into)?;
        Ok(act)
    }

    fn remember(
        &self,
        who: &Who,
        act: &StoryAct,
        done: &str,
        posts: &[PostId],
        into: StoryId,
    ) -> Result<()> {
        let json = serde_json::to_string(act).map_err(anyhow::Error::from)?;
        let name = format!("{ACT}{:08}", act.number);
        let told = format!("{into} {done}: {} posts, act {}", posts.len(), act.number);
        let version = format!("{} {}", act.number, act.undone);
        self.audited(who, ("story", &act.from.to_string(), &told), &mut |write| {
            write.set_story(posts, into)?;
            write.put_state(&name, &json)?;
            write.put_state(GROUPED, &version)?;
            Ok(true)
        })?;
        Ok(())
    }
}
