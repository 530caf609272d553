//! Counted facts with their status: who is dead, hurt, trapped, missing, rescued, and whether that is rumour,
//! statement, refuted or over.
//!
//! In: the folded texts of a post. Out: [`Fact`]s in the order of the text. The numbers are read by `quantities`;
//! here is only what becomes of them: **refuted** where the clause or the next names it untrue, where nobody is said to
//! be dead, or where the same number is refuted elsewhere in the post; **rumoured** beside 网传, 听说 or under a question;
//! **over** where as many are rescued; else **stated**, by the office or house that the sentence (or the last one that
//! names any) gives. It compares no posts: what a story knows is for the story.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::annotator::span_of;
use super::numerals::parse_number;
use super::quantities::{Quantity, QuantityKind, crosses_blank};
use crate::query::sentence_around;
use crate::record::{Fact, FactKind, FactStatus, Span, TextField};
use crate::text::Folded;

const NUMBER: &str = r"(\d[\d,]*|[一二两三四五六七八九十百千]+)";

static RESCUED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let cue = "获救|升井|脱险|脱困|救出|平安返回|安全转移|转移";
    [
        // 五名被困矿工全部获救 · 两名伤者护送升井
        regex(&format!(
            r"{NUMBER}余?多?(?:名|位|个|人)(?:[\p{{Han}}:]|\d+[时分日月:]){{0,16}}?(?:{cue})"
        )),
        // 救出4人 · 转移被困村民四十三名
        regex(&format!(r"(?:救出|转移|营救|解救)[\p{{Han}}]{{0,8}}?{NUMBER}余?多?(?:名|位|人)")),
    ]
});

static UNTRUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "不实|不属实|谣言|造谣|辟谣|虚假|纯属|子虚乌有|与事实不符|并非事实|不是事实|没有的事|不准确|系编造|属编造|系误传|假的|查证结论:假",
    )
});
static HEARSAY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "网传|疯传|传言|传闻|传出|听说|据说|据传|听人说|有人说|群里说|都在说|私信|爆料|未经证实|不知真假|小道消息|盛传|网上流传|流传",
    )
});
/// Who says this takes the words back.
static NOT_TO_BE_SAID: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "(?:别|勿|莫|不要|请勿|切勿)(?:再)?(?:乱|瞎|胡乱|轻易|继续)?(?:传|信|转发|散布)|不信谣|不传谣|停止传播",
    )
});
static NOBODY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "(?:没有|无|未造成|未发生|并无|未有|不存在)(?:任何|一名|一人|人员|人|矿工|职工|工人){0,2}(?:死亡|遇难|身亡|伤亡|被埋)",
    )
});
static UNHURT_TRAPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "(?:没有|无|未有|并无)(?:人员|人|矿工|职工|工人){0,2}(?:被困|失联|失踪)|全部(?:安全)?(?:升井|获救|脱险)",
    )
});
static SPEAKER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:记者从|据|来自)?([\p{Han}]{0,10}?(?:应急管理局|应急局|公安局|公安|卫健委|卫生健康局|消防|指挥部|调查组|政府|管理部门|集团|煤矿|公司|医院|日报|矿方|厂方|校方))(?:有关负责人|负责人|工作人员)?(?:通报|称|表示|获悉|介绍|透露|消息|发布|证实|说|回应|公布|已经通报)",
    )
});

fn regex(source: &str) -> Regex {
    Regex::new(source).expect("the patterns are fixed and tested")
}

/// Words one of which a text has that says anything of people in need.
const CUES: [char; 14] =
    ['死', '亡', '难', '丧', '失', '困', '伤', '埋', '毒', '救', '井', '移', '没', '命'];

