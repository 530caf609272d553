//! What makes a post another matter than one it shares its words with.
//!
//! In: a folded headline, a short one with the beginning of the text. Out: which of a series it is, whether it tells of an
//! exercise, which mines, plants, hospitals and schools it names. Those names are told by their last two characters before the
//! ending, so 青岚沟煤矿 and 青岚沟矿 are one; a name that is none (一煤矿, 国有煤矿) is left out.

use super::super::fingerprint::mix;
use super::{is_han, next, pair_of, short};

/// What sets one notice of a series apart from another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Matter {
    /// Ordinals (第3号, 12期), as hashes; 0 if none.
    pub(super) ordinal: u32,
    /// Colours of a warning, as bits.
    pub(super) colours: u8,
    /// 未 as 1, 已 as 2.
    pub(super) done: u8,
}

impl Matter {
    /// Whether both say which one of a series they are, and not the same.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let apart = |a: u32, b: u32| a != 0 && b != 0 && a & b == 0;
        (self.ordinal != 0 && other.ordinal != 0 && self.ordinal != other.ordinal)
            || apart(u32::from(self.colours), u32::from(other.colours))
    }

    /// Whether one says that it is done and the other that it is not.
    pub(super) fn is_opposite(&self, other: &Self) -> bool {
        self.done != 0 && other.done != 0 && self.done & other.done == 0
    }
}

/// Whether what is `said` is of an exercise, not of what it exercises.
pub(super) fn is_of_exercise(said: &str) -> bool {
    ["演练", "演习", "军演"].iter().any(|word| said.contains(word))
}

/// A site that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) kind: u8,
    /// The two characters before the ending, hashed as a word is.
    pub(super) name: u32,
}

/// How sites end, and behind which characters the ending is none.
const ENDINGS: [(&[&str], &str); 4] = [
    (&["煤矿", "铁矿", "金矿", "铜矿", "磷矿", "矿"], "业工山难产石长区上企泉友务用物灾井"),
    (
        &["热电厂", "发电厂", "电厂", "选煤厂", "化工厂", "钢厂", "水泥厂", "炼油厂", "厂"],
        "家商房长区里方矿址",
    ),
    (&["卫生院", "医院"], ""),
    (&["幼儿园", "小学", "中学", "大学", "学院"], "生"),
];

/// What stands before an ending and names nothing.
const NO_NAMES: [&str; 24] = [
    "国有", "民营", "私营", "中小", "非法", "大型", "露天", "地方", "邻县", "邻省", "关闭", "停产",
    "涉事", "事发", "相关", "部分", "全国", "所属", "人民", "中心", "高等", "职业", "当地", "附近",
];
const NO_NAME_HAS: &str = "一该某这那此本各大小多座家个名所处等的了在两三几全我你他她们是有为和与及对被把将到从向以之其也都就又还";

/// The sites that are named, each once.
pub(super) fn sites(said: &str) -> Box<[Site]> {
    let mut found: Vec<Site> = Vec::new();
    let mut rest = said;
    let mut before: [Option<char>; 2] = [None, None];
    while let Some(c) = rest.chars().next() {
        let ending = ENDINGS.iter().zip(0..).find_map(|((endings, not_before), kind)| {
            let ending = endings.iter().find(|ending| rest.starts_with(**ending))?;
            let follows = rest[ending.len()..].chars().next();
            follows.is_none_or(|c| !not_before.contains(c)).then_some((*ending, kind))
        });
        let Some((ending, kind)) = ending else {
            before = [before[1], Some(c)];
            rest = &rest[c.len_utf8()..];
            continue;
        };
        if let [Some(a), Some(b)] = before
            && is_name(a, b)
        {
            let site = Site { kind, name: pair_of(a, b) };
            if !found.contains(&site) {
                found.push(site);
            }
        }
        before = [None, None];
        rest = &rest[ending.len()..];
    }
    found.into_boxed_slice()
}

fn is_name(a: char, b: char) -> bool {
    let name: String = [a, b].iter().collect();
    let names = |c: char| is_han(c) && !NO_NAME_HAS.contains(c);
    names(a) && names(b) && !NO_NAMES.contains(&name.as_str())
}

/// The ordinals of a headline: what stands between 第 and 号, 期, 批, 次 or 轮.
pub(super) fn ordinal(title: &str) -> u32 {
    let mut hash = 0u64;
    for part in title.split('第').skip(1) {
        let end = part.char_indices().take(6).find(|(_, c)| "号期批次轮".contains(*c));
        if let Some((end, _)) = end {
            hash = part[..end].chars().fold(hash + 1, next);
        }
    }
    if hash == 0 { 0 } else { short(mix(hash)) }
}

#[cfg(test)]
mod tests {
    use super::super::Telling;
    use super::*;
    use crate::text::fold;

    fn telling(title: &str, text: &str) -> Telling {
        Telling::read(fold(title).text(), fold(text).text()).0
    }

    #[test]
    fn sites_are_known_by_their_names_and_what_is_no_name_is_none() {
        let check = |said: &str, expected: &[(u8, char, char)]| {
            let expected: Vec<Site> = expected
                .iter()
                .map(|(kind, a, b)| Site { kind: *kind, name: pair_of(*a, *b) })
                .collect();
            assert_eq!(&*sites(said), &expected[..], "{said}");
        };
        check("青岚沟煤矿冒顶，青岚沟矿停产", &[(0, '岚', '沟')]);
        check("云岭矿业集团的矿工和矿山", &[]);
        check("澜川一煤矿冒顶，某国有煤矿停产", &[]);
        check("霁河发电厂与霁河电厂，槐坪选煤厂", &[(1, '霁', '河'), (1, '槐', '坪')]);
        check("岱宁中学的学生在市二院", &[(3, '岱', '宁')]);
        check("厂家说矿长在煤矿", &[]);
    }

    #[test]
    fn another_mine_or_an_exercise_is_another_matter() {
        let accident = telling("青岚沟煤矿发生冒顶两人轻伤", "救援正在进行。");
        for (title, text, is_other) in [
            ("长岩煤矿发生冒顶一人被困", "救援正在进行。", true),
            ("长岩煤矿发生冒顶一人被困", "这是继青岚沟之后的第二起。", false),
            ("霁河县一煤矿发生冒顶", "两人轻伤。", false),
            ("青岚沟矿发生冒顶", "官方：两人轻伤。", false),
            ("青岚沟煤矿举行冒顶事故应急演练", "检验了预案。", true),
            ("冒顶了", "青岚沟煤矿今天搞演习。", true),
            ("云岭化工厂停产检修", "与冒顶无关。", false),
        ] {
            let other = telling(title, text);
            assert_eq!(accident.is_other_matter(&other), is_other, "{title}");
            assert_eq!(other.is_other_matter(&accident), is_other, "{title}, the other way round");
        }
    }
}
