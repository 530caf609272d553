//! The board of faults: which part does not work, since when, and when it is tried again.
//!
//! In: failures and successes of the station's parts, from any thread. Out: pauses that grow, and rows of the
//! store that `guanlan status` reads. It needs no store to take a fault down: a database that is full or held by
//! another program is one of the faults. What is on the board is written when [`Board::keep`] is called.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Result, Store, StoreError};

const PREFIX: &str = "fault:";

/// The first pause; each further fault in a row doubles it. A fault that passes by itself (a moment's load) is
/// over after it.
const FIRST_PAUSE_SECS: i64 = 10;

/// The longest pause: what an officer mends works again within the half hour, without a restart.
const LONGEST_PAUSE_SECS: i64 = 1_800;

/// A part of the station that may fail while the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "part", content = "name", rename_all = "snake_case")]
pub enum Part {
    /// Writing to the database: held by another program, or its disk is full.
    Store,
    /// Keeping the store, where several processes share it and this one may.
    Keeper,
    /// The index following the store.
    Index,
    /// Deleting what is past its date.
    Purge,
    /// Looking for silence.
    Silence,
    /// Looking at the clocks of cases.
    Cases,
    /// Keeping the pages of published answers.
    Publications,
    /// Keeping what hosts asked for, the clock and this board.
    Memory,
    /// A digest, by its id.
    Digest(String),
    /// A way out, by its name.
    Way(String),
    /// A source, by its id: not what the site answers, but our own work on it.
    Source(String),
}

impl Part {
    /// The kind of part: `digest`, `way`…; the key of its name in the locale.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Keeper => "keeper",
            Self::Index => "index",
            Self::Purge => "purge",
            Self::Silence => "silence",
            Self::Cases => "cases",
            Self::Publications => "publications",
            Self::Memory => "memory",
            Self::Digest(_) => "digest",
            Self::Way(_) => "way",
            Self::Source(_) => "source",
        }
    }

    /// Which one, where there are several; else empty.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Digest(name) | Self::Way(name) | Self::Source(name) => name,
            _ => "",
        }
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => f.write_str(self.kind()),
            name => write!(f, "{}:{name}", self.kind()),
        }
    }
}

/// A part that does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which part.
    #[serde(flatten)]
    pub part: Part,
    /// The first failure since it last worked.
    pub since: DateTime<Utc>,
    /// The last failure.
    pub last: DateTime<Utc>,
    /// Failures in a row.
    pub count: u32,
    /// What the last failure said.
    pub words: String,
    /// When it is tried again; none: at once.
    pub next: Option<DateTime<Utc>>,
}

/// The board of one station. Share it by `Arc`.
#[derive(Debug, Default)]
pub struct Board {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: BTreeMap<Part, Fault>,
    unwritten: BTreeSet<Part>,
}

/// The faults that the store tells of, for a reader beside the station.
///
/// # Errors
/// Those of the store.
pub fn stored(store: &dyn Store) -> Result<Vec<Fault>> {
    let rows = store.states(PREFIX)?;
    let read = rows.into_iter().map(|(name, json)| {
        serde_json::from_str(&json)
            .map_err(|e| StoreError::Corrupt { what: name, cause: e.to_string() })
    });
    read.collect()
}

