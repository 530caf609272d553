//! Number plates: `晋A·12345`, `云A D12345`, `晋A 1 2 3 4 5`.
//!
//! In: a reading. Out: its plates with all but the province, the letter and the last two places in stars. A plate
//! has five or six places behind its letter, two of them digits at least; signs may stand between any of them.

use super::reading::{Reading, Sign};

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Most signs between two places.
const MAX_GAP: usize = 2;

/// Places of a plate that touch.
struct Piece {
    places: Vec<usize>,
    gap: String,
}

/// Masks the plates of a reading.
pub(super) fn mask(reading: &mut Reading<'_>) {
    let mut at = 0;
    while at < reading.signs.len() {
        let Some(places) = plate(&reading.signs, at) else {
            at += 1;
            continue;
        };
        for place in &places[..places.len() - 2] {
            reading.star(*place);
        }
        for place in &places[places.len() - 2..] {
            reading.close(*place);
        }
        at = places[places.len() - 1] + 1;
    }
}

/// The places of the plate whose province stands at `at`.
fn plate(signs: &[Sign], at: usize) -> Option<Vec<usize>> {
    // The cheaper question first: most ideographs are followed by another.
    let next = signs.get(at + 1)?.c;
    if next >= '\u{4e00}' || signs[at].c < '\u{4e00}' || !PROVINCES.contains(signs[at].c) {
        return None;
    }
    let letter = (at + 1..=at + 1 + MAX_GAP).find(|n| !signs.get(*n).is_some_and(is_gap))?;
    let has_letter = signs.get(letter).is_some_and(|s| is_letter(s.c) && !s.is_closed);
    if !has_letter {
        return None;
    }
    let pieces = pieces(signs, letter + 1);
    let mut places = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        places.extend(&piece.places);
        let goes_on = n > 0 && pieces.get(n + 1).is_some_and(|next| next.gap == piece.gap);
        if is_plate(signs, &places) && !goes_on {
            return Some(places);
        }
    }
    None
}

/// Letters of cities; I and O are none of them.
fn is_letter(c: char) -> bool {
    c.is_ascii_lowercase() && !matches!(c, 'i' | 'o')
}

fn is_gap(sign: &Sign) -> bool {
    !sign.is_closed && !sign.c.is_alphanumeric() && sign.c != '*'
}

/// What follows the letter, cut at its gaps, as far as it can belong to a plate.
fn pieces(signs: &[Sign], from: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = vec![Piece { places: Vec::new(), gap: String::new() }];
    let mut gap = String::new();
    for (place, sign) in signs.iter().enumerate().skip(from).take(24) {
        let last = pieces.last_mut().expect("one at least");
        if !sign.is_closed && (sign.c.is_ascii_alphanumeric() || sign.digit.is_some()) {
            if gap.is_empty() || last.places.is_empty() {
                last.places.push(place);
            } else {
                pieces.push(Piece { places: vec![place], gap: std::mem::take(&mut gap) });
            }
            gap.clear();
        } else if is_gap(sign) && gap.chars().count() < MAX_GAP {
            gap.push(sign.c);
        } else {
            break;
        }
    }
    pieces
}

fn is_plate(signs: &[Sign], places: &[usize]) -> bool {
    let digits = places.iter().filter(|p| signs[**p].digit.is_some()).count();
    // `新GB1589-2016` is a standard, not a plate.
    let first = places.first().map_or(' ', |p| signs[*p].c);
    let before = places.first().and_then(|p| signs.get(p - 1)).map_or(' ', |s| s.c);
    let next = places.last().and_then(|p| signs.get(p + 1)).map_or(' ', |s| s.c);
    let is_standard = (before, first) == ('g', 'b') && matches!(next, '-' | '.' | '/' | '—');
    let odd = places.iter().any(|p| matches!(signs[*p].c, 'i' | 'o'));
    let is_marked = places
        .last()
        .and_then(|last| signs.get(last + 1))
        .is_some_and(|s| matches!(s.c, '警' | '学' | '挂' | '港' | '澳'));
    let len = places.len() + usize::from(is_marked);
    (5..=6).contains(&len) && digits >= 2 && !odd && !is_standard
}
