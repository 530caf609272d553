//! Folding: one text to compare by, with a map back to the original.
//!
//! In: any text. Out: [`Folded`]. Character by character: NFKC, lower case, traditional to simplified;
//! invisible and control characters vanish; white space (line breaks and U+3000 too) vanishes unless both
//! neighbours are word characters, where any amount of it becomes one blank, so that 瓦\n斯 is 瓦斯 while
//! `gas leak` stays two words. A combining mark joins the letter before it (e + ´ = é) or vanishes.
//! Texts beyond 4 GiB are not folded to the end: offsets are 32 bit.

use super::cells::{Cells, cells, is_word_char};
use super::table::{Fate, Table};

/// A folded text and the way back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    runs: Vec<Run>,
    original_len: u32,
}

/// From `fold` on in the folded text (until the next run): if `width` is 0, folded bytes stand for
/// original bytes one to one from `from` on; else all of it stands for `width` original bytes at `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    fold: u32,
    from: u32,
    width: u32,
}

impl Folded {
    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cells of the folded text, in order.
    #[must_use]
    pub fn cells(&self) -> Cells<'_> {
        cells(&self.text)
    }

    /// The byte range of the original that the folded byte range `start..end` stands for, on character
    /// boundaries of the original. An empty range gives an empty range; bounds beyond the text are cut.
    #[must_use]
    pub fn original_span(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.original_start(start);
        if end <= start {
            return (from, from);
        }
        let end = end.min(self.text.len());
        let Some(run) = end.checked_sub(1).and_then(|last| self.run_at(last)) else {
            return (from, from);
        };
        let to =
            if run.width == 0 { run.from + (end as u32 - run.fold) } else { run.from + run.width };
        (from, (to as usize).max(from))
    }

    /// The byte of the original at which the folded byte `at` begins; the original's length at the end.
    #[must_use]
    pub fn original_start(&self, at: usize) -> usize {
        if at >= self.text.len() {
            return self.original_len as usize;
        }
        self.run_at(at).map_or(0, |run| {
            if run.width == 0 { run.from + (at as u32 - run.fold) } else { run.from }
        }) as usize
    }

    /// Length of the original in bytes.
    #[must_use]
    pub fn original_len(&self) -> usize {
        self.original_len as usize
    }

    fn run_at(&self, at: usize) -> Option<Run> {
        let after = self.runs.partition_point(|run| run.fold as usize <= at);
        after.checked_sub(1).map(|i| self.runs[i])
    }
}

/// Folds `original`.
#[must_use]
pub fn fold(original: &str) -> Folded {
    let mut folder = Folder::new(original);
    for (at, c) in original.char_indices() {
        if at >= u32::MAX as usize - 8 {
            break;
        }
        folder.take(at, c);
    }
    folder.finish()
}

struct Folder<'a> {
    table: &'static Table,
    original: &'a str,
    out: Folded,
    /// Original bytes from here to the current character are kept as they are and not yet copied.
    kept_from: Option<usize>,
    /// White space seen since the last character that stayed.
    blank: Option<(usize, usize)>,
}

impl<'a> Folder<'a> {
    fn new(original: &'a str) -> Self {
        let out = Folded {
            text: String::with_capacity(original.len()),
            runs: Vec::with_capacity(original.len() / 32 + 1),
            original_len: u32::try_from(original.len()).unwrap_or(u32::MAX),
        };
        Self { table: Table::get(), original, out, kept_from: None, blank: None }
    }

    #[inline]
    fn take(&mut self, at: usize, c: char) {
        if self.kept_from.is_some() && self.table.keeps(c) {
            return;
        }
        match self.table.fate(c) {
            Fate::Keep if self.kept_from.is_some() => {}
            Fate::Keep => {
                self.settle_blank(c);
                self.kept_from = Some(at);
            }
            fate => self.change(at, c, fate),
        }
    }

    fn change(&mut self, at: usize, c: char, fate: Fate) {
        self.copy_kept(at);
        match fate {
            Fate::Keep | Fate::Vanish => {}
            Fate::Become(one) => self.push(one, at, c.len_utf8()),
            Fate::Blank => self.see_blank(at, c.len_utf8()),
            Fate::Mark => self.join_mark(at, c, c.len_utf8()),
            Fate::Several => {
                for one in self.table.several(c).chars() {
                    match self.table.fate(one) {
                        Fate::Blank => self.see_blank(at, c.len_utf8()),
                        Fate::Mark => self.join_mark(at, one, c.len_utf8()),
                        Fate::Vanish => {}
                        _ => self.push(one, at, c.len_utf8()),
                    }
                }
            }
        }
    }

    fn see_blank(&mut self, at: usize, width: usize) {
        let start = self.blank.map_or(at, |(start, _)| start);
        self.blank = Some((start, at + width));
    }

    fn copy_kept(&mut self, upto: usize) {
        if let Some(from) = self.kept_from.take() {
            self.mark_run(from, 0);
            self.out.text.push_str(&self.original[from..upto]);
        }
    }

    /// Before `next` is written: white space becomes a blank between word characters, else nothing.
    fn settle_blank(&mut self, next: char) {
        if let Some((start, end)) = self.blank.take()
            && is_word_char(next)
            && self.out.text.chars().next_back().is_some_and(is_word_char)
        {
            self.mark_run(start, end - start);
            self.out.text.push(' ');
        }
    }

