//! One host's turn-taking: delay, budget, backoff, and what must be remembered across a restart.
//!
//! In: the time and the policy. Out: when this host may be asked next, or why not now. The memory is
//! plain data; the engine stores it (`Fetcher::changed_memories`) and gives it back at start
//! (`Fetcher::remember`). It asks nothing itself and holds no lock across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::outcome::{FetchOutcome, Refusal};
use super::policy::FetchPolicy;
use crate::crawl::robots::Robots;

/// What is known of a host that must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostMemory {
    /// Not to be asked before this time.
    pub backoff_until: Option<DateTime<Utc>>,
    /// How many refusals came in a row.
    pub backoff_steps: u32,
    /// The UTC day that `asked_today` counts.
    pub day: Option<NaiveDate>,
    /// Requests on that day.
    pub asked_today: u32,
    /// The last request.
    pub last_asked: Option<DateTime<Utc>>,
    /// Its robots.txt as last read.
    pub robots: Option<KnownRobots>,
}

/// A robots.txt, when it was read and until when it is believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownRobots {
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// When it is read again.
    pub expires_at: DateTime<Utc>,
    /// What it said.
    pub standing: RobotsStanding,
}

/// What a host's robots.txt amounts to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotsStanding {
    /// A file was served.
    Rules(Robots),
    /// 4xx: there is none, everything may be asked.
    None {
        /// The status.
        status: u16,
    },
    /// 5xx or no answer: nothing may be asked.
    Unreachable {
        /// The status or error.
        cause: String,
        /// Tries in a row.
        tries: u32,
    },
}

/// Wall time that moves with tokio's clock, so that paused-time tests hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    now: DateTime<Utc>,
}

impl Clock {
    pub fn starting(now: DateTime<Utc>) -> Self {
        Self { start: Instant::now(), now }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.after(self.start.elapsed())
    }

    fn after(&self, elapsed: Duration) -> DateTime<Utc> {
        chrono::TimeDelta::from_std(elapsed).map_or(self.now, |d| self.now + d)
    }
}

/// `duration` after `at`; a span chrono cannot hold is cut to a century.
pub(super) fn later(at: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    at + chrono::TimeDelta::from_std(duration).unwrap_or(chrono::TimeDelta::days(36_500))
}

pub(super) struct Host {
    pub slots: Semaphore,
    pub robots_read: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    memory: HostMemory,
    next_turn: Option<Instant>,
    is_changed: bool,
    has_new_robots: bool,
    told: Option<TimeTold>,
}

/// What a host's last answer said of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeTold {
    /// When the answer came.
    pub at: Instant,
    /// How far our clock was ahead of the `Date` of the answer, its `Age` in a cache reckoned in.
    pub ahead: chrono::TimeDelta,
}

impl Host {
    pub fn new(per_host: usize, memory: HostMemory) -> Self {
        Self {
            slots: Semaphore::new(per_host.max(1)),
            robots_read: tokio::sync::Mutex::new(()),
            state: Mutex::new(State { memory, ..State::default() }),
        }
    }

