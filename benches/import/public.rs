//! Texts of the public data beside the repository, each once.
//!
//! In: the folder `../shared/data`, where it is there. Out: petitions and items of feeds; none without it.

use std::collections::HashSet;
use std::path::Path;

/// The texts, in the order of their files.
pub fn texts() -> Vec<String> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let (mut texts, mut known) = (Vec::new(), HashSet::new());
    let mut keep = |text: &serde_json::Value| {
        let text = text.as_str().unwrap_or_default().to_owned();
        if text.chars().count() >= 10 && known.insert(text.clone()) {
            texts.push(text);
        }
    };
    for name in ["petitions/messages.jsonl", "petitions/classified.jsonl"] {
        for line in std::fs::read_to_string(data.join(name)).unwrap_or_default().lines() {
            if let Ok(row) = serde_json::from_str::<serde_json::Value>(line) {
                keep(&row["text"]);
            }
        }
    }
    let streams = std::fs::read_dir(data.join("streams")).into_iter().flatten().flatten();
    let mut streams: Vec<_> = streams.map(|entry| entry.path()).collect();
    streams.sort();
    for stream in streams {
        let text = std::fs::read_to_string(stream).unwrap_or_default();
        let feed = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        for item in feed["items"].as_array().into_iter().flatten() {
            keep(&item["content_text"]);
        }
    }
    texts
}
