//! The shipped file, read as the script that made it reads it.
//!
//! `config/models/deep/vectors.json` holds what the script's own forward pass answers to texts written for this project.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;

use encoder::{Encoder, Machine};
use serde_json::Value;

fn kept(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/models/deep");
    std::fs::read(folder.join(name)).unwrap()
}

fn numbers(row: &Value, head: &str) -> Vec<f64> {
    row[head].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn the_shipped_file_is_read_as_the_script_reads_it() {
    let file = kept("deep.bin");
    let rows: Vec<Value> = serde_json::from_slice(&kept("vectors.json")).unwrap();
    assert!(rows.len() >= 8, "{} texts", rows.len());
    let posts =
        rows.iter().map(|row| (row["title"].as_str().unwrap(), row["text"].as_str().unwrap()));
    let posts = posts.collect::<Vec<_>>();
    let widest = Encoder::open(&file).unwrap();
    let readings = widest.read_all(&posts);
    for (row, reading) in rows.iter().zip(&readings) {
        let heads: [(&str, &[f32]); 3] = [
            ("polarity", &reading.polarity),
            ("kind", &reading.kind),
            ("urgency", &reading.urgency),
        ];
        for (head, found) in heads {
            for (found, wanted) in found.iter().zip(numbers(row, head)) {
                let apart = (f64::from(*found) - wanted).abs();
                // Where a probability is next to nothing its logarithm moves by more.
                let counts = wanted.exp().max(0.02);
                assert!(
                    apart * counts < 1e-3,
                    "{head} of {}: {found}, wanted {wanted}",
                    row["text"]
                );
            }
        }
        let (title, text) = (row["title"].as_str().unwrap(), row["text"].as_str().unwrap());
        let about = widest.about(title, text);
        assert_eq!(about.is_some(), widest.has_meaning());
        let Some(about) = about else { continue };
        let whole = widest.read_whole(title, text);
        assert_eq!((whole.reading, whole.about), (*reading, Some(about.clone())));
        let meaning = about.meaning.unwrap();
        let wanted = numbers(row, "vector");
        assert_eq!(meaning.numbers().len(), wanted.len());
        for (found, wanted) in meaning.numbers().iter().zip(wanted) {
            // Half a step of the byte, and what the arithmetic may differ by.
            let apart = (f64::from(*found) / 127.0 - wanted).abs();
            assert!(apart < 0.5 / 127.0 + 1e-3, "vector of {}: {found}, {wanted}", row["text"]);
        }
    }
    let plain = Encoder::open(&file).unwrap().with(Machine::Plain);
    let plain = plain.read(posts[0].0, posts[0].1);
    for (a, b) in plain.kind.iter().zip(&readings[0].kind) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}
