//! Mail addresses, and WeChat ids and passports behind their labels.
//!
//! In: a reading. Out: all but the first sign of each in stars. A mail address tells by its form; an id of letters
//! only where its label stands before it, with a colon or a word for "id" between, or a digit within.

use super::label::{ends_with_word, words_before};
use super::reading::{Reading, Sign};

/// Labels of WeChat ids.
const WECHAT: &[&str] =
    &["微信", "薇信", "威信", "wechat", "weixin", "wx", "vx", "v信", "加v", "加微", "+v", "加薇"];

/// Labels of travel documents.
const PASSPORT: &[&str] = &["护照", "通行证"];

/// What may stand between a label and its id, and says that one follows.
const NAMED: &[&str] = &["号码", "账号", "帐号", "号", "id"];

/// Words behind a label that are no id.
const WORDS: [&str; 10] = [
    "wechat",
    "weixin",
    "windows",
    "iphone",
    "android",
    "official",
    "https",
    "harmonyos",
    "article",
    "appid",
];

/// Longest local part of a mail address that is looked at.
const MAX_LOCAL: usize = 64;

/// Masks the handles of a reading.
pub(super) fn mask(reading: &mut Reading<'_>) {
    if reading.text().contains('@') {
        mail(reading);
    }
    if !reading.text().bytes().any(|b| b.is_ascii_lowercase()) {
        return;
    }
    let has = |labels: &[&str]| labels.iter().any(|label| reading.text().contains(label));
    if has(WECHAT) || has(PASSPORT) {
        ids(reading);
    }
}

fn mail(reading: &mut Reading<'_>) {
    for at in 1..reading.signs.len() {
        if reading.signs[at].c != '@'
            || reading.signs[at].is_closed
            || !has_domain(&reading.signs[at + 1..])
        {
            continue;
        }
        let is_local = |s: &&Sign| {
            !s.is_closed
                && (s.c.is_ascii_alphanumeric() || matches!(s.c, '.' | '_' | '%' | '+' | '-'))
        };
        let len = reading.signs[..at].iter().rev().take(MAX_LOCAL).take_while(is_local).count();
        let keep = usize::from(len > 2);
        for place in at - len + keep..at {
            reading.star(place);
        }
        if keep == 1 {
            reading.close(at - len);
        }
    }
}

/// Whether a domain with a dot begins: `163.com`.
fn has_domain(signs: &[Sign]) -> bool {
    let domain: String = signs
        .iter()
        .take(64)
        .map(|s| s.c)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .collect();
    let mut labels = domain.trim_end_matches('.').rsplit('.');
    let top = labels.next().unwrap_or_default();
    top.len() >= 2
        && top.chars().all(|c| c.is_ascii_lowercase())
        && labels.next().is_some_and(|name| !name.is_empty())
}

fn ids(reading: &mut Reading<'_>) {
    let mut at = 0;
    while at < reading.signs.len() {
        let len = reading.signs[at..].iter().take_while(|s| is_of_id(s)).count();
        if len == 0 {
            at += 1;
            continue;
        }
        let id: String = reading.signs[at..at + len].iter().map(|s| s.c).collect();
        let ends = reading.signs.get(at + len).is_none_or(|s| s.c != '.' && s.c != '@');
        if ends && (is_wechat(&reading.signs, at, &id) || is_passport(&reading.signs, at, &id)) {
            for place in at + 1..at + len {
                reading.star(place);
            }
            reading.close(at);
        }
        at += len;
    }
}

fn is_of_id(sign: &Sign) -> bool {
    !sign.is_closed && (sign.c.is_ascii_alphanumeric() || matches!(sign.c, '_' | '-'))
}

fn is_wechat(signs: &[Sign], at: usize, id: &str) -> bool {
    let begins = id.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || !(6..=20).contains(&id.len()) || WORDS.contains(&id) {
        return false;
    }
    let (is_labelled, is_named) = label_before(signs, at, WECHAT);
    is_labelled && (is_named || id.contains(|c: char| c.is_ascii_digit() || c == '_'))
}

fn is_passport(signs: &[Sign], at: usize, id: &str) -> bool {
    let letters = id.chars().take_while(char::is_ascii_lowercase).count();
    let digits = id.chars().skip(letters).filter(char::is_ascii_digit).count();
    (1..=2).contains(&letters)
        && (7..=8).contains(&digits)
        && letters + digits == id.len()
        && label_before(signs, at, PASSPORT).0
}

/// Whether a label stands before `at`, and whether something between says that an id follows.
fn label_before(signs: &[Sign], at: usize, labels: &[&str]) -> (bool, bool) {
    let before = words_before(signs, at);
    let mut rest = before.as_str();
    let mut is_named = false;
    loop {
        if labels.iter().any(|label| ends_with_word(rest, label)) {
            return (true, is_named);
        }
        let trimmed =
            rest.trim_end_matches([':', ' ', '(', '/', '-', '=', '[', '「', '【', '"', '“']);
        if trimmed.len() < rest.len() {
            is_named |= rest[trimmed.len()..].contains([':', '=']);
            rest = trimmed;
        } else if let Some(shorter) = NAMED.iter().find_map(|word| rest.strip_suffix(word)) {
            is_named = true;
            rest = shorter;
        } else if let Some(shorter) = rest.strip_suffix(['是', '为', '我']) {
            rest = shorter;
        } else {
            return (false, false);
        }
    }
}
