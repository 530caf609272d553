//! Marks hits in the original text and cuts a snippet around them.
//!
//! In: the original text and the byte spans that the in-memory matcher gave for it. Out: one snippet cut
//! on sentence ends where possible, with merged marks. Lengths are in characters, not bytes. It never
//! looks at folded text, and never cuts inside a mark or a character.

use pipelines::record::{Span, TextField};
use serde::Serialize;

/// A piece of text with its marked ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// The piece, from the original text.
    pub text: String,
    /// Byte ranges within `text`, ascending, apart from each other.
    pub marks: Vec<(usize, usize)>,
    /// Whether text was left out before it.
    pub cut_before: bool,
    /// Whether text was left out after it.
    pub cut_after: bool,
}

impl Snippet {
    /// The piece with each mark between `open` and `close`, an ellipsis where it was cut, and line breaks
    /// as blanks.
    #[must_use]
    pub fn render(&self, open: &str, close: &str) -> String {
        let mut out = String::with_capacity(self.text.len() + 16);
        out.push_str(if self.cut_before { "…" } else { "" });
        let mut at = 0;
        for &(start, end) in &self.marks {
            out.push_str(&self.text[at..start]);
            out.push_str(open);
            out.push_str(&self.text[start..end]);
            out.push_str(close);
            at = end;
        }
        out.push_str(&self.text[at..]);
        out.push_str(if self.cut_after { "…" } else { "" });
        out.replace(['\n', '\r'], " ")
    }
}

/// The whole of `text` with the spans of `field` marked; for titles.
#[must_use]
pub fn mark_all(text: &str, field: TextField, spans: &[Span]) -> Snippet {
    Snippet { text: text.to_owned(), marks: merged(text, field, spans), ..Snippet::default() }
}

/// The piece of `text` of at most `max_chars` characters that holds the most marks, begun and ended on
/// sentence ends where that leaves at least half of the room in use. A single mark longer than
/// `max_chars` is shown from its start, cut. Without marks: the beginning of the text.
#[must_use]
pub fn snippet(text: &str, field: TextField, spans: &[Span], max_chars: usize) -> Snippet {
    let marks = merged(text, field, spans);
    let max_chars = max_chars.max(1);
    let focus = densest(text, &marks, max_chars);
    let (start, end) = window(text, focus, max_chars);
    let start_trimmed = start + (text[start..end].len() - text[start..end].trim_start().len());
    let end_trimmed = start_trimmed + text[start_trimmed..end].trim_end().len();
    Snippet {
        text: text[start_trimmed..end_trimmed].to_owned(),
        marks: marks
            .iter()
            .filter(|m| m.0 < end_trimmed && m.1 > start_trimmed)
            .map(|m| (m.0.max(start_trimmed) - start_trimmed, m.1.min(end_trimmed) - start_trimmed))
            .collect(),
        cut_before: !text[..start_trimmed].trim().is_empty(),
        cut_after: !text[end_trimmed..].trim().is_empty(),
    }
}

