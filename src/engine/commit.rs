//! The committer: the one thread that writes what steps lead to.
//!
//! In: steps, from any task. Out: the counts of each, once its transaction is on disk. Steps that wait
//! together are stored together. Their evidence is on disk before the transaction that refers to it. Within the transaction new posts join their stories, rules look at them,
//! and alerts with their deliveries are noted: whatever dies, all of it holds or none. After a failure of
//! the store nothing more is accepted: memory and disk may no longer agree.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::annotate::{Annotator, StoryBook, StoryChange};
use pipelines::record::{AnnotatedPost, DropReason, PostId, SourceId, StoryId};
use tokio::sync::{mpsc, oneshot};

use super::step::{PageDone, Seen, Step};
use super::watching::Watching;
use crate::evidence::{Archive, ArchiveError};
use crate::store::{Inserted, RunOutcome, Store, StoreError, StoreWrite, Tally};

/// Why a step was not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The store failed.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The evidence could not be written; what it is of was not stored either.
    #[error(transparent)]
    Evidence(Arc<ArchiveError>),
    /// The committer ended before, by a failure or a shutdown.
    #[error("the store takes nothing more; see the first failure above")]
    Closed,
    /// A worker thread died.
    #[error("a worker failed: {0}")]
    Worker(String),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<ArchiveError> for CommitError {
    fn from(error: ArchiveError) -> Self {
        Self::Evidence(Arc::new(error))
    }
}

impl From<tokio::task::JoinError> for CommitError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Worker(error.to_string())
    }
}

/// Steps stored in one transaction at most.
const STEPS_AT_ONCE: usize = 64;

/// Steps that may wait before those who make them have to.
const QUEUE: usize = 256;

type Reply<T> = oneshot::Sender<Result<T, CommitError>>;

enum Order {
    Step(Box<Step>, Reply<Tally>),
    EndRun(SourceId, Box<RunOutcome>, Reply<()>),
}

/// The way to the committer; cheap to clone. The thread ends when all are dropped.
#[derive(Clone)]
pub struct Committer {
    orders: mpsc::Sender<Order>,
}

/// What the committer thread works with.
pub struct CommitParts {
    /// Where it writes.
    pub store: Arc<dyn Store>,
    /// Where evidence goes; held until the transaction that refers to it is on disk.
    pub archive: Arc<Mutex<Archive>>,
    /// Which posts tell of the same happening.
    pub stories: StoryBook,
    /// Judges the risk of a post anew when it finds company.
    pub annotator: Arc<Annotator>,
    /// The rules.
    pub watching: Arc<Watching>,
    /// Told after each transaction, so that the index follows.
    pub stored: Arc<dyn Fn() + Send + Sync>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Panics
    /// If the operating system has no thread left.
    #[must_use]
    pub fn start(parts: CommitParts) -> (Self, std::thread::JoinHandle<()>) {
        let (orders, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || work(parts, queue))
            .expect("a process can start a thread");
        (Self { orders }, thread)
    }

    /// Stores a step; answers its counts once they are on disk.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub async fn commit(&self, step: Step) -> Result<Tally, CommitError> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Step(Box::new(step), reply);
        self.orders.send(order).await.map_err(|_| CommitError::Closed)?;
        answer.await.map_err(|_| CommitError::Closed)?
    }

    /// Stores a step from a thread that is not the runtime's.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub fn commit_blocking(&self, step: Step) -> Result<Tally, CommitError> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Step(Box::new(step), reply);
        self.orders.blocking_send(order).map_err(|_| CommitError::Closed)?;
        answer.blocking_recv().map_err(|_| CommitError::Closed)?
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub async fn end_run(
        &self,
        source: &SourceId,
        outcome: &RunOutcome,
    ) -> Result<(), CommitError> {
        let (reply, answer) = oneshot::channel();
        let order = Order::EndRun(source.clone(), Box::new(outcome.clone()), reply);
        self.orders.send(order).await.map_err(|_| CommitError::Closed)?;
        answer.await.map_err(|_| CommitError::Closed)?
    }
}

fn work(mut parts: CommitParts, mut queue: mpsc::Receiver<Order>) {
    while let Some(first) = queue.blocking_recv() {
        let mut steps = Vec::new();
        let mut ends = Vec::new();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Step(step, reply) => steps.push((*step, reply)),
                Order::EndRun(source, outcome, reply) => ends.push((source, outcome, reply)),
            }
            next = (steps.len() < STEPS_AT_ONCE).then(|| queue.try_recv().ok()).flatten();
        }
        if !store_all(&mut parts, steps, ends) {
            return;
        }
    }
}

