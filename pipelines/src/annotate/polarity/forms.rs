//! Forms of speech that tell more than their words: what rises or falls, what is asked, what is held against another.
//!
//! In: a folded text. Out: [`Form`]s with their places. A rise of accidents is bad, a fall is good; a question asks, it
//! does not yet complain; 不如 puts the one before it below the one after. Looks at one clause at a time.

use std::ops::Range;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use std::sync::LazyLock;

/// What a form says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::annotate) enum Form {
    /// Something good grows or something bad falls.
    Gains,
    /// Something bad grows or something good falls.
    Loses,
    /// A question that wants an answer.
    Asks,
    /// One is said to be worse than another.
    Worse,
    /// One is said to be better than another.
    Better,
}

#[derive(Clone, Copy)]
enum Part {
    /// More of it is good.
    Good,
    /// More of it is bad.
    Bad,
    Rises,
    Falls,
    Asks,
    Worse,
    /// Turns what follows: 没有上升.
    Not,
    /// 比, which needs [`Part::More`] behind it.
    Than,
    More,
    /// The end of a clause.
    Stop,
    /// A question mark.
    Mark,
}

/// Characters between what moves and how it does.
const REACH: usize = 16;

const WORDS: [(Part, &[&str]); 11] = [
    (
        Part::Good,
        &[
            "利润",
            "营收",
            "营业收入",
            "收入",
            "产量",
            "销量",
            "销售额",
            "效率",
            "工资",
            "待遇",
            "满意度",
            "合格率",
            "福利",
            "奖金",
            "订单",
            "市场份额",
            "就业",
            "优良天数",
            "好评",
        ],
    ),
    (
        Part::Bad,
        &[
            "事故",
            "死亡人数",
            "伤亡",
            "亏损",
            "能耗",
            "排放",
            "污染物",
            "投诉",
            "负债",
            "欠款",
            "违规",
            "隐患",
            "成本",
            "粉尘浓度",
            "信访",
            "离职率",
            "故障率",
            "坏账",
            "物价",
        ],
    ),
    (
        Part::Rises,
        &[
            "增长", "上升", "上涨", "提高", "增加", "攀升", "激增", "翻番", "扩大", "走高", "猛增",
            "提升", "涨了", "多了",
        ],
    ),
    (
        Part::Falls,
        &[
            "下降", "下滑", "减少", "降低", "回落", "缩减", "下跌", "锐减", "腰斩", "收窄", "走低",
            "缩水", "少了", "降了",
        ],
    ),
    (
        Part::Asks,
        &[
            "请问",
            "想问",
            "咨询",
            "怎么办理",
            "如何办理",
            "是否",
            "能不能",
            "可不可以",
            "有没有人",
            "什么时候",
            "多少钱",
            "哪里可以",
            "求问",
            "问一下",
            "有谁知道",
        ],
    ),
    (Part::Worse, &["不如", "比不上", "还不及", "远不及", "输给", "比不了"]),
    (Part::Not, &["没有", "未", "不再", "并未", "没"]),
    (Part::Than, &["比"]),
    (Part::More, &["更好", "还好", "强多了", "好多了", "更强", "更方便", "更快", "更安全"]),
    (Part::Stop, &["。", "!", ";", "\n", "，", ","]),
    (Part::Mark, &["?"]),
];

static FINDER: LazyLock<Option<CharwiseDoubleArrayAhoCorasick<u32>>> = LazyLock::new(|| {
    let words =
        WORDS.iter().zip(0u32..).flat_map(|((_, words), at)| words.iter().map(move |w| (w, at)));
    CharwiseDoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build_with_values(words)
        .ok() // the words are fixed; a test finds them
});

/// The forms of a folded text, in order.
pub(in crate::annotate) fn forms(text: &str) -> Vec<(Form, Range<usize>)> {
    let mut out = Vec::new();
    let mut clause = Clause::default();
    for found in FINDER.iter().flat_map(|finder| finder.leftmost_find_iter(text)) {
        let part = WORDS[found.value() as usize].0;
        clause.take(part, found.start()..found.end(), text, &mut out);
    }
    out
}

/// What was met since the last stop.
#[derive(Default)]
struct Clause {
    /// What may move: where, and whether more of it is good.
    mover: Option<(Range<usize>, bool)>,
    than: Option<usize>,
    is_turned: bool,
    asks: Option<Range<usize>>,
}

impl Clause {
    fn take(
        &mut self,
        part: Part,
        at: Range<usize>,
        text: &str,
        out: &mut Vec<(Form, Range<usize>)>,
    ) {
        match part {
            Part::Good | Part::Bad => self.mover = Some((at, matches!(part, Part::Good))),
            Part::Rises | Part::Falls => {
                let Some((from, is_good)) = self.mover.take() else { return };
                if text[from.end..at.start].chars().count() <= REACH {
                    let gains = is_good == matches!(part, Part::Rises);
                    let form = if gains == self.is_turned { Form::Loses } else { Form::Gains };
                    out.push((form, from.start..at.end));
                }
            }
            Part::Asks => {
                self.asks = Some(at.clone());
                out.push((Form::Asks, at));
            }
            Part::Mark => {
                // One question, however it is put.
                if self.asks.is_none() {
                    out.push((Form::Asks, at));
                }
                *self = Self::default();
            }
            Part::Worse => out.push((Form::Worse, at)),
            Part::Than => self.than = Some(at.start),
            Part::More => {
                if let Some(from) = self.than.take() {
                    out.push((Form::Better, from..at.end));
                }
            }
            Part::Not => self.is_turned = true,
            Part::Stop => {
                let asks = self.asks.take();
                *self = Self { asks, ..Self::default() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn what_rises_and_falls_is_good_or_bad_by_what_it_is() {
        for (text, wanted) in [
            ("前三季度利润同比增长12%", Some(Form::Gains)),
            ("前三季度利润同比下降12%", Some(Form::Loses)),
            ("今年事故起数比去年减少了三成", Some(Form::Gains)),
            ("投诉量激增", Some(Form::Loses)),
            ("亏损收窄", Some(Form::Gains)),
            ("工资三年没有上涨", Some(Form::Loses)),
            ("利润不错，气温下降", None),
            ("气温下降", None),
        ] {
            let found = forms(fold(text).text());
            assert_eq!(found.first().map(|f| f.0), wanted, "{text}: {found:?}");
        }
    }

    #[test]
    fn a_question_asks_and_a_comparison_takes_sides() {
        let of = |text: &str| forms(fold(text).text()).into_iter().map(|f| f.0).collect::<Vec<_>>();
        assert_eq!(of("请问社保怎么办理，什么时候能办？"), [Form::Asks; 3]);
        assert_eq!(of("几点下班？"), [Form::Asks]);
        assert_eq!(of("服务不如隔壁矿"), [Form::Worse]);
        assert_eq!(of("食堂比以前好多了"), [Form::Better]);
        assert_eq!(of("今天天气不错。"), []);
    }

    #[test]
    fn every_word_is_found() {
        assert!(FINDER.is_some());
    }
}
