//! Learns how rare words are in public texts.
//!
//! `cargo run --release --example learn_words -p guanlan-pipelines -- DATA_DIR OUT` reads the texts of every
//! `*.jsonl` under `DATA_DIR/{domain,petitions,polarity,risk,topics,happenings}` (`title`, `text`) and of the feeds in
//! `DATA_DIR/streams`; writes OUT (`config/models/words.df`): hashes of words with document frequency and part of
//! speech, of words that at least five texts have. It keeps no text and no word.

use std::error::Error;
use std::path::{Path, PathBuf};

use jieba_rs::Jieba;
use pipelines::text::fold;
use pipelines::words::{Class, RarityBuilder};
use serde_json::Value;

/// Texts that must have a word for it to be kept.
const LEAST: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let data = args.next().ok_or("usage: learn_words DATA_DIR OUT")?;
    let out = args.next().ok_or("usage: learn_words DATA_DIR OUT")?;
    let mut texts = Vec::new();
    for folder in ["domain", "petitions", "polarity", "risk", "topics", "happenings", "streams"] {
        for path in files(&Path::new(&data).join(folder))? {
            gather(&path, &mut texts)?;
        }
    }
    texts.sort_unstable();
    texts.dedup();
    let jieba = Jieba::new();
    let mut builder = RarityBuilder::default();
    for text in &texts {
        let tags = jieba.tag(text, true);
        // What the dictionary has no tag for is a name more often than not.
        builder.add(tags.iter().map(|t| (t.word, Class::of_tag(t.tag))));
    }
    let bytes = builder.to_bytes(LEAST);
    std::fs::write(&out, &bytes)?;
    println!("{} texts → {out}, {} bytes", texts.len(), bytes.len());
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths =
        std::fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|p| p.extension().is_some_and(|e| e == "jsonl" || e == "json"));
    paths.sort();
    Ok(paths)
}

fn gather(path: &Path, texts: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let file = std::fs::read_to_string(path)?;
    let mut add = |row: &Value| {
        let part = |name: &str| row[name].as_str().unwrap_or_default();
        let content = if part("text").is_empty() { part("content_text") } else { part("text") };
        let text = fold(&format!("{}\n{content}", part("title"))).text().to_owned();
        if text.chars().count() > 10 {
            texts.push(text);
        }
    };
    if path.extension().is_some_and(|e| e == "json") {
        let feed: Value = serde_json::from_str(&file)?;
        feed["items"].as_array().into_iter().flatten().for_each(add);
    } else {
        for line in file.lines().filter(|l| !l.trim().is_empty()) {
            add(&serde_json::from_str(line)?);
        }
    }
    Ok(())
}