/// Spans of `field` as byte ranges of `text`: sorted, overlapping ones made one; words that only
/// touch stay apart. Spans that
/// do not fit the text (it changed since) are left out rather than marked wrongly.
fn merged(text: &str, field: TextField, spans: &[Span]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = spans
        .iter()
        .filter(|s| s.field == field)
        .map(|s| (s.start as usize, s.end as usize))
        .filter(|&(start, end)| start < end && text.get(start..end).is_some())
        .collect();
    ranges.sort_unstable();
    let mut out: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match out.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

/// The byte range from the first to the last of the marks that fit together into `max_chars`, choosing
/// the first place with the most marks.
fn densest(text: &str, marks: &[(usize, usize)], max_chars: usize) -> (usize, usize) {
    let mut best = (0, marks.first().copied().unwrap_or((0, 0)));
    let mut right = 0;
    for left in 0..marks.len() {
        right = right.max(left);
        while right + 1 < marks.len() && fits(&text[marks[left].0..marks[right + 1].1], max_chars) {
            right += 1;
        }
        if right + 1 - left > best.0 {
            best = (right + 1 - left, (marks[left].0, marks[right].1));
        }
    }
    best.1
}

fn fits(piece: &str, max_chars: usize) -> bool {
    piece.len() <= max_chars || piece.chars().count() <= max_chars
}

/// Widens `focus` to at most `max_chars` characters: back to the start of its sentence, on to the last
/// sentence end that fits.
fn window(text: &str, focus: (usize, usize), max_chars: usize) -> (usize, usize) {
    let focus_chars = text[focus.0..focus.1].chars().count();
    let room = max_chars.saturating_sub(focus_chars);
    if room == 0 {
        let end = forward(text, focus.0, max_chars);
        return (focus.0, end);
    }
    let earliest = backward(text, focus.0, room / 2);
    let start = match text[earliest..focus.0].char_indices().rfind(|&(_, c)| is_end(c)) {
        _ if earliest == 0 => 0,
        Some((i, c)) => earliest + i + c.len_utf8(),
        None => earliest,
    };
    let used = text[start..focus.1].chars().count();
    let latest = forward(text, focus.1, max_chars - used);
    if latest == text.len() {
        return (start, latest);
    }
    let half = forward(text, start, max_chars / 2).max(focus.1);
    let end = match text[focus.1..latest].char_indices().rfind(|&(_, c)| is_end(c)) {
        Some((i, c)) if focus.1 + i + c.len_utf8() >= half => focus.1 + i + c.len_utf8(),
        _ => latest,
    };
    (start, end)
}

/// Byte offset `chars` characters before `from`, or 0.
fn backward(text: &str, from: usize, chars: usize) -> usize {
    if chars == 0 {
        return from;
    }
    text[..from].char_indices().rev().nth(chars - 1).map_or(0, |(i, _)| i)
}

/// Byte offset `chars` characters after `from`, or the end.
fn forward(text: &str, from: usize, chars: usize) -> usize {
    text[from..].char_indices().nth(chars).map_or(text.len(), |(i, _)| from + i)
}

fn is_end(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans_of(text: &str, words: &[&str]) -> Vec<Span> {
        words
            .iter()
            .flat_map(|w| text.match_indices(w))
            .map(|(i, w)| Span {
                field: TextField::Body,
                start: u32::try_from(i).unwrap(),
                end: u32::try_from(i + w.len()).unwrap(),
            })
            .collect()
    }

    fn check(text: &str, words: &[&str], max_chars: usize, expected: &str) {
        let found = snippet(text, TextField::Body, &spans_of(text, words), max_chars);
        assert!(found.text.chars().count() <= max_chars, "too long: {}", found.text);
        assert_eq!(found.render("[", "]"), expected);
    }

    #[test]
    fn snippets_are_cut_on_sentence_ends() {
        let text = "云岭矿业今日召开年会。会上通报了南关煤矿的瓦斯超限情况。各单位要举一反三！会议由董事长主持。";
        check(text, &["瓦斯"], 30, "…会上通报了南关煤矿的[瓦斯]超限情况。各单位要举一反三！…");
        check(text, &["瓦斯"], 200, &text.replace("瓦斯", "[瓦斯]"));
        check(text, &["瓦斯"], 8, "…煤矿的[瓦斯]超限情…");
        check(text, &[], 11, "云岭矿业今日召开年会。…");
    }

    #[test]
    fn touching_and_overlapping_marks_become_one() {
        check("矿难事故通报", &["矿难", "事故", "难事"], 50, "[矿难事故]通报");
    }

    #[test]
    fn the_densest_place_is_shown() {
        let text =
            "瓦斯。今天天气很好，适合郊游，大家都去了山里看红叶。瓦斯超限后，瓦斯抽采泵停了。";
        check(text, &["瓦斯"], 16, "…[瓦斯]超限后，[瓦斯]抽采泵停了。");
    }

    #[test]
    fn a_mark_longer_than_the_room_is_cut_not_lost() {
        check("关于安全生产责任制的通知", &["安全生产责任制"], 4, "…[安全生产]…");
    }

    #[test]
    fn spans_of_another_text_mark_nothing() {
        let text = "矿难";
        let spans = [
            Span { field: TextField::Body, start: 1, end: 3 },
            Span { field: TextField::Body, start: 3, end: 90 },
            Span { field: TextField::Title, start: 0, end: 3 },
        ];
        assert_eq!(snippet(text, TextField::Body, &spans, 10).render("[", "]"), "矿难");
        assert_eq!(mark_all(text, TextField::Title, &spans).render("[", "]"), "[矿]难");
    }
}
