//! What happens within one transaction of the committer: steps are written, new posts join their stories.
//!
//! In: steps, the story book. Out: the counts of each step, and the batch of posts that are new or changed, as they are
//! stored. It can be done over after a rollback: steps are only read. What is refused is counted and audited, and no
//! evidence of it is tied to the post that stands in its place.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::annotate::{Annotator, StoryBook, StoryChange};
use pipelines::record::{AnnotatedPost, DropReason, PostId, StoryId};

use super::step::{PageDone, Seen, Step};
use crate::store::{Inserted, Result, StoreWrite, Tally};

/// The posts of one transaction that are new or changed, each once, as they are stored.
#[derive(Default)]
pub(super) struct Batch {
    fresh: Vec<AnnotatedPost>,
    places: HashMap<PostId, usize>,
    /// Known threads with new replies: no news, but judged anew.
    grown: Vec<PostId>,
    /// Those of both that officers had said something of: their risk is that of the corrected post.
    corrected: HashSet<PostId>,
}

impl Batch {
    /// Posts that are new or have another text.
    pub(super) fn fresh(&self) -> &[AnnotatedPost] {
        &self.fresh
    }

    fn add(&mut self, post: AnnotatedPost) {
        match self.places.get(&post.post.id) {
            Some(place) => self.fresh[*place] = post,
            None => {
                self.places.insert(post.post.id, self.fresh.len());
                self.fresh.push(post);
            }
        }
    }

    fn grow(&mut self, post: AnnotatedPost) {
        if self.places.contains_key(&post.post.id) {
            self.add(post);
        } else {
            self.grown.push(post.post.id);
        }
    }
}

/// Writes one step; answers its counts.
pub(super) fn write_step(write: &dyn StoreWrite, step: &Step, batch: &mut Batch) -> Result<Tally> {
    let mut tally = step.tally.clone();
    let stored = put_posts(write, step, &mut tally, batch)?;
    for new in &step.records {
        let of = new.posts.iter().copied().filter(|id| stored.contains(id)).collect::<Vec<_>>();
        write.put_evidence(&new.record, new.role, &of, step.now)?;
    }
    if !tally.ties_out() {
        tracing::error!(source = %step.source, ?tally, "counts do not tie out");
    }
    write.add_jobs(&step.jobs)?;
    for job in &step.grown {
        write.renew_job(job)?;
    }
    for done in &step.done {
        match done {
            PageDone::Finished { url, outcome } => write.finish_job(url, outcome, step.now)?,
            PageDone::Postponed { url, due, attempts } => {
                write.postpone_job(url, *due, *attempts)?
            }
            PageDone::Again { url, due, validators } => {
                write.look_again(url, *due, validators, step.now)?
            }
        }
    }
    for seen in &step.seen {
        match seen {
            Seen::Served { url, post } => write.mark_served(url, *post)?,
            Seen::Gone(url) => write.mark_gone(url, step.now)?,
        };
    }
    if let Some(entry) = &step.entry {
        write.put_entry(entry)?;
    }
    for (name, value) in &step.states {
        write.put_state(name, value)?;
    }
    for (object, line) in &step.audit {
        write.audit(step.now, "fetch", object, line)?;
    }
    write.add_tally(&step.source, step.now, &tally)?;
    Ok(tally)
}

/// Stores the posts of a step; answers those that were not refused.
fn put_posts(
    write: &dyn StoreWrite,
    step: &Step,
    tally: &mut Tally,
    batch: &mut Batch,
) -> Result<HashSet<PostId>> {
    let mut taken = HashSet::new();
    for given in &step.posts {
        let (inserted, post) = write.put_post(given)?;
        let id = post.post.id;
        let is_changed = matches!(inserted, Inserted::Edited | Inserted::Grown);
        if is_changed && !write.corrections_of(id)?.is_empty() {
            batch.corrected.insert(id);
        }
        match inserted {
            Inserted::New => {
                tally.kept += 1;
                if let Some(import) = step.import {
                    write.claim_for_import(import, id)?;
                }
                batch.add(post);
            }
            Inserted::Edited => {
                tally.drop(DropReason::Updated);
                batch.add(post);
            }
            Inserted::Grown => {
                tally.drop(DropReason::Updated);
                batch.grow(post);
            }
            Inserted::Duplicate => tally.drop(DropReason::Duplicate),
            Inserted::Purged => {
                tally.drop(DropReason::Purged);
                continue;
            }
            Inserted::Foreign => {
                refuse(write, step, given, DropReason::Foreign, tally)?;
                continue;
            }
            Inserted::Collision => {
                refuse(write, step, given, DropReason::Collision, tally)?;
                continue;
            }
        }
        taken.insert(id);
    }
    Ok(taken)
}

/// Counts what claims another's place, and audits it once: a feed tells the same at every reading.
fn refuse(
    write: &dyn StoreWrite,
    step: &Step,
    post: &AnnotatedPost,
    reason: DropReason,
    tally: &mut Tally,
) -> Result<()> {
    tally.drop(reason);
    let detail = format!("{} from source {}, id {}", reason.as_str(), step.source, post.post.id);
    write.audit_once(step.now, "refused", &post.post.url, &detail)
}

/// Copies of a text that are looked through for one that was there before.
const COPIES: usize = 64;

/// New posts join their stories; stories that turn out to be one are merged.
pub(super) fn join_stories(
    write: &dyn StoreWrite,
    stories: &mut StoryBook,
    annotator: &Annotator,
    batch: &mut Batch,
    now: DateTime<Utc>,
) -> Result<()> {
    // Those that come together are told from one another by the book.
    let fresh: HashSet<PostId> = batch.fresh.iter().map(|post| post.post.id).collect();
    let mut copied = HashMap::new();
    for post in batch.fresh.iter().filter(|post| StoryBook::has_own_words(post)) {
        let copies = write.copies(post.post.content_hash, COPIES)?;
        let known = copies.into_iter().find(|(id, _)| !fresh.contains(id));
        copied.extend(known.map(|(_, story)| (post.post.id, story)));
    }
    let joined = stories.assign_beside(&batch.fresh, &copied);
    for change in &joined.changes {
        let (from, into, why) = match change {
            StoryChange::Merged { from, into, because, level } => {
                write.merge_story(*from, *into)?;
                (from, into, format!("merged: {} {because}", level.as_str()))
            }
            StoryChange::Split { from, into, posts } => {
                write.set_story(posts, *into)?;
                (from, into, format!("split: {} posts", posts.len()))
            }
        };
        write.audit(now, "story", &from.to_string(), &format!("{into} {why}"))?;
    }
    let of: HashMap<PostId, StoryId> = joined.stories.into_iter().collect();
    let company = |story| stories.posts_since(story, now - TimeDelta::hours(24));
    for post in &mut batch.fresh {
        let was = post.story;
        post.story = of.get(&post.post.id).copied().unwrap_or(was);
        let company = company(post.story);
        let is_judged_anew = company > 1 || batch.corrected.contains(&post.post.id);
        if is_judged_anew {
            post.risk = annotator.reassess(post, company.max(1));
        }
        if is_judged_anew || post.story != was {
            write.rewrite_post(post)?;
        }
    }
    for id in &batch.grown {
        let Some(mut post) = write.post(*id)? else { continue };
        let company = company(post.story);
        if company > 1 || batch.corrected.contains(id) {
            post.risk = annotator.reassess(&post, company.max(1));
            write.rewrite_post(&post)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "transact/tests.rs"]
mod tests;
