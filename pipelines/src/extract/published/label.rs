//! What the words beside a time say it is the time of.
//!
//! In: a line and the place of one time in it. Out: published, uploaded, updated, written, of something else, or
//! nothing said. A label is a whole word before a colon, or stands right at the time; the same word inside prose
//! (事发日期, 时间紧) says nothing of publication.

use std::ops::Range;

/// What a time is the time of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// Publication.
    Published,
    /// 上传, 录入: near publication.
    Uploaded,
    /// 更新, 编辑: after publication.
    Updated,
    /// 成文, 印发: before publication.
    Written,
    /// Nothing is said.
    Bare,
    /// A label that is none of these: 事发日期, 会议时间.
    Unknown,
    /// Surely of something else: a deadline, the reader's today, a copyright.
    Other,
}

const PUBLISHED: [&str; 44] = [
    "发布时间",
    "发布日期",
    "发布于",
    "发布",
    "发表时间",
    "发表日期",
    "发表于",
    "发表",
    "刊发时间",
    "刊发日期",
    "刊登时间",
    "刊登日期",
    "刊发",
    "刊登",
    "发稿时间",
    "发稿",
    "发文时间",
    "公布时间",
    "公布日期",
    "公开时间",
    "公开日期",
    "信息时间",
    "时间",
    "日期",
    "发帖时间",
    "发贴时间",
    "发帖于",
    "发于",
    "发送时间",
    "首发时间",
    "首发于",
    "首发",
    "播出时间",
    "稿件时间",
    "提问时间",
    "提问于",
    "来信时间",
    "来信日期",
    "写信时间",
    "投诉时间",
    "留言时间",
    "posted on",
    "posted",
    "published",
];
const UPLOADED: [&str; 12] = [
    "上传时间",
    "上传日期",
    "上传于",
    "上传",
    "录入时间",
    "录入日期",
    "添加时间",
    "添加日期",
    "创建时间",
    "提交时间",
    "上线时间",
    "入库时间",
];
const UPDATED: [&str; 20] = [
    "更新时间",
    "更新日期",
    "更新于",
    "更新",
    "最后更新",
    "最近更新",
    "最后更新时间",
    "最近更新时间",
    "修改时间",
    "修改日期",
    "修改于",
    "修改",
    "最后修改",
    "最后编辑于",
    "最后编辑",
    "编辑于",
    "编辑",
    "updated",
    "last updated",
    "modified",
];
const WRITTEN: [&str; 8] = [
    "成文日期",
    "成文时间",
    "印发日期",
    "印发时间",
    "签发日期",
    "生成日期",
    "生成时间",
    "写作时间",
];
/// Words whose time is never that of a publication.
const OTHER: [&str; 16] = [
    "截止",
    "截至",
    "有效期",
    "注册",
    "登录",
    "生日",
    "今天是",
    "现在是",
    "当前时间",
    "届时",
    "将于",
    "回复时间",
    "答复时间",
    "办结",
    "到期",
    "出生",
];
/// Lines that speak of the site, not of the article.
const LINES: [&str; 5] = ["版权", "Copyright", "copyright", "ICP", "备案"];

/// Signs at which a label begins.
const BORDERS: [char; 12] = ['|', '｜', ',', ';', '。', '(', ')', '[', ']', '·', '/', ':'];

/// The labels of the times at `ranges` of `line` (as `time::normal` leaves it).
pub(super) fn labels_of(line: &str, ranges: &[Range<usize>]) -> Vec<Label> {
    // `10:00 发布 11:00 更新`: where nothing is said before the first and something behind the last, all labels stand
    // behind their times.
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return Vec::new() };
    let said_before = known(&last_word(&line[..first.start])).is_some();
    let suffixed = !said_before && behind(&line[last.end..]).is_some();
    let label = |(n, range): (usize, &Range<usize>)| {
        let from = if n == 0 { 0 } else { ranges[n - 1].end };
        let to = ranges.get(n + 1).map_or(line.len(), |next| next.start);
        label_of(line, range, from..to, suffixed)
    };
    ranges.iter().enumerate().map(label).collect()
}

/// The label of one; `around` are the end of the time before it and the start of the one behind.
fn label_of(line: &str, range: &Range<usize>, around: Range<usize>, suffixed: bool) -> Label {
    if LINES.iter().any(|word| line.contains(word)) {
        return Label::Other;
    }
    let before = line[around.start..range.start].trim_end();
    let said = match before.strip_suffix(':') {
        Some(label) => Some(labelled(&last_word(label))),
        None if suffixed => None,
        None => known(&last_word(before)),
    };
    let behind = || behind(&line[range.end..around.end]);
    match said {
        Some(label) => label,
        None if OTHER.iter().any(|word| before.contains(word)) => Label::Other,
        None => behind().unwrap_or(Label::Bare),
    }
}

