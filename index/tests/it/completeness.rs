//! Literal completeness on real texts: for substrings drawn from them, the index finds exactly the posts
//! that hold them. The oracle is substring search over folded text: one automaton for all substrings, held
//! against the plainest search on some of them. Skipped by name when the folder of public data is missing.
//! `GUANLAN_COMPLETENESS=10000` sets the number of substrings.

use std::collections::HashMap;
use std::path::Path;

use daachorse::CharwiseDoubleArrayAhoCorasick;
use index::{SearchIndex, SearchOptions};
use pipelines::query::parse;
use pipelines::text::{fold, is_word_char};

use crate::data::shared;
use crate::dice::Dice;
use crate::lab::{Lab, post};

/// Title and text of everything in the folder, markup taken off by the simplest rule.
pub fn texts(dir: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let field = |v: &serde_json::Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    for name in [
        "petitions/messages.jsonl",
        "petitions/classified.jsonl",
        "polarity/weibo-train.jsonl",
        "polarity/weibo-dev.jsonl",
        "polarity/news-train.jsonl",
        "polarity/target-train.jsonl",
    ] {
        for line in std::fs::read_to_string(dir.join(name)).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            all.push((field(&row, "title"), field(&row, "text")));
        }
    }
    for entry in std::fs::read_dir(dir.join("streams")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let feed: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for item in feed["items"].as_array().into_iter().flatten() {
            let html = field(item, "content_html") + &field(item, "content_text");
            all.push((field(item, "title"), without_tags(&html)));
        }
    }
    for entry in std::fs::read_dir(dir.join("pages")).unwrap() {
        let page = entry.unwrap().path().join("page.html");
        if let Ok(bytes) = std::fs::read(page) {
            all.push((String::new(), without_tags(&String::from_utf8_lossy(&bytes))));
        }
    }
    all
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    text
}

/// A substring of 1 to 8 characters of a folded text, and whether its ends cut a run.
fn substring(dice: &mut Dice, folded: &[char]) -> Option<(String, bool, bool)> {
    let length = dice.between(1, 8);
    if folded.len() < length {
        return None;
    }
    let start = dice.below(folded.len() - length + 1);
    let (mut from, mut to) = (start, start + length);
    while from < to && folded[from] == ' ' {
        from += 1;
    }
    while from < to && folded[to - 1] == ' ' {
        to -= 1;
    }
    if from == to {
        return None;
    }
    let is_run = |i: usize| folded.get(i).is_some_and(|c| is_word_char(*c));
    let piece = folded[from..to].iter().collect();
    Some((piece, is_run(from), is_run(to - 1)))
}

/// A substring that is asked for.
pub struct Piece {
    pub text: String,
    open_start: bool,
    open_end: bool,
}

/// `wanted` substrings of the texts.
pub fn pieces(folded: &[(String, String)], wanted: usize) -> Vec<Piece> {
    let mut dice = Dice::new(20_261_122);
    let mut pieces = Vec::with_capacity(wanted);
    while pieces.len() < wanted {
        let (title, text) = &folded[dice.below(folded.len())];
        let from = if dice.one_in(5) { title } else { text };
        let chars: Vec<char> = from.chars().collect();
        let Some((text, open_start, open_end)) = substring(&mut dice, &chars) else { continue };
        pieces.push(Piece { text, open_start, open_end });
    }
    pieces
}

/// For each of `pieces`, the numbers (from 1) of the texts that hold it, ascending.
pub fn holders(folded: &[(String, String)], pieces: &[Piece]) -> Vec<Vec<u64>> {
    let mut different: Vec<&str> = pieces.iter().map(|p| p.text.as_str()).collect();
    different.sort_unstable();
    different.dedup();
    let automaton = CharwiseDoubleArrayAhoCorasick::<usize>::new(&different).unwrap();
    let mut found = vec![Vec::<u64>::new(); different.len()];
    for ((title, text), id) in folded.iter().zip(1u64..) {
        for text in [title, text] {
            for hit in automaton.find_overlapping_iter(text) {
                let ids = &mut found[hit.value()];
                if ids.last() != Some(&id) {
                    ids.push(id);
                }
            }
        }
    }
    for (piece, ids) in different.iter().zip(&found).step_by(200) {
        let plainly = folded
            .iter()
            .zip(1u64..)
            .filter(|((title, text), _)| title.contains(piece) || text.contains(piece));
        assert!(plainly.map(|(_, id)| id).eq(ids.iter().copied()), "`{piece}`");
    }
    let number = |p: &Piece| different.binary_search(&p.text.as_str()).unwrap();
    pieces.iter().map(|p| found[number(p)].clone()).collect()
}

/// The query for a piece. A run that is cut at an end is opened there; one that is whole may be opened as
/// well, since plain substring search does not look at boundaries.
pub fn asked_for(piece: &Piece) -> String {
    let star = |open| if open { "*" } else { "" };
    let escaped = |c| if "\\\"“”".contains(c) { vec!['\\', c] } else { vec![c] };
    let quoted: String = piece.text.chars().flat_map(escaped).collect();
    format!("{}\"{quoted}\"{}", star(piece.open_start), star(piece.open_end))
}

/// The texts as they are compared.
pub fn folded_texts(all: &[(String, String)]) -> Vec<(String, String)> {
    let folded = |text: &String| fold(text).text().to_owned();
    all.iter().map(|(title, text)| (folded(title), folded(text))).collect()
}

fn filled(all: &[(String, String)]) -> Lab {
    let mut lab = Lab::new();
    let posts = all.iter().zip(1u64..).map(|((title, text), id)| post(id, title, text));
    for chunk in posts.collect::<Vec<_>>().chunks(1000) {
        lab.put(chunk.to_vec());
    }
    lab.commit(1);
    lab
}

#[test]
fn every_literal_of_real_texts_is_found() {
    let Some(dir) = shared("") else { return };
    let full = std::env::var("GUANLAN_COMPLETENESS").ok().map(|n| n.parse::<usize>().unwrap());
    let mut all = texts(&dir);
    if full.is_none() {
        // A sample in every test run; all of them where asked for.
        all = all.into_iter().step_by(20).collect();
    }
    let folded = folded_texts(&all);
    let pieces = pieces(&folded, full.unwrap_or(300));
    let expected = holders(&folded, &pieces);
    let lab = filled(&all);
    let options =
        SearchOptions { limit: 100_000, group_by_story: false, ..SearchOptions::default() };
    let (mut hits, mut multi) = (0u64, 0);
    let mut lengths = HashMap::<usize, u32>::new();
    for (piece, expected) in pieces.iter().zip(expected) {
        let query = asked_for(piece);
        let Ok(query) = parse(&query, &lab.context) else {
            panic!("the query `{query}` cannot be read");
        };
        let results = lab.index.search(&query, &options, Some(&lab.shelf)).unwrap();
        let mut found: Vec<u64> = results.hits.iter().map(|h| h.post.0).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "`{}`", piece.text);
        hits += found.len() as u64;
        multi += u32::from(found.len() > 1);
        *lengths.entry(piece.text.chars().count()).or_default() += 1;
    }
    let mut lengths: Vec<_> = lengths.into_iter().collect();
    lengths.sort_unstable();
    eprintln!(
        "{} substrings over {} texts: no miss, no extra; {hits} hits, {multi} substrings with \
         more than one; by length {lengths:?}",
        pieces.len(),
        folded.len()
    );
}
