//! Something read from config that may reckon from the present (`published:7d`), and is then read anew.
//!
//! In: how it is read as of a moment. Out: the reading that holds now, shared by all who ask. What does not reckon
//! from the present is read once; a reading that fails leaves the old one standing and is told.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// What reckons from the present is read anew this often; building ten thousand queries takes 30 ms
/// (`pipelines/benches/rules.rs`).
const READ_ANEW: TimeDelta = TimeDelta::minutes(1);

/// A reading, and whether it depends on when it was made.
type Read<T> = dyn Fn(DateTime<Utc>) -> anyhow::Result<(T, bool)> + Send + Sync;

/// A reading that stays true while time goes on, or back.
pub struct Reread<T> {
    read: Box<Read<T>>,
    current: Mutex<Current<T>>,
}

struct Current<T> {
    value: Arc<T>,
    /// When it was read; none where that does not matter.
    read_at: Option<DateTime<Utc>>,
}

impl<T> Reread<T> {
    /// Reads for the first time, as of `now`.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn new(
        now: DateTime<Utc>,
        read: impl Fn(DateTime<Utc>) -> anyhow::Result<(T, bool)> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let (value, depends_on_now) = read(now)?;
        let current = Current { value: Arc::new(value), read_at: depends_on_now.then_some(now) };
        Ok(Self { read: Box::new(read), current: Mutex::new(current) })
    }

    /// The reading as of `now`.
    pub fn as_of(&self, now: DateTime<Utc>) -> Arc<T> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.read_at.is_some_and(|at| now - at >= READ_ANEW || now < at) {
            match (self.read)(now) {
                Ok((value, _)) => {
                    *current = Current { value: Arc::new(value), read_at: Some(now) };
                }
                Err(error) => {
                    tracing::error!(%error, "queries could not be read anew; the old ones stand");
                }
            }
        }
        current.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + secs, 0).unwrap()
    }

    #[test]
    fn what_reckons_from_the_present_is_read_anew_also_when_the_clock_went_back() {
        let moving = Reread::new(at(0), |now| Ok((now, true))).unwrap();
        for (now, read) in [(0, 0), (59, 0), (60, 60), (9_000_000, 9_000_000), (70, 70)] {
            assert_eq!(*moving.as_of(at(now)), at(read), "{now}");
        }
        let fixed = Reread::new(at(0), |now| Ok((now, false))).unwrap();
        assert_eq!(*fixed.as_of(at(9_000)), at(0));
    }
}