/// Every counted fact of a title and a text; `numbers` are the quantities of each.
#[must_use]
pub(super) fn facts(
    texts: &[(TextField, &str, &Folded); 2],
    numbers: &[Vec<Quantity>; 2],
) -> Vec<Fact> {
    let mut all: Vec<Fact> = Vec::new();
    let (mut nobody_dead, mut nobody_inside) = (false, false);
    for ((field, original, folded), found) in texts.iter().zip(numbers) {
        let text = folded.text();
        if !text.contains(CUES) {
            continue;
        }
        nobody_dead |= NOBODY.is_match(text);
        nobody_inside |= UNHURT_TRAPPED.is_match(text);
        read(*field, original, folded, found, &mut all);
    }
    all.sort_by_key(|fact| (fact.span.field, fact.span.start));
    settle(&mut all, nobody_dead, nobody_inside);
    all
}

fn read(
    field: TextField,
    original: &str,
    folded: &Folded,
    found: &[Quantity],
    into: &mut Vec<Fact>,
) {
    let text = folded.text();
    let mut add = |kind: FactKind, count: u64, range: Range<usize>| {
        let sentence = sentence_around(original, folded, &range);
        let status = status(text, &sentence, &range);
        let by = (status == FactStatus::Stated).then(|| speaker(text, &sentence)).flatten();
        let span: Span = span_of(field, folded, &range);
        into.push(Fact { kind, count, status, by, span });
    };
    for quantity in found {
        let kind = match quantity.kind {
            QuantityKind::Dead => FactKind::Dead,
            QuantityKind::Missing => FactKind::Missing,
            QuantityKind::Trapped => FactKind::Trapped,
            QuantityKind::Injured => FactKind::Injured,
            QuantityKind::Owed | QuantityKind::Fined | QuantityKind::Lost => continue,
        };
        add(kind, quantity.value, quantity.range.clone());
    }
    for pattern in RESCUED.iter() {
        for captures in pattern.captures_iter(text) {
            let (Some(whole), Some(number)) = (captures.get(0), captures.get(1)) else { continue };
            let count = parse_number(number.as_str()).filter(|n| (1.0..1e6).contains(n));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
            if let Some(count) = count.filter(|_| !crosses_blank(original, folded, &whole.range()))
            {
                add(FactKind::Rescued, count as u64, whole.range());
            }
        }
    }
}

/// What the surroundings say: the clause the words stand in, and the one after it, which often judges it.
fn status(text: &str, sentence: &Range<usize>, range: &Range<usize>) -> FactStatus {
    let whole = &text[sentence.clone()];
    let after = &text[range.end..];
    let next = after.char_indices().nth(24).map_or(after, |(at, _)| &after[..at]);
    let quoted = text[..range.start].ends_with(['"', '“', '「', '\''])
        || next.starts_with(['"', '”', '」', '\'']);
    let is_hearsay = HEARSAY.is_match(whole) || quoted;
    if UNTRUE.is_match(next) && (is_hearsay || UNTRUE.find(next).is_some_and(|m| m.start() < 15)) {
        return FactStatus::Refuted;
    }
    if (is_hearsay && UNTRUE.is_match(whole))
        || NOT_TO_BE_SAID.is_match(&text[sentence.start..range.start])
    {
        return FactStatus::Refuted;
    }
    let asks = whole.trim_end().ends_with(['?', '吗', '么']) || next.starts_with(['?', '吗']);
    if is_hearsay || asks { FactStatus::Rumoured } else { FactStatus::Stated }
}

fn speaker(text: &str, sentence: &Range<usize>) -> Option<String> {
    let here = SPEAKER.captures_iter(&text[sentence.clone()]).next();
    let found = here.or_else(|| SPEAKER.captures_iter(&text[..sentence.start]).last());
    found.and_then(|captures| captures.get(1)).map(|name| name.as_str().to_owned())
}

