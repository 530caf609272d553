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
    let mut ends = Vec::new();
    let mut chars = original.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        let mut ends_here = is_break(c);
        if at_sentences && !ends_here {
            let next = chars.peek().map(|(_, c)| *c);
            ends_here = is_stop(c) || (c == '.' && next.is_none_or(char::is_whitespace));
            while ends_here && let Some((at, c)) = chars.next_if(|(_, c)| is_stop(*c) || closes(*c))
            {
                end = at + c.len_utf8();
            }
        }
        if ends_here {
            ends.push(end as u32);
        }
    }
    if ends.last().map_or(0, |end| *end as usize) < original.len() {
        ends.push(original.len() as u32);
    }
    Splits { ends }
}

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

    #[test]
    fn paragraphs_end_at_line_breaks_only() {
        let splits = paragraphs("甲。乙\n丙");
        assert_eq!(splits.spans().collect::<Vec<_>>(), [(0, 10), (10, 13)]);
        assert_eq!(splits.index_of(99), 1);
        assert_eq!(paragraphs("").index_of(0), 0);
    }
}
