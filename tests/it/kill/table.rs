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
}

impl Table {
    pub fn add(&mut self, kill: &Kill) {
        let row = self.rows.entry(kill.deed).or_default();
        row.kills += 1;
        row.alive += usize::from(kill.was_alive);
        row.first += usize::from(kill.was_first);
    }

    pub fn sum(&self) -> Row {
        self.rows.values().fold(Row::default(), |sum, row| Row {
            kills: sum.kills + row.kills,
            alive: sum.alive + row.alive,
            first: sum.first + row.first,
        })
    }

    pub fn print(&self) {
        println!("{:20} {:>6} {:>6} {:>12}", "killed", "times", "alive", "first start");
        let sum = ("all", self.sum());
        let rows = self.rows.iter().map(|(deed, row)| (deed.name(), *row));
        for (name, row) in rows.chain([sum]) {
            println!("{name:20} {:>6} {:>6} {:>12}", row.kills, row.alive, row.first);
        }
    }
}
