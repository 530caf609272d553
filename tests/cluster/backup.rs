//! A backup of a station on a server, made while rows come in, taken back elsewhere, and held against where it came from.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use guanlan::store::{Address, Place, Store};
use serde_json::Value;

use super::postgres::Postgres;
use super::walk;
use crate::lab::{Lab, Run};

/// Rows that come in one transaction, each under one number.
const TERMS: u64 = 20;

/// Tables that were written to after the backup: what comes in meanwhile, marks, and who is at work.
const PASSING: [&str; 5] = ["terms", "state", "meta", "workers", "leases"];

fn command(lab: &Lab, address: &str, args: &[&str]) -> std::process::Command {
    let mut command = lab.command(args);
    command.env("KEPT_STORE", address);
    command
}

fn run(lab: &Lab, address: &str, args: &[&str]) -> Run {
    let output = command(lab, address, args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!format!("{out}{err}").contains("nothing-is-kept-here"), "{out}{err}");
    Run { code: output.status.code(), out, err }
}

fn furnish(lab: &Lab) {
    let evidence = lab.path().join("evidence");
    std::fs::create_dir_all(&evidence).unwrap();
    let config = |name: &str, store: &str| {
        let text = format!(
            "[station]\nname = \"云岭矿业集团\"\ncontact = \"a@example.com\"\ndata_dir = \"data\"\n{store}\
             [evidence]\nfolder = \"{}\"\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n",
            evidence.display()
        );
        lab.write(name, &text);
    };
    config("guanlan.toml", "[store]\nkind = \"postgres\"\naddress_env = \"KEPT_STORE\"\n");
    config("file.toml", "");
    lab.write("data/papers/note.md", "# a paper\n");
}

/// Writes numbers until told to stop: each with so many rows, in one transaction.
fn come_in(
    store: Arc<dyn Store>,
    is_over: Arc<AtomicBool>,
    last: Arc<AtomicU64>,
) -> JoinHandle<()> {
    let at = walk::keys().start;
    std::thread::spawn(move || {
        for n in 1.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let terms = (0..TERMS).map(|part| (format!("came in {n} {part}"), at)).collect();
            store
                .write(&mut |write| {
                    write.note_terms(&terms)?;
                    write.put_state("came in", &n.to_string())
                })
                .unwrap();
            last.store(n, Ordering::Relaxed);
        }
    })
}

/// Kept while rows come in, restored into another schema of another database.
pub fn there_and_back(server: &Postgres) {
    let lab = Lab::new();
    furnish(&lab);
    let address = format!("{}?schema=kept", server.address());
    let store = Place::Server(Address::parse(&address).unwrap()).open().unwrap();
    let empty = run(&lab, &format!("{}?schema=no_one", server.address()), &["backup", "none"]);
    assert!(empty.err.contains("holds no data to keep"), "{}", empty.err);
    walk::walked(&*store, &walk::keys(), 120);
    let (is_over, last) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let coming = come_in(store.clone(), is_over.clone(), last.clone());
    while last.load(Ordering::Relaxed) < 3 {
        std::thread::yield_now();
    }
    let before = last.load(Ordering::Relaxed);
    let made = run(&lab, &address, &["backup", "kept"]).good();
    let after = last.load(Ordering::Relaxed);
    is_over.store(true, Ordering::Relaxed);
    coming.join().unwrap();
    assert!(
        made.out.contains("schema kept") && made.out.contains("was not copied"),
        "{}",
        made.out
    );
    names_what_belongs_to_it(&lab, server);

    server.psql("CREATE DATABASE another").unwrap();
    let there = server.address().replace("/postgres", "/another") + "?schema=back";
    refused(&lab, &address, &there);
    run(&lab, &there, &["--data-dir", "back", "restore", "kept"]).good();
    let note = std::fs::read_to_string(lab.path().join("back/papers/note.md")).unwrap();
    assert_eq!(note, "# a paper\n");
    is_one_instant(server, before..=after + 1);
    is_a_stations_store(server, &lab, &there);
    broken_midway(server, &lab, &address);
}

/// All of what was taken back is of one instant within `range`, and equal to what it came from.
fn is_one_instant(server: &Postgres, range: RangeInclusive<u64>) {
    let came_in = "SELECT value FROM SCHEMA.state WHERE name = 'came in'";
    let instant: u64 = asked(server, "another", "back", came_in).parse().unwrap();
    assert!(range.contains(&instant), "{range:?} {instant}");
    let terms = "SELECT COUNT(*) FROM SCHEMA.terms WHERE term LIKE 'came in %'";
    let terms: u64 = asked(server, "another", "back", terms).parse().unwrap();
    assert_eq!(terms, instant * TERMS, "it is of two instants");
    let (kept, back) = (hashes(server, "postgres", "kept"), hashes(server, "another", "back"));
    assert!(kept.len() > 20, "{kept:?}");
    assert_eq!(kept, back);
}