/// One transaction. Answers whether the store still works.
fn store_all(
    parts: &mut CommitParts,
    mut steps: Vec<(Step, Reply<Tally>)>,
    ends: Vec<(SourceId, Box<RunOutcome>, Reply<()>)>,
) -> bool {
    let CommitParts { store, archive, stories, annotator, watching, stored } = parts;
    // A panic elsewhere leaves at worst a record no row refers to.
    let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = keep_evidence(&mut archive, &mut steps);
    let written = kept.and_then(|()| {
        Ok(store.write(&mut |write| {
            let mut fresh = Vec::new();
            for (step, _) in &mut steps {
                fresh.extend(write_step(write, step)?);
            }
            if let Some(now) = steps.iter().map(|(step, _)| step.now).max() {
                join_stories(write, stories, annotator, &mut fresh, now)?;
                watching.look_at(write, &fresh, now)?;
            }
            for (source, outcome, _) in &ends {
                write.put_run(source, outcome)?;
            }
            Ok(())
        })?)
    });
    drop(archive);
    match written {
        Ok(()) => {
            stored();
            // A receiver that is gone was cancelled at shutdown; what it asked for is stored all the same.
            for (step, reply) in steps {
                let _ = reply.send(Ok(step.tally));
            }
            for (_, _, reply) in ends {
                let _ = reply.send(Ok(()));
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "the store failed; nothing more is taken");
            for (_, reply) in steps {
                let _ = reply.send(Err(error.clone()));
            }
            for (_, _, reply) in ends {
                let _ = reply.send(Err(error.clone()));
            }
            false
        }
    }
}

/// Writes the evidence of all steps with one wait for the disk, and notes where it lies.
fn keep_evidence(
    archive: &mut Archive,
    steps: &mut [(Step, Reply<Tally>)],
) -> Result<(), CommitError> {
    let places = {
        let records = steps.iter().flat_map(|(step, _)| &step.records);
        archive.append(records.map(|new| &new.member))?
    };
    let records = steps.iter_mut().flat_map(|(step, _)| &mut step.records);
    for (new, place) in records.zip(places) {
        new.record.place = place;
        new.member.bytes = Vec::new();
    }
    Ok(())
}

/// Writes one step; answers its posts that are new or changed.
fn write_step(write: &dyn StoreWrite, step: &mut Step) -> Result<Vec<AnnotatedPost>, StoreError> {
    let mut fresh = Vec::new();
    for post in std::mem::take(&mut step.posts) {
        match write.put_post(&post)? {
            Inserted::New => {
                step.tally.kept += 1;
                if let Some(import) = step.import {
                    write.claim_for_import(import, post.post.id)?;
                }
                fresh.push(post);
            }
            Inserted::Edited => {
                step.tally.drop(DropReason::Updated);
                fresh.push(post);
            }
            Inserted::Grown => step.tally.drop(DropReason::Updated),
            Inserted::Duplicate => step.tally.drop(DropReason::Duplicate),
            Inserted::Purged => step.tally.drop(DropReason::Purged),
        }
    }
    for new in &step.records {
        write.put_evidence(&new.record, new.role, &new.posts, step.now)?;
    }
    for seen in &step.seen {
        match seen {
            Seen::Served(post) => write.mark_served(*post)?,
            Seen::Gone(post) => write.mark_gone(*post, step.now)?,
        };
    }
    if !step.tally.ties_out() {
        tracing::error!(source = %step.source, tally = ?step.tally, "counts do not tie out");
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
    if let Some(entry) = &step.entry {
        write.put_entry(entry)?;
    }
    for (object, line) in &step.audit {
        write.audit(step.now, "fetch", object, line)?;
    }
    write.add_tally(&step.source, step.now, &step.tally)?;
    Ok(fresh)
}

/// New posts join their stories; stories that turn out to be one are merged.
fn join_stories(
    write: &dyn StoreWrite,
    stories: &mut StoryBook,
    annotator: &Annotator,
    fresh: &mut [AnnotatedPost],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let joined = stories.assign(fresh);
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
    for post in fresh {
        post.story = of.get(&post.post.id).copied().unwrap_or(post.story);
        let company = stories.posts_since(post.story, now - TimeDelta::hours(24));
        if company > 1 {
            post.risk = annotator.reassess(post, company);
        }
        if company > 1 || post.story.0 != post.post.id {
            write.rewrite_post(post)?;
        }
    }
    Ok(())
}
