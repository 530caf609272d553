//! Entries saved, refused, overtaken, taken away and brought back, on a station of two rules.

use std::sync::Arc;

use pipelines::locale::Lang;

use super::*;
use crate::engine::system_clock;
use crate::store::SqliteStore;

const RULES: &str = "# 欠薪\n[[rule]]\nid = \"pay\"\nname = \"欠薪\"\n# 查询\nquery = \"欠薪\"\nkind = \"any\"\n\n# 事故\n[[rule]]\nid = \"accident\"\nname = \"事故\"\nquery = \"事故\"\nkind = \"any\"\n";

struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("rules")).unwrap();
        let main =
            "[station]\nname = \"站\"\ndata_dir = \"data\"\n[paths]\nrules = [\"rules/*.toml\"]\n";
        std::fs::write(dir.path().join("guanlan.toml"), main).unwrap();
        std::fs::write(dir.path().join("rules/a.toml"), RULES).unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        Self { dir }
    }

    fn desk(&self) -> Desk {
        let config = Config::load(Some(self.dir.path()), &Overrides::default())
            .unwrap_or_else(|problems| panic!("{}", problems.render(Lang::En)));
        let store = SqliteStore::open(&config.station.data_dir.join("guanlan.db")).unwrap();
        Desk::new(Arc::new(config), Arc::new(store), system_clock())
    }

    fn rules(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("rules/a.toml")).unwrap()
    }
}

fn who() -> Who {
    Who::owner("王干事", Lang::Zh)
}

#[test]
fn a_change_is_written_kept_audited_and_undone() {
    let room = Room::new();
    let desk = room.desk();
    let sheet = desk.entry(&who(), "rule", "pay").unwrap();
    let changed = sheet.text.replace("query = \"欠薪\"", "query = \"欠薪 | 讨薪\"");
    let saved = desk.save_entry(&who(), "rule", Some(("pay", &sheet.mark)), &changed).unwrap();
    assert!(matches!(&saved, Saved::Done { id, in_force: false, .. } if id == "pay"), "{saved:?}");
    assert_eq!(room.rules(), RULES.replace("query = \"欠薪\"", "query = \"欠薪 | 讨薪\""));
    let desk = room.desk();
    let history = desk.entry_history(&who(), "rule", "pay").unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].by, "王干事");
    let new = history[0].diff.iter().find(|line| line.tag == "new").unwrap();
    assert_eq!(new.text, "query = \"欠薪 | 讨薪\"");
    let audit = desk.store.audits("config_save", "rule pay", 10).unwrap();
    assert!(audit[0].detail.contains("王干事"), "{audit:?}");
    desk.undo_entry(&who(), "rule", "pay", &history[0].number).unwrap();
    assert_eq!(room.rules(), RULES);
}

#[test]
fn what_check_refuses_is_not_written() {
    let room = Room::new();
    let desk = room.desk();
    let sheet = desk.entry(&who(), "rule", "pay").unwrap();
    let broken = sheet.text.replace("query = \"欠薪\"", "query = \"欠薪 (\"");
    let saved = desk.save_entry(&who(), "rule", Some(("pay", &sheet.mark)), &broken).unwrap();
    let Saved::Refused { faults } = saved else { panic!("{saved:?}") };
    assert!(faults.iter().any(|fault| fault.key == "rule.query"), "{faults:?}");
    assert_eq!(room.rules(), RULES);
    let twice = sheet.text.replace("id = \"pay\"", "id = \"accident\"");
    let saved = desk.save_entry(&who(), "rule", None, &twice).unwrap();
    assert!(matches!(saved, Saved::Refused { .. }), "{saved:?}");
    assert!(desk.entry_history(&who(), "rule", "pay").unwrap().is_empty());
    let two = format!("{}\n\n{}", sheet.text, twice);
    let error = desk.save_entry(&who(), "rule", None, &two).unwrap_err();
    assert!(matches!(error, DeskError::Value { what: "one_entry", .. }));
}

