//! People and money named in a text: 三人死亡, 12名矿工被困, 拖欠工资3200万元.
//!
//! In: folded text. Out: quantities with the byte range of the words they were read from. A number counts
//! only beside its cue (死亡, 被困, 拖欠…) within one clause; 零, percentages, grades of the law (3人以上),
//! drills and people already rescued do not count. Dates and other figures are never read.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::numerals::parse_number;
use crate::query::sentence_around;
use crate::text::Folded;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuantityKind {
    /// 死亡
    Dead,
    /// 失踪、失联
    Missing,
    /// 被困
    Trapped,
    /// 受伤
    Injured,
    /// 拖欠, in yuan.
    Owed,
    /// 罚款, in yuan.
    Fined,
    /// 损失、亏损、涉案, in yuan.
    Lost,
}

impl QuantityKind {
    /// The name used in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Missing => "missing",
            Self::Trapped => "trapped",
            Self::Injured => "injured",
            Self::Owed => "owed",
            Self::Fined => "fined",
            Self::Lost => "lost",
        }
    }

    /// Whether it counts people, not yuan.
    #[must_use]
    pub fn counts_people(self) -> bool {
        matches!(self, Self::Dead | Self::Missing | Self::Trapped | Self::Injured)
    }
}

/// One number of people or yuan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// What it counts.
    pub kind: QuantityKind,
    /// People, or yuan.
    pub value: u64,
    /// Byte range of the folded text.
    pub range: Range<usize>,
}

const NUMBER: &str = r"(?:\d[\d,]*(?:\.\d+)?[万亿]?|[零〇一二两三四五六七八九十百千万]+)";

struct Pattern {
    kind: QuantityKind,
    /// Words one of which every match has: far cheaper to look for than the pattern.
    cues: Vec<String>,
    regex: Regex,
}

/// The patterns, tried in this order; group 1 is the number.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let mut patterns = Vec::new();
    let people = [
        (QuantityKind::Dead, "死亡|遇难|身亡|丧生|罹难|殒命|丧命|不幸离世"),
        (QuantityKind::Missing, "失踪|失联|下落不明"),
        (QuantityKind::Trapped, "被困|被埋|受困|埋了|埋着"),
        (QuantityKind::Injured, "受伤|重伤|轻伤|中毒|烧伤|灼伤"),
    ];
    for (kind, cue) in people {
        // 三人死亡 · 12名矿工被困 · 5名工人不幸全部遇难
        let before = format!(r"({NUMBER})余?多?(?:名|位|个|人)(?:[\p{{Han}}]{{0,8}}?)(?:{cue})");
        // 死亡3人 · 遇难人数升至13人 · 被困矿工12人
        let after = format!(r"(?:{cue})(?:[\p{{Han}}]{{0,8}}?)({NUMBER})余?多?(?:名|位|人|个人)");
        patterns.extend([before, after].map(|source| pattern(kind, cue, &source)));
    }
    patterns.push(pattern(
        QuantityKind::Dead,
        "死",
        &format!(r"({NUMBER})死(?:{NUMBER}伤|[,。!;、]|$)"),
    ));
    patterns.push(pattern(QuantityKind::Injured, "死", &format!(r"{NUMBER}死({NUMBER})伤")));
    // 三个人没了 · 三条人命
    let gone =
        format!(r"({NUMBER})余?多?(?:名|位|个)?(?:人|矿工|工人|职工)都?没了(?:[,。!?;、]|$)");
    let lives = format!(r"({NUMBER})条人命");
    let gone = [(gone, "没了"), (lives, "条人命")];
    patterns.extend(gone.map(|(source, cue)| pattern(QuantityKind::Dead, cue, &source)));
    let money = [
        (QuantityKind::Owed, "拖欠|欠薪|欠款|欠缴|欠发|欠付|欠下|欠了|欠我|讨薪"),
        (QuantityKind::Fined, "罚款|处罚|罚没|被罚"),
        (QuantityKind::Lost, "损失|亏损|涉案|净亏"),
    ];
    for (kind, cue) in money {
        let after = format!(
            r"(?:{cue})[^。!?;\n]{{0,20}}?({NUMBER})余?多?(?:万|亿|千|百)?余?多?(?:元|块钱?|人民币)"
        );
        patterns.push(pattern(kind, cue, &after));
    }
    patterns
});