    fn push(&mut self, c: char, at: usize, width: usize) {
        self.settle_blank(c);
        self.mark_run(at, width);
        self.out.text.push(c);
    }

    fn mark_run(&mut self, from: usize, width: usize) {
        let run = Run { fold: self.out.text.len() as u32, from: from as u32, width: width as u32 };
        self.out.runs.push(run);
    }

    /// A mark joins the character just written (not across a blank) where Unicode has one for both.
    fn join_mark(&mut self, at: usize, mark: char, width: usize) {
        if self.blank.is_some() {
            return;
        }
        let Some(base) = self.out.text.chars().next_back() else { return };
        let Some(joined) = unicode_normalization::char::compose(base, mark) else { return };
        if self.table.fate(joined) != Fate::Keep {
            return;
        }
        let base_at = self.out.text.len() - base.len_utf8();
        let from = self.out.original_start(base_at);
        self.out.text.pop();
        while self.out.runs.last().is_some_and(|run| run.fold as usize >= base_at) {
            self.out.runs.pop();
        }
        self.mark_run(from, at + width - from);
        self.out.text.push(joined);
    }

    fn finish(mut self) -> Folded {
        self.copy_kept(self.original.len());
        self.out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(original: &str, expected: &str) {
        assert_eq!(fold(original).text(), expected, "{original:?}");
    }

    #[test]
    fn folds() {
        check("云岭矿业３号井", "云岭矿业3号井");
        check("雲嶺礦業發生瓦斯爆炸", "云岭矿业发生瓦斯爆炸");
        check("ＡＢＣ　１２３！％", "abc 123!%");
        check("瓦\n斯 爆\u{3000}炸", "瓦斯爆炸");
        check("瓦\u{200b}斯\u{fe0f}", "瓦斯");
        check("gas \r\n leak", "gas leak");
        check("gas 泄漏 at 3 号井", "gas泄漏at 3号井");
        check(" 两端 ", "两端");
        check("AI Training", "ai training");
        check("cafe\u{301} CAFÉ", "café café");
        check("ｶﾞｽ", "ガス");
        check("瓦\u{307}斯", "瓦斯");
        check("①㎡㈠…", "1m2(一)...");
        check("😀👍🏽", "😀👍🏽");
        check("", "");
        check("\u{1}\u{2}", "");
        check("İstanbul ẞ", "istanbul ß");
    }

    #[test]
    fn spans_point_at_the_original() {
        for (original, word, expected) in [
            ("昨日，雲嶺礦業３號井", "云岭矿业3号", "雲嶺礦業３號"),
            ("瓦\n斯爆炸", "瓦斯", "瓦\n斯"),
            ("ａ \n b。", "a b", "ａ \n b"),
            ("共㎡整", "m", "㎡"),
            ("xe\u{301}y", "é", "e\u{301}"),
            ("前\u{200b}后", "后", "后"),
            ("前\u{200b}后", "前", "前"),
        ] {
            let folded = fold(original);
            let at = folded.text().find(word).unwrap();
            let (start, end) = folded.original_span(at, at + word.len());
            assert_eq!(&original[start..end], expected, "{original:?}");
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[瓦斯爆炸雲嶺礦業發，。！？　\n ]{0,6}",
            "[a-zA-Z0-9éÉ \t]{0,6}",
            prop::sample::select(vec![
                "\u{301}", "\u{3099}", "か", "ｶ", "ﾞ", "\u{200b}", "①", "㎡", "¨", "İ", "ŉ", "😀",
                "\u{fdfa}", "ﬃ", "½", "\u{0}", "\u{2028}"
            ])
            .prop_map(str::to_owned),
            any::<char>().prop_map(|c| c.to_string()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(original in any_text()) {
            let once = fold(&original);
            let twice = fold(once.text());
            prop_assert_eq!(once.text(), twice.text());
        }

        #[test]
        fn the_map_is_monotone_and_on_boundaries(original in any_text()) {
            let folded = fold(&original);
            let mut last = (0, 0);
            for (at, c) in folded.text().char_indices() {
                let (start, end) = folded.original_span(at, at + c.len_utf8());
                prop_assert!(original.is_char_boundary(start) && original.is_char_boundary(end));
                prop_assert!(start < end, "a character comes from somewhere");
                prop_assert!(start >= last.0 && end >= last.1);
                last = (start, end);
            }
        }

        #[test]
        fn what_a_span_covers_folds_to_the_same(original in "[瓦斯爆炸雲嶺礦業發，。　\na-cA-C\u{200b}]{0,30}", a in 0usize..30, b in 0usize..30) {
            let folded = fold(&original);
            let chars: Vec<_> = folded.text().char_indices().map(|(at, c)| (at, at + c.len_utf8())).collect();
            let (a, b) = (a.min(b), a.max(b));
            if b < chars.len() {
                let (start, end) = folded.original_span(chars[a].0, chars[b].1);
                let piece = fold(&original[start..end]);
                prop_assert_eq!(piece.text().trim(), folded.text()[chars[a].0..chars[b].1].trim());
            }
        }
    }
}
