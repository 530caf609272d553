//! A station's store moved to a server and back by the command, killed on the way, and held against where it began.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use guanlan::store::{Address, Place};
use serde_json::Value;

use super::postgres::Postgres;
use super::same::answers;
use super::walk;
use crate::lab::{Dice, Lab};

/// The schema it is moved to.
const SCHEMA: &str = "moved";

/// Words that fill a table which takes many transactions: who looks how far a copy is must not find it at its end.
const TERMS: u32 = 200_000;

fn address(server: &Postgres, schema: &str) -> String {
    format!("{}?schema={schema}", server.address())
}

fn file_of(lab: &Lab) -> Place {
    Place::File(lab.data().join("guanlan.db"))
}

fn copy(lab: &Lab, server: &str, to: &str) -> Command {
    let mut command = lab.command(&["store", "copy", "--to", to, "--format", "jsonl"]);
    command.env("GUANLAN_DATABASE", server).env("GUANLAN_DATA_DIR", lab.data());
    command
}

/// Runs the copy to its end; its tables, by name the rows and the hash.
fn copied(lab: &Lab, server: &str, to: &str) -> BTreeSet<String> {
    let output = copy(lab, server, to).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("nothing-is-kept-here"), "{said}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn refused(lab: &Lab, server: &str, to: &str) -> String {
    let output = copy(lab, server, to).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// Runs the copy and kills it as soon as `is_due`.
fn killed(lab: &Lab, server: &str, to: &str, is_due: &dyn Fn() -> bool) {
    let mut child =
        copy(lab, server, to).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !is_due() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// There and back, killed on both ways.
pub fn there_and_back(server: &Postgres) {
    let (lab, back) = (Lab::new(), Lab::new());
    std::fs::create_dir_all(lab.data()).unwrap();
    let keys = walk::keys();
    let address = address(server, SCHEMA);
    let before = {
        let store = file_of(&lab).open().unwrap();
        walk::walked(&*store, &keys, 120);
        let term = |n| (format!("word {n}\t\\ \u{4e00}\n"), keys.start);
        let terms = (0..TERMS).map(term).collect();
        store.write(&mut |write| write.note_terms(&terms)).unwrap();
        answers(&*store, &keys)
    };
    assert!(refused(&back, &address, "sqlite").contains("holds nothing to copy"));
    let count = format!("SELECT COUNT(*) FROM {SCHEMA}.terms");
    let there = || server.psql(&count).ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    kill_on_the_way(&lab, &address, "postgres", &there);
    let there = copied(&lab, &address, "postgres");
    let schema = Place::Server(Address::parse(&address).unwrap());
    same(&schema, &before, &keys);
    assert!(refused(&lab, &address, "postgres").contains("holds other data"));
    every_table_was_named(server, &there);
    a_station_keeps_it(server, &lab, &address);

    let file = back.data().join("guanlan.db");
    let here = || {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let c = rusqlite::Connection::open_with_flags(&file, flags).ok()?;
        c.query_row("SELECT COUNT(*) FROM terms", [], |row| row.get::<_, u32>(0))
            .ok()
            .map(u64::from)
    };
    kill_on_the_way(&back, &address, "sqlite", &|| here().unwrap_or(0));
    let returned = copied(&back, &address, "sqlite");
    same(&file_of(&back), &before, &keys);
    // The audit tells of the second copy as well; all else is what it was.
    let but_audit = |tables: &BTreeSet<String>| {
        tables.iter().filter(|line| !line.contains("\"audit\"")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(but_audit(&there), but_audit(&returned));
}

/// Kills copies when they have come to a drawn share of the rows, each further than the one before.
fn kill_on_the_way(lab: &Lab, server: &str, to: &str, rows: &dyn Fn() -> u64) {
    let mut dice = Dice(7);
    for part in [0, 1, 2] {
        let goal = u64::from(TERMS) * part / 5 + dice.below(4_000) as u64;
        killed(lab, server, to, &|| rows() > goal);
        assert!(rows() < u64::from(TERMS), "it was whole before it was killed");
    }
}

fn same(place: &Place, before: &[String], keys: &super::same::Keys) {
    let after = answers(&*place.open().unwrap(), keys);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        // The copy is told in the audit, which is the latest time at which anything was noted.
        let told = ["audit:", "actions:", "latest time:", "furthest time:"];
        let is_audit = told.iter().any(|begin| before.starts_with(begin));
        assert!(before == after || is_audit, "{before}\n{after}");
    }
}

fn every_table_was_named(server: &Postgres, copied: &BTreeSet<String>) {
    let sql = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'");
    let there: BTreeSet<String> = server.psql(&sql).unwrap().lines().map(str::to_owned).collect();
    let name = |line: &String| {
        serde_json::from_str::<Value>(line).unwrap()["table"].as_str().unwrap().to_owned()
    };
    assert_eq!(copied.iter().map(name).collect::<BTreeSet<_>>(), there);
    // Numbers go on where they were: of a table that draws none by itself on the other kind as well.
    let next = format!(
        "SELECT nextval(pg_get_serial_sequence('{SCHEMA}.records', 'id')) > MAX(id) FROM {SCHEMA}.records"
    );
    assert_eq!(server.psql(&next).unwrap(), "t");
}

/// Neither side is touched while a station works on it.
fn a_station_keeps_it(server: &Postgres, lab: &Lab, taken: &str) {
    let station = Place::Server(Address::parse(taken).unwrap()).open().unwrap();
    let other = Lab::new();
    assert!(refused(&other, taken, "sqlite").contains("another station works on this database"));
    drop(station);
    let _lock = guanlan::engine::StationLock::take(&lab.data()).unwrap();
    assert!(refused(lab, &address(server, "new"), "postgres").contains("another station works on"));
}
