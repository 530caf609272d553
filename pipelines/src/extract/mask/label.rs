//! Words before and behind a number that say what it is.
//!
//! In: a reading and a place in it. Out: whether a label of a phone, a card, QQ stands right before, and whether a
//! unit behind makes it a quantity. Reads folded text, so that 電話 and 电话 are one word.

use super::reading::Sign;
use super::run::STARS_OF_A_MASK;

/// Labels of phones.
pub(super) const PHONE: &[&str] = &[
    "电话",
    "座机",
    "手机",
    "固话",
    "联系方式",
    "联系",
    "致电",
    "来电",
    "拨打",
    "热线",
    "传真",
    "号码",
    "咨询",
    "短信",
    "微信",
    "tel",
    "phone",
    "mobile",
    "fax",
    "call",
];

/// Labels of identity cards.
pub(super) const IDENTITY: &[&str] = &["身份证", "身份证号", "身份证号码", "证件号", "证件号码"];

/// Labels of bank cards.
pub(super) const CARD: &[&str] = &[
    "卡号",
    "银行卡",
    "账号",
    "帐号",
    "账户",
    "帐户",
    "储蓄卡",
    "信用卡",
    "借记卡",
    "工行卡",
    "农行卡",
];

/// Labels of QQ numbers, of persons and groups.
pub(super) const QQ: &[&str] = &["qq", "扣扣", "企鹅号", "qq群", "q群", "群号", "扣扣群", "qq号"];

/// Words of money before a number.
const MONEY: &[&str] = &["人民币", "金额", "总额", "合计", "共计", "¥", "$", "€", "£"];

/// What may stand between a label and its number.
const FILLERS: &[&str] =
    &["微信同号", "同微信", "号码", "号", "是", "为", "有", "请", "拨", "打", "加", "本机", "我的"];

/// Units that make an unlabelled row of digits a quantity, and what behind them makes them another word.
const UNITS: &[(&str, &str)] = &[
    ("元", "旦宵素"),
    ("万", "一"),
    ("亿", ""),
    ("吨", ""),
    ("股", "东"),
    ("美元", ""),
    ("港元", ""),
    ("欧元", ""),
    ("日元", ""),
    ("英镑", ""),
    ("卢布", ""),
    ("千瓦", ""),
    ("兆瓦", ""),
    ("立方", ""),
    ("平方", ""),
    ("公斤", ""),
    ("千克", ""),
    ("公里", ""),
    ("人次", ""),
    ("字节", ""),
    ("标准煤", ""),
    ("桶", ""),
    ("斤", ""),
    ("kw", ""),
    ("kg", ""),
    ("m3", ""),
    ("m2", ""),
];

/// Signs of a count behind a number of seven or eight digits.
const COUNTED: &str = "年月日时分秒号人名户个件台辆套次度米吨元万亿股份斤克只头亩千百十%℃";

/// Whether one of `labels` stands at the end of `before`, over signs and words that only join.
pub(super) fn is_after(before: &str, labels: &[&str]) -> bool {
    let mut rest = before;
    loop {
        if rest.ends_with(['☎', '☏', '✆', '📞', '📱']) {
            return labels.contains(&PHONE[0]);
        }
        let trimmed = rest.trim_end_matches(|c: char| !c.is_alphanumeric() && !is_picture(c));
        if rest[trimmed.len()..].matches('*').count() >= STARS_OF_A_MASK {
            // What the label spoke of is masked already.
            return false;
        } else if trimmed.len() < rest.len() {
            rest = trimmed;
        } else if labels.iter().any(|label| ends_with_word(rest, label)) {
            return true;
        } else if let Some(shorter) = FILLERS.iter().find_map(|filler| rest.strip_suffix(filler)) {
            rest = shorter;
        } else {
            return false;
        }
    }
}

/// Whether a character may be of a label: rows of figures have none, and are long.
pub(super) fn may_be_of_label(c: char) -> bool {
    c.is_alphabetic() || is_picture(c)
}

fn is_picture(c: char) -> bool {
    matches!(c, '☎' | '☏' | '✆' | '📞' | '📱')
}

/// A Latin label must be a word of its own: not `hotel`; 号码 of a draw or a plate is none of a phone.
pub(super) fn ends_with_word(text: &str, label: &str) -> bool {
    let Some(head) = text.strip_suffix(label) else { return false };
    let before = head.chars().next_back();
    match label {
        "号码" => !matches!(before, Some('奖' | '牌' | '彩')),
        _ if label.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            !before.is_some_and(|c| c.is_ascii_alphabetic())
        }
        _ => true,
    }
}

/// The last sixteen signs before `at`.
pub(super) fn words_before(signs: &[Sign], at: usize) -> String {
    let from = at.saturating_sub(16);
    let open = signs[from..at].iter().rposition(|s| s.is_closed).map_or(from, |n| from + n + 1);
    signs[open..at].iter().map(|s| s.c).collect()
}

fn words_after(signs: &[Sign], at: usize) -> String {
    signs.iter().skip(at).take(5).map(|s| s.c).collect()
}

/// Whether the digits that end before `after` and have `before` before them are an amount by the words around them.
pub(super) fn is_quantity(signs: &[Sign], before: &str, after: usize) -> bool {
    let behind = words_after(signs, after);
    let behind = behind.trim_start_matches(' ');
    let is_unit = |(unit, not_before): &(&str, &str)| {
        behind.strip_prefix(unit).is_some_and(|rest| !rest.starts_with(|c| not_before.contains(c)))
    };
    let has_unit = behind.starts_with(char::is_alphabetic) && UNITS.iter().any(is_unit);
    has_unit || MONEY.iter().any(|word| before.trim_end_matches([' ', ':']).ends_with(word))
}

/// Whether the digits that end before `after` are counted: `7123456人`.
pub(super) fn is_counted(signs: &[Sign], after: usize) -> bool {
    signs.get(after).is_some_and(|s| COUNTED.contains(s.c))
}
