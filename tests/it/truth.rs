//! The store as commands meet it: what outsiders send is never corruption, what passes is waited for, what an officer
//! said stays said, who may only read can read, and nobody else can.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use chrono::Utc;
use guanlan::config::{Config, Overrides};
use guanlan::engine::faults::Part;
use guanlan::engine::{Station, import, nobody, system_clock};
use guanlan::store::PostRange;
use pipelines::crawl::{FileFormat, SourceConfig, parse_map};
use pipelines::record::{AnnotatedPost, Issue, Polarity};

use crate::lab::{Lab, stored};

fn all(lab: &Lab) -> Vec<AnnotatedPost> {
    let mut posts = Vec::new();
    let store = stored(&lab.data());
    let each = &mut |post| {
        posts.push(post);
        true
    };
    store.each_post(&PostRange::default(), each).unwrap();
    posts
}

fn import(lab: &Lab, rows: &str, map: &str) -> serde_json::Value {
    lab.write("rows.jsonl", rows);
    let run = lab.run(&["import", "rows.jsonl", "--map", map, "--format", "jsonl"]).good();
    run.rows()[0].clone()
}

#[test]
fn two_addresses_that_collide_cost_one_post_and_an_audit_line() {
    let lab = Lab::new();
    let row = |path: &str, text: &str| {
        format!("{{\"url\": \"http://127.0.0.1:18080/c/{path}\", \"text\": \"{text}\"}}\n")
    };
    let rows =
        row("a6867c0e633f64f4", "青岚沟煤矿的食堂") + &row("ce9fd56dc4fb215a", "另一件事情的经过");
    let counts = import(&lab, &rows, "url=url,text=text");
    assert_eq!(
        (&counts["kept"], &counts["drops"]["collision"]),
        (&1.into(), &1.into()),
        "{counts}"
    );
    assert_eq!(counts["ties_out"], true);
    import(&lab, &rows, "url=url,text=text");
    let refused = stored(&lab.data()).audits("refused", "", 9).unwrap();
    assert_eq!(refused.len(), 1, "once, however often it comes: {refused:?}");
    assert!(refused[0].object.ends_with("ce9fd56dc4fb215a"));
}

#[test]
fn an_officers_word_survives_an_edit_of_a_post_with_company() {
    let lab = Lab::new();
    let letter = |id: u32, more: &str| {
        format!(
            "{{\"id\": {id}, \"title\": \"运输公司拖欠工资\", \"at\": \"2026-11-2{id} 08:00\", \"text\": \
             \"云岭运输分公司的司机说，公司拖欠工资三个月没有发，十多人上午到门口讨薪，公司说月底补发{more}。\"}}\n"
        )
    };
    let map = "id=id,title=title,text=text,published_at=at";
    import(&lab, &(letter(1, "") + &letter(2, "")), map);
    let posts = all(&lab);
    assert_eq!(
        posts[0].story, posts[1].story,
        "they must keep company for the test to mean anything"
    );
    // The one that joined the other's story: it is written once more after it was put.
    let joined = posts.iter().find(|p| p.story.0 != p.post.id).unwrap();
    let id = joined.post.id.to_string();
    lab.run(&["label", &id, "--polarity", "positive"]).good();
    import(&lab, &letter(2, "，昨天又来了"), map);
    let edited = all(&lab).into_iter().find(|p| p.post.id.to_string() == id).unwrap();
    assert!(edited.post.text.contains("昨天又来了"));
    assert_eq!(edited.polarity.polarity, Polarity::Positive);
}

#[test]
fn a_row_of_next_year_is_told_and_sorted_by_when_it_came() {
    let lab = Lab::new();
    let next = Utc::now() + chrono::TimeDelta::days(365);
    let row =
        format!("{{\"id\": 1, \"text\": \"明年的通知\", \"at\": \"{}\"}}\n", next.to_rfc3339());
    import(&lab, &row, "id=id,text=text,published_at=at");
    let post = all(&lab).remove(0).post;
    assert!(post.time() <= Utc::now(), "{}", post.time());
    assert!(post.issues.contains(&Issue::FutureDate), "{:?}", post.issues);
}