fn pattern(kind: QuantityKind, cues: &str, source: &str) -> Pattern {
    let cues = cues.split('|').map(str::to_owned).collect();
    Pattern { kind, cues, regex: Regex::new(source).expect("the patterns are fixed and tested") }
}

/// Characters one of which every pattern needs; a text without any is not searched.
const CUES: [char; 11] = ['死', '亡', '难', '丧', '殒', '失', '困', '伤', '欠', '罚', '损'];
const MORE_CUES: [char; 6] = ['亏', '案', '薪', '埋', '毒', '世'];

/// What stands before 没了 where it tells of people.
const BEFORE_GONE: [char; 3] = ['人', '工', '都'];

/// Every quantity of `original`, given with its folded form: in order, one for each number.
#[must_use]
pub fn quantities(original: &str, folding: &Folded) -> Vec<Quantity> {
    let folded = folding.text();
    let mut found: Vec<Quantity> = Vec::new();
    let mut searched_to = 0;
    for (at, c) in folded.char_indices() {
        let is_cue = CUES.contains(&c)
            || MORE_CUES.contains(&c)
            || (c == '没'
                && folded[..at].ends_with(BEFORE_GONE)
                && folded[at..].starts_with("没了"))
            || (c == '命' && folded[..at].ends_with("条人"));
        if at < searched_to || !is_cue {
            continue;
        }
        let sentence = sentence_around(original, folding, &(at..at + c.len_utf8()));
        searched_to = sentence.end;
        in_sentence(folded, &sentence, &mut found);
    }
    found.retain(|quantity| !crosses_blank(original, folding, &quantity.range));
    found.sort_by_key(|q| (q.range.start, q.range.end));
    found
}

/// Whether words stand on both sides of a blank, as the halves of a headline do: 两名矿工轻伤 井下211人升井.
pub(super) fn crosses_blank(original: &str, folding: &Folded, range: &Range<usize>) -> bool {
    let (start, end) = folding.original_span(range.start, range.end);
    let words: Vec<&str> = original[start..end].split([' ', '\u{3000}']).collect();
    let is_word = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && c.is_alphabetic());
    words.windows(2).any(|pair| is_word(pair[0].chars().last()) && is_word(pair[1].chars().next()))
}

fn in_sentence(folded: &str, sentence: &Range<usize>, found: &mut Vec<Quantity>) {
    let text = &folded[sentence.clone()];
    if !text
        .contains(|c: char| c.is_ascii_digit() || "零〇一二两三四五六七八九十百千万".contains(c))
        || ["演练", "模拟", "演习"].iter().any(|word| text.contains(word))
    {
        return;
    }
    let mut numbers_used: Vec<usize> = Vec::new();
    let is_cued = |pattern: &&Pattern| pattern.cues.iter().any(|cue| text.contains(cue.as_str()));
    for pattern in PATTERNS.iter().filter(is_cued) {
        for captures in pattern.regex.captures_iter(text) {
            let (Some(whole), Some(number)) = (captures.get(0), captures.get(1)) else { continue };
            if numbers_used.contains(&number.start()) || is_excluded(text, pattern.kind, &whole) {
                continue;
            }
            let Some(value) = value_of(pattern.kind, text, &number) else { continue };
            numbers_used.push(number.start());
            let range = sentence.start + whole.start()..sentence.start + whole.end();
            found.push(Quantity { kind: pattern.kind, value, range });
        }
    }
}

/// Grades of the law (3人以上), rescued people and shares of a whole are no casualties of today.
fn is_excluded(text: &str, kind: QuantityKind, whole: &regex::Match<'_>) -> bool {
    let tail = &text[whole.end()..];
    if tail.starts_with("以上")
        || tail.starts_with("以下")
        || whole.as_str().contains("以上")
        || whole.as_str().contains("以下")
    {
        return true;
    }
    let is_saved = ["获救", "升井", "脱险", "救出"];
    matches!(kind, QuantityKind::Trapped | QuantityKind::Missing)
        && ["全部", "均", "都", "悉数"].iter().any(|all| tail.contains(all))
        && is_saved.iter().any(|word| tail.contains(word))
}

