//! Golden pages: what is read of each page under `tests/pages` is what its `expected.toml` says.
//!
//! A folder holds `source.html` and `expected.toml`, nothing else; anything else fails as an orphan. After a
//! change that is meant, `UPDATE_GOLDEN=1 cargo test --test golden` rewrites the expectations (the address stays).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pipelines::extract::{self, ReadOptions};
use pipelines::record::{Found, Page, SourceId, Verdict};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Expected {
    url: String,
    kind: String,
    dropped: Option<String>,
    title: Option<String>,
    published: Option<String>,
    place: Option<String>,
    author: Option<String>,
    outlet: Option<String>,
    origin: Option<String>,
    next_page: Option<String>,
    issues: Vec<String>,
    text: Option<String>,
    comments: Vec<Reply>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Reply {
    author: Option<String>,
    published: Option<String>,
    text: String,
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/pages")
}

fn read(url: &str, body: Vec<u8>) -> Expected {
    let now = "2026-11-22T04:00:00Z".parse().expect("a constant time");
    let page = Page {
        url: url.to_owned(),
        requested_url: url.to_owned(),
        source: SourceId::default(),
        status: 200,
        headers: Vec::new(),
        body,
        fetched_at: now,
        sha256: [0; 32],
    };
    let html = extract::decode(&page.body, None).text;
    let mut expected = Expected {
        url: url.to_owned(),
        kind: format!("{:?}", extract::page_kind(&html)),
        next_page: extract::next_page(&html),
        ..Expected::default()
    };
    match extract::read_page(&page, &ReadOptions::new(now)) {
        Verdict::Drop(reason) => expected.dropped = Some(reason.as_str().to_owned()),
        Verdict::Keep(found) => fill(&mut expected, found),
    }
    expected
}

fn fill(expected: &mut Expected, found: Found) {
    expected.title = found.title;
    expected.place = found.published.as_ref().map(|p| p.place.clone());
    expected.published = found.published.map(|p| p.at.to_rfc3339());
    expected.author = found.author;
    expected.outlet = found.outlet;
    expected.origin = found.origin;
    expected.issues = found.issues.iter().map(|i| format!("{i:?}")).collect();
    expected.text = found.text;
    expected.comments = found
        .comments
        .into_iter()
        .map(|c| Reply {
            author: c.author,
            published: c.published_at.map(|t| t.to_rfc3339()),
            text: c.text,
        })
        .collect();
}

#[test]
fn pages_read_as_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut seen = 0;
    for folder in std::fs::read_dir(pages()).unwrap() {
        let folder = folder.unwrap().path();
        let file = folder.join("expected.toml");
        let expected: Expected = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let got = read(&expected.url, std::fs::read(folder.join("source.html")).unwrap());
        if update {
            std::fs::write(&file, toml::to_string_pretty(&got).unwrap()).unwrap();
        } else {
            assert_eq!(got, expected, "{}", folder.display());
        }
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} golden pages");
}

#[test]
fn no_folder_holds_anything_else() {
    for folder in std::fs::read_dir(pages()).unwrap() {
        let folder = folder.unwrap().path();
        let files: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap_or_else(|e| {
                panic!("{} is not a folder of a golden page: {e}", folder.display())
            })
            .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let wanted: BTreeSet<String> = ["expected.toml", "source.html"].map(str::to_owned).into();
        assert_eq!(files, wanted, "{}", folder.display());
    }
}
