//! Fields of a post: their names in both languages and the values each takes.
//!
//! In: a field name and one raw value. Out: a [`FieldTest`] with ids resolved and ranges read, or the name
//! of what would have been expected. Times are read in `time`.

use super::Context;
use super::ast::{Bound, FieldTest, NumberRange};
use super::time::time_range;
use crate::locale::Lang;
use crate::record::{Channel, Filing, Polarity, PostKind, StoryId, Subject};
use crate::text::fold;

/// What stands before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Title,
    Body,
    Word,
    Words,
    Source,
    Channel,
    Site,
    Topic,
    Keyword,
    Subject,
    Polarity,
    Reading,
    Kind,
    Urgency,
    Unsure,
    Risk,
    Story,
    Case,
    Published,
    Heat,
}

/// Every field with the names it goes by; the first is the one shown.
const NAMES: [(FieldName, &[&str]); 20] = [
    (FieldName::Title, &["title", "标题"]),
    (FieldName::Body, &["body", "正文"]),
    (FieldName::Word, &["word", "词"]),
    (FieldName::Words, &["words", "分词"]),
    (FieldName::Source, &["source", "信源", "来源"]),
    (FieldName::Channel, &["channel", "渠道"]),
    (FieldName::Site, &["site", "站点"]),
    (FieldName::Topic, &["topic", "专题"]),
    (FieldName::Keyword, &["keyword", "关键词"]),
    (FieldName::Subject, &["subject", "主体"]),
    (FieldName::Polarity, &["polarity", "倾向"]),
    (FieldName::Reading, &["reading", "读法"]),
    (FieldName::Kind, &["kind", "类别"]),
    (FieldName::Urgency, &["urgency", "处置", "紧急程度"]),
    (FieldName::Unsure, &["unsure", "存疑"]),
    (FieldName::Risk, &["risk", "风险"]),
    (FieldName::Story, &["story", "事件"]),
    (FieldName::Case, &["case", "工单"]),
    (FieldName::Published, &["published", "发布", "时间", "发布时间"]),
    (FieldName::Heat, &["heat", "热度"]),
];

/// The names that stand for whatever subject; the first is the one shown.
pub(super) const ANY_SUBJECT: [&str; 4] = ["any", "我们", "本单位", "us"];

fn is_any_subject(value: &str) -> bool {
    ANY_SUBJECT.contains(&fold(value).text())
}

/// The field called `name` (any case, traditional or simplified).
pub(super) fn field_name(name: &str) -> Option<FieldName> {
    let folded = fold(name);
    NAMES.iter().find(|(_, names)| names.contains(&folded.text())).map(|(field, _)| *field)
}

/// The names shown where an unknown one was given: for a Chinese message and for an English one.
pub(super) fn known_names() -> (String, String) {
    let both = NAMES.iter().map(|(_, names)| format!("{}（{}）", names[1], names[0]));
    let plain = NAMES.iter().map(|(_, names)| names[0]);
    (both.collect::<Vec<_>>().join("、"), plain.collect::<Vec<_>>().join(", "))
}

/// The shown name nearest to `name`, if one is near enough to be what was meant.
pub(super) fn nearest_name(name: &str) -> Option<&'static str> {
    let shown = NAMES.iter().map(|(_, names)| names[0]);
    let near = shown.map(|known| (distance(known, name), known.len().abs_diff(name.len()), known));
    near.filter(|(distance, ..)| *distance <= 2).min().map(|(.., known)| known)
}

pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(20).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Reads one value. Errs with the key under `query.expect` of what the field takes.
pub(super) fn field_test(
    name: FieldName,
    value: &str,
    context: &Context,
) -> Result<FieldTest, &'static str> {
    match name {
        FieldName::Source => {
            context.source(value).map(|id| FieldTest::Source(id.as_str().into())).ok_or("source")
        }
        FieldName::Topic => {
            context.topic(value).map(|id| FieldTest::Topic(id.as_str().into())).ok_or("topic")
        }
        FieldName::Keyword => {
            let word = fold(value);
            let is_word = word.text().chars().any(char::is_alphanumeric);
            is_word.then(|| FieldTest::Keyword(word.text().to_owned())).ok_or("keyword")
        }
        FieldName::Site => site(value).map(FieldTest::Site).ok_or("site"),
        FieldName::Case => Ok(FieldTest::Case(value.to_owned())),
        FieldName::Channel => channel(value).map(FieldTest::Channel).ok_or("channel"),
        FieldName::Polarity => polarity(value).map(FieldTest::Polarity).ok_or("polarity"),
        FieldName::Reading => polarity(value).map(FieldTest::Reading).ok_or("polarity"),
        FieldName::Kind => kind(value).map(FieldTest::Kind).ok_or("kind"),
        FieldName::Urgency => urgency(value).map(FieldTest::Urgency).ok_or("urgency"),
        FieldName::Unsure => yes_or_no(value).map(FieldTest::Unsure).ok_or("unsure"),
        FieldName::Story => {
            value.parse().map(|id| FieldTest::Story(StoryId(id))).map_err(|_| "story")
        }
        FieldName::Subject => {
            let ids =
                |subjects: Vec<&Subject>| subjects.into_iter().map(|s| s.id.clone()).collect();
            match context.subject_at(value) {
                Some(index) => Ok(FieldTest::Subject(ids(context.members(index)))),
                None if is_any_subject(value) && !context.subjects.is_empty() => {
                    let mut any = ids(context.subjects.iter().collect());
                    any.insert(0, ANY_SUBJECT[0].into());
                    Ok(FieldTest::Subject(any))
                }
                None => Err("subject"),
            }
        }
        FieldName::Risk => number_range(value).map(FieldTest::Risk).ok_or("risk"),
        FieldName::Heat => number_range(value).map(FieldTest::Heat).ok_or("heat"),
        FieldName::Published => {
            let range = time_range(value, context).ok_or("published")?;
            Ok(FieldTest::Published(Box::new(range)))
        }
        FieldName::Title | FieldName::Body | FieldName::Word | FieldName::Words => Err("operand"),
    }
}

