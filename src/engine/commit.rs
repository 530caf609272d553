//! The committer: the one thread that writes what steps lead to.
//!
//! In: steps, from any task. Out: the counts of each, once its transaction is on disk. Steps that wait
//! together are stored together. Their evidence is on disk before the transaction that refers to it. Within the transaction new posts join their stories, rules look at them,
//! and alerts with their deliveries are noted (`transact`): whatever dies, all of it holds or none. A store that is busy
//! or full keeps the steps waiting (`patience`); after any other failure nothing more is accepted.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use pipelines::annotate::{Annotator, StoryBook};
use pipelines::record::SourceId;
use tokio::sync::{mpsc, oneshot};

use super::handing::Answer;
use super::patience::Patience;
use super::restore;
use super::step::{EndOfRun, Step};
use super::transact::{self, Batch};
use super::watching::Watching;
use crate::evidence::{Archive, ArchiveError};
use crate::store::grouping::GROUPED;
use crate::store::{RunOutcome, Store, StoreError, Tally};

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
    /// Another worker has the source by now: what was read of it here is left to that one.
    #[error("another worker has this source now")]
    Lost,
    /// The keeper could not do what it was handed.
    #[error("the keeper refused it: {0}")]
    Refused(String),
    /// A worker thread died.
    #[error("a worker failed: {0}")]
    Worker(String),
}

impl CommitError {
    /// Whether the same may succeed later: another program holds the database, or there is no room.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Store(error) => error.passes(),
            Self::Evidence(error) => error.passes(),
            Self::Closed | Self::Lost | Self::Refused(_) | Self::Worker(_) => false,
        }
    }
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

pub(super) type Reply<T> = oneshot::Sender<Result<T, CommitError>>;

pub(super) enum Order {
    Step(Box<Step>, Reply<Tally>),
    EndRun(Box<EndOfRun>, Reply<()>),
    /// Nothing more is taken, whoever still holds a way here.
    Close,
}

/// The way to the committer; cheap to clone. The thread ends when all are dropped, or when it is closed.
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
    /// The last act of officers on stories that the book knows of.
    pub grouped: Option<String>,
    /// Judges the risk of a post anew when it finds company.
    pub annotator: Arc<Annotator>,
    /// The rules.
    pub watching: Arc<Watching>,
    /// Told after each transaction, so that the index follows.
    pub stored: Arc<dyn Fn() + Send + Sync>,
    /// How a store that is busy or full is waited for.
    pub patience: Patience,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Panics
    /// If the operating system has no thread left.
    #[must_use]
    pub fn start(parts: CommitParts) -> (Self, std::thread::JoinHandle<()>) {
        Self::by(move |queue| work(parts, queue))
    }

    /// Starts a thread that does `work` with what it is given.
    pub(super) fn by(
        work: impl FnOnce(mpsc::Receiver<Order>) + Send + 'static,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let (orders, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || work(queue))
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

    /// Whether the committer still takes steps.
    ///
    /// # Errors
    /// It has ended, by a failure or a shutdown.
    pub fn check(&self) -> Result<(), CommitError> {
        if self.orders.is_closed() { Err(CommitError::Closed) } else { Ok(()) }
    }

    /// What was sent before is stored; what comes after is refused, so that a thread that is still reading a file
    /// keeps nobody waiting.
    pub fn close(self) {
        // A thread of its own may wait for room in the queue also where the caller is a task. The committer may have
        // ended already.
        std::thread::scope(|scope| {
            scope.spawn(|| drop(self.orders.blocking_send(Order::Close)));
        });
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
        let (source, outcome) = (source.clone(), outcome.clone());
        self.note_end(EndOfRun { source, outcome, task: None }).await
    }

    /// The same of a run that another process made.
    pub(super) async fn note_end(&self, end: EndOfRun) -> Result<(), CommitError> {
        let (reply, answer) = oneshot::channel();
        let order = Order::EndRun(Box::new(end), reply);
        self.orders.send(order).await.map_err(|_| CommitError::Closed)?;
        answer.await.map_err(|_| CommitError::Closed)?
    }
}

