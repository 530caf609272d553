//! A data directory of version 1 (made with commit 0eeef7a, `tests/it/kept/v1`): everything in it is found again.

use std::path::Path;

use chrono::Utc;
use guanlan::store::PostRange;
use pipelines::crawl::warc;
use pipelines::record::{AlertState, Polarity, PostId, RuleId, Said};

use crate::lab::{Lab, stored};

/// Where the directory stands in the checkout.
pub const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kept/v1");

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn kept() -> Lab {
    let lab = Lab::new();
    copy(Path::new(V1), &lab.data());
    lab
}

#[test]
fn a_directory_of_version_one_is_found_again_whole() {
    let lab = kept();
    let store = stored(&lab.data());
    assert_eq!(store.post_count().unwrap(), 16);
    let mut posts = Vec::new();
    let all = PostRange::default();
    store
        .each_post(&all, &mut |post| {
            posts.push(post);
            true
        })
        .unwrap();
    assert!(posts.iter().any(|p| p.post.text.contains("救护队已经下井")));
    let alerts = store.alerts(&all, usize::MAX).unwrap();
    assert_eq!(alerts.len(), 3);
    assert_eq!(alerts.iter().find(|a| a.id == 3).unwrap().alert.state, AlertState::Acknowledged);
    let hits = ["accident", "pay", "river"]
        .map(|rule| store.hits(&RuleId::from(rule), chrono::DateTime::UNIX_EPOCH).unwrap().len());
    assert_eq!(hits.iter().sum::<usize>(), 9);
    let corrected: PostId = "599d08f68a1c31d7".parse().unwrap();
    let said = store.corrections().unwrap().into_iter().map(|c| (c.post, c.said));
    assert_eq!(said.collect::<Vec<_>>(), [(corrected, Said::Polarity(Polarity::Positive))]);
    assert_eq!(store.post(corrected).unwrap().unwrap().polarity.polarity, Polarity::Positive);
    assert_eq!(store.deliveries("sent", Utc::now(), 10).unwrap().len(), 3);
    let exhibits =
        posts.iter().flat_map(|p| store.evidence(p.post.id).unwrap()).collect::<Vec<_>>();
    assert_eq!(exhibits.len(), 8);
    for exhibit in exhibits {
        warc::read_at(&lab.data().join("evidence"), &exhibit.record.place).unwrap();
    }
    assert_eq!(store.audits("label", "", 10).unwrap().len(), 1);
}

#[test]
fn a_directory_of_version_one_goes_on() {
    let lab = kept();
    let data = lab.data();
    let data = data.to_str().unwrap();
    lab.write("rows.jsonl", "{\"id\": \"new\", \"text\": \"青岚沟煤矿的新食堂开张了。\"}\n");
    let import = ["--data-dir", data, "import", "rows.jsonl", "--map", "id=id,text=text"];
    lab.run(&import).good();
    let found = |query: &str| {
        let run = lab
            .run(&["--data-dir", data, "search", query, "--format", "jsonl", "--limit", "100"])
            .good();
        run.rows().len()
    };
    assert_eq!(
        (found("救护队"), found("新食堂"), found("published:1990-01-01..2099-01-01")),
        (2, 1, 17)
    );
}

#[test]
fn the_store_knows_itself_and_its_history() {
    let lab = kept();
    let store = stored(&lab.data());
    let last = store.last_change().unwrap();
    assert_eq!(last, 18, "the last change before stands, with a mark");
    let here = store.position(last).unwrap().unwrap();
    assert!(store.holds(&here).unwrap());
    let apart = [
        guanlan::store::Position { store: "another".to_owned(), ..here },
        guanlan::store::Position { seq: last + 1, ..here.clone() },
        guanlan::store::Position { mark: here.mark ^ 1, ..here },
    ];
    assert!(apart.iter().all(|position| !store.holds(position).unwrap()));
    assert!(store.position(0).unwrap().is_none(), "the log before was cut");
}
