//! SIGTERM is obeyed within five seconds, whatever the station is doing, and costs nothing that was stored.
//!
//! Each test brings the binary into a state (seen from outside: posts stored, requests made, files there),
//! sends the signal, and measures until the process has ended (`promise.rs`).

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guanlan::store::{SqliteStore, Store};

use crate::lab::{Dice, Lab, signs};
use crate::promise::{PATIENCE, ends_in_time, until};
use crate::small_web;

/// Rows of a file whose import takes a debug build a while.
const ROWS: u64 = 4_000;

const MAP: &str = "id=id,title=title,text=text,published_at=posted_at";

/// Ends the process should the test fail.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended where all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `args`, waits until `reached`, sends SIGTERM; the process must end in time.
fn stops(state: &str, lab: &Lab, args: &[&str], reached: impl Fn() -> bool) {
    let child = lab.command(args).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut process = Process(child);
    until(state, || {
        assert!(process.0.try_wait().unwrap().is_none(), "{state}: it ended by itself");
        reached()
    });
    ends_in_time(state, &mut process.0);
}

/// A site and hook that takes every request and answers none.
struct Hanging {
    port: u16,
    asked: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

impl Hanging {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let port = small_web::serve(&runtime, small_web::hanging(&asked));
        Self { port, asked, _runtime: runtime }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn rows(count: u64, beginning: &str) -> String {
    let mut rows = Vec::new();
    for n in 0..count {
        let mut dice = Dice(n);
        let text = format!("{beginning}{}。", signs(&mut dice, 300));
        let at = format!("2026-11-{:02}T08:00:00+08:00", 1 + n % 24);
        let row = serde_json::json!({ "id": n, "title": signs(&mut dice, 12), "text": text, "posted_at": at });
        writeln!(rows, "{row}").unwrap();
    }
    String::from_utf8(rows).unwrap()
}

fn furnish(lab: &Lab, sources: &str, hook: Option<u16>) {
    let hook = hook.map_or(String::new(), |port| {
        format!(
            "[[notifier]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\ndefault = true\n"
        )
    });
    lab.write(
        "guanlan.toml",
        &format!(
            "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\ndata_dir = \"data\"\n\
             [judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n[retention]\nposts_days = 0\n\
             [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n{hook}"
        ),
    );
    lab.write("sources/all.toml", sources);
    lab.write(
        "rules/accident.toml",
        "[[rule]]\nid = \"accident\"\nname = \"事故\"\nkind = \"any\"\nquery = \"井下发生事故\"\n",
    );
}

const INBOX: &str = "[[source]]\nid = \"inbox\"\nname = \"报送\"\nkind = \"files\"\npath = \"../inbox\"\n\
    format = \"jsonl\"\nmap = { id = \"id\", title = \"title\", text = \"text\", published_at = \"posted_at\" }\n";

fn slow_site(port: u16) -> String {
    let host = format!("127.0.0.1:{port}");
    format!(
        "[[source]]\nid = \"slow\"\nname = \"慢站\"\nkind = \"feed\"\nallow_private = [\"{host}\"]\n\
         url = \"http://{host}/rss.xml\"\n"
    )
}

/// Posts stored so far; none where there is no store yet.
fn stored(lab: &Lab) -> u64 {
    let file = lab.data().join("guanlan.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(db) = rusqlite::Connection::open_with_flags(file, flags) else { return 0 };
    let count = db.query_row("SELECT COUNT(*) FROM posts", [], |row| row.get::<_, i64>(0));
    count.map_or(0, i64::unsigned_abs)
}

/// What was stored is found once the index has caught up, and the counts tie out.
fn whole(lab: &Lab) -> u64 {
    // Purging nothing opens the station and closes it in peace.
    lab.run(&["--quiet", "purge", "--before", "1990-01-01"]).good();
    let store = SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
    let search =
        ["search", "published:1990-01-01..2099-01-01", "--format", "jsonl", "--limit", "100000"];
    let found = lab.run(&search).good().rows().len() as u64;
    assert_eq!(found, store.post_count().unwrap(), "the index is not the store's");
    for source in ["import", "inbox"] {
        let tally = store.source_state(&source.into()).unwrap().tally;
        assert!(tally.ties_out(), "{source}: {tally:?}");
    }
    found
}

#[test]
fn stops_though_a_hook_never_answers() {
    let hook = Hanging::start();
    let lab = Lab::new();
    furnish(&lab, INBOX, Some(hook.port));
    lab.write("inbox/rows.jsonl", &rows(60, "井下发生事故，"));
    stops("run, a hook hangs", &lab, &["--quiet", "run"], || hook.asked() > 0);
    assert_eq!(whole(&lab), 60);
}

#[test]
fn stops_amid_a_long_file_of_a_watched_folder() {
    let lab = Lab::new();
    furnish(&lab, INBOX, None);
    lab.write("inbox/rows.jsonl", &rows(ROWS, ""));
    stops("run, a long file", &lab, &["--quiet", "run"], || stored(&lab) > 0);
    let kept = whole(&lab);
    assert!(kept < ROWS, "it went on to the end of the file");
}

#[test]
fn stops_amid_sites_that_never_answer() {
    let site = Hanging::start();
    for command in ["run", "crawl"] {
        let lab = Lab::new();
        furnish(&lab, &slow_site(site.port), None);
        let before = site.asked();
        stops(&format!("{command}, a site hangs"), &lab, &["--quiet", command], || {
            site.asked() > before
        });
    }
}

#[test]
fn stops_amid_import_reindex_and_purge() {
    let lab = Lab::new();
    furnish(&lab, "", None);
    lab.write("rows.jsonl", &rows(ROWS, ""));
    let import = ["--quiet", "import", "rows.jsonl", "--map", MAP];
    stops("import", &lab, &import, || stored(&lab) >= 700);
    let kept = whole(&lab);
    assert!(kept < ROWS, "it went on to the end of the file");
    let index = lab.data().join("index");
    let generations = || std::fs::read_dir(&index).unwrap().count();
    let before = generations();
    stops("reindex", &lab, &["--quiet", "reindex"], || generations() > before);
    assert_eq!(whole(&lab), kept);
    stops("purge", &lab, &["--quiet", "purge", "--before", "2027-01-01"], || stored(&lab) < kept);
    assert!(whole(&lab) < kept);
}

#[test]
fn stops_while_another_program_holds_the_database() {
    let lab = Lab::new();
    furnish(&lab, INBOX, None);
    lab.write("inbox/rows.jsonl", &rows(ROWS, ""));
    let held = std::cell::OnceCell::new();
    stops("run, the database is locked", &lab, &["--quiet", "run"], || {
        if stored(&lab) == 0 {
            return false;
        }
        let db = rusqlite::Connection::open(lab.data().join("guanlan.db")).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        held.set(db).is_ok()
    });
    drop(held);
    assert!(whole(&lab) < ROWS);
}