fn site(value: &str) -> Option<String> {
    let host = value.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).trim_matches('.');
    let is_host = !host.is_empty()
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    is_host.then(|| host.to_owned())
}

/// By its name in config, or as shown in either language.
fn channel(value: &str) -> Option<Channel> {
    let name = value.to_lowercase();
    Channel::ALL.into_iter().find(|channel| {
        let key = format!("record.channel.{}", channel.as_str());
        let shown = [Lang::Zh.text(&key), Lang::En.text(&key)];
        channel.as_str() == name || shown.iter().any(|text| text.to_lowercase() == name)
    })
}

fn polarity(value: &str) -> Option<Polarity> {
    let name = value.to_lowercase();
    Polarity::ALL.into_iter().find(|polarity| {
        let key = format!("record.polarity.{}", polarity.as_str());
        polarity.as_str() == name || Lang::Zh.text(&key) == name
    })
}

/// By its name, or as shown in either language.
fn kind(value: &str) -> Option<PostKind> {
    let name = value.to_lowercase();
    PostKind::ALL.into_iter().find(|kind| {
        let key = format!("record.kind.{}", kind.as_str());
        let shown = [Lang::Zh.text(&key), Lang::En.text(&key)];
        kind.as_str() == name || shown.iter().any(|text| text.to_lowercase() == name)
    })
}

/// A number or range, or a level as shown.
fn urgency(value: &str) -> Option<NumberRange> {
    let level = (0..=Filing::MOST_URGENT).find(|level| {
        let key = format!("record.urgency.{level}");
        Lang::Zh.text(&key) == value || Lang::En.text(&key).to_lowercase() == value.to_lowercase()
    });
    let exact = |level: u8| Some(Bound { value: f64::from(level), inclusive: true });
    match level {
        Some(level) => Some(NumberRange { from: exact(level), to: exact(level) }),
        None => number_range(value),
    }
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "yes" | "true" | "是" => Some(true),
        "no" | "false" | "否" => Some(false),
        _ => None,
    }
}

/// `60`, `>=60`, `<5`, `60..80` (both belong), `60..`, `..80`.
fn number_range(value: &str) -> Option<NumberRange> {
    let value = value.replace('≥', ">=").replace('≤', "<=");
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let bound = |text: &str, inclusive| number(text).map(|value| Bound { value, inclusive });
    if let Some((from, to)) = value.split_once("..") {
        if from.is_empty() && to.is_empty() {
            return None;
        }
        let end =
            |text: &str| if text.is_empty() { Some(None) } else { bound(text, true).map(Some) };
        let range = NumberRange { from: end(from)?, to: end(to)? };
        let is_ordered = !matches!((range.from, range.to), (Some(a), Some(b)) if a.value > b.value);
        return is_ordered.then_some(range);
    }
    for (sign, is_lower, inclusive) in
        [(">=", true, true), ("<=", false, true), (">", true, false), ("<", false, false)]
    {
        if let Some(rest) = value.strip_prefix(sign) {
            let bound = Some(bound(rest, inclusive)?);
            return Some(match is_lower {
                true => NumberRange { from: bound, to: None },
                false => NumberRange { from: None, to: bound },
            });
        }
    }
    let exact = Some(bound(value.strip_prefix('=').unwrap_or(&value), true)?);
    Some(NumberRange { from: exact, to: exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, inside, outside) in [
            (">=60", 60.0, 59.9),
            (">60", 60.1, 60.0),
            ("60..80", 80.0, 80.1),
            ("..80", 0.0, 81.0),
            ("60", 60.0, 61.0),
            ("≤60", 60.0, 61.0),
        ] {
            let range = number_range(value).unwrap();
            assert!(range.contains(inside) && !range.contains(outside), "{value}");
        }
        for bad in ["", "..", "x", ">", "80..60", "nan", "inf", ">=6 0"] {
            assert_eq!(number_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn near_names_are_offered() {
        assert_eq!(nearest_name("tilte"), Some("title"));
        assert_eq!(nearest_name("abcdefg"), None);
    }
}
