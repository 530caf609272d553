//! Waiting for what passes: a database that another program holds, a disk without room.
//!
//! In: something to try. Out: its success, its failure where that does not pass, or the last refusal once the station
//! is to stop. What was to be done is kept meanwhile; each refusal is told, and that it is over.

use std::sync::Arc;
use std::time::Duration;

use super::commit::CommitError;
use super::stop::Stop;

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause: room that was made is used within it.
const LONGEST: Duration = Duration::from_secs(10);

/// How often the wish to stop is looked at within a pause.
const LOOK: Duration = Duration::from_millis(100);

/// Is told what is waited for, and nothing once it is over.
pub type Told = Arc<dyn Fn(Option<&CommitError>) + Send + Sync>;

/// How long, and until when, is waited; cheap to clone.
#[derive(Clone)]
pub struct Patience {
    told: Told,
    stop: Stop,
}

impl Patience {
    /// Tells `told` of each refusal; once `stop` is asked for, who waits tries once more and gives up.
    #[must_use]
    pub fn new(told: Told, stop: Stop) -> Self {
        Self { told, stop }
    }

    /// Tries until it succeeds, fails for good, or the station is to stop.
    pub(super) fn until_it_passes<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        let mut pause = FIRST;
        let mut is_last = false;
        loop {
            match attempt() {
                Err(error) if error.passes() && !is_last => {
                    (self.told)(Some(&error));
                    is_last = self.is_stopped_within(pause);
                    pause = (pause * 2).min(LONGEST);
                }
                ended => {
                    if pause > FIRST && ended.is_ok() {
                        (self.told)(None);
                    }
                    return ended;
                }
            }
        }
    }

    /// Blocks for `pause`, or until the wish to stop; answers whether that was said.
    fn is_stopped_within(&self, pause: Duration) -> bool {
        let mut left = pause;
        while !self.stop.is_asked() && !left.is_zero() {
            let piece = left.min(LOOK);
            std::thread::sleep(piece);
            left -= piece;
        }
        self.stop.is_asked()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::store::StoreError;

    fn counted() -> (Patience, Arc<Mutex<Vec<bool>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = told.clone();
        let patience = Patience::new(
            Arc::new(move |fault: Option<&CommitError>| {
                seen.lock().unwrap().push(fault.is_some());
            }),
            Stop::default(),
        );
        (patience, told)
    }

    fn busy() -> CommitError {
        StoreError::Busy.into()
    }

    #[test]
    fn what_passes_is_waited_for_and_told() {
        let (patience, told) = counted();
        let mut left = 3;
        let done = patience.until_it_passes(|| {
            left -= 1;
            if left > 0 { Err(busy()) } else { Ok(7) }
        });
        assert_eq!(done.unwrap(), 7);
        assert_eq!(*told.lock().unwrap(), [true, true, false]);
    }

    #[test]
    fn a_failure_is_not_waited_for() {
        let (patience, told) = counted();
        let mut tried = 0;
        let failed = patience.until_it_passes(|| {
            tried += 1;
            Err::<(), _>(CommitError::Closed)
        });
        assert!(failed.is_err() && tried == 1 && told.lock().unwrap().is_empty());
    }

    #[test]
    fn the_end_of_the_station_ends_the_waiting_after_one_more_try() {
        let (patience, _) = counted();
        patience.stop.ask();
        let mut tried = 0;
        let failed = patience.until_it_passes(|| {
            tried += 1;
            Err::<(), _>(busy())
        });
        assert!(failed.is_err_and(|e| e.passes()));
        assert_eq!(tried, 2);
    }
}
