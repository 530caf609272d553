//! Steps of a worker handed over to the keeper: the committer of a process that is not the one that stores.
//!
//! In: steps and ends of runs, from any task. Out: tasks in the store, and the counts of each once the keeper has stored it.
//! What was handed over is on disk: it is stored once, whoever dies. A task has a key, so that one whose asking was not
//! heard is asked again without being doubled; it is taken from the holder of its source alone. A server that is away is
//! waited for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::commit::{CommitError, Order, Reply};
use super::holding::Holding;
use super::patience::Patience;
use super::step::{EndOfRun, Step};
use super::stop::Stop;
use crate::store::cluster::NewTask;
use crate::store::{StoreError, Tally};

/// The kind of these tasks.
pub(super) const COMMIT: &str = "commit";

/// How often answers are looked for while some are waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Steps handed over before answers are looked for.
const AT_ONCE: usize = 64;

/// How long a worker that is to stop waits for answers: what it has handed over is stored without it.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What a task asks to be stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Handed {
    /// A step.
    Step(Box<Step>),
    /// That a run has ended.
    End(Box<EndOfRun>),
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// A step is stored.
    Stored(Tally),
    /// The end of a run is.
    Ended,
    /// It cannot be read.
    Refused(String),
}

impl Answer {
    /// As it stands in the store.
    pub fn to_text(&self) -> String {
        // Plain values: there is nothing in them that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What the thread works with.
pub(super) struct HandParts {
    /// What this process holds.
    pub holding: Arc<Holding>,
    /// How a server that is away is waited for.
    pub patience: Patience,
    /// The wish to stop.
    pub stop: Stop,
}

enum Waiting {
    Step(Reply<Tally>),
    End(Reply<()>),
}

impl Waiting {
    fn answer(self, answer: Result<Answer, CommitError>) {
        // A receiver that is gone was cancelled at shutdown; what it asked for is stored all the same.
        match (self, answer) {
            (Self::Step(reply), Ok(Answer::Stored(tally))) => drop(reply.send(Ok(tally))),
            (Self::End(reply), Ok(Answer::Ended)) => drop(reply.send(Ok(()))),
            (Self::Step(reply), other) => drop(reply.send(Err(refusal(other)))),
            (Self::End(reply), other) => drop(reply.send(Err(refusal(other)))),
        }
    }
}

fn refusal(answer: Result<Answer, CommitError>) -> CommitError {
    match answer {
        Err(error) => error,
        Ok(Answer::Refused(why)) => CommitError::Refused(why),
        Ok(other) => CommitError::Refused(format!("an answer to something else: {other:?}")),
    }
}

/// Hands over what comes, until nothing more does.
pub(super) fn work(parts: &HandParts, mut queue: mpsc::Receiver<Order>) {
    let mut waiting = HashMap::new();
    let (mut number, mut is_last) = (0_u64, None);
    loop {
        let mut next = match (waiting.is_empty(), is_last) {
            (true, Some(_)) => return,
            (true, None) => match queue.blocking_recv() {
                Some(order) => Some(order),
                None => return,
            },
            (false, _) => queue.try_recv().ok(),
        };
        let mut taken = 0;
        while let Some(order) = next {
            let (handed, reply) = match order {
                Order::Step(step, reply) => (Handed::Step(step), Waiting::Step(reply)),
                Order::EndRun(end, reply) => (Handed::End(end), Waiting::End(reply)),
                Order::Close => {
                    is_last = Some(Instant::now());
                    break;
                }
            };
            number += 1;
            let key = format!("{}-{number}", parts.holding.name());
            match ask(parts, &key, &handed) {
                Ok(()) => drop(waiting.insert(key, reply)),
                Err(error) => reply.answer(Err(error)),
            }
            taken += 1;
            next = (taken < AT_ONCE).then(|| queue.try_recv().ok()).flatten();
        }
        if waiting.is_empty() {
            continue;
        }
        let leaves = is_last.is_some_and(|since: Instant| since.elapsed() > LAST_ANSWERS);
        if parts.stop.is_asked() && leaves {
            return;
        }
        match parts.patience.until_it_passes(|| look(parts, &mut waiting)) {
            Ok(0) => std::thread::sleep(LOOK),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "answers of the keeper cannot be read");
                waiting.into_values().for_each(|reply| reply.answer(Err(error.clone())));
                return;
            }
        }
    }
}

/// Rows of a file that somebody imports: no source is read for them.
fn is_import(handed: &Handed) -> bool {
    matches!(handed, Handed::Step(step) if step.import.is_some())
}

fn ask(parts: &HandParts, key: &str, handed: &Handed) -> Result<(), CommitError> {
    let source = match handed {
        Handed::Step(step) => &step.source,
        Handed::End(end) => &end.source,
    };
    let body = serde_json::to_string(handed).map_err(|e| {
        CommitError::from(StoreError::Corrupt { what: "a step".to_owned(), cause: e.to_string() })
    })?;
    let holding = &parts.holding;
    let task = NewTask {
        key,
        kind: COMMIT,
        source: source.as_str(),
        asker: holding.name(),
        body: &body,
        needs_lease: !is_import(handed),
    };
    let is_taken = parts.patience.until_it_passes(|| Ok(holding.cluster().ask(&task)?))?;
    if is_taken { Ok(()) } else { Err(CommitError::Lost) }
}

/// Hands on the answers that have come; how many.
fn look(parts: &HandParts, waiting: &mut HashMap<String, Waiting>) -> Result<usize, CommitError> {
    let cluster = parts.holding.cluster();
    let answers = cluster.answers(parts.holding.name())?;
    let mut done = Vec::new();
    for (id, key, answer) in answers {
        if let Some(reply) = waiting.remove(&key) {
            let read = serde_json::from_str(&answer);
            reply.answer(read.map_err(|e| CommitError::Refused(format!("its answer: {e}"))));
        }
        done.push(id);
    }
    cluster.forget(&done)?;
    Ok(done.len())
}
