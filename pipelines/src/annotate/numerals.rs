//! Numbers as people write them: `1,200.5`, `3.2万`, 三, 十二, 二百零五, 三千万.
//!
//! In: the folded characters of one number. Out: its value, or `None` where they are no number. Reads
//! nothing around it.

/// The value of a folded number in digits (with commas, decimals, 万 or 亿) or Chinese numerals.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        parse_digits(text)
    } else {
        parse_chinese(text)
    }
}

fn parse_digits(text: &str) -> Option<f64> {
    let (digits, factor) = match text.chars().next_back()? {
        '万' => (&text[..text.len() - '万'.len_utf8()], 1e4),
        '亿' => (&text[..text.len() - '亿'.len_utf8()], 1e8),
        _ => (text, 1.0),
    };
    digits.replace(',', "").parse::<f64>().ok().map(|value| value * factor)
}

fn parse_chinese(text: &str) -> Option<f64> {
    let (mut total, mut section, mut digit) = (0.0, 0.0, 0.0);
    let mut any = false;
    for c in text.chars() {
        any = true;
        if let Some(value) = digit_of(c) {
            digit = value;
            continue;
        }
        match c {
            '十' | '百' | '千' => {
                let unit = match c {
                    '十' => 10.0,
                    '百' => 100.0,
                    _ => 1000.0,
                };
                // 十二 is 12: a unit without a digit before it counts once.
                section += if digit == 0.0 { unit } else { digit * unit };
                digit = 0.0;
            }
            '万' | '亿' => {
                let unit = if c == '万' { 1e4 } else { 1e8 };
                let part: f64 = section + digit;
                total = (total + part.max(if total == 0.0 { 1.0 } else { 0.0 })) * unit;
                (section, digit) = (0.0, 0.0);
            }
            _ => return None,
        }
    }
    any.then_some(total + section + digit)
}

fn digit_of(c: char) -> Option<f64> {
    Some(match c {
        '零' | '〇' => 0.0,
        '一' => 1.0,
        '二' | '两' => 2.0,
        '三' => 3.0,
        '四' => 4.0,
        '五' => 5.0,
        '六' => 6.0,
        '七' => 7.0,
        '八' => 8.0,
        '九' => 9.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<f64>) {
        assert_eq!(parse_number(text), expected, "{text}");
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        check("3", Some(3.0));
        check("1,200.5", Some(1200.5));
        check("3.2万", Some(32_000.0));
        check("1.2亿", Some(120_000_000.0));
        check("三", Some(3.0));
        check("十", Some(10.0));
        check("十二", Some(12.0));
        check("二十一", Some(21.0));
        check("二百零五", Some(205.0));
        check("三千", Some(3000.0));
        check("两万", Some(20_000.0));
        check("三千万", Some(30_000_000.0));
        check("二十三万五千", Some(235_000.0));
        check("人", None);
        check("", None);
    }
}
