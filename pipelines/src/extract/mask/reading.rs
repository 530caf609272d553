//! A text as the masks read it: folded, each sign with its value as a digit, and the way back to the original.
//!
//! In: any text. Out: [`Reading`], whose signs may be masked (written as `*`) or closed (taken for nothing), and
//! the original with the masked places starred. Knows no kind of number.

use std::borrow::Cow;

use crate::text::{Folded, fold};

/// How a digit is written. Where the way of writing changes, a number may begin or end: `①138…`, `周三138…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Ascii,
    FullWidth,
    Chinese,
    Other,
}

/// One character of the folded text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    /// The character; `*` once it is masked.
    pub(super) c: char,
    /// Its value, if it is a digit.
    pub(super) digit: Option<u8>,
    pub(super) style: Style,
    /// Part of an address or otherwise no number: neither digit nor gap.
    pub(super) is_closed: bool,
    /// Byte in the folded text.
    at: u32,
}

/// A folded text under the masks.
pub(super) struct Reading<'a> {
    pub(super) signs: Vec<Sign>,
    original: &'a str,
    folded: Folded,
    masked: Vec<usize>,
}

/// Whether there is anything in `text` that a mask could be about. Cheap; most titles end here.
pub(super) fn may_hold_a_number(text: &str) -> bool {
    let (mut digits, mut chinese) = (0, 0);
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            '@' | '＠' | '微' | '薇' | '威' | 'v' | 'V' | 'w' | 'W' | 'ｖ' | 'Ｖ' => {
                return true;
            }
            _ if chinese_digit(c).is_some() => chinese += 1,
            // Outside of Latin, CJK ideographs, punctuation and kana: circled, full-width and other digits.
            '\u{80}'..='\u{2fff}' | '\u{a000}'.. => digits += usize::from(is_numeric(c)),
            _ => {}
        }
        if digits >= 2 || chinese + digits >= 5 {
            return true;
        }
    }
    false
}

fn is_numeric(c: char) -> bool {
    c.is_numeric() || matches!(c, '\u{1f100}'..='\u{1f10c}')
}

impl<'a> Reading<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        let folded = fold(original);
        let signs = folded.text().char_indices().map(|(at, c)| {
            let digit = digit_of(c);
            let style = match digit {
                Some(_) => style_of(original, &folded, at, c),
                None => Style::Other,
            };
            Sign { c, digit, style, is_closed: false, at: at as u32 }
        });
        let signs = signs.collect();
        Self { signs, original, folded, masked: Vec::new() }
    }

    /// The folded text, as it was before anything was masked.
    pub(super) fn text(&self) -> &str {
        self.folded.text()
    }

    /// Takes the sign at `place` for neither a digit nor a gap from now on.
    pub(super) fn close(&mut self, place: usize) {
        self.signs[place].digit = None;
        self.signs[place].is_closed = true;
    }

    /// Writes `*` for the sign at `place`.
    pub(super) fn star(&mut self, place: usize) {
        self.masked.push(place);
        self.signs[place].digit = None;
        self.signs[place].c = '*';
    }

    /// The original with what was masked in stars.
    pub(super) fn written(mut self) -> Cow<'a, str> {
        if self.masked.is_empty() {
            return Cow::Borrowed(self.original);
        }
        self.masked.sort_unstable();
        let mut out = String::with_capacity(self.original.len());
        let mut from = 0;
        for place in &self.masked {
            let sign = &self.signs[*place];
            let end = self.signs.get(place + 1).map_or(self.folded.text().len(), |s| s.at as usize);
            let (start, end) = self.folded.original_span(sign.at as usize, end);
            // Two signs may come of one character, such as ⑫.
            if start < from {
                continue;
            }
            out.push_str(&self.original[from..start]);
            out.push('*');
            from = end;
        }
        out.push_str(&self.original[from..]);
        Cow::Owned(out)
    }
}

fn style_of(original: &str, folded: &Folded, at: usize, c: char) -> Style {
    if chinese_digit(c).is_some() {
        return Style::Chinese;
    }
    match original[folded.original_start(at)..].chars().next() {
        Some('0'..='9') => Style::Ascii,
        Some('０'..='９') => Style::FullWidth,
        _ => Style::Other,
    }
}

/// The value of a digit of any script, Chinese ones included.
fn digit_of(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '\u{4e00}'..='\u{9fff}' => chinese_digit(c),
        '\u{80}'.. => chinese_digit(c).or_else(|| dingbat(c)).or_else(|| other_script(c)),
        _ => None,
    }
}

#[inline]
fn chinese_digit(c: char) -> Option<u8> {
    match c {
        '〇' | '零' | '○' => Some(0),
        '一' | '壹' | '幺' | '么' | '弌' => Some(1),
        '二' | '贰' | '貳' | '弐' | '弍' => Some(2),
        '三' | '叁' | '參' | '叄' | '参' | '弎' => Some(3),
        '四' | '肆' => Some(4),
        '五' | '伍' => Some(5),
        '六' | '陆' | '陸' => Some(6),
        '七' | '柒' => Some(7),
        '八' | '捌' => Some(8),
        '九' | '玖' => Some(9),
        '〡'..='〩' => Some((c as u32 - '〡' as u32 + 1) as u8),
        _ => None,
    }
}

/// Digits in circles that have no compatibility form.
fn dingbat(c: char) -> Option<u8> {
    let from = |first: char| (c as u32 - first as u32 + 1) as u8;
    match c {
        '❶'..='❾' => Some(from('❶')),
        '➀'..='➈' => Some(from('➀')),
        '➊'..='➒' => Some(from('➊')),
        '⓵'..='⓽' => Some(from('⓵')),
        '⓿' | '🄋' | '🄌' => Some(0),
        _ => None,
    }
}

/// Zero of each script whose ten digits stand in a row.
const ZEROS: [char; 22] = [
    '٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '᥆',
    '᧐', '꘠', '꣐',
];

fn other_script(c: char) -> Option<u8> {
    ZEROS.iter().find_map(|zero| {
        let value = (c as u32).checked_sub(*zero as u32)?;
        (value < 10).then_some(value as u8)
    })
}
