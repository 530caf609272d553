//! Chinese numerals as times have them: 二〇二六, 十一, 三十, 廿二, 一百一十五.
//!
//! In: a text. Out: the number that stands at its start and its length in bytes. Reads no more than times need.

/// A digit; 两 is two.
fn digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '○' | '零' | 'O' | '0' => 0,
        '一' | '元' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Whether a numeral may begin with this sign.
pub(super) fn is_numeral(c: char) -> bool {
    digit(c).is_some() || matches!(c, '十' | '廿' | '卅')
}

/// A number below 1000, by places (十一, 二十, 廿二, 一百一十五) or digit by digit (一一五).
pub(super) fn number(text: &str) -> Option<(u32, usize)> {
    let mut bytes = 0;
    let (mut whole, mut last, mut digits) = (0u32, None::<u32>, 0);
    for c in text.chars() {
        match c {
            '廿' => whole += 20,
            '卅' => whole += 30,
            '十' => whole += last.take().unwrap_or(1) * 10,
            '百' if last.is_some() => whole += last.take().unwrap_or(1) * 100,
            _ => match digit(c) {
                Some(d) if digits < 4 => last = Some(last.map_or(d, |l| l * 10 + d)),
                _ => break,
            },
        }
        digits += 1;
        bytes += c.len_utf8();
        if digits > 5 {
            return None;
        }
    }
    (digits > 0).then(|| (whole + last.unwrap_or(0), bytes)).filter(|(n, _)| *n < 1000)
}

/// A year digit by digit: 二〇二六.
pub(super) fn year(text: &str) -> Option<(i32, usize)> {
    let (mut year, mut bytes, mut count) = (0, 0, 0);
    for c in text.chars() {
        let Some(d) = digit(c) else { break };
        year = year * 10 + i32::try_from(d).ok()?;
        bytes += c.len_utf8();
        count += 1;
        if count > 4 {
            return None;
        }
    }
    (count == 4).then_some((year, bytes))
}
