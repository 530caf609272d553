//! A station whose index lies in a search cluster: what is stored is found there, also when the cluster was away.

use std::collections::BTreeSet;

use crate::lab::{Lab, Run};
use crate::opensearch::{self, Node};

fn rows(from: u32, to: u32) -> String {
    let row = |n| {
        format!(
            "{{\"id\": {n}, \"title\": \"第{n}号来信\", \"text\": \"运输公司欠运费三个月，至今没有答复，第{n}次写信。\", \
             \"posted_at\": \"2026-11-{:02} 08:00\"}}\n",
            1 + n % 20
        )
    };
    (from..to).map(row).collect()
}

/// A station with an index named `name` on `node`.
fn station(node: &Node, name: &str) -> Lab {
    let lab = Lab::new();
    lab.write(
        "guanlan.toml",
        &format!(
            "[station]\ndata_dir = \"data\"\n[judge]\ndepth = \"fast\"\n[index]\nkind = \"opensearch\"\naddresses = [\"{}\"]\nname = \"{name}\"\n\
             timeout_secs = 5\n",
            node.address
        ),
    );
    lab
}

fn import(lab: &Lab, name: &str, rows: &str) -> Run {
    lab.write(name, rows);
    lab.run(&["import", name, "--map", "id=id,title=title,text=text,published_at=posted_at"])
}

fn found(lab: &Lab, query: &str) -> BTreeSet<String> {
    let run =
        lab.run(&["search", query, "--posts", "--format", "jsonl", "--limit", "100000"]).good();
    let id = |row: serde_json::Value| {
        row["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    run.rows().into_iter().map(id).collect()
}

/// What is stored while the cluster is away is found when it is back; names, purges and rebuilds.
pub fn away_and_back(mut node: Node) {
    let lab = station(&node, "east");
    let checked = lab.run(&["check"]).good();
    assert!(checked.out.contains("there is no index named east yet"), "{}", checked.out);
    import(&lab, "one.jsonl", &rows(1, 40)).good();
    assert_eq!(found(&lab, "运费").len(), 39);
    let status = lab.run(&["status"]).good();
    assert!(status.out.contains("OpenSearch 2.19.6, named east): whole"), "{}", status.out);
    // Another station must not take the name, unless an officer says so.
    let other = station(&node, "east");
    let refused = import(&other, "one.jsonl", &rows(900, 910));
    assert_ne!(refused.code, Some(0));
    assert!(refused.err.contains("a name of their own"), "{}", refused.err);
    assert_eq!(found(&lab, "运费").len(), 39);

    node.kill();
    let away = lab.run(&["search", "运费"]);
    assert_ne!(away.code, Some(0), "{}", away.out);
    assert!(away.err.contains("cannot be reached"), "{}", away.err);
    let checked = lab.run(&["check"]);
    assert_ne!(checked.code, Some(0));
    assert!(checked.out.contains("cannot be reached"), "{}", checked.out);
    // The rows are stored; that the index lacks them is told.
    let stored = import(&lab, "two.jsonl", &rows(40, 80));
    assert!(stored.err.contains("cannot be reached"), "{}", stored.err);
    let status = lab.run(&["status"]).good();
    assert!(status.out.contains("79 posts"), "{}", status.out);

    node.start_again();
    import(&lab, "three.jsonl", &rows(80, 100)).good();
    assert_eq!(found(&lab, "运费").len(), 99, "all of it is there");
    assert_eq!(found(&lab, "\"第77次\""), BTreeSet::from(["77".to_owned()]));
    // What is purged is gone from the index as well.
    lab.run(&["purge", "--before", "2026-11-11"]).good();
    let left = found(&lab, "运费");
    let kept: BTreeSet<String> = (1..100).filter(|n| n % 20 >= 10).map(|n| n.to_string()).collect();
    assert_eq!(left, kept);
    lab.run(&["reindex"]).good();
    assert_eq!(found(&lab, "运费"), kept);
    other.run(&["reindex"]).good();
    assert_eq!(found(&other, "运费").len(), 10, "an officer said so");
}

/// An index whose copies would lose posts is refused.
#[allow(clippy::needless_pass_by_value, reason = "the node ends with the test")]
pub fn loses_posts(node: Node) {
    let lab = station(&node, "west");
    import(&lab, "one.jsonl", &rows(1, 4)).good();
    // As somebody might make it by hand: the same but for the way copies are made.
    let body = opensearch::request(&node, "GET", "/west", "");
    let made: serde_json::Value = serde_json::from_str(&body).unwrap();
    let (index, made) = made.as_object().unwrap().iter().next().unwrap();
    let settings = serde_json::json!({
        "settings": {"analysis": made["settings"]["index"]["analysis"], "index": {"replication.type": "DOCUMENT"}},
        "mappings": made["mappings"],
        "aliases": {"west": {}},
    });
    opensearch::request(&node, "DELETE", &format!("/{index}"), "");
    opensearch::request(&node, "PUT", "/by-hand", &settings.to_string());
    let checked = lab.run(&["check"]);
    assert_ne!(checked.code, Some(0));
    assert!(checked.out.contains("would lose posts"), "{}", checked.out);
    let refused = lab.run(&["search", "运费"]);
    assert!(refused.err.contains("would lose posts"), "{}", refused.err);
}