/// A station works on it, numbers go on, and what may not be changed may not be; no second one is put there.
fn is_a_stations_store(server: &Postgres, lab: &Lab, there: &str) {
    let restored = Place::Server(Address::parse(there).unwrap()).open().unwrap();
    restored.write(&mut |write| write.audit_by(walk::keys().start, "a", "b", "c", "d")).unwrap();
    let meddled = server.psql_in("another", "DELETE FROM back.audit").unwrap_err();
    assert!(meddled.contains("append-only"), "{meddled}");
    let again = run(lab, there, &["--data-dir", "more", "restore", "kept"]);
    assert!(again.err.contains("works on this database"), "{}", again.err);
    drop(restored);
    let again = run(lab, there, &["--data-dir", "more", "restore", "kept"]);
    assert!(again.err.contains("holds something already"), "{}", again.err);
}

/// The manifest says whose it is, and which evidence lies elsewhere.
fn names_what_belongs_to_it(lab: &Lab, server: &Postgres) {
    let text = std::fs::read_to_string(lab.path().join("kept/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let station = server.psql("SELECT value FROM kept.meta WHERE name = 'store'").unwrap();
    assert_eq!(manifest["store"]["station"], station.as_str());
    assert_eq!(manifest["store"]["server"]["name"], "kept");
    let place = lab.path().join("evidence");
    assert_eq!(manifest["evidence_at"], place.to_str().unwrap());
    assert!(!manifest["evidence"].as_array().unwrap().is_empty(), "{text}");
    let files = manifest["files"].as_array().unwrap();
    let is_named = |name: &str| files.iter().any(|file| file["name"] == name);
    assert!(is_named("guanlan.dump") && is_named("papers/note.md"), "{text}");
}

/// Where a backup does not go, with the reason.
fn refused(lab: &Lab, origin: &str, there: &str) {
    let said = |address: &str, args: &[&str]| {
        let run = run(lab, address, args);
        assert_eq!(run.code, Some(1), "{}", run.err);
        run.err
    };
    let over = said(origin, &["--data-dir", "new", "restore", "kept"]);
    assert!(over.contains("works on this database"), "{over}");
    let beside = origin.replace("schema=kept", "schema=kept_beside");
    let beside = said(&beside, &["--data-dir", "new", "restore", "kept"]);
    assert!(beside.contains("under the schema kept"), "{beside}");
    let file = said(there, &["--config", "file.toml", "--data-dir", "new", "restore", "kept"]);
    assert!(file.contains("is of a database on a server"), "{file}");
    let nowhere = there.replace("/another", "/nowhere");
    let nowhere = said(&nowhere, &["--data-dir", "new", "restore", "kept"]);
    assert!(nowhere.contains("does not exist"), "{nowhere}");
    assert!(!lab.path().join("new/papers").exists(), "files of a refused backup stay");
}

/// A program that dies half way leaves nothing; and it is told no password where others could read it.
fn broken_midway(server: &Postgres, lab: &Lab, address: &str) {
    let major = server.psql("SELECT current_setting('server_version_num')::int / 10000").unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo 'pg_dump (PostgreSQL) {major}.0'; exit; }}\n\
         echo \"$@\" > '{}/told'\n\
         while [ $# -gt 1 ]; do [ \"$1\" = --file ] && printf PGDMP > \"$2\"; shift; done\nkill -9 $$\n",
        lab.path().display()
    );
    let program = lab.write("programs/pg_dump", &script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = command(lab, address, &["backup", "half"]).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("pg_dump gave up"), "{said}");
    let left: Vec<_> = std::fs::read_dir(lab.path().join("half")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let told = std::fs::read_to_string(lab.path().join("told")).unwrap();
    assert!(told.contains("--schema=kept") && !told.contains("nothing-is-kept-here"), "{told}");
    let half = run(lab, address, &["--data-dir", "new", "restore", "half"]);
    assert!(half.err.contains("is no backup"), "{}", half.err);
    changed_on_the_way(lab, &lab.path().join("kept/guanlan.dump"), address);
}

/// One byte of the dump is another: nothing is asked of the server.
fn changed_on_the_way(lab: &Lab, dump: &Path, address: &str) {
    let mut bytes = std::fs::read(dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(dump, bytes).unwrap();
    let changed = run(lab, address, &["--data-dir", "new", "restore", "kept"]);
    assert!(changed.err.contains("guanlan.dump is not what"), "{}", changed.err);
}

fn asked(server: &Postgres, database: &str, schema: &str, sql: &str) -> String {
    server.psql_in(database, &sql.replace("SCHEMA", schema)).unwrap()
}

/// All tables of a schema that nothing was written to meanwhile, by a hash of their rows.
fn hashes(server: &Postgres, database: &str, schema: &str) -> BTreeMap<String, String> {
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'SCHEMA'";
    let tables = asked(server, database, schema, tables);
    let tables = tables.lines().filter(|table| !PASSING.contains(table));
    let hash = |table: &str| {
        let sql = format!(
            "SELECT COUNT(*) || ' ' || md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) \
             FROM SCHEMA.\"{table}\" t"
        );
        asked(server, database, schema, &sql)
    };
    tables.map(|table| (table.to_owned(), hash(table))).collect()
}
