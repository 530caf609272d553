//! Sentences and paragraphs of a text.
//!
//! In: an original text. Out: byte ranges that cover it without gaps. A paragraph ends at a line break. A
//! sentence ends with its paragraph, after 。！？ and their half-width forms, and after `.` before white
//! space; closing quotes and brackets stay with it. 同句 and 同段 mean these. 分号 and ellipses end nothing.

/// Where the pieces of a text end; says which piece a byte lies in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Splits {
    ends: Vec<u32>,
}

impl Splits {
    /// The number of the piece in which the original byte `at` lies, from 0. Bytes beyond the end belong to
    /// the last piece. For a place in folded text, ask with
    /// [`Folded::original_start`](super::Folded::original_start).
    #[must_use]
    pub fn index_of(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= at).min(self.ends.len().saturating_sub(1))
    }

    /// The byte range of each piece of the original, in order, without gaps.
    pub fn spans(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).map(|(a, b)| (a as usize, b as usize))
    }
}

/// The paragraphs of `original`.
#[must_use]
pub fn paragraphs(original: &str) -> Splits {
    split(original, false)
}

/// The sentences of `original`.
#[must_use]
pub fn sentences(original: &str) -> Splits {
    split(original, true)
}

fn split(original: &str, at_sentences: bool) -> Splits {
    let mut ends: Vec<u32> = Vec::new();
    let mut at = 0;
    while let Some(end) = end_after(original, at, at_sentences) {
        ends.push(end as u32);
        at = end;
    }
    if ends.last().map_or(0, |end| *end as usize) < original.len() {
        ends.push(original.len() as u32);
    }
    Splits { ends }
}

/// Whether the bytes `a` and `b`, where characters begin, lie in one sentence of `original`. Looks no
/// further than the end of the first one's sentence.
#[must_use]
pub fn share_sentence(original: &str, a: usize, b: usize) -> bool {
    let (first, second) = (a.min(b), a.max(b));
    // A closing bracket may belong to a sentence that has already ended, which only its beginning tells.
    if original[first..].starts_with(closes) {
        let sentences = sentences(original);
        return sentences.index_of(first) == sentences.index_of(second);
    }
    end_after(original, first, true).is_none_or(|end| second < end)
}

/// Whether the bytes `a` and `b`, where characters begin, lie in one paragraph of `original`.
#[must_use]
pub fn share_paragraph(original: &str, a: usize, b: usize) -> bool {
    end_after(original, a.min(b), false).is_none_or(|end| a.max(b) < end)
}

/// Where the piece ends that goes on at the byte `at`, unless it ends with the text.
fn end_after(original: &str, mut at: usize, at_sentences: bool) -> Option<usize> {
    while let Some(skipped) = next_end(&original.as_bytes()[at..]) {
        let mut chars = original[at + skipped..].chars();
        let Some(c) = chars.next() else { break };
        at += skipped + c.len_utf8();
        if is_break(c) {
            return Some(at);
        }
        if at_sentences
            && (is_stop(c) || (c == '.' && chars.next().is_none_or(char::is_whitespace)))
        {
            let closing = original[at..].chars().take_while(|c| is_stop(*c) || closes(*c));
            return Some(at + closing.map(char::len_utf8).sum::<usize>());
        }
    }
    None
}

/// How far off the first character is at which a break or a stop may stand. Most characters are stepped
/// over by their first byte alone.
fn next_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        match STEPS[*first as usize] {
            0 => return Some(at),
            step => at += step as usize,
        }
    }
    None
}

/// Bytes of the character that begins with this one; 0 where breaks, stops and `.` begin with it too.
const STEPS: [u8; 256] = {
    let mut steps = [1; 256];
    let mut first = 0;
    while first < 256 {
        steps[first] = match first as u8 {
            b'\n' | b'\r' | b'!' | b'?' | b'.' | 0xC2 | 0xE2 | 0xE3 | 0xEF => 0,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            _ => 1,
        };
        first += 1;
    }
    steps
};

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_stop(c: char) -> bool {
    matches!(c, '。' | '｡' | '！' | '!' | '？' | '?')
}

fn closes(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』' | '）' | ')' | '》' | '】' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(original: &str, expected: &[&str]) {
        let splits = sentences(original);
        let found: Vec<_> = splits.spans().map(|(a, b)| &original[a..b]).collect();
        assert_eq!(found, expected);
        for (i, (a, b)) in splits.spans().enumerate() {
            assert!((a..b).all(|at| splits.index_of(at) == i));
        }
    }

    #[test]
    fn sentences_of() {
        check("井下透水。有人被困！？快报", &["井下透水。", "有人被困！？", "快报"]);
        check("他说：“安全了。”然后走了", &["他说：“安全了。”", "然后走了"]);
        check("产量3.5万吨. OK", &["产量3.5万吨.", " OK"]);
        check("一行\n二行", &["一行\n", "二行"]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn two_places_share_what_holds_both(original in "[瓦斯a.。！？”」\n ]{0,20}") {
            let (sentences, paragraphs) = (sentences(&original), paragraphs(&original));
            let starts: Vec<usize> = original.char_indices().map(|(at, _)| at).collect();
            for a in &starts {
                for b in &starts {
                    let is_one = |splits: &Splits| splits.index_of(*a) == splits.index_of(*b);
                    prop_assert_eq!(share_sentence(&original, *a, *b), is_one(&sentences));
                    prop_assert_eq!(share_paragraph(&original, *a, *b), is_one(&paragraphs));
                }
            }
        }
    }

    #[test]
    fn no_break_or_stop_is_passed_over() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let first = c.to_string().as_bytes()[0];
            let step = STEPS[first as usize];
            assert!(step == 0 || !(is_break(c) || is_stop(c) || c == '.'), "{c:?}");
            assert!(step == 0 || step as usize == c.len_utf8(), "{c:?}");
        }
    }

    #[test]
    fn paragraphs_end_at_line_breaks_only() {
        let splits = paragraphs("甲。乙\n丙");
        assert_eq!(splits.spans().collect::<Vec<_>>(), [(0, 10), (10, 13)]);
        assert_eq!(splits.index_of(99), 1);
        assert_eq!(paragraphs("").index_of(0), 0);
    }
}
