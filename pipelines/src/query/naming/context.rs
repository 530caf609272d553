//! What stands right before and right behind a name, and makes it part of another word or name.
//!
//! In: a folded text and the range of a name. Out: whether the name runs on (`南关矿|泉水厂`, `云岭|县`,
//! `西|南关煤矿`). Lists, not a dictionary: a cut into words would tear 南关矿|井下 as well, and lose what
//! happened there. A list names what is another thing; behind each sign stand the words that begin with it and
//! are not. Full names that end in 公司 never run on.

use std::ops::Range;

use crate::text::is_word_char;

/// What makes any name of ours another's: schools, hospitals, inns, streets and villages named after it.
const INSTITUTIONS: &[&str] = &[
    "小学",
    "中学",
    "大学",
    "学院",
    "学校",
    "幼儿园",
    "医院",
    "卫生院",
    "宾馆",
    "酒店",
    "饭店",
    "大酒店",
    "大饭店",
    "大厦",
    "大道",
    "大街",
    "街道",
    "大桥",
    "火车站",
];

/// Words behind a name that only begin so.
const NO_INSTITUTIONS: &[&str] = &["大学生", "中学生", "小学生", "学校友"];

/// What makes a bare root (云岭, without a word of what it is) a place, an authority or another firm.
const AFTER_ROOT: &[&str] = &[
    "县",
    "市",
    "区",
    "镇",
    "乡",
    "村",
    "省",
    "州",
    "街",
    "路",
    "山",
    "河",
    "江",
    "湖",
    "沟",
    "站",
    "桥",
    "水库",
    "隧道",
    "立交",
    "机场",
    "高铁站",
    "高速公路",
    "高速路",
    "收费站",
    "服务区",
    "景区",
    "公园",
    "广场",
    "国道",
    "国家森林",
    "自然保护区",
    "日报",
    "晚报",
    "电视台",
    "融媒",
    "广播",
    "旅游",
    "文旅",
    "茶叶",
    "茶业",
    "酒业",
    "药业",
    "农业",
    "食品",
    "乳业",
    "银行",
    "保险",
    "证券",
    "纺织",
    "服饰",
    "餐饮",
    "影视",
];

/// Words behind a root that begin as a place does and say nothing of one.
const NOT_AFTER_ROOT: &[&str] = &[
    "市值",
    "市场",
    "市盈",
    "市占",
    "区域",
    "区间",
    "区分",
    "区别",
    "村里人",
    "省下",
    "省钱",
    "省去",
    "省级",
    "省属",
    "省里",
    "街头",
    "路面",
    "路段",
    "路况",
    "路上",
    "路过",
    "路演",
    "山西",
    "山东",
    "山体",
    "河北",
    "河南",
    "江苏",
    "江西",
    "江浙",
    "湖南",
    "湖北",
    "站出",
    "站在",
    "站上",
    "站稳",
    "站起",
    "州级",
    "桥下",
    "镇定",
    "镇静",
    "乡亲",
    "沟通",
    "村企",
];

/// What makes a name that ends in 矿 another word.
const AFTER_MINE: &[&str] = &["泉", "务局", "石", "物", "业", "村"];

/// Words behind 矿 that only begin so.
const NOT_AFTER_MINE: &[&str] = &[
    "物资", "物业", "物料", "物流", "业绩", "业务", "业主", "业余", "业内", "业已", "业态", "村民",
    "村企", "石门",
];

/// What a name that is no bare root ends in.
const WHAT_IT_IS: &[&str] = &[
    "集团",
    "公司",
    "矿",
    "矿业",
    "煤业",
    "能源",
    "煤炭",
    "煤电",
    "焦煤",
    "焦化",
    "化工",
    "电厂",
    "热电",
    "电力",
    "发电",
    "钢铁",
    "厂",
    "局",
    "股份",
    "控股",
    "物流",
    "运输",
    "建设",
    "建筑",
    "建工",
    "地质",
    "勘探",
    "研究院",
    "设计院",
    "医院",
    "学校",
    "小学",
    "中学",
    "院",
    "所",
    "处",
    "中心",
    "水泥",
    "酒店",
    "物业",
    "科技",
    "新材料",
    "重工",
    "机械",
    "装备",
    "实业",
    "投资",
    "贸易",
    "商贸",
];

