//! Private numbers in thousands of ways: number × separator × way of writing × what stands before and behind.
//!
//! The generator knows nothing of how the masks work; it writes as people do who want to be called, and as those
//! who want to get past a filter.

use super::super::mask;
use crate::text::fold;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Numbers, cut where people cut them.
const NUMBERS: &[&[&str]] = &[
    &["138", "1234", "5678"],
    &["139", "87654321"],
    &["186", "123", "45604"],
    &["15012345603"],
    &["1981", "234", "5678"],
    &["0351", "7123456"],
    &["010", "6234", "5678"],
    &["021", "62345678"],
    &["110101", "19900307", "8515"],
    &["420106", "1985", "1224", "003X"],
    &["110101", "19900307", "867x"],
    &["6222", "0212", "3456", "7890", "128"],
    &["6222", "0212", "3456", "7890", "121"],
    &["4111", "1111", "1111", "1111"],
];

const SEPARATORS: &[&str] = &[
    "", "", " ", "-", ".", "/", "_", " - ", "—", "——", "–", "·", "\n", "\t", "\u{3000}", "\u{a0}",
    "－", "～", "~", "*", "#", "|", "、", "，", ",", "…", "=", "+", "\u{200b}", "\u{2060}",
    "\u{feff}", " . ", ") ", "》", "→", "★", "😀", "\u{202e}", "\u{ad}",
];

const BEFORE: &[&str] = &[
    "",
    "请联系",
    "电话",
    "电话：",
    "电话/",
    "手机=",
    "tel:",
    "TEL ",
    "（",
    "(",
    "【",
    "**",
    "_",
    "%",
    "@",
    "1.",
    "2、",
    "①",
    "第3 ",
    "2026-11-22 ",
    "，",
    "。",
    "\n",
    "vx",
    "a",
    "周三",
    "王工",
    "=",
    "+",
    "#",
    "'",
    "\"",
    "->",
    "《",
    "0.5元，",
    "共12人，",
    "编号：",
    "打",
    "☎",
    "www.example.com/",
    "//",
];

const BEHIND: &[&str] = &[
    "",
    "。",
    ".",
    "_王",
    "%",
    "*",
    "**",
    "）",
    ")",
    "/",
    "、",
    "，谢谢",
    " 王工",
    "王师傅",
    "\n",
    "=",
    "#",
    "!",
    "号",
    "（微信同号）",
    "a",
    "@",
    "-",
    "→",
    "，2026年11月22日",
    " 12人",
    "；共3份",
    "or",
    "😀",
];

fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap(),
        c => c,
    }
}

fn written(digit: char, way: usize) -> String {
    let value = digit.to_digit(10).map(|d| d as usize);
    let of = |row: &str| value.and_then(|v| row.chars().nth(v)).unwrap_or(digit).to_string();
    match way {
        0..=3 => digit.to_string(),
        4 => full_width(digit).to_string(),
        5 => of("〇一二三四五六七八九"),
        6 => of("⓪①②③④⑤⑥⑦⑧⑨"),
        7 => of("零壹贰叁肆伍陆柒捌玖"),
        8 => of("⁰¹²³⁴⁵⁶⁷⁸⁹"),
        9 => of("𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵"),
        10 => of("٠١٢٣٤٥٦٧٨٩"),
        11 => format!("{digit}\u{fe0f}\u{20e3}"),
        _ => format!("{digit}\u{301}"),
    }
}

/// One way to write one number in a sentence, and the digits that must not stand together in what is kept.
fn case(dice: &mut Dice) -> (String, String) {
    let parts = *NUMBERS.get(dice.below(NUMBERS.len())).unwrap();
    let separator = dice.of(SEPARATORS);
    let way = dice.below(13);
    let number: Vec<String> = parts
        .iter()
        .map(|part| part.chars().map(|c| written(c, way)).collect::<String>())
        .collect();
    let text = format!("{}{}{}", dice.of(BEFORE), number.join(separator), dice.of(BEHIND));
    (text, parts.concat())
}

/// All digits of `text` in their values, the stars of masks between them.
fn digits(text: &str) -> String {
    let values = "〇一二三四五六七八九零壹贰叁肆伍陆柒捌玖٠١٢٣٤٥٦٧٨٩";
    let value = |c: char| match values.chars().position(|v| v == c) {
        Some(at) => char::from_digit(at as u32 % 10, 10),
        None => (c.is_ascii_digit() || matches!(c, 'x' | '*')).then_some(c),
    };
    fold(text).text().chars().filter_map(value).collect()
}

#[test]
fn no_way_of_writing_keeps_a_number_whole() {
    let mut dice = Dice(7);
    let mut left = Vec::new();
    for _ in 0..20_000 {
        let (text, number) = case(&mut dice);
        let shown = mask(&text);
        assert_eq!(mask(&shown), shown, "masking twice: {text:?}");
        let kept = digits(&shown);
        if kept.contains(&number.to_lowercase()) || !kept.contains("****") {
            left.push(format!("{text:?} → {shown:?}"));
        }
    }
    assert!(
        left.is_empty(),
        "{} stay, such as\n{}",
        left.len(),
        left[..left.len().min(40)].join("\n")
    );
}

/// Figures as prose and tables have them, and what stands around them.
fn figures(dice: &mut Dice) -> String {
    let number = |dice: &mut Dice, digits: usize| -> String {
        let first = 1 + dice.below(9);
        std::iter::once(first)
            .chain((1..digits).map(|_| dice.below(10)))
            .map(|d| d.to_string())
            .collect()
    };
    let (year, month, day) = (1950 + dice.below(99), 1 + dice.below(12), 1 + dice.below(28));
    let (hour, minute) = (dice.below(24), dice.below(60));
    match dice.below(12) {
        0 => format!("{year}年{month}月{day}日{hour}时{minute:02}分"),
        1 => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{minute:02}"),
        2 => {
            let (unit, digits) =
                (dice.of(&["元", "吨", "万元", "亿元", "千瓦时", "立方米"]), 1 + dice.below(11));
            format!("{}{unit}", number(dice, digits))
        }
        3 => format!("{}.{}%", dice.below(100), dice.below(100)),
        4 => format!("{},{:03},{:03}元", 1 + dice.below(999), dice.below(1000), dice.below(1000)),
        5 => format!("〔{year}〕{}号", 1 + dice.below(999)),
        6 => format!("股票代码60{:04}", dice.below(10_000)),
        7 => format!("{year}—{}年", year + 1),
        8 => format!("{}.{:02}元/股", 1 + dice.below(99), dice.below(100)),
        9 => format!("{}人次、{}辆", 1 + dice.below(99_999), 1 + dice.below(999)),
        10 => format!("第{}条第{}款", 1 + dice.below(99), 1 + dice.below(9)),
        _ => {
            format!("https://news.example.com/{year}/{month:02}{day:02}/{}.html", number(dice, 11))
        }
    }
}

#[test]
fn texts_of_figures_lose_nothing() {
    let joins = ["，", "、", "；", "。", " ", "\n", "和", "至", "，比上年增长", "（", "）"];
    let mut dice = Dice(11);
    for _ in 0..6_000 {
        let mut text = "原煤产量".to_owned();
        for _ in 0..=dice.below(6) {
            text.push_str(&figures(&mut dice));
            text.push_str(dice.of(&joins));
        }
        assert_eq!(mask(&text), text);
    }
}