impl Board {
    /// The board as it was left. A restart tries everything at once.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open(store: &dyn Store) -> Result<Self> {
        let mut state = State::default();
        for fault in stored(store)? {
            state.faults.insert(fault.part.clone(), Fault { next: None, ..fault });
        }
        Ok(Self { state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these plain values half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the store says of `part`: another process may have tried it meanwhile.
    ///
    /// # Errors
    /// Those of the store.
    pub fn take_over(&self, store: &dyn Store, part: &Part) -> Result<()> {
        let name = format!("{PREFIX}{part}");
        let stored = store.state(&name)?;
        let fault = stored.map(|json| serde_json::from_str::<Fault>(&json)).transpose();
        let fault = fault.map_err(|e| StoreError::Corrupt { what: name, cause: e.to_string() })?;
        let mut state = self.state();
        match fault {
            Some(fault) => drop(state.faults.insert(part.clone(), fault)),
            None => drop(state.faults.remove(part)),
        }
        Ok(())
    }

    /// Takes down that `part` failed at `now`; answers when it is to be tried again.
    pub fn failed(&self, part: &Part, words: impl Display, now: DateTime<Utc>) -> DateTime<Utc> {
        self.failed_for(part, words, now, TimeDelta::zero())
    }

    /// The same, with at least `asked` of patience before the next try.
    pub fn failed_for(
        &self,
        part: &Part,
        words: impl Display,
        now: DateTime<Utc>,
        asked: TimeDelta,
    ) -> DateTime<Utc> {
        let words = words.to_string();
        tracing::warn!(%part, %words, "a part failed; it is tried again");
        let mut state = self.state();
        state.unwritten.insert(part.clone());
        let fault = state.faults.entry(part.clone()).or_insert_with(|| Fault {
            part: part.clone(),
            since: now,
            last: now,
            count: 0,
            words: String::new(),
            next: None,
        });
        fault.count = fault.count.saturating_add(1);
        let next = now + pause(fault.count).max(asked);
        (fault.last, fault.words, fault.next) = (now, words, Some(next));
        // A clock that was ahead when it began.
        fault.since = fault.since.min(now);
        next
    }

    /// `part` works: what was on the board of it goes. Answers whether there was something.
    pub fn worked(&self, part: &Part) -> bool {
        let mut state = self.state();
        let Some(fault) = state.faults.remove(part) else { return false };
        tracing::info!(%part, failures = fault.count, since = %fault.since, "works again");
        state.unwritten.insert(part.clone());
        true
    }

    /// Whether `part` may be tried at `now`. A clock that went back behind the failure does not keep it waiting.
    #[must_use]
    pub fn may_try(&self, part: &Part, now: DateTime<Utc>) -> bool {
        let state = self.state();
        let Some(fault) = state.faults.get(part) else { return true };
        fault.next.is_none_or(|next| next <= now || now < fault.last)
    }

    /// Everything that waits and is such a part is tried again at once.
    pub fn try_at_once(&self, is_meant: impl Fn(&Part) -> bool) {
        let mut state = self.state();
        for fault in state.faults.values_mut().filter(|fault| is_meant(&fault.part)) {
            fault.next = None;
        }
    }

    /// Whether `part` failed when it was last tried.
    #[must_use]
    pub fn is_at_fault(&self, part: &Part) -> bool {
        self.state().faults.contains_key(part)
    }

    /// Drops the faults of parts that are no more.
    pub fn retain(&self, is_there: impl Fn(&Part) -> bool) {
        let mut state = self.state();
        let gone: Vec<Part> = state.faults.keys().filter(|part| !is_there(part)).cloned().collect();
        for part in gone {
            state.faults.remove(&part);
            state.unwritten.insert(part);
        }
    }

    /// Everything on the board.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.values().cloned().collect()
    }

    /// Writes what changed since the last call.
    ///
    /// # Errors
    /// Those of the store; what was not written is written the next time.
    pub fn keep(&self, store: &dyn Store) -> Result<()> {
        let (mut rows, parts) = {
            let mut state = self.state();
            let parts = std::mem::take(&mut state.unwritten);
            let row = |part: &Part| (part.clone(), state.faults.get(part).cloned());
            (parts.iter().map(row).collect::<Vec<_>>(), parts)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let written = store.write(&mut |write| {
            for (part, fault) in &mut rows {
                let name = format!("{PREFIX}{part}");
                match fault {
                    Some(fault) => {
                        let json = serde_json::to_string(fault).map_err(|e| {
                            StoreError::Corrupt { what: name.clone(), cause: e.to_string() }
                        })?;
                        write.put_state(&name, &json)?;
                    }
                    None => write.drop_state(&name)?,
                }
            }
            Ok(())
        });
        if written.is_err() {
            self.state().unwritten.extend(parts);
        }
        written
    }
}

fn pause(count: u32) -> TimeDelta {
    let doubled = FIRST_PAUSE_SECS.saturating_mul(1_i64 << count.saturating_sub(1).min(20));
    TimeDelta::seconds(doubled.min(LONGEST_PAUSE_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + secs, 0).unwrap()
    }

    #[test]
    fn pauses_grow_and_are_bounded_and_end_when_the_part_works() {
        let (board, part) = (Board::default(), Part::Digest("daily".into()));
        assert!(board.may_try(&part, at(0)));
        assert_eq!(board.failed(&part, "no room", at(0)), at(10));
        assert!(!board.may_try(&part, at(9)) && board.may_try(&part, at(10)));
        assert_eq!(board.failed(&part, "no room", at(10)), at(30));
        let last = (0..40).map(|_| board.failed(&part, "no room", at(60))).last();
        assert_eq!(last, Some(at(60 + LONGEST_PAUSE_SECS)));
        let fault = &board.faults()[0];
        assert_eq!((fault.since, fault.count, fault.words.as_str()), (at(0), 42, "no room"));
        assert!(board.worked(&part) && !board.worked(&part));
        assert_eq!(board.failed(&part, "no room", at(90)), at(100));
    }

    #[test]
    fn a_clock_that_went_back_keeps_no_part_waiting() {
        let (board, part) = (Board::default(), Part::Purge);
        board.failed(&part, "busy", at(1_000_000));
        assert!(board.may_try(&part, at(0)));
        board.failed(&part, "busy", at(0));
        assert_eq!(board.faults()[0].since, at(0));
    }

    #[test]
    fn the_board_stands_after_a_restart_and_a_write_that_failed_is_made_up_for() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("guanlan.db")).unwrap();
        let board = Board::open(&store).unwrap();
        board.failed(&Part::Way("duty".into()), "answered 401", at(0));
        board.failed(&Part::Index, "gone", at(1));
        board.keep(&store).unwrap();
        let again = Board::open(&store).unwrap();
        assert_eq!(again.faults().len(), 2);
        assert!(again.may_try(&Part::Index, at(2)), "a restart tries at once");
        again.worked(&Part::Index);
        again.keep(&store).unwrap();
        let left = stored(&store).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].part.kind(), left[0].part.name()), ("way", "duty"));
        again.retain(|part| !matches!(part, Part::Way(_)));
        again.keep(&store).unwrap();
        assert!(stored(&store).unwrap().is_empty());
    }
}
