//! When a process is killed: after a while, when it has asked or told so much, or when a file appears.
//!
//! In: a running child. Out: whether it was alive when the signal came. The instants that go by progress fall
//! within the work on a fast machine and a slow one; those by the clock fall anywhere, also before there is
//! anything.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::world::World;
use crate::lab::Dice;

/// An instant in the life of a process.
#[derive(Clone, Debug)]
pub enum At {
    /// So long after it was started.
    After(Duration),
    /// When the sites were asked so often, and a little later.
    Asked(usize, Duration),
    /// When the hook was told so often, and a little later.
    Told(usize, Duration),
    /// When this file of the data directory is there, and a little later.
    File(&'static str, Duration),
}

/// What comes into being at a first start, in about this order.
const FILES: [&str; 5] = ["station.lock", "guanlan.db", "guanlan.db-wal", "index", "evidence"];

impl At {
    /// Within a command that takes about `usual` when nobody kills it.
    pub fn draw(dice: &mut Dice, usual: Duration, asks: bool, is_first: bool) -> Self {
        let little = |dice: &mut Dice, most: usize| Duration::from_micros(dice.below(most) as u64);
        match dice.below(10) {
            0..3 if is_first => Self::File(FILES[dice.below(FILES.len())], little(dice, 6_000)),
            0..3 if asks => Self::Asked(1 + dice.below(14), little(dice, 60_000)),
            3..5 if asks => Self::Told(1 + dice.below(12), little(dice, 8_000)),
            _ => Self::After(usual.mul_f64(dice.below(1_000) as f64 / 1_000.0)),
        }
    }

    /// Waits for it and kills `child`; answers whether that was still alive.
    pub fn kill(&self, child: &mut Child, station: &str, data: &Path, world: &World) -> bool {
        let started = Instant::now();
        let before = world.heard(station);
        let told = |heard: &super::world::Heard| heard.told.values().sum::<usize>();
        let told_before = told(&before);
        let mut reached = None;
        // Waiting is the point here: the kill must come from outside, at any moment.
        while child.try_wait().unwrap().is_none() {
            let (is_there, late) = match self {
                Self::After(while_) => (started.elapsed() >= *while_, Duration::ZERO),
                Self::Asked(n, late) => {
                    (world.heard(station).requests >= before.requests + n, *late)
                }
                Self::Told(n, late) => (told(&world.heard(station)) >= told_before + n, *late),
                Self::File(name, late) => (data.join(name).exists(), *late),
            };
            let now = Instant::now();
            // What never comes to it (nothing left to tell) is killed all the same.
            if started.elapsed() > PATIENCE || is_there && now >= *reached.get_or_insert(now) + late
            {
                break;
            }
            std::thread::park_timeout(Duration::from_micros(100));
        }
        let was_alive = child.try_wait().unwrap().is_none();
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        child.wait().unwrap();
        was_alive
    }
}

/// A process that never reaches its instant is killed after so long.
const PATIENCE: Duration = Duration::from_secs(4);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::After(time) => write!(f, "after {time:.1?}"),
            Self::Asked(n, late) => write!(f, "{late:.1?} after request {n}"),
            Self::Told(n, late) => write!(f, "{late:.1?} after message {n}"),
            Self::File(name, late) => write!(f, "{late:.1?} after `{name}` appeared"),
        }
    }
}
