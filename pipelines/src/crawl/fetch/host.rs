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

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these plain values half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses while the host asked for patience or the budget is used up.
    pub fn admits(&self, policy: &FetchPolicy, now: DateTime<Utc>) -> Result<(), FetchOutcome> {
        let mut state = self.state();
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
    pub fn asked(&self, delay: Duration) {
        let mut state = self.state();
        let turn = Instant::now() + delay;
        state.next_turn = Some(state.next_turn.map_or(turn, |next| next.max(turn)));
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

    /// Notes a 429 or 503; the pause doubles unless the host names one.
    pub fn back_off(
        &self,
        policy: &FetchPolicy,
        asked_for: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> FetchOutcome {
        let mut state = self.state();
        let pause = doubled(policy, state.memory.backoff_steps);
        let longest = later(now, Duration::from_secs(7 * 24 * 3600));
        let until = asked_for.map_or(later(now, pause), |until| until.clamp(now, longest));
        state.memory.backoff_steps += 1;
        state.memory.backoff_until = Some(until);
        state.is_changed = true;
        FetchOutcome::Refused { until, because: Refusal::Backoff }
    }

    /// Runs `read` on the robots.txt that is still believed.
    pub fn with_robots<T>(
        &self,
        now: DateTime<Utc>,
        read: impl FnOnce(&KnownRobots) -> T,
    ) -> Option<T> {
        let state = self.state();
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
        state.is_changed = true;
    }

    /// The memory, when it changed since it was last taken.
    pub fn take_changed(&self) -> Option<HostMemory> {
        let mut state = self.state();
        std::mem::take(&mut state.is_changed).then(|| state.memory.clone())
    }

    pub fn memory(&self) -> HostMemory {
        self.state().memory.clone()
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
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + secs, 0).unwrap()
    }

    fn policy() -> FetchPolicy {
        FetchPolicy {
            daily_budget: 3,
            longest_wait: Duration::from_secs(5),
            ..FetchPolicy::new("")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_a_delay_apart_and_the_far_ones_are_handed_back() {
        let host = Host::new(1, HostMemory::default());
        let (clock, delay) = (Clock::starting(at(0)), Duration::from_secs(4));
        let start = Instant::now();
        assert_eq!(host.reserve(delay, &policy(), &clock).unwrap(), start);
        assert_eq!(host.reserve(delay, &policy(), &clock).unwrap(), start + delay);
        let far = host.reserve(delay, &policy(), &clock).unwrap_err();
        assert_eq!(far, FetchOutcome::Refused { until: at(8), because: Refusal::Turn });
    }

    #[tokio::test(start_paused = true)]
    async fn the_delay_holds_across_a_restart() {
        let delay = Duration::from_secs(4);
        let memory = HostMemory { last_asked: Some(at(-1)), ..HostMemory::default() };
        let host = Host::new(1, memory);
        let turn = host.reserve(delay, &policy(), &Clock::starting(at(0))).unwrap();
        assert_eq!(turn - Instant::now(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_is_for_a_day() {
        let host = Host::new(1, HostMemory::default());
        for _ in 0..3 {
            host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(0))).unwrap();
        }
        let refused = host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(0))).unwrap_err();
        let FetchOutcome::Refused { until, because: Refusal::Budget } = refused else { panic!() };
        assert!(until > at(0) && until <= at(86_400));
        host.reserve(Duration::ZERO, &policy(), &Clock::starting(until)).unwrap();
    }

    #[test]
    fn backoff_doubles_is_remembered_and_ends_with_an_answer() {
        let host = Host::new(1, HostMemory::default());
        let until = |o: FetchOutcome| match o {
            FetchOutcome::Refused { until, .. } => until,
            other => panic!("{other:?}"),
        };
        assert_eq!(until(host.back_off(&policy(), None, at(0))), at(60));
        assert_eq!(until(host.back_off(&policy(), None, at(60))), at(180));
        assert_eq!(until(host.back_off(&policy(), Some(at(1000)), at(180))), at(1000));
        let json = serde_json::to_string(&host.take_changed().unwrap()).unwrap();
        let again = Host::new(1, serde_json::from_str(&json).unwrap());
        assert!(again.admits(&policy(), at(999)).is_err());
        assert!(again.admits(&policy(), at(1001)).is_ok());
        again.answered();
        assert_eq!(until(again.back_off(&policy(), None, at(2000))), at(2060));
    }

    #[test]
    fn an_unreachable_robots_keeps_the_one_read_before() {
        let host = Host::new(1, HostMemory::default());
        let gone = || RobotsStanding::Unreachable { cause: "500".into(), tries: 0 };
        host.learn_robots(gone(), &policy(), at(0));
        assert!(host.with_robots(at(59), |k| k.is_reached()) == Some(false));
        host.learn_robots(RobotsStanding::None { status: 404 }, &policy(), at(60));
        host.learn_robots(gone(), &policy(), at(86_500));
        assert!(host.with_robots(at(86_559), |k| k.is_reached()) == Some(true));
        assert!(host.with_robots(at(86_561), |k| k.is_reached()).is_none());
    }
}
