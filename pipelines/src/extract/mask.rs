//! Masks private numbers in text: phones, identity cards, bank cards, number plates.
//!
//! In: any text. Out: the same text with the telling digits replaced by `*`, everything else untouched, in the
//! characters it was written in (full-width digits, blanks and dashes between digits are seen through).
//! Public numbers stay: short codes and hotlines (12345, 119, 95598, 400-…, 800-…). Dates, amounts, article
//! numbers and other long numbers stay, because each kind must prove itself: prefix, length, check digit.
//! A landline with its area code is masked whoever owns it: a person's and an office's look the same.

use std::borrow::Cow;

/// How a kind of number is shown: digits kept at the front and at the back.
#[derive(Clone, Copy)]
struct Shape {
    len: usize,
    head: usize,
    tail: usize,
}

/// Masks every private number of a text. Masking twice changes nothing.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let digits = text.chars().filter(|c| digit(*c).is_some()).take(4).count();
    if digits < 4 {
        return Cow::Borrowed(text);
    }
    let mut chars: Vec<char> = text.chars().collect();
    let mut changed = false;
    let mut at = 0;
    while at < chars.len() {
        let end = plate(&mut chars, at).or_else(|| number(&mut chars, at));
        changed |= end.is_some();
        at = end.unwrap_or(at + 1);
    }
    if changed { Cow::Owned(chars.into_iter().collect()) } else { Cow::Borrowed(text) }
}

/// The value of a digit, full-width ones included.
fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '０'..='９' => Some((c as u32 - '０' as u32) as u8),
        _ => None,
    }
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{a0}' | '\u{3000}' | '－' | '—' | '–' | '−' | '‐' | '‑')
}

/// A number at `at`: masks it and gives the place after it. Steps over numbers that are nothing private.
fn number(chars: &mut [char], at: usize) -> Option<usize> {
    let first = chars.get(at).copied()?;
    let bracket = matches!(first, '(' | '（');
    if digit(first).is_none() && !bracket {
        return None;
    }
    let before = at.checked_sub(1).map(|i| chars[i]);
    if before.is_some_and(|c| digit(c).is_some() || matches!(c, '.' | '_' | '=' | '%' | '*')) {
        return None;
    }
    // `…/13812345678` is part of an address; `138…/139…` are two numbers.
    if before == Some('/') && at >= 2 && digit(chars[at - 2]).is_none() {
        return None;
    }
    if before.is_some_and(is_gap)
        && at >= 2
        && digit(chars[at - 2]).is_some()
        && !starts_private(chars, at)
    {
        return None;
    }
    let run = run_of(chars, at, bracket);
    let after_label = follows_phone_label(chars, at);
    let shape = shape_of(&run, chars, bracket, after_label)?;
    let last = run[shape.len - 1].0;
    for (n, (place, _)) in run[..shape.len].iter().enumerate() {
        if n >= shape.head && n + shape.tail < shape.len {
            chars[*place] = '*';
        }
    }
    Some(last + 1)
}

/// After `2026-11-22 138…` a new number may begin; after `138 1234` it may not.
fn starts_private(chars: &[char], at: usize) -> bool {
    let run = run_of(chars, at, false);
    let contiguous = run.windows(2).take(10).all(|w| w[1].0 == w[0].0 + 1);
    contiguous && run.len() >= 11
}

/// Places and values of the digits (and a final X) from `at`, over single gaps, at most 20.
fn run_of(chars: &[char], at: usize, bracket: bool) -> Vec<(usize, u8)> {
    let mut run = Vec::with_capacity(20);
    let mut place = at + usize::from(bracket);
    let mut open = bracket;
    while place < chars.len() && run.len() < 20 {
        let c = chars[place];
        if let Some(value) = digit(c) {
            run.push((place, value));
        } else if matches!(c, 'X' | 'x' | 'Ｘ') && run.len() == 17 {
            run.push((place, 10));
            break;
        } else if open && matches!(c, ')' | '）') {
            open = false;
        } else if !(is_gap(c)
            && !run.is_empty()
            && chars.get(place + 1).copied().and_then(digit).is_some())
        {
            break;
        }
        place += 1;
    }
    run
}