/// Words of two characters whose second begins a name by chance (西南|关煤矿), and what stands before them where
/// the first of the two belongs to another word (山西|南关煤矿).
const STRADDLES: &[(&str, &str)] = &[
    ("西南", "山陕江广晋鄂赣川滇湘鲁豫定"),
    ("东南", "山广华鲁辽胶粤浦丹"),
    ("西北", "山陕江广晋鄂赣川滇湘鲁豫"),
    ("东北", "山广华鲁辽胶粤浦丹"),
    ("河南", "黄运沿淮漳汾清"),
    ("河北", "黄运沿淮漳汾清"),
    ("湖南", "太巢洪"),
    ("湖北", "太巢洪"),
    ("江南", "浙长珠龙"),
    ("江北", "浙长珠龙"),
    ("海南", "上青渤东"),
    ("海北", "上青渤东"),
    ("云南", ""),
    ("济南", ""),
    ("岭南", ""),
    ("越南", ""),
    ("闽南", ""),
    ("淮南", ""),
    ("淮北", ""),
    ("华北", ""),
    ("华南", ""),
    ("湘西", ""),
    ("山西", ""),
    ("陕西", ""),
    ("江西", ""),
    ("广西", ""),
    ("山东", ""),
    ("广东", ""),
    ("华东", ""),
    ("白云", ""),
    ("青云", ""),
    ("凌云", ""),
    ("祥云", ""),
];

/// Whether the name at `range` is part of another word or name.
pub(super) fn runs_on(text: &str, range: &Range<usize>) -> bool {
    let (before, name, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    after_of(name).any(|(signs, exempt)| {
        signs.iter().any(|sign| after.starts_with(sign))
            && !exempt.iter().any(|word| after.starts_with(word))
    }) || STRADDLES.iter().any(|(word, spared)| {
        let Some((first, second)) = halves(word) else { return false };
        name.starts_with(second)
            && before
                .strip_suffix(first)
                .is_some_and(|rest| !rest.chars().next_back().is_some_and(|c| spared.contains(c)))
    })
}

/// The lists that a name is held against: what must not follow, and what may all the same.
fn after_of(
    name: &str,
) -> impl Iterator<Item = (&'static [&'static str], &'static [&'static str])> {
    let is_latin = name.chars().any(is_word_char);
    let is_whole = name.ends_with("公司") || is_latin;
    let is_root = !is_whole && !WHAT_IT_IS.iter().any(|end| name.ends_with(end));
    let is_mine = name.ends_with('矿');
    [
        (!is_whole).then_some((INSTITUTIONS, NO_INSTITUTIONS)),
        is_root.then_some((AFTER_ROOT, NOT_AFTER_ROOT)),
        is_mine.then_some((AFTER_MINE, NOT_AFTER_MINE)),
    ]
    .into_iter()
    .flatten()
}

fn halves(word: &str) -> Option<(&str, &str)> {
    word.char_indices().nth(1).map(|(at, _)| word.split_at(at))
}

/// Short literals of which one stands in every text where `name` runs on: its end with the first sign behind it,
/// or the sign before it with its beginning.
pub(super) fn signs(name: &str) -> Vec<String> {
    let end: String = {
        let end: Vec<char> = name.chars().rev().take_while(|c| !is_word_char(*c)).take(2).collect();
        end.into_iter().rev().collect()
    };
    let start: String = name.chars().take_while(|c| !is_word_char(*c)).take(2).collect();
    let mut signs: Vec<String> = after_of(name)
        .flat_map(|(signs, _)| signs.iter())
        .filter_map(|sign| sign.chars().next().map(|c| format!("{end}{c}")))
        .collect();
    for (word, _) in STRADDLES {
        if let Some((first, second)) = halves(word)
            && name.starts_with(second)
        {
            signs.push(format!("{first}{start}"));
        }
    }
    signs.sort_unstable();
    signs.dedup();
    signs
}
