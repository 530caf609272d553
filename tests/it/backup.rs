//! Backups: made while a station is at work, taken back whole, and refused when a byte of them is another.

use std::path::Path;

use crate::demo;
use crate::lab::{Lab, stored};

fn backup(lab: &Lab, name: &str) -> crate::lab::Run {
    let folder = lab.path().join(name);
    let data = lab.data();
    lab.run(&["--data-dir", data.to_str().unwrap(), "backup", folder.to_str().unwrap()])
}

fn restore(lab: &Lab, name: &str, data: &Path) -> crate::lab::Run {
    let folder = lab.path().join(name);
    lab.run(&["--data-dir", data.to_str().unwrap(), "restore", folder.to_str().unwrap()])
}

fn count(lab: &Lab, data: &Path, query: &str) -> usize {
    let data = data.to_str().unwrap();
    let args =
        ["--data-dir", data, "search", query, "--posts", "--format", "jsonl", "--limit", "9999"];
    lab.run(&args).good().rows().len()
}

#[test]
fn what_was_backed_up_comes_back_and_nothing_else_does() {
    let lab = Lab::new();
    let data = lab.data();
    demo::kept(&lab);
    let posts = stored(&data).post_count().unwrap();
    let made = {
        // Somebody at work there keeps the lock and writes on.
        let _lock = guanlan::engine::StationLock::take(&data).unwrap();
        let store = guanlan::store::Place::File(data.join("guanlan.db")).open().unwrap();
        let writer = std::thread::spawn(move || {
            for n in 0..200 {
                store.write(&mut |write| write.put_state("count", &n.to_string())).unwrap();
            }
        });
        let made = backup(&lab, "kept").good();
        writer.join().unwrap();
        made
    };
    assert!(made.out.contains("Kept"), "{}", made.out);
    let again = backup(&lab, "kept");
    assert!(again.err.contains("is not empty"), "{}", again.err);
    let within = backup(&lab, "data/within");
    assert!(within.err.contains("lies within"), "{}", within.err);

    let back = lab.path().join("back");
    restore(&lab, "kept", &back).good();
    assert_eq!(stored(&back).post_count().unwrap(), posts);
    assert_eq!(count(&lab, &back, "工资"), count(&lab, &data, "工资"));
    let opened = rusqlite::Connection::open(back.join("guanlan.db")).unwrap();
    let whole: String = opened.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(whole, "ok");
    evidence_is_whole(&lab, &back);
    let twice = restore(&lab, "kept", &back);
    assert!(twice.err.contains("is not empty"), "{}", twice.err);
    refuses_what_was_changed(&lab);
}

/// Every post with evidence hands it out.
fn evidence_is_whole(lab: &Lab, data: &Path) {
    let store = stored(data);
    let mut ids = Vec::new();
    let range = guanlan::store::PostRange::default();
    store
        .each_post(&range, &mut |post| {
            ids.push(post.post.id);
            true
        })
        .unwrap();
    let id = ids.into_iter().find(|id| !store.evidence(*id).unwrap().is_empty());
    let id = id.expect("the demo keeps evidence").to_string();
    let (data, zip) = (data.to_str().unwrap(), lab.path().join("one.zip"));
    let zip = zip.to_str().unwrap();
    lab.run(&["--data-dir", data, "evidence", &id, "--out", zip]).good();
}

fn refuses_what_was_changed(lab: &Lab) {
    let folder = lab.path().join("kept");
    let to = lab.path().join("never");
    let refused = |what: &str| {
        let run = restore(lab, "kept", &to);
        assert_eq!(run.code, Some(1), "{what}");
        assert!(!to.join("guanlan.db").exists(), "{what}");
        run.err
    };
    let evidence = std::fs::read_dir(folder.join("evidence")).unwrap().next().unwrap().unwrap();
    for path in [evidence.path(), folder.join("guanlan.db")] {
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let said = refused("a changed byte");
        assert!(said.contains(path.file_name().unwrap().to_str().unwrap()), "{said}");
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::write(folder.join("more"), "x").unwrap();
    assert!(refused("a file of nobody").contains("more"));
    std::fs::remove_file(folder.join("more")).unwrap();
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("guanlan.db\"", "../guanlan.db\"")).unwrap();
    assert!(refused("a name that leads out").contains("../guanlan.db"));
    std::fs::remove_file(&manifest).unwrap();
    assert!(refused("no manifest").contains("no backup"));
}
