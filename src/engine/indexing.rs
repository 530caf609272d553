//! The index of a station: opened whatever lies there, followed, and looked through.
//!
//! In: where it lies, the store it follows. Out: an index, and the threads that keep it level with the store. What
//! becomes of their failures stands on the board of faults.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use index::{Index, IndexError, examine};

use super::annotator::segmenter;
use super::clock::Clock;
use super::faults::{Board, Part};
use super::follow::{FollowError, Follower};
use super::index_place::index_place;
use super::nudge::Nudge;
use crate::config::Config;
use crate::store::Store;

/// How long the files of the index are looked through at start, beside everything else.
const LOOKED_THROUGH: Duration = Duration::from_secs(20);

/// Opens the index, or puts an empty one in the place of one that is gone or cannot be read: the follower sees
/// by its position that it must be built from the store. A station that has stored nothing yet has no index either, and
/// that is no fault.
pub(super) fn open_index(config: &Config, store: &dyn Store) -> anyhow::Result<Index> {
    let (words, place) = (segmenter(config), index_place(config));
    let opened = Index::open_read_only(&place, &words).and_then(|index| match index.refresh() {
        Ok(()) => Ok(index),
        Err(why @ IndexError::Cluster(_)) if !why.is_lost() => {
            // It may be back by the time it is asked; the follower tells and waits until then.
            tracing::warn!(%why, "the search cluster cannot be asked yet");
            Ok(index)
        }
        Err(why) => Err(why),
    });
    match opened {
        Err(why) if why.is_lost() => {
            if store.last_change()? > 0 {
                tracing::warn!(%why, "an empty index is made");
            }
            Ok(Index::create(&place, &words)?)
        }
        opened => Ok(opened?),
    }
}

/// Tells how the follower's first round ended.
pub(super) type Followed = mpsc::Receiver<Result<(), FollowError>>;

/// Starts the thread that keeps the index level, and one that looks through its files once. What is received
/// is how the first of them ended.
pub(super) fn start_follower(
    store: &Arc<dyn Store>,
    index: &Arc<Index>,
    config: &Config,
    clock: &Clock,
    nudge: &Nudge,
    board: &Arc<Board>,
) -> std::io::Result<(JoinHandle<()>, Followed)> {
    let (damaged, place) = (Arc::<AtomicBool>::default(), index_place(config));
    let follower = Follower {
        store: store.clone(),
        index: index.clone(),
        place: place.clone(),
        clock: clock.clone(),
        damaged: damaged.clone(),
        told: Box::new({
            let (board, clock) = (board.clone(), clock.clone());
            move |told| {
                let Some(error) = told else {
                    board.worked(&Part::Index);
                    return Duration::ZERO;
                };
                let now = clock();
                (board.failed(&Part::Index, error, now) - now).to_std().unwrap_or_default()
            }
        }),
    };
    let (ended, followed) = mpsc::sync_channel(1);
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
    let follower = thread("follower").spawn({
        let nudge = nudge.clone();
        // Where nobody waits for it any more, nobody wants to know.
        move || drop(ended.send(follower.follow(&nudge)))
    })?;
    thread("index-check").spawn({
        let nudge = nudge.clone();
        move || {
            let examined = examine(&place, LOOKED_THROUGH).and_then(|found| found.whole());
            if let Err(why) = examined
                && why.is_lost()
            {
                tracing::error!(%why, "the index is damaged");
                damaged.store(true, Ordering::SeqCst);
                nudge.nudge();
            }
        }
    })?;
    Ok((follower, followed))
}
