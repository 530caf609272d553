//! The keeper in the process of a worker: one of those that may keep the store does, the others wait for its place.
//!
//! In: what the worker was opened with. Out: a station that stores, watches and tells, from when the store is to be had until
//! it is to stop. Its place is a lock that the server gives to one session: whoever dies frees it, whoever is silent is
//! deposed, and a deposed one cannot write; it begins anew as one that waits. Why this process cannot keep it stands on the
//! board.

use std::time::Duration;

use super::faults::Part;
use super::parts::KeeperOf;
use super::run;
use super::station::Station;
use super::stop::Stop;
use crate::store::StoreError;

/// The pause between two looks whether the place is free.
const LOOK: Duration = Duration::from_millis(300);

/// The pause after a keeper failed.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// How often the wish to stop is looked at.
const PIECE: Duration = Duration::from_millis(50);

/// Keeps the store whenever nobody else does, until `stop`. Blocks.
pub fn keep(worker: &KeeperOf, stop: &Stop) {
    while !stop.is_asked() {
        let pause = match Station::open_as_keeper(worker) {
            Ok(station) => {
                worker.says_it_keeps(true);
                worker.tell(None);
                // What another left on the board of the store before it died.
                station.board.worked(&Part::Keeper);
                tracing::info!("this process keeps the store");
                let ended = work(station, stop);
                worker.says_it_keeps(false);
                match ended {
                    Ok(()) => LOOK,
                    Err(error) => {
                        worker.tell(Some(&error));
                        AFTER_FAULT
                    }
                }
            }
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::Held { .. })) => {
                worker.tell(None);
                match worker.depose_silent() {
                    Ok(true) => tracing::warn!("a keeper that was not heard any more is deposed"),
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "whether the keeper lives is not known"),
                }
                LOOK
            }
            Err(error) => {
                worker.tell(Some(&error));
                AFTER_FAULT
            }
        };
        wait(pause, stop);
    }
}

fn work(station: Station, stop: &Stop) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (own, asked) = (station.stop.clone(), stop.clone());
    let ran = runtime.block_on(async {
        let waiting = tokio::spawn(async move {
            asked.asked().await;
            own.ask();
        });
        let ran = run::run(&station).await;
        waiting.abort();
        ran
    });
    runtime.shutdown_timeout(AFTER_FAULT);
    let closed = station.close();
    ran.and(closed)
}

fn wait(pause: Duration, stop: &Stop) {
    let mut left = pause;
    while !left.is_zero() && !stop.is_asked() {
        let piece = left.min(PIECE);
        std::thread::sleep(piece);
        left -= piece;
    }
}