/// A word before a colon: one we know, or a date of something.
fn labelled(word: &str) -> Label {
    if let Some(label) = known(word) {
        return label;
    }
    let is_time = ["时间", "日期", "日"].iter().any(|end| word.ends_with(end));
    if is_time { Label::Unknown } else { Label::Bare }
}

fn known(word: &str) -> Option<Label> {
    let lower = word.to_ascii_lowercase();
    let is = |list: &[&str]| list.contains(&lower.as_str());
    Some(match () {
        () if is(&PUBLISHED) => Label::Published,
        () if is(&UPLOADED) => Label::Uploaded,
        () if is(&UPDATED) => Label::Updated,
        () if is(&WRITTEN) => Label::Written,
        () if OTHER.iter().any(|o| word.contains(o)) => Label::Other,
        () => return None,
    })
}

/// `10:00 发布`, `1小时前更新`: a word behind the time that is not itself the label of what follows.
fn behind(rest: &str) -> Option<Label> {
    let rest = rest.trim_start();
    let len = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(len);
    if after.trim_start().starts_with(':') {
        return None;
    }
    match word {
        "发布" | "发表" | "刊发" | "首发" | "posted" => Some(Label::Published),
        "上传" => Some(Label::Uploaded),
        "更新" | "修改" | "编辑" | "最后编辑" | "最后更新" => Some(Label::Updated),
        "截止" | "到期" => Some(Label::Other),
        _ => None,
    }
}

/// The word at the end of `text`, back to a border; single characters set apart (发 布 日 期) are one word.
fn last_word(text: &str) -> String {
    let text = text.trim_end();
    let start = text.rfind(|c: char| BORDERS.contains(&c)).map_or(0, |at| at + 1);
    // A border may be of several bytes.
    let start = (start..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let mut parts = text[start..].split(' ').filter(|p| !p.is_empty()).rev();
    let mut word = parts.next().unwrap_or_default().to_owned();
    let mut first = word.clone();
    for part in parts {
        let latin = part.is_ascii() && word.is_ascii();
        if !latin && (first.chars().count() > 1 || part.chars().count() > 1) {
            break;
        }
        word = if latin { format!("{part} {word}") } else { format!("{part}{word}") };
        first = part.to_owned();
    }
    word
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Shanghai;

    use super::super::super::time::{TimeContext, normal, scan};
    use super::*;

    fn check(line: &str, expected: &[Label]) {
        let now = "2026-11-22T04:00:00Z".parse().unwrap();
        let line = normal(line);
        let times = scan(&line, &TimeContext::new(now, Shanghai));
        let ranges: Vec<_> = times.into_iter().map(|time| time.range).collect();
        assert_eq!(labels_of(&line, &ranges), expected, "{line}");
    }

    #[test]
    fn each_time_of_a_line_goes_by_its_own_label() {
        use Label::{Bare, Other, Published, Unknown, Updated, Uploaded, Written};
        check("更新时间：2026-11-22 09:00 | 发布：2026-11-20 10:00", &[Updated, Published]);
        check("成文日期：2026-11-05　发布日期：2026-11-20", &[Written, Published]);
        check(
            "上传时间：2026-11-20 10:00　修改时间：2026-11-21 10:00　点击：7",
            &[Uploaded, Updated],
        );
        check("2026-11-20 10:00 发布　2026-11-21 09:00 更新", &[Published, Updated]);
        check("1小时前更新　发布于昨天 10:00", &[Updated, Published]);
        check("发 布 日 期： 2026-11-20", &[Published]);
        check("云岭日报 2026-11-20", &[Bare]);
        check("来源：云岭日报 2026-11-20 10:00", &[Bare]);
        check("事发日期：2025年3月1日；事发地点：南关煤矿三号井。", &[Unknown]);
        check("报名截止时间：2026-11-21 17:00", &[Other]);
        check("今天是2026年11月22日 星期日", &[Other]);
        check("版权所有 2026-11-20 云岭日报", &[Other]);
        check("2026-11-20 10:00 更新：2026-11-21", &[Bare, Updated]);
        check("Last updated: Nov 21, 2026", &[Updated]);
    }
}
