//! Dates written in Chinese numerals: 二〇二六年十一月二十二日.
//!
//! In: what the pattern of such dates captured. Out: the same date in digits. Leaves alone what is no number.

use regex::Captures;

pub(super) fn chinese_date(c: &Captures<'_>) -> String {
    let year: String =
        c["y"].chars().filter_map(digit).map(|d| char::from(b'0' + d as u8)).collect();
    match (chinese_number(&c["m"]), chinese_number(&c["d"])) {
        (Some(month), Some(day)) => format!("{year}年{month}月{day}日"),
        _ => c[0].to_owned(),
    }
}

fn digit(c: char) -> Option<u32> {
    "〇一二三四五六七八九".chars().position(|d| d == c).map(|d| d as u32).or(match c {
        '○' | '零' => Some(0),
        '两' => Some(2),
        _ => None,
    })
}

/// 一 to 三十一.
pub(super) fn chinese_number(text: &str) -> Option<u32> {
    match text.split_once('十') {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { tens.chars().next().and_then(digit)? };
            let ones = if ones.is_empty() { 0 } else { ones.chars().next().and_then(digit)? };
            Some(tens * 10 + ones)
        }
        None => text.chars().next().and_then(digit),
    }
}
