//! Lines: where a text may be broken, and where each of its characters stands.
//!
//! In: characters with their glyphs. Out: lines. No line begins with a sign that closes or ends with one that opens; Latin
//! words and numbers stay whole, addresses break after their signs. A line that must be filled is drawn out between its
//! characters; where much would be missing, its punctuation is drawn in instead, so that more comes to stand on it.

use std::ops::Range;

use super::super::sheet::{Align, Ink};
use super::faces::Glyph;

/// A character as it is set; lengths in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sign {
    pub c: char,
    pub glyph: Glyph,
    pub size: f32,
    /// From its left to that of the next one.
    pub advance: f32,
    /// How far it is lifted.
    pub rise: f32,
    pub ink: Ink,
    /// Where it leads, in the list of targets.
    pub link: Option<usize>,
    /// Whether it stays with the one before.
    pub glued: bool,
    /// Whether a line may end after a sign of an address here.
    pub is_address: bool,
}

/// Signs that no line begins with.
const CLOSING: &str = "。，、；：？！）》」』】〉〕”’…—％℃·.,;:!?)]}%";
/// Signs that no line ends with.
const OPENING: &str = "（《「『【〈〔“‘([{";

/// Signs with room at their right, and at their left, that may be taken from them.
const LOOSE_RIGHT: &str = "。，、；：！）》」』】〉〕”’";
const LOOSE_LEFT: &str = "（《「『【〈〔“‘";
/// How much of its width is taken from such a sign at most.
const TAKEN: f32 = 0.4;
/// A line that lacks less than so many characters is drawn out.
const LACKS: f32 = 1.2;

/// What may be taken from a sign.
fn loose(sign: &Sign) -> f32 {
    // Of faces whose quotation marks are narrow nothing is taken.
    let is_full = sign.glyph.wide > 900;
    let is_loose = LOOSE_RIGHT.contains(sign.c) || LOOSE_LEFT.contains(sign.c);
    if is_full && is_loose { sign.size * TAKEN } else { 0.0 }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\u{3000}'
}

/// Whether a line may be broken at either side of it as in Chinese.
pub(super) fn is_wide(c: char) -> bool {
    c >= '\u{2e80}' || "“”‘’…—".contains(c)
}

/// Whether a line may end between the two.
fn breaks(a: &Sign, b: &Sign) -> bool {
    if b.glued || is_space(b.c) {
        return false;
    }
    if is_space(a.c) {
        return true;
    }
    if a.is_address && b.is_address {
        return "/?&=_-%#".contains(a.c);
    }
    if CLOSING.contains(b.c) || OPENING.contains(a.c) {
        return false;
    }
    is_wide(a.c) || is_wide(b.c) || (a.c == '-' && b.c.is_alphabetic())
}

/// The lines of `signs`, of which the first begins `indent` in.
pub(super) fn broken(signs: &[Sign], width: f32, indent: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < signs.len() {
        let room = if lines.is_empty() { width - indent } else { width };
        let (mut taken, mut last, mut end) = (0.0, None, signs.len());
        for (i, sign) in signs.iter().enumerate().skip(start) {
            if i > start && breaks(&signs[i - 1], sign) {
                last = Some(i);
            }
            taken += sign.advance;
            // A space at the end takes no room.
            if taken > room + 0.01 && !is_space(sign.c) && i > start {
                end = last.unwrap_or(i);
                if let Some(more) = drawn_in(&signs[start..], (end - start, i - start), room) {
                    end = start + more;
                }
                break;
            }
        }
        lines.push(start..end);
        start = end;
    }
    lines
}

/// Where a line ends instead of after `end` signs, if it would lack much and its punctuation has the room for what comes up
/// to the next place; it overflows at the sign `at`.
fn drawn_in(signs: &[Sign], (end, at): (usize, usize), room: f32) -> Option<usize> {
    let wide = |to: usize| signs[..to].iter().map(|sign| sign.advance).sum::<f32>();
    let size = signs.first()?.size;
    if room - wide(end) < LACKS * size {
        return None;
    }
    let next = (at + 1..signs.len()).find(|i| breaks(&signs[i - 1], &signs[*i]));
    let next = next.unwrap_or(signs.len());
    let free: f32 = signs[..next].iter().map(loose).sum();
    (wide(next) - room <= free).then_some(next)
}