/// What the run is, if it is private. Longer kinds first; a kind must end where the digits do.
fn shape_of(
    run: &[(usize, u8)],
    chars: &[char],
    bracket: bool,
    after_label: bool,
) -> Option<Shape> {
    let ends = |len: usize| {
        run.len() >= len && {
            let last = run[len - 1].0;
            chars.get(last + 1).copied().is_none_or(|c| {
                digit(c).is_none() && !matches!(c, '%' | '.' | '_')
                    || c == '.' && chars.get(last + 2).copied().and_then(digit).is_none()
            })
        }
    };
    let values: Vec<u8> = run.iter().map(|(_, v)| *v).collect();
    if !bracket {
        if ends(18) && is_identity(&values[..18]) {
            return Some(Shape { len: 18, head: 4, tail: 2 });
        }
        for len in [19, 18, 17, 16] {
            if ends(len) && is_bank_card(&values[..len]) {
                return Some(Shape { len, head: 0, tail: 4 });
            }
        }
        if ends(15) && is_old_identity(&values[..15]) {
            return Some(Shape { len: 15, head: 4, tail: 2 });
        }
        for prefix in [&[][..], &[8, 6], &[0, 0, 8, 6], &[0]] {
            let len = prefix.len() + 11;
            if ends(len) && values.starts_with(prefix) && is_mobile(&values[prefix.len()..len]) {
                return Some(Shape { len, head: prefix.len() + 3, tail: 4 });
            }
        }
    }
    if let Some(area) = area_code(&values) {
        for local in [8, 7] {
            let len = area + local;
            if ends(len) && (2..=9).contains(&values[area]) {
                return Some(Shape { len, head: area, tail: 3 });
            }
        }
    }
    for len in [8, 7] {
        if after_label && run.len() == len && ends(len) && (2..=8).contains(&values[0]) {
            return Some(Shape { len, head: 0, tail: 3 });
        }
    }
    None
}

fn is_mobile(v: &[u8]) -> bool {
    v[0] == 1 && (3..=9).contains(&v[1])
}

/// Digits of a trunk area code at the start (010, 02x, 03xx–09xx).
fn area_code(v: &[u8]) -> Option<usize> {
    match v {
        [0, 1, 0, ..] | [0, 2, _, ..] => Some(3),
        [0, 3..=9, _, _, ..] => Some(4),
        _ => None,
    }
}

