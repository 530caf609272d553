//! A station under a clock that jumps, in a process that can be killed.
//!
//! In: a laboratory and, in the environment of the child, by how much the clock jumps and when. Out: this
//! test's own binary, started to run [`a_station_whose_clock_jumps`] alone. The station takes its clock as an
//! argument, so the shipped binary needs no switch.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::{Clock, Station, nobody, run};

use crate::lab::{Dice, Lab};

/// `SECONDS AFTER_MILLIS`: set in the child only.
const JUMP: &str = "GUANLAN_IT_JUMP";

/// Ahead and back, by what a daylight rule, a dead battery and a mistyped year do.
const JUMPS: [i64; 4] = [3_600, -3_600, 2 * 365 * 86_400, -86_400];

/// The child in the laboratory.
pub fn command(lab: &Lab, dice: &mut Dice) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a binary"));
    let jump = format!("{} {}", JUMPS[dice.below(JUMPS.len())], dice.below(600));
    command
        .current_dir(lab.path())
        .args(["--exact", "kill::jump::a_station_whose_clock_jumps", "--test-threads", "1"])
        .env(JUMP, jump)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

fn clock(jump: &str) -> Clock {
    let (seconds, after) = jump.split_once(' ').expect("two numbers");
    let seconds = TimeDelta::seconds(seconds.parse().unwrap());
    let after = Duration::from_millis(after.parse().unwrap());
    let started = Instant::now();
    Arc::new(move || {
        let now = Utc::now();
        if started.elapsed() < after { now } else { now + seconds }
    })
}

/// In a child: the station, until it is killed. Elsewhere: that a jump is where it was asked for.
#[test]
fn a_station_whose_clock_jumps() {
    let Ok(jump) = std::env::var(JUMP) else {
        let ahead = clock("3600 0")() - Utc::now();
        assert!((ahead - TimeDelta::hours(1)).abs() < TimeDelta::minutes(1), "{ahead}");
        let not_yet = clock("3600 3600000")() - Utc::now();
        assert!(not_yet.abs() < TimeDelta::minutes(1), "{not_yet}");
        return;
    };
    let config = Config::load(Some(".".as_ref()), &Overrides::default())
        .unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
    let station = Station::open(config, clock(&jump), nobody()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run::run(&station)).unwrap();
}
