//! One spelling for the signs of times, so that the grammar knows one of each.
//!
//! In: a text. Out: the same with full-width signs in ASCII, all blanks plain, dashes and colons of one kind, the
//! traditional characters of times in their simplified form. Positions are those of the result.

/// The text in the spelling that the grammar reads.
pub(in super::super) fn normal(text: &str) -> String {
    text.chars().filter_map(sign).collect()
}

fn sign(c: char) -> Option<char> {
    Some(match c {
        // Zero width, and marks of direction.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => return None,
        '\u{3000}' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => ' ',
        '\t' | '\n' | '\r' => ' ',
        '：' | '︰' | '∶' => ':',
        '－' | '–' | '—' | '−' | '‐' | '‑' | '―' => '-',
        '，' => ',',
        '（' | '【' | '〔' => '(',
        '）' | '】' | '〕' => ')',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '時' => '时',
        '點' => '点',
        '週' => '周',
        '鐘' | '鍾' => '钟',
        '個' => '个',
        '兩' => '两',
        '號' => '号',
        '國' => '国',
        '華' => '华',
        '淩' => '凌',
        '間' => '间',
        '裡' | '裏' => '里',
        '剛' => '刚',
        '後' => '后',
        '幾' => '几',
        '餘' => '余',
        '數' => '数',
        '頭' => '头',
        '這' => '这',
        '禮' => '礼',
        '壹' => '一',
        '貳' | '贰' => '二',
        '叁' | '參' => '三',
        '拾' => '十',
        c => c,
    })
}