#[test]
fn the_second_of_two_who_change_one_rule_is_shown_the_first() {
    let room = Room::new();
    let (first, second) = (room.desk(), room.desk());
    let sheet = first.entry(&who(), "rule", "pay").unwrap();
    let one = sheet.text.replace("欠薪\"\nkind", "欠薪 | 讨薪\"\nkind");
    first.save_entry(&who(), "rule", Some(("pay", &sheet.mark)), &one).unwrap();
    let other = sheet.text.replace("name = \"欠薪\"", "name = \"拖欠工资\"");
    let saved = second.save_entry(&who(), "rule", Some(("pay", &sheet.mark)), &other).unwrap();
    let Saved::Overtaken { now, diff } = saved else { panic!("{saved:?}") };
    assert_eq!(now.text, one);
    assert!(diff.iter().any(|line| line.tag == "gone" && line.text.contains("拖欠工资")));
    assert!(room.rules().contains("讨薪"), "the first change stands");
}

#[test]
fn a_new_entry_and_one_taken_away() {
    let room = Room::new();
    let desk = room.desk();
    let text = "[[rule]]\nid = \"water\"\nname = \"污水\"\nquery = \"污水\"\nkind = \"any\"";
    desk.save_entry(&who(), "rule", None, text).unwrap();
    assert_eq!(room.rules(), format!("{RULES}\n{text}\n"));
    let desk = room.desk();
    desk.drop_entry(&who(), "rule", "water").unwrap();
    assert_eq!(room.rules(), RULES);
    let error = room.desk().entry(&who(), "rule", "water").unwrap_err();
    assert!(matches!(error, DeskError::Unknown { what: "rule", .. }));
    let number = room.desk().entry_history(&who(), "rule", "water").unwrap()[0].number.clone();
    room.desk().undo_entry(&who(), "rule", "water", &number).unwrap();
    assert_eq!(room.rules(), format!("{RULES}\n{text}\n"));
}

#[test]
fn an_example_that_fails_holds_up_its_own_rule_alone() {
    let room = Room::new();
    let wrong = "\n[[rule.example]]\ntext = \"工地发生事故\"\nhit = false\n";
    std::fs::write(room.dir.path().join("rules/a.toml"), format!("{RULES}{wrong}")).unwrap();
    let desk = room.desk();
    let save = |id: &str, from: &str, to: &str| {
        let sheet = desk.entry(&who(), "rule", id).unwrap();
        let changed = sheet.text.replace(from, to);
        desk.save_entry(&who(), "rule", Some((id, &sheet.mark)), &changed).unwrap()
    };
    let Saved::Done { warnings, .. } = save("pay", "\"欠薪\"", "\"讨薪\"") else {
        panic!("refused")
    };
    assert!(warnings.iter().any(|fault| fault.key.contains("example")), "told: {warnings:?}");
    let refused = save("accident", "name = \"事故\"", "name = \"工地事故\"");
    assert!(matches!(&refused, Saved::Refused { .. }), "{refused:?}");
    let mended = save("accident", "query = \"事故\"", "query = \"瞒报事故\"");
    assert!(
        matches!(&mended, Saved::Done { warnings, .. } if !warnings.iter().any(|fault| fault.key.contains("example"))),
        "{mended:?}"
    );
}

#[test]
fn a_rule_saved_a_moment_ago_in_a_new_file_is_edited_there() {
    let room = Room::new();
    std::fs::remove_file(room.dir.path().join("rules/a.toml")).unwrap();
    let desk = room.desk();
    let text = "[[rule]]\nid = \"dust\"\nname = \"粉尘\"\nquery = \"粉尘\"\nkind = \"any\"";
    assert!(matches!(desk.save_entry(&who(), "rule", None, text).unwrap(), Saved::Done { .. }));
    let sheet = desk.entry(&who(), "rule", "dust").unwrap();
    let wider = text.replace("query = \"粉尘\"", "query = \"粉尘 | 扬尘\"");
    let saved = desk.save_entry(&who(), "rule", Some(("dust", &sheet.mark)), &wider).unwrap();
    assert!(matches!(saved, Saved::Done { .. }), "{saved:?}");
    assert!(desk.entry(&who(), "rule", "dust").unwrap().text.contains("扬尘"));
}
