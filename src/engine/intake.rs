//! What workers have handed over, stored by the keeper.
//!
//! In: tasks in the store, in the order they were asked in. Out: steps for the committer, which settles each task in the
//! transaction that stores it: it is stored once, whoever dies between. What cannot be read is refused in words.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::commit::{CommitError, Committer};
use super::handing::{Answer, COMMIT, Handed};
use super::shared::Shared;
use crate::store::cluster::Task;

/// Tasks taken at once.
const AT_ONCE: usize = 64;

/// How often is looked where there was nothing.
const LOOK: Duration = Duration::from_millis(25);

/// How often answers that nobody came for, and workers that are gone, are forgotten, and after how long.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
const KEPT_MS: u64 = 3_600_000;

/// The pause after a look that failed.
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Stores what was handed over and is still in a store that is one file: it came with a copy of one on a server.
pub(super) async fn take_in_left(
    shared: &Shared,
    committer: &Committer,
) -> Result<(), CommitError> {
    loop {
        let tasks = shared.store.open_tasks(COMMIT, AT_ONCE)?;
        if tasks.is_empty() {
            return Ok(());
        }
        for task in tasks {
            store_one(shared, committer, task).await?;
        }
    }
}

/// Stores what is handed over until the station is asked to stop, or its committer has ended.
pub(super) async fn take_in(shared: Shared, committer: Committer) -> Result<(), CommitError> {
    let mut swept: Option<Instant> = None;
    while !shared.stop.is_asked() {
        if swept.is_none_or(|at| at.elapsed() > SWEEP_EVERY) {
            swept = Some(Instant::now());
            let store = shared.store.clone();
            let sweep = move || store.cluster().map_or(Ok(()), |cluster| cluster.sweep(KEPT_MS));
            if let Err(error) = tokio::task::spawn_blocking(sweep).await? {
                tracing::warn!(%error, "answers that nobody came for are still there");
            }
        }
        let store = shared.store.clone();
        let open = tokio::task::spawn_blocking(move || store.open_tasks(COMMIT, AT_ONCE)).await?;
        match open {
            Ok(tasks) if tasks.is_empty() => tokio::time::sleep(LOOK).await,
            Ok(tasks) => {
                let stored = tasks.into_iter().map(|task| store_one(&shared, &committer, task));
                join_all(stored).await.into_iter().collect::<Result<(), _>>()?;
            }
            Err(error) if error.passes() => {
                tracing::warn!(%error, "what workers handed over cannot be read yet");
                tokio::time::sleep(AFTER_FAULT).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn store_one(shared: &Shared, committer: &Committer, task: Task) -> Result<(), CommitError> {
    match serde_json::from_str(&task.body) {
        Ok(Handed::Step(mut step)) => {
            step.task = Some(task.id);
            committer.commit(*step).await.map(drop)
        }
        Ok(Handed::End(mut end)) => {
            end.task = Some(task.id);
            committer.note_end(*end).await
        }
        Err(error) => {
            tracing::error!(%error, task = task.id, "a step that cannot be read");
            let (store, answer) = (shared.store.clone(), Answer::Refused(error.to_string()));
            let settle =
                move || store.write(&mut |write| write.settle_task(task.id, &answer.to_text()));
            Ok(tokio::task::spawn_blocking(settle).await??)
        }
    }
}
