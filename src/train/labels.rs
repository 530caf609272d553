//! Which lines of a page are its text, by the truth.
//!
//! In: the lines of a page, its true text. Out: yes or no for each line, and what the line counts. A long line is text
//! when most of its 4-grams are in the truth; a short one when the truth has it right beside a neighbour that is
//! text. Copies beyond those of the truth count nothing: none of them is wrong, one is enough.

use std::collections::{HashMap, HashSet};

/// Letters from which on a line speaks for itself.
const LONG: usize = 12;
/// Share of the 4-grams of a long line that must be in the truth.
const MOST: f64 = 0.7;
/// Lines that may stand between a short line and its neighbour.
const NEAR: usize = 12;
/// Letters of the neighbour that must join.
const JOIN: usize = 6;

/// The label and the letters of every line; letters are 0 where the line counts nothing.
pub(super) fn labels(lines: &[String], truth: &str) -> (Vec<bool>, Vec<usize>) {
    let all: Vec<char> = bare(truth).chars().collect();
    let text: String = all.iter().collect();
    let grams: HashSet<&[char]> = all.windows(4).collect();
    let alone: HashSet<String> = truth.lines().map(bare).collect();
    let bare_lines: Vec<String> = lines.iter().map(|l| bare(l)).collect();
    let mut letters: Vec<usize> = bare_lines.iter().map(|l| l.chars().count()).collect();
    let mut is_text: Vec<bool> = bare_lines
        .iter()
        .zip(&letters)
        .map(|(line, len)| *len >= LONG && covered(line, &grams) >= MOST)
        .collect();
    for i in 0..lines.len() {
        if !is_text[i] && (1..LONG).contains(&letters[i]) {
            let line = &bare_lines[i];
            let before = (i.saturating_sub(NEAR)..i).rev().find(|&j| is_text[j]);
            let after = (i + 1..lines.len()).find(|&j| letters[j] > 0);
            let joins_before =
                before.is_some_and(|j| text.contains(&(tail(&bare_lines[j]) + line)));
            let joins_after = after.is_some_and(|j| {
                letters[j] >= 3 && text.contains(&(line.clone() + head(&bare_lines[j])))
            });
            let opens = before.is_none() && alone.contains(line) && text.starts_with(line.as_str());
            let after_counts = joins_after && (letters[i] >= 4 || alone.contains(line));
            is_text[i] = joins_before || after_counts || opens;
        }
    }
    forget_copies(&bare_lines, &text, &is_text, &mut letters);
    (is_text, letters)
}

fn forget_copies(lines: &[String], truth: &str, is_text: &[bool], letters: &mut [usize]) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (i, line) in lines.iter().enumerate() {
        if !is_text[i] || letters[i] < LONG {
            continue;
        }
        let times = seen.entry(line.as_str()).or_default();
        *times += 1;
        if *times > 1 && *times > truth.matches(line.as_str()).count() {
            letters[i] = 0;
        }
    }
}

fn covered(line: &str, grams: &HashSet<&[char]>) -> f64 {
    let chars: Vec<char> = line.chars().collect();
    let hit = chars.windows(4).filter(|w| grams.contains(w)).count();
    hit as f64 / (chars.len() - 3) as f64
}

fn tail(line: &str) -> String {
    let at = line.char_indices().rev().nth(JOIN - 1).map_or(0, |(at, _)| at);
    line[at..].to_owned()
}

fn head(line: &str) -> &str {
    let end = line.char_indices().nth(JOIN).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// Letters, digits and ideographs in lower case.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::labels;

    fn check(lines: &[(&str, bool)], truth: &str) {
        let texts: Vec<String> = lines.iter().map(|(l, _)| (*l).to_owned()).collect();
        let expected: Vec<bool> = lines.iter().map(|(_, y)| *y).collect();
        assert_eq!(labels(&texts, truth).0, expected, "{truth}");
    }

    #[test]
    fn short_lines_are_text_beside_text() {
        check(
            &[
                ("首页", false),
                ("检修人员凌晨四点到岗逐一检查设备", true),
                ("附件", true),
                ("下一步矿方将把检修记录录入台账", true),
                ("附件", false),
            ],
            "检修人员凌晨四点到岗，逐一检查设备。\n附件\n下一步矿方将把检修记录录入台账。",
        );
    }

    #[test]
    fn a_second_copy_counts_nothing() {
        let line = "检修人员凌晨四点到岗逐一检查设备".to_owned();
        let (is_text, letters) = labels(&[line.clone(), line.clone()], &line);
        assert_eq!(is_text, [true, true]);
        assert_eq!(letters, [16, 0]);
    }
}