/// Where the signs of one line stand.
pub(super) fn placed(
    signs: &[Sign],
    (width, indent): (f32, f32),
    align: Align,
    is_last: bool,
) -> Vec<(f32, Sign)> {
    let end = signs.iter().rposition(|sign| !is_space(sign.c)).map_or(0, |at| at + 1);
    let signs = &signs[..end];
    let taken: f32 = signs.iter().map(|sign| sign.advance).sum();
    let slack = (width - indent - taken).max(0.0);
    let over = (taken - width + indent).max(0.0);
    let free: f32 = signs.iter().map(loose).sum();
    let share = if free > 0.0 { (over / free).min(1.0) } else { 0.0 };
    let mut x = indent;
    let mut between = 0.0;
    match align {
        Align::Centre => x += slack / 2.0,
        Align::Both if !is_last => {
            let gaps = signs.windows(2).filter(|pair| stretches(&pair[0], &pair[1])).count();
            let size = signs.first().map_or(0.0, |sign| sign.size);
            // More would tear the line apart.
            between =
                Some(slack / gaps as f32).filter(|gap| gaps > 0 && *gap < size).unwrap_or(0.0);
        }
        Align::Both | Align::Left => {}
    }
    let mut out = Vec::with_capacity(signs.len());
    for (i, sign) in signs.iter().enumerate() {
        let drawn = loose(sign) * share;
        // Of one that opens the room is at its left.
        if LOOSE_LEFT.contains(sign.c) {
            x -= drawn;
        }
        out.push((x, *sign));
        x += sign.advance;
        if LOOSE_RIGHT.contains(sign.c) {
            x -= drawn;
        }
        if signs.get(i + 1).is_some_and(|next| stretches(sign, next)) {
            x += between;
        }
    }
    out
}

/// Whether a filled line is drawn out between the two.
fn stretches(a: &Sign, b: &Sign) -> bool {
    !b.glued && (a.c == ' ' || is_wide(a.c) || is_wide(b.c)) && b.c != ' '
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &str) -> Vec<Sign> {
        let glyph = Glyph { face: 0, id: 0, wide: 1000 };
        let sign = |c: char| Sign {
            c,
            glyph,
            size: 10.0,
            advance: if c.is_ascii() { 5.0 } else { 10.0 },
            rise: 0.0,
            ink: (0, 0, 0),
            link: None,
            glued: false,
            is_address: false,
        };
        text.chars().map(sign).collect()
    }

    fn check(text: &str, width: f32, expected: &[&str]) {
        let signs = signs(text);
        let lines: Vec<String> = broken(&signs, width, 0.0)
            .into_iter()
            .map(|line| signs[line].iter().map(|sign| sign.c).collect())
            .collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn lines_end_where_they_may() {
        check("青岚沟煤矿停产", 30.0, &["青岚沟", "煤矿停", "产"]);
        check("两人被困，已升井", 40.0, &["两人被", "困，已升", "井"]);
        check("他说“平安”。", 30.0, &["他说", "“平", "安”。"]);
        check("in two words", 30.0, &["in two ", "words"]);
        check("共1234条信息", 30.0, &["共1234", "条信息"]);
        check("unbreakable", 25.0, &["unbre", "akabl", "e"]);
        check("", 25.0, &[]);
    }

    #[test]
    fn addresses_break_after_their_signs() {
        let mut address = signs("http://a.cn/bcd/efgh");
        for sign in &mut address {
            sign.is_address = true;
        }
        let lines = broken(&address, 55.0, 0.0);
        assert_eq!(lines, [0..7, 7..16, 16..20]);
    }

    #[test]
    fn punctuation_is_drawn_in_where_much_would_be_missing() {
        // Nine signs and a half, of which the last four stay together.
        let mut text = signs("属谣“言”；并定”。");
        text.last_mut().unwrap().glued = true;
        let lines = broken(&text, 90.0, 0.0);
        assert_eq!(lines, vec![0..10_usize; 1], "the line would lack two characters");
        let line = placed(&text, (90.0, 0.0), Align::Both, true);
        let (x, last) = line.last().unwrap();
        assert!(x + last.advance - loose(last) <= 90.0 && line[0].0 == 0.0, "{x}");
        assert!(line.windows(2).all(|pair| pair[0].0 < pair[1].0));
        // Where one character is missing the line is drawn out.
        assert_eq!(broken(&signs("青岚沟煤，矿停产"), 40.0, 0.0), [0..3, 3..7, 7..8]);
    }

    #[test]
    fn a_filled_line_ends_at_the_margin_and_the_last_does_not() {
        let text = signs("青岚沟煤矿");
        let filled = placed(&text, (54.0, 0.0), Align::Both, false);
        assert!((filled[4].0 + 10.0 - 54.0).abs() < 0.01, "{}", filled[4].0);
        let last = placed(&text, (54.0, 4.0), Align::Both, true);
        assert!((last[4].0 - 44.0).abs() < 0.01);
        let centred = placed(&text, (54.0, 0.0), Align::Centre, true);
        assert!((centred[0].0 - 2.0).abs() < 0.01);
    }
}
