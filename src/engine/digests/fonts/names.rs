//! The names of faces that official documents are set in, and of those that stand in for them.
//!
//! In: a place in a paper. Out: names of font families in the order in which they are wanted, as makers write them in Chinese
//! and in English.

/// A place in a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Titles.
    Song,
    /// The text.
    Fang,
    /// The second level.
    Kai,
    /// The first level.
    Hei,
    /// Latin letters and digits.
    Western,
}

const XIAO_BIAO_SONG: &[&str] = &[
    "方正小标宋简体",
    "FZXiaoBiaoSong-B05S",
    "方正小标宋_GBK",
    "FZXiaoBiaoSong-B05",
    "华文中宋",
    "STZhongsong",
];
const FANG_SONG: &[&str] = &[
    "仿宋_GB2312",
    "FangSong_GB2312",
    "仿宋",
    "FangSong",
    "华文仿宋",
    "STFangsong",
    "方正仿宋_GBK",
    "方正仿宋简体",
    "FandolFang",
    "FandolFang R",
    "朱雀仿宋",
    "Zhuque Fangsong (technical preview)",
];
const KAI_TI: &[&str] = &[
    "楷体_GB2312",
    "KaiTi_GB2312",
    "楷体",
    "KaiTi",
    "华文楷体",
    "STKaiti",
    "方正楷体_GBK",
    "FandolKai",
    "AR PL KaitiM GB",
    "AR PL UKai CN",
];
const HEI_TI: &[&str] = &[
    "黑体",
    "SimHei",
    "华文黑体",
    "STHeiti",
    "方正黑体_GBK",
    "FandolHei",
    "Source Han Sans SC",
    "思源黑体",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "文泉驿正黑",
    "WenQuanYi Micro Hei",
    "文泉驿微米黑",
    "Microsoft YaHei",
    "微软雅黑",
    "PingFang SC",
    "Droid Sans Fallback",
];
const SONG_TI: &[&str] = &[
    "宋体",
    "SimSun",
    "新宋体",
    "NSimSun",
    "华文宋体",
    "STSong",
    "Songti SC",
    "Source Han Serif SC",
    "思源宋体",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "FandolSong",
    "AR PL SungtiL GB",
    "AR PL UMing CN",
];
const WESTERN: &[&str] = &["Times New Roman"];
const LIKE_TIMES: &[&str] = &[
    "Liberation Serif",
    "Tinos",
    "Nimbus Roman",
    "Nimbus Roman No9 L",
    "TeX Gyre Termes",
    "FreeSerif",
    "Noto Serif",
];

/// The faces that a document names for `place`.
pub(super) fn own(place: Place) -> &'static [&'static str] {
    match place {
        Place::Song => XIAO_BIAO_SONG,
        Place::Fang => FANG_SONG,
        Place::Kai => KAI_TI,
        Place::Hei => HEI_TI,
        Place::Western => WESTERN,
    }
}

/// Those that stand in for them.
pub(super) fn substitutes(place: Place) -> &'static [&'static str] {
    match place {
        Place::Song | Place::Fang | Place::Kai | Place::Hei => SONG_TI,
        Place::Western => LIKE_TIMES,
    }
}
