//! What was killed, as a table for whoever reads the test's output.

use std::collections::BTreeMap;

use super::deed::Deed;
use super::life::Kill;

/// Kills by deed.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<Deed, Row>,
}

/// All of one deed.
#[derive(Clone, Copy, Default)]
pub struct Row {
    pub kills: usize,
    pub alive: usize,
    pub first: usize,
    pub migrating: usize,
}

impl Table {
    pub fn add(&mut self, kill: &Kill) {
        let row = self.rows.entry(kill.deed).or_default();
        row.kills += 1;
        row.alive += usize::from(kill.was_alive);
        row.first += usize::from(kill.version == 0);
        row.migrating += usize::from(kill.version == 1);
    }

    pub fn sum(&self) -> Row {
        self.rows.values().fold(Row::default(), |sum, row| Row {
            kills: sum.kills + row.kills,
            alive: sum.alive + row.alive,
            first: sum.first + row.first,
            migrating: sum.migrating + row.migrating,
        })
    }

    pub fn print(&self) {
        println!(
            "{:20} {:>6} {:>6} {:>12} {:>10}",
            "killed", "times", "alive", "first start", "migration"
        );
        let sum = ("all", self.sum());
        let rows = self.rows.iter().map(|(deed, row)| (deed.name(), *row));
        for (name, row) in rows.chain([sum]) {
            let Row { kills, alive, first, migrating } = row;
            println!("{name:20} {kills:>6} {alive:>6} {first:>12} {migrating:>10}");
        }
    }
}