/// 18 places: region, birthday, check digit (GB 11643).
fn is_identity(v: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [u8; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = v.iter().zip(WEIGHTS).map(|(d, w)| u32::from(*d) * w).sum();
    let year = v[6] * 10 + v[7];
    // A mistyped check digit still names a person: the birthday is enough of a proof.
    let birthday = matches!(year, 19 | 20) && is_day(v[10] * 10 + v[11], v[12] * 10 + v[13]);
    is_region(v)
        && birthday
        && (v[17] <= 10)
        && (CHECKS[(sum % 11) as usize] == v[17] || v[16] != 10)
}

/// 15 places, issued until 1999: region, two-digit year, month, day.
fn is_old_identity(v: &[u8]) -> bool {
    is_region(v) && is_day(v[8] * 10 + v[9], v[10] * 10 + v[11]) && v[6] >= 2
}

fn is_region(v: &[u8]) -> bool {
    matches!(v[0] * 10 + v[1], 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

fn is_day(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// 16–19 digits of a known issuer range that satisfy Luhn.
fn is_bank_card(v: &[u8]) -> bool {
    let issuer = v[0] == 4
        || v[0] == 5 && (1..=5).contains(&v[1])
        || v[0] == 6 && matches!(v[1], 0 | 2 | 5)
        || v[0] == 9 && v.len() == 19;
    let sum: u32 = v
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| {
            let d = u32::from(*d);
            if i % 2 == 0 {
                d
            } else if d < 5 {
                d * 2
            } else {
                d * 2 - 9
            }
        })
        .sum();
    issuer && v.iter().all(|d| *d < 10) && sum.is_multiple_of(10)
}

/// Whether `电话：` or the like stands right before.
fn follows_phone_label(chars: &[char], at: usize) -> bool {
    let before: String = chars[at.saturating_sub(8)..at].iter().collect();
    let before = before.trim_end_matches([' ', ':', '：', '\u{3000}', '为', '是']);
    ["电话", "座机", "手机", "联系方式", "Tel", "TEL", "tel", "传真", "号码"]
        .iter()
        .any(|w| before.ends_with(w))
}

/// A number plate at `at`: `晋A·12345`, `云A D12345`.
fn plate(chars: &mut [char], at: usize) -> Option<usize> {
    const PLACES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
    if !PLACES.contains(chars[at]) {
        return None;
    }
    let letter = narrow(*chars.get(at + 1)?);
    if !letter.is_ascii_uppercase() {
        return None;
    }
    let mut place = at + 2;
    if chars.get(place).is_some_and(|c| matches!(c, '·' | '•' | '.' | '・' | ' ' | '-' | '—'))
    {
        place += 1;
    }
    let start = place;
    let mut digits = 0;
    while place < chars.len() && place - start < 7 {
        let c = narrow(chars[place]);
        let fits = c.is_ascii_digit() || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'O'));
        if !fits {
            break;
        }
        digits += usize::from(c.is_ascii_digit());
        place += 1;
    }
    let marked = chars.get(place).is_some_and(|c| matches!(c, '警' | '学' | '挂' | '港' | '澳'));
    let len = place - start + usize::from(marked);
    if !(5..=6).contains(&len) || digits < 2 {
        return None;
    }
    for c in &mut chars[start..place - 2] {
        *c = '*';
    }
    Some(place)
}

/// Full-width letters and digits in ASCII.
fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    fn check(text: &str, expected: &str) {
        let once = mask(text).into_owned();
        assert_eq!(once, expected, "{text}");
        assert_eq!(mask(&once), once, "masking twice");
    }

    fn stays(text: &str) {
        check(text, text);
    }

    #[test]
    fn mobiles_however_written() {
        check("请联系13812345678王师傅", "请联系138****5678王师傅");
        check("电话:138 1234 5678。", "电话:138 **** 5678。");
        check("138-1234-5678/13987654321", "138-****-5678/139****4321");
        check("+86 13812345678", "+86 138****5678");
        check("8613812345678", "86138****5678");
        check("１３８１２３４５６７８", "１３８****５６７８");
        check("2026-11-22 13812345678", "2026-11-22 138****5678");
        check("13812345678、13987654321", "138****5678、139****4321");
    }

    #[test]
    fn landlines_with_an_area_code_or_a_label() {
        check("举报电话0351-1234567", "举报电话0351-1234567");
        check("办公室 0351-7123456", "办公室 0351-****456");
        check("（010）62345678", "（010）*****678");
        check("座机：7123456", "座机：****456");
        check("01062345678", "010*****678");
    }

    #[test]
    fn identity_and_bank_cards() {
        check("身份证110101199003078515号", "身份证1101************15号");
        check("11010119900307867X", "1101************7X");
        check("身份证：110101 19900307 8515", "身份证：1101** ******** **15");
        check("卡号6222021234567890128", "卡号***************0128");
        check("4111 1111 1111 1111", "**** **** **** 1111");
    }

    #[test]
    fn plates() {
        check("车牌晋A12345的货车", "车牌晋A***45的货车");
        check("云A·D12345", "云A·****45");
        check("晋Ａ１２３４５", "晋Ａ***４５");
        check("晋A1234警", "晋A**34警");
    }

    #[test]
    fn ordinary_numbers_stay() {
        for text in [
            "2026年11月22日14时30分",
            "产量1234567890吨，同比增长12.5%",
            "12345热线、119、110、95598",
            "客服400-123-4567，800-820-1234",
            "〔2022〕1号 11220000013544357T/2022-00426",
            "content_5012641 7370966182997787176",
            "第20261122号公告，金额93708580元",
            "2026-11-22 08:30:00",
            "https://example.com/a/13812345678",
            "股票代码600123，收于3979.33点",
            "圆周率3.14159265358979",
            "2025-2026年度，1990-1995",
            "晋A股上市，云C919交付",
        ] {
            stays(text);
        }
    }
}