/// What one place of the post says of another.
fn settle(all: &mut [Fact], nobody_dead: bool, nobody_inside: bool) {
    let refuted: Vec<(FactKind, u64)> = all
        .iter()
        .filter(|fact| fact.status == FactStatus::Refuted)
        .map(|fact| (fact.kind, fact.count))
        .collect();
    let most_rescued =
        all.iter().filter(|fact| fact.kind == FactKind::Rescued).map(|fact| fact.count).max();
    for fact in all {
        let is_rumour = fact.status == FactStatus::Rumoured;
        let denied = match fact.kind {
            FactKind::Dead => nobody_dead,
            FactKind::Trapped | FactKind::Missing => nobody_inside,
            FactKind::Injured | FactKind::Rescued => false,
        };
        if is_rumour && (denied || refuted.contains(&(fact.kind, fact.count))) {
            fact.status = FactStatus::Refuted;
        }
        let is_inside = matches!(fact.kind, FactKind::Trapped | FactKind::Missing);
        let are_out = nobody_inside || most_rescued.is_some_and(|n| n >= fact.count);
        if is_inside && fact.status == FactStatus::Stated && are_out {
            fact.status = FactStatus::Over;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantities::quantities;
    use super::FactKind::{Dead, Injured, Rescued, Trapped};
    use super::FactStatus::{Over, Refuted, Rumoured, Stated};
    use super::*;
    use crate::text::fold;

    fn check(title: &str, body: &str, expected: &[(FactKind, u64, FactStatus)]) -> Vec<Fact> {
        let (t, b) = (fold(title), fold(body));
        let numbers = [quantities(title, &t), quantities(body, &b)];
        let found = facts(&[(TextField::Title, title, &t), (TextField::Body, body, &b)], &numbers);
        let told: Vec<_> = found.iter().map(|f| (f.kind, f.count, f.status)).collect();
        assert_eq!(told, expected, "{title} {body}");
        for fact in &found {
            let text = if fact.span.field == TextField::Title { title } else { body };
            assert!(!text[fact.span.start as usize..fact.span.end as usize].is_empty());
        }
        found
    }

    #[test]
    fn who_says_it_and_how_sure_it_is() {
        let found = check(
            "",
            "霁河县应急管理局通报,事故造成3人死亡、5人受伤。",
            &[(Dead, 3, Stated), (Injured, 5, Stated)],
        );
        assert_eq!(found[0].by.as_deref(), Some("霁河县应急管理局"));
        check("听说青岚沟三人遇难了?", "", &[(Dead, 3, Rumoured)]);
        check("", "群里说井下12人被困,不知真假", &[(Trapped, 12, Rumoured)]);
    }

    #[test]
    fn a_refutation_takes_the_number_back_everywhere() {
        check(
            "官方回应“三人遇难”传言",
            "网传“三人遇难”不实。事故造成2人受伤,没有人员死亡。",
            &[(Dead, 3, Refuted), (Dead, 3, Refuted), (Injured, 2, Stated)],
        );
        check("网传3人死亡是谣言", "", &[(Dead, 3, Refuted)]);
        check("大家别再传三个人遇难了", "", &[(Dead, 3, Refuted)]);
        check("网传“3人死亡”", "经核查,未造成人员死亡。", &[(Dead, 3, Refuted)]);
    }

    #[test]
    fn who_is_rescued_is_trapped_no_more() {
        check("", "2名被困人员于17时05分安全升井。", &[(Trapped, 2, Over), (Rescued, 2, Stated)]);
        check("", "12名矿工被困,救援仍在进行。", &[(Trapped, 12, Stated)]);
        check(
            "两名矿工轻伤 井下211人全部升井",
            "",
            &[(Injured, 2, Stated), (Rescued, 211, Stated)],
        );
        check("", "5名矿工被困。已救出3人。", &[(Trapped, 5, Stated), (Rescued, 3, Stated)]);
    }

    #[test]
    fn a_text_without_people_in_need_has_no_facts() {
        check("云岭矿业发行5亿元债券", "期限3年,利率2.31%。", &[]);
        check("", "", &[]);
    }
}