    /// The state as of `now`, where times that only a clock ahead could have noted are moved to the present.
    fn state_at(&self, policy: &FetchPolicy, now: DateTime<Utc>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.memory.mend(later(now, policy.longest_wait), now);
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these plain values half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses while the host asked for patience or the budget is used up.
    pub fn admits(&self, policy: &FetchPolicy, now: DateTime<Utc>) -> Result<(), FetchOutcome> {
        let mut state = self.state_at(policy, now);
        if let Some(until) = state.memory.backoff_until.filter(|until| *until > now) {
            return Err(FetchOutcome::Refused { until, because: Refusal::Backoff });
        }
        let today = now.date_naive();
        if state.memory.day != Some(today) {
            state.memory.day = Some(today);
            state.memory.asked_today = 0;
        }
        if policy.daily_budget > 0 && state.memory.asked_today >= policy.daily_budget {
            let until =
                today.succ_opt().unwrap_or(today).and_time(chrono::NaiveTime::MIN).and_utc();
            return Err(FetchOutcome::Refused { until, because: Refusal::Budget });
        }
        Ok(())
    }

    /// Reserves the next turn, `delay` after the one before, and counts it. The caller sleeps until then.
    pub fn reserve(
        &self,
        delay: Duration,
        policy: &FetchPolicy,
        clock: &Clock,
    ) -> Result<Instant, FetchOutcome> {
        let (now, instant) = (clock.now(), Instant::now());
        self.admits(policy, now)?;
        let mut state = self.state();
        let from_before_the_start = state.memory.last_asked.and_then(|last| {
            let wait = (later(last, delay) - now).to_std().ok()?;
            Some(instant + wait.min(delay))
        });
        let turn = state.next_turn.or(from_before_the_start).unwrap_or(instant).max(instant);
        let wait = turn - instant;
        if wait > policy.longest_wait {
            let until = later(now, wait);
            return Err(FetchOutcome::Refused { until, because: Refusal::Turn });
        }
        state.next_turn = Some(turn + delay);
        state.memory.last_asked = Some(later(now, wait));
        state.memory.asked_today += 1;
        state.is_changed = true;
        Ok(turn)
    }

    /// Notes that a request is over. The next one waits from here, not from when this one was meant to be sent:
    /// a machine that is late with one request must not send the next one early.
    pub fn asked(&self, delay: Duration, clock: &Clock) {
        let mut state = self.state();
        state.memory.last_asked = state.memory.last_asked.max(Some(clock.now()));
        state.is_changed = true;
        let turn = Instant::now() + delay;
        state.next_turn = Some(state.next_turn.map_or(turn, |next| next.max(turn)));
    }

    /// Takes over what others have learned of the host, who asked it meanwhile. What was asked from here counts as well.
    pub fn learn(&self, theirs: HostMemory) {
        let mut state = self.state();
        let (ours, last) = (state.memory.robots.take(), state.memory.last_asked);
        state.memory = theirs;
        state.memory.last_asked = state.memory.last_asked.max(last);
        state.memory.robots = state.memory.robots.take().or(ours);
        state.next_turn = None;
    }

    /// Notes what an answer says of the time.
    pub fn told_time(&self, told: TimeTold) {
        self.state().told = Some(told);
    }

    /// What it said of the time last.
    pub fn time_told(&self) -> Option<TimeTold> {
        self.state().told
    }

    /// Notes an answer that is no refusal.
    pub fn answered(&self) {
        let mut state = self.state();
        if state.memory.backoff_steps > 0 || state.memory.backoff_until.is_some() {
            state.memory.backoff_steps = 0;
            state.memory.backoff_until = None;
            state.is_changed = true;
        }
    }

    /// Notes a 429 or 503; the pause doubles, and is longer where the host says so.
    pub fn back_off(
        &self,
        policy: &FetchPolicy,
        asked_for: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> FetchOutcome {
        let mut state = self.state();
        let pause = doubled(policy, state.memory.backoff_steps);
        let longest = later(now, Duration::from_secs(7 * 24 * 3600));
        // Who asks to be asked again at once is asked no sooner than who asks for nothing.
        let pause = later(now, pause);
        let until = asked_for.map_or(pause, |until| until.min(longest).max(pause));
        state.memory.backoff_steps += 1;
        state.memory.backoff_until = Some(until);
        state.is_changed = true;
        FetchOutcome::Refused { until, because: Refusal::Backoff }
    }

    /// Runs `read` on the robots.txt that is still believed.
    pub fn with_robots<T>(
        &self,
        policy: &FetchPolicy,
        now: DateTime<Utc>,
        read: impl FnOnce(&KnownRobots) -> T,
    ) -> Option<T> {
        let state = self.state_at(policy, now);
        state.memory.robots.as_ref().filter(|known| known.expires_at > now).map(read)
    }

    /// Stores what a read of robots.txt gave. An unreachable file does not displace one that was read
    /// before (RFC 9309, 2.4): the old one is believed until the next try.
    pub fn learn_robots(&self, standing: RobotsStanding, policy: &FetchPolicy, now: DateTime<Utc>) {
        let mut state = self.state();
        let before = state.memory.robots.take();
        let known = match (standing, before) {
            (RobotsStanding::Unreachable { .. }, Some(old)) if old.is_reached() => {
                KnownRobots { expires_at: later(now, policy.first_backoff), ..old }
            }
            (RobotsStanding::Unreachable { cause, .. }, before) => {
                let tries = before.map_or(0, |b| b.tries());
                let standing = RobotsStanding::Unreachable { cause, tries: tries + 1 };
                KnownRobots {
                    read_at: now,
                    expires_at: later(now, doubled(policy, tries)),
                    standing,
                }
            }
            (standing, _) => KnownRobots {
                read_at: now,
                expires_at: later(now, policy.robots_lifetime),
                standing,
            },
        };
        state.memory.robots = Some(known);
        (state.is_changed, state.has_new_robots) = (true, true);
    }

    /// The memory, when it changed since it was last taken; with its robots.txt only where that was read anew.
    pub fn take_changed(&self) -> Option<HostMemory> {
        let mut state = self.state();
        if !std::mem::take(&mut state.is_changed) {
            return None;
        }
        let mut memory = state.memory.clone();
        memory.robots = memory.robots.filter(|_| std::mem::take(&mut state.has_new_robots));
        Some(memory)
    }

    /// When it was asked last, by the clock of then; none while it was never asked.
    pub fn last_asked(&self) -> Option<DateTime<Utc>> {
        self.state().memory.last_asked
    }

    pub fn memory(&self) -> HostMemory {
        self.state().memory.clone()
    }
}

impl HostMemory {
    /// A time after `latest` was noted by a clock that was ahead; it counts as `now`, and what hangs on it moves
    /// with it.
    fn mend(&mut self, latest: DateTime<Utc>, now: DateTime<Utc>) {
        if let Some(asked) = self.last_asked.filter(|asked| *asked > latest) {
            let ahead = asked - now;
            self.last_asked = Some(now);
            self.backoff_until = self.backoff_until.map(|until| until - ahead);
            self.day = self.day.map(|_| now.date_naive());
        }
        if let Some(robots) = self.robots.as_mut().filter(|robots| robots.read_at > latest) {
            robots.expires_at -= robots.read_at - now;
            robots.read_at = now;
        }
    }
}

impl KnownRobots {
    fn is_reached(&self) -> bool {
        !matches!(self.standing, RobotsStanding::Unreachable { .. })
    }

    fn tries(&self) -> u32 {
        match self.standing {
            RobotsStanding::Unreachable { tries, .. } => tries,
            _ => 0,
        }
    }
}

fn doubled(policy: &FetchPolicy, steps: u32) -> Duration {
    policy.first_backoff.saturating_mul(1 << steps.min(16)).min(policy.longest_backoff)
}

#[cfg(test)]
mod tests;
