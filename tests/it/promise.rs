//! The promise that a process ends within five seconds of SIGTERM, and how it is measured.
//!
//! In: a process. Out: nothing, or a panic. How much slower the machine is just then than it could be is measured too, and
//! granted: one piece of work, many times.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::lab::Dice;

/// What is promised on a machine that is not busy with other things.
const PROMISED: Duration = Duration::from_secs(5);

/// However slowed the machine is, no more than so many times the promise is granted.
const MOST_GRANTED: f64 = 3.5;

/// A process that never comes into its state, or never ends, is a failure after so long.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Waits for what comes from outside.
pub fn until(what: &str, mut reached: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    started.elapsed()
}

/// How many times slower than at its best this machine works just now.
fn slowness() -> f64 {
    let piece = || {
        let started = Instant::now();
        let mut dice = Dice(1);
        (0..200_000).for_each(|_| {
            std::hint::black_box(dice.below(10));
        });
        started.elapsed().as_secs_f64()
    };
    let pieces: Vec<f64> = (0..20).map(|_| piece()).collect();
    let best = pieces.iter().copied().fold(f64::INFINITY, f64::min);
    pieces.iter().sum::<f64>() / (best * pieces.len() as f64)
}

/// Sends SIGTERM; the process must end in time.
pub fn ends_in_time(state: &str, process: &mut Child) {
    let before = slowness();
    let pid = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let took = until(state, || process.try_wait().unwrap().is_some());
    let slower = before.max(slowness()).min(MOST_GRANTED);
    println!(
        "{state}: ended {:.1} s after SIGTERM, machine {slower:.1} times slowed",
        took.as_secs_f64()
    );
    assert!(took <= PROMISED.mul_f64(slower + 0.5), "{state}: {took:?}, {slower:.1} times slowed");
}
