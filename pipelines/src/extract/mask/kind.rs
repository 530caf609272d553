//! What a row of digits can be: the proofs of each kind of private number.
//!
//! In: values of digits. Out: whether they are a mobile number, a landline, an identity or bank card number.
//! Says nothing of how they are written or where they stand.

/// A mobile number of the mainland: eleven digits from 13 to 19.
pub(super) fn is_mobile(v: &[u8]) -> bool {
    v.len() == 11 && v[0] == 1 && (3..=9).contains(&v[1])
}

/// Digits of a trunk area code at the start (010, 02x, 03xx–09xx; those the national plan has given out).
pub(super) fn area_code(v: &[u8]) -> Option<usize> {
    match v {
        [0, 1, 0, ..] | [0, 2, 0..=5 | 7..=9, ..] => Some(3),
        [0, 3, 1 | 3 | 5 | 7 | 9, _, ..]
        | [0, 4, 1..=8, _, ..]
        | [0, 5, 1..=9, _, ..]
        | [0, 6, 3 | 6..=9, _, ..]
        | [0, 7, 0..=9, _, ..]
        | [0, 8, 1..=9, _, ..]
        | [0, 9, 0 | 1 | 3 | 4 | 5 | 7 | 9, _, ..] => Some(4),
        _ => None,
    }
}

/// Digits of area code and local number, if that is all there is: `0351` and `7123456`.
pub(super) fn landline(v: &[u8]) -> Option<usize> {
    let area = area_code(v)?;
    let local = v.get(area..)?;
    (matches!(local.len(), 7 | 8) && (2..=9).contains(&local[0])).then_some(area)
}

/// A local number: seven or eight digits that begin as local numbers do.
pub(super) fn is_local(v: &[u8]) -> bool {
    matches!(v.len(), 7 | 8) && (2..=8).contains(&v[0])
}

/// Service numbers of firms (400, 800): they belong to no person.
pub(super) fn is_service(v: &[u8]) -> bool {
    v.len() == 10 && (v.starts_with(&[4, 0, 0]) || v.starts_with(&[8, 0, 0]))
}

/// 18 places: region, birthday. The check digit is not asked: a mistyped one still names a person.
pub(super) fn is_identity(v: &[u8]) -> bool {
    v.len() == 18
        && is_region(v)
        && matches!(v[6] * 10 + v[7], 19 | 20)
        && is_day(v[10] * 10 + v[11], v[12] * 10 + v[13])
}

/// 15 places, issued until 1999: region, two-digit year, month, day.
pub(super) fn is_old_identity(v: &[u8]) -> bool {
    v.len() == 15 && is_region(v) && is_day(v[8] * 10 + v[9], v[10] * 10 + v[11]) && v[6] >= 2
}

fn is_region(v: &[u8]) -> bool {
    matches!(v[0] * 10 + v[1], 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

fn is_day(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// 16–19 digits of a known issuer range that satisfy Luhn; those of the domestic range (62) also with a wrong digit.
pub(super) fn is_bank_card(v: &[u8]) -> bool {
    has_issuer(v) && (v.starts_with(&[6, 2]) || satisfies_luhn(v))
}

/// 16–19 digits of a known issuer range.
pub(super) fn has_issuer(v: &[u8]) -> bool {
    (16..=19).contains(&v.len())
        && match (v[0], v[1]) {
            (4, _) | (5, 1..=5) | (6, 0 | 2 | 5) => true,
            (3, 5) => v.len() == 16,
            (9, _) => v.len() == 19,
            _ => false,
        }
}

fn satisfies_luhn(v: &[u8]) -> bool {
    let doubled = |d: u32| if d < 5 { d * 2 } else { d * 2 - 9 };
    let sum: u32 = v
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { u32::from(*d) } else { doubled(u32::from(*d)) })
        .sum();
    sum.is_multiple_of(10)
}
