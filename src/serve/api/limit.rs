//! How often a program may ask: a bucket for each token, and one for each address that brings tokens that are not good.
//!
//! In: a name. Out: leave, or the seconds to wait. In memory: after a restart everybody begins with a full bucket.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests at once from a full bucket.
const BURST: f64 = 200.0;

/// Requests a second that fill it again.
const PER_SEC: f64 = 20.0;

/// Bad tokens at once from one address.
const BAD_BURST: f64 = 30.0;

/// Bad tokens a second.
const BAD_PER_SEC: f64 = 0.5;

/// Buckets that are kept; beyond it the full ones are forgotten.
const KEPT: usize = 10_000;

struct Bucket {
    left: f64,
    at: Instant,
}

/// All buckets.
#[derive(Default)]
pub(in crate::serve) struct Limits(Mutex<HashMap<String, Bucket>>);

impl Limits {
    /// Leave for one request.
    ///
    /// # Errors
    /// Seconds until the next.
    pub fn take(&self, name: &str) -> Result<(), u64> {
        self.draw(name, BURST, PER_SEC, Instant::now())
    }

    /// One more bad token from `address`.
    ///
    /// # Errors
    /// Seconds until the next is looked at.
    pub fn fail(&self, address: &str) -> Result<(), u64> {
        self.draw(&format!("bad {address}"), BAD_BURST, BAD_PER_SEC, Instant::now())
    }

    fn draw(&self, name: &str, burst: f64, per_sec: f64, now: Instant) -> Result<(), u64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT && !buckets.contains_key(name) {
            buckets
                .retain(|_, bucket| now.duration_since(bucket.at).as_secs_f64() < burst / per_sec);
        }
        let bucket = buckets.entry(name.to_owned()).or_insert(Bucket { left: burst, at: now });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * per_sec).min(burst);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        // At most a few seconds: the cast cannot lose anything that matters.
        Err(((1.0 - bucket.left) / per_sec).ceil().max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_by_itself() {
        let (limits, begin) = (Limits::default(), Instant::now());
        let ask = |at: u64| limits.draw("a", 3.0, 1.0, begin + Duration::from_secs(at));
        assert!((0..3).all(|_| ask(0).is_ok()));
        assert_eq!(ask(0), Err(1));
        assert!(ask(2).is_ok() && ask(2).is_ok() && ask(2).is_err());
        assert!(limits.draw("b", 3.0, 1.0, begin).is_ok(), "others have their own");
    }
}
