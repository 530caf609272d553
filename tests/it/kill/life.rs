//! One station: killed again and again, then run to the end.
//!
//! In: the world, a seed, what it begins with. Out: what it was doing each time, and what it holds in the end. Its
//! first start is one of those that are killed; after each kill a copy of its database must open.

use std::path::Path;
use std::time::Duration;

use guanlan::store::SqliteStore;

use super::birth::{Birth, Old};
use super::deed::Deed;
use super::instant::At;
use super::whole::Holding;
use super::world::World;
use crate::lab::{Dice, Lab};

/// Kills of one station; its first start is among them.
pub const KILLS: usize = 3;

/// One kill.
#[derive(Clone, Debug)]
pub struct Kill {
    pub deed: Deed,
    pub at: At,
    /// It was running when the signal came.
    pub was_alive: bool,
    /// The version of the database when it was started; 0 where there was none yet.
    pub version: i64,
}

impl std::fmt::Display for Kill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let alive = if self.was_alive { "" } else { " (had ended)" };
        write!(f, "{} killed {}{alive}", self.deed.name(), self.at)
    }
}

/// What makes lives alike: the world, and how long each deed takes when nobody kills it.
pub struct Lives<'a> {
    pub world: &'a World,
    pub usual: &'a dyn Fn(Deed) -> Duration,
}

impl Lives<'_> {
    /// Kills the station `name` in `lab` three times, each noted in `kills`, then lets it end its work.
    pub fn live(
        &self,
        lab: &Lab,
        name: &str,
        birth: Birth,
        seed: u64,
        kills: &mut Vec<Kill>,
    ) -> Holding {
        let mut dice = Dice(seed);
        birth.prepare(lab);
        self.world.furnish(lab, name);
        for _ in 0..KILLS {
            kills.push(self.kill_once(lab, name, &mut dice));
            opens(&lab.data());
        }
        self.finish(lab, name, &birth.adds(self.world.now).1)
    }

    fn kill_once(&self, lab: &Lab, name: &str, dice: &mut Dice) -> Kill {
        let version = version(&lab.data());
        let was_first = version == 0;
        let deed = match was_first {
            true => Deed::FIRST[dice.below(Deed::FIRST.len())],
            false => Deed::ALL[dice.below(Deed::ALL.len())],
        };
        let at = At::draw(dice, (self.usual)(deed), deed.asks(), was_first);
        let mut child = deed.command(lab, &self.world.purge_day(), dice).spawn().unwrap();
        let was_alive = at.kill(&mut child, name, &lab.data(), self.world);
        Kill { deed, at, was_alive, version }
    }

    /// Everything once more and in peace.
    pub fn finish(&self, lab: &Lab, name: &str, old: &Old) -> Holding {
        for deed in [Deed::Import, Deed::ImportOld, Deed::Crawl, Deed::Purge] {
            self.in_peace(lab, deed);
        }
        Holding::of(lab, &self.world.heard(name), old)
    }

    /// Runs a deed to its end.
    pub fn in_peace(&self, lab: &Lab, deed: Deed) {
        let ended = deed.command(lab, &self.world.purge_day(), &mut Dice(0)).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{} ends with {}: {said}", deed.name(), ended.status);
    }
}

/// The version that stands in the database, 0 where it is none yet.
fn version(data: &Path) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(db) = rusqlite::Connection::open_with_flags(data.join("guanlan.db"), flags) else {
        return 0;
    };
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap_or(0)
}

/// A copy of the database, as the kill left it, opens; what is there is left as it is for the next start.
fn opens(data: &Path) {
    let copy = tempfile::tempdir().unwrap();
    let mut is_there = false;
    for name in ["guanlan.db", "guanlan.db-wal"] {
        let file = data.join(name);
        if file.exists() {
            is_there = true;
            std::fs::copy(file, copy.path().join(name)).unwrap();
        }
    }
    if is_there && let Err(error) = SqliteStore::open(&copy.path().join("guanlan.db")) {
        panic!("the directory does not open any more: {error}");
    }
}