#[test]
fn a_database_held_by_another_program_keeps_what_came_in_waiting() {
    let lab = Lab::new();
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"desk@example.com\"\n[judge]\ndepth = \"fast\"\n",
    );
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::load(Some(lab.path()), &overrides);
    let config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
    let station = Station::open(config, system_clock(), nobody()).unwrap();
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
    )
    .unwrap();
    let map = parse_map("id=id,text=text").unwrap();
    let rows = lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟煤矿的食堂\"}\n");
    let shell = rusqlite::Connection::open(station.dir.store()).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tally = std::thread::scope(|scope| {
        let taken = scope.spawn(|| {
            import::file(&station.collector, &rows, FileFormat::Jsonl, &map, &source).unwrap().tally
        });
        while !station.board.is_at_fault(&Part::Store) {
            assert!(!taken.is_finished(), "it must wait");
            std::thread::yield_now();
        }
        shell.execute_batch("ROLLBACK").unwrap();
        taken.join().unwrap()
    });
    assert_eq!((tally.received, tally.kept), (1, 1));
    assert!(!station.board.is_at_fault(&Part::Store), "it is over");
    station.close().unwrap();
    assert_eq!(all(&lab).len(), 1);
}

/// Runs the binary as one who may read the data directory and not write it.
fn as_reader(lab: &Lab, args: &[&str]) -> crate::lab::Run {
    let mut command = lab.command(args);
    // The superuser may write everywhere: nobody (65534 on every system we know) may not.
    if Path::new("/proc/self").metadata().unwrap().uid() == 0 {
        command.uid(65_534);
    }
    let ended = command.output().unwrap();
    crate::lab::Run {
        code: ended.status.code(),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8_lossy(&ended.stderr).into_owned(),
    }
}

/// Every file and folder of `dir` may be read by all and written by none.
fn close_to_writing(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            close_to_writing(&path);
        } else {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        }
    }
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o555)).unwrap();
}

fn open_to_writing(dir: &Path) {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            open_to_writing(&path);
        }
    }
}

#[test]
fn who_may_only_read_can_search_and_look_without_any_secret() {
    let lab = Lab::new();
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"desk@example.com\"\n[judge]\ndepth = \"fast\"\n[[notifier]]\nname = \"hook\"\nkind = \"webhook\"\n\
         url = \"https://hook.example/\"\nsecret_env = \"GUANLAN_TEST_NO_SUCH_SECRET\"\n",
    );
    lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟煤矿的食堂\"}\n");
    let mut import = lab.command(&["import", "rows.jsonl", "--map", "id=id,text=text"]);
    assert!(import.env("GUANLAN_TEST_NO_SUCH_SECRET", "x").status().unwrap().success());
    close_to_writing(lab.path());
    let found = as_reader(&lab, &["search", "食堂", "--format", "jsonl"]);
    let status = as_reader(&lab, &["status"]);
    let alerts = as_reader(&lab, &["alerts"]);
    let label = as_reader(&lab, &["label", "0", "--polarity", "positive"]);
    open_to_writing(lab.path());
    assert_eq!(found.good().rows().len(), 1);
    assert!(status.good().out.contains('1'));
    alerts.good();
    assert_ne!(label.code, Some(0));
}

#[test]
fn the_data_directory_is_closed_to_other_accounts() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.data()).unwrap();
    std::fs::set_permissions(lab.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    import(&lab, "{\"id\": 1, \"text\": \"青岚沟\"}\n", "id=id,text=text");
    let mode = |dir: &Path| dir.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&lab.data()) & 0o007, 0);
    let fresh = Lab::new();
    import(&fresh, "{\"id\": 1, \"text\": \"青岚沟\"}\n", "id=id,text=text");
    assert_eq!(mode(&fresh.data()), 0o700);
}