fn work(mut parts: CommitParts, mut queue: mpsc::Receiver<Order>) {
    while let Some(first) = queue.blocking_recv() {
        let mut steps = Vec::new();
        let mut ends = Vec::new();
        let (mut next, mut is_last) = (Some(first), false);
        while let Some(order) = next {
            match order {
                Order::Step(step, reply) => steps.push((*step, reply)),
                Order::EndRun(end, reply) => ends.push((*end, reply)),
                Order::Close => is_last = true,
            }
            next =
                (steps.len() < STEPS_AT_ONCE && !is_last).then(|| queue.try_recv().ok()).flatten();
        }
        if !store_all(&mut parts, steps, ends) || is_last {
            return;
        }
    }
}

/// One transaction. Answers whether the store still works.
fn store_all(
    parts: &mut CommitParts,
    mut steps: Vec<(Step, Reply<Tally>)>,
    ends: Vec<(EndOfRun, Reply<()>)>,
) -> bool {
    let archive = parts.archive.clone();
    // A panic elsewhere leaves at worst a record no row refers to.
    let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
    let patience = parts.patience.clone();
    let written = patience
        .until_it_passes(|| keep_evidence(&mut archive, &mut steps))
        .and_then(|()| patience.until_it_passes(|| write_all(parts, &steps, &ends)));
    drop(archive);
    match written {
        Ok(tallies) => {
            (parts.stored)();
            // A receiver that is gone was cancelled at shutdown; what it asked for is stored all the same.
            for ((_, reply), tally) in steps.into_iter().zip(tallies) {
                let _ = reply.send(Ok(tally));
            }
            for (_, reply) in ends {
                let _ = reply.send(Ok(()));
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "the store failed; nothing more is taken");
            for (_, reply) in steps {
                let _ = reply.send(Err(error.clone()));
            }
            for (_, reply) in ends {
                let _ = reply.send(Err(error.clone()));
            }
            false
        }
    }
}

/// Everything that waits, in one transaction. After a failure memory is as the store is again.
fn write_all(
    parts: &mut CommitParts,
    steps: &[(Step, Reply<Tally>)],
    ends: &[(EndOfRun, Reply<()>)],
) -> Result<Vec<Tally>, CommitError> {
    let newest = steps.iter().map(|(step, _)| step.now).max();
    if let Some(now) = newest {
        follow_officers(parts, now)?;
    }
    let CommitParts { store, stories, annotator, watching, .. } = parts;
    let mut tallies = Vec::new();
    let mut begun = None;
    let written = store.write(&mut |write| {
        let mut batch = Batch::default();
        for (step, _) in steps {
            let tally = transact::write_step(write, step, &mut batch)?;
            if let Some(task) = step.task {
                write.settle_task(task, &Answer::Stored(tally.clone()).to_text())?;
            }
            tallies.push(tally);
        }
        if let Some(now) = newest {
            begun = Some(now);
            transact::join_stories(write, stories, annotator, &mut batch, now)?;
            watching.look_at(write, batch.fresh(), now)?;
        }
        for (end, _) in ends {
            write.put_run(&end.source, &end.outcome)?;
            if let Some(task) = end.task {
                write.settle_task(task, &Answer::Ended.to_text())?;
            }
        }
        Ok(())
    });
    if let (Err(_), Some(now)) = (&written, begun) {
        *stories = restore::stories(&**store, now)?;
    }
    written?;
    Ok(tallies)
}

/// Reads the story book anew where an officer has regrouped posts since.
fn follow_officers(parts: &mut CommitParts, now: DateTime<Utc>) -> Result<(), CommitError> {
    let grouped = parts.store.state(GROUPED)?;
    if grouped != parts.grouped {
        parts.stories = restore::stories(&*parts.store, now)?;
        parts.grouped = grouped;
    }
    Ok(())
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
