//! Commands that write work while the station runs: it lends them its data directory, and goes on when they are done.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::lab::Lab;

const MAIN: &str = "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\ndata_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[judge]\ndepth = \"fast\"\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

/// A station at work, ended with the test.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(lab: &Lab) -> Self {
        let mut child = lab.command(&["run"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads on until a line holds `word`: the station says what it does when it does it.
    fn says(&mut self, word: &str) {
        let said = self.lines.by_ref().map_while(Result::ok).any(|line| line.contains(word));
        assert!(said, "the station ended without saying {word}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_import_beside_a_running_station_is_taken_and_the_station_goes_on() {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟的河水发黄，村民不敢浇地。\"}\n");
    let mut station = Running::start(&lab);
    station.says("sources");
    let map = ["--map", "id=id,text=text"];
    lab.run(&["import", "rows.jsonl", map[0], map[1]]).good();
    // It opens again by itself, and says so.
    station.says("sources");
    assert!(station.child.try_wait().unwrap().is_none(), "the station has ended");
    let found = lab.run(&["search", "青岚沟", "--format", "jsonl"]).good();
    assert_eq!(found.rows().len(), 1, "{}", found.out);
    let purged = lab.run(&["purge", "--before", "2001-01-01"]).good();
    assert!(purged.out.contains('0'), "{}", purged.out);
    station.says("sources");
    assert!(!lab.data().join("station.wanted").exists());
}

#[test]
fn commands_one_after_the_other_are_all_taken_whatever_the_station_is_at() {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    let mut station = Running::start(&lab);
    station.says("sources");
    for n in 0..6 {
        let file = format!("rows{n}.jsonl");
        lab.write(&file, &format!("{{\"id\": {n}, \"text\": \"青岚沟的河水第{n}天发黄。\"}}\n"));
        // Not waited for: it comes while the station opens again, or just before.
        lab.run(&["import", &file, "--map", "id=id,text=text"]).good();
    }
    assert!(station.child.try_wait().unwrap().is_none(), "the station has ended");
    let found = lab.run(&["search", "青岚沟", "--posts", "--format", "jsonl"]).good();
    assert_eq!(found.rows().len(), 6, "{}", found.out);
}

#[test]
fn a_second_station_is_still_refused() {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    let mut station = Running::start(&lab);
    station.says("sources");
    let second = lab.run(&["run"]);
    assert_eq!(second.code, Some(1), "{}", second.out);
    assert!(second.err.contains("another station"), "{}", second.err);
    assert!(station.child.try_wait().unwrap().is_none());
}