fn value_of(kind: QuantityKind, text: &str, number: &regex::Match<'_>) -> Option<u64> {
    if text[..number.start()].ends_with(['第', '.', '·', '-']) {
        return None;
    }
    let mut value = parse_number(number.as_str())?;
    if !kind.counts_people() {
        let unit = text[number.end()..].trim_start_matches(['余', '多']).chars().next();
        value *= match unit {
            Some('亿') => 1e8,
            Some('万') => 1e4,
            Some('千') => 1e3,
            Some('百') => 1e2,
            _ => 1.0,
        };
    }
    // No happening counts more than a billion people or a hundred trillion yuan.
    let limit = if kind.counts_people() { 1e6 } else { 1e14 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked just above"
    )]
    (value >= 1.0 && value <= limit).then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::QuantityKind::{Dead, Fined, Injured, Lost, Missing, Owed, Trapped};
    use super::*;
    use crate::text::fold;

    fn check(text: &str, expected: &[(QuantityKind, u64, &str)]) {
        let folded = fold(text);
        let found: Vec<(QuantityKind, u64, &str)> = quantities(text, &folded)
            .into_iter()
            .map(|q| {
                let (start, end) = folded.original_span(q.range.start, q.range.end);
                (q.kind, q.value, &text[start..end])
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn people_are_counted() {
        check("事故造成三人死亡，5人受伤。", &[(Dead, 3, "三人死亡"), (Injured, 5, "5人受伤")]);
        check("12名矿工被困井下", &[(Trapped, 12, "12名矿工被困")]);
        check("井下１２名礦工被困", &[(Trapped, 12, "１２名礦工被困")]);
        check("遇难人数升至十三人", &[(Dead, 13, "遇难人数升至十三人")]);
        check("突发！一澡堂火灾已致5死1伤", &[(Dead, 5, "5死1伤"), (Injured, 1, "5死1伤")]);
        check("仍有两名工人失联", &[(Missing, 2, "两名工人失联")]);
        check("事故致21名工人全部遇难。", &[(Dead, 21, "21名工人全部遇难")]);
        check("二十余人一氧化碳中毒", &[(Injured, 20, "二十余人一氧化碳中毒")]);
        check("冒顶，埋了三个人", &[(Trapped, 3, "埋了三个人")]);
        check("听说两个人没了？", &[(Dead, 2, "两个人没了")]);
        check("四条人命，总得给个说法", &[(Dead, 4, "四条人命")]);
    }

    #[test]
    fn the_halves_of_a_headline_are_read_apart() {
        check("两名矿工轻伤 井下211人全部升井", &[(Injured, 2, "两名矿工轻伤")]);
        check("死亡 3 人", &[(Dead, 3, "死亡 3 人")]);
    }

    #[test]
    fn money_is_counted_in_yuan() {
        check("拖欠工资3200万元", &[(Owed, 32_000_000, "拖欠工资3200万元")]);
        check("拖欠农民工工资共计1.2亿元", &[(Owed, 120_000_000, "拖欠农民工工资共计1.2亿元")]);
        check("欠薪三万多元", &[(Owed, 30_000, "欠薪三万多元")]);
        check("公司被罚款50万元", &[(Fined, 500_000, "被罚款50万元")]);
        check("直接经济损失1,200.5万元", &[(Lost, 12_005_000, "损失1,200.5万元")]);
        check("欠了我8000块钱工资", &[(Owed, 8000, "欠了我8000块钱")]);
    }

    #[test]
    fn what_is_no_casualty_is_not_counted() {
        check("今年实现零死亡，0人死亡。", &[]);
        check("较大事故是指造成3人以上10人以下死亡的事故", &[]);
        check("演练模拟井下3人被困", &[]);
        check("被困的12名矿工全部获救", &[]);
        check("2026年11月22日发生事故，未造成人员伤亡", &[]);
        check("公司有员工3000人，死亡率下降", &[]);
        check("全年营收3200万元", &[]);
    }
}
