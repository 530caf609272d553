//! Cutting a text into the pieces that the encoder knows.
//!
//! In: a text. Out: the pieces on the best path, with their places: the sum of their scores is the greatest. Characters that
//! no piece has count as one unknown piece a run. It knows nothing of weights.

use rustc_hash::{FxHashMap, FxHashSet};

/// Ids with a meaning of their own.
pub(crate) const BEGIN: u32 = 0;
/// After the last piece.
pub(crate) const END: u32 = 2;
const UNKNOWN: u32 = 3;
/// Characters of a text that are looked at: more than the pieces of a reading can cover.
const MOST_CHARS: usize = 600;
const LONGEST: usize = 64;
const BLANK: char = '\u{2581}';

/// A piece and the bytes of the text that it stands for; a blank in front of the text stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) id: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The pieces with their scores, and what characters are mapped to.
#[derive(Debug)]
pub(crate) struct Pieces {
    ids: FxHashMap<Box<str>, (u32, f64)>,
    /// Beginnings of pieces that are none themselves: where none of these goes on, no piece does.
    beginnings: FxHashSet<Box<str>>,
    mapping: FxHashMap<char, Box<str>>,
    unknown: f64,
}

impl Pieces {
    /// From names and scores in the order of their ids (the first four have a meaning of their own), and the map.
    pub(crate) fn new(list: Vec<(String, f32)>, mapping: FxHashMap<char, Box<str>>) -> Self {
        let least = list.iter().skip(4).fold(0.0f32, |least, (_, score)| least.min(*score));
        let mut ids = FxHashMap::default();
        let mut beginnings = FxHashSet::default();
        for (id, (name, score)) in list.into_iter().enumerate() {
            if id <= UNKNOWN as usize || name.is_empty() {
                continue;
            }
            for (end, _) in name.char_indices().skip(1) {
                beginnings.insert(Box::from(&name[..end]));
            }
            ids.entry(name.into_boxed_str()).or_insert((id as u32, f64::from(score)));
        }
        Self { ids, beginnings, mapping, unknown: f64::from(least) - 10.0 }
    }

    /// Mapped, blanks folded to one, `▁` for a blank and one in front; and for each character the byte after what it stands for.
    fn normal(&self, text: &str) -> (String, Vec<usize>) {
        let mut out = String::from(BLANK);
        let mut until = vec![0];
        let mut blank = true;
        let mut one = [0u8; 4];
        for (at, char) in text.char_indices().take(MOST_CHARS) {
            let plain = &*char.encode_utf8(&mut one);
            let mapped = self.mapping.get(&char).map_or(plain, |mapped| &**mapped);
            for c in mapped.chars() {
                let is_blank = c.is_whitespace() || c == BLANK;
                if !(is_blank && blank) {
                    out.push(if is_blank { BLANK } else { c });
                    until.push(at + char.len_utf8());
                }
                blank = is_blank;
            }
        }
        if blank && out.len() > BLANK.len_utf8() {
            out.truncate(out.len() - BLANK.len_utf8());
            until.pop();
        }
        (out, until)
    }

    /// The best path, without begin and end.
    pub(crate) fn cut(&self, text: &str) -> Vec<Piece> {
        let (text, until) = self.normal(text);
        let ends = text.char_indices().map(|(i, c)| i + c.len_utf8()).collect::<Vec<_>>();
        let mut best = vec![f64::NEG_INFINITY; ends.len() + 1];
        let mut back = vec![(0usize, UNKNOWN); ends.len() + 1];
        best[0] = 0.0;
        for from in 0..ends.len() {
            let start = if from == 0 { 0 } else { ends[from - 1] };
            let mut single = false;
            for to in from + 1..=ends.len().min(from + LONGEST) {
                let part = &text[start..ends[to - 1]];
                if let Some((id, score)) = self.ids.get(part) {
                    single |= to == from + 1;
                    if best[from] + score > best[to] {
                        best[to] = best[from] + score;
                        back[to] = (from, *id);
                    }
                }
                if !self.beginnings.contains(part) {
                    break;
                }
            }
            if !single && best[from] + self.unknown > best[from + 1] {
                best[from + 1] = best[from] + self.unknown;
                back[from + 1] = (from, UNKNOWN);
            }
        }
        let mut path: Vec<Piece> = Vec::new();
        let mut at = ends.len();
        while at > 0 {
            let (from, id) = back[at];
            let start = if from == 0 { 0 } else { until[from - 1] };
            match path.last_mut().filter(|last| id == UNKNOWN && last.id == UNKNOWN) {
                Some(last) => last.start = start,
                None => path.push(Piece { id, start, end: until[at - 1] }),
            }
            at = from;
        }
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Pieces {
        let names =
            [("", 0.0), ("", 0.0), ("", 0.0), ("", 0.0), ("▁", -3.0), ("工", -4.0), ("资", -4.5)];
        let more = [("工资", -5.0), ("▁拖", -6.0), ("欠", -5.5), ("拖欠", -6.5)];
        let list = names.iter().chain(&more).map(|(n, s)| ((*n).to_owned(), *s)).collect();
        let mapping = [('Ａ', Box::from("A")), ('\u{200b}', Box::from(""))].into_iter().collect();
        Pieces::new(list, mapping)
    }

    #[test]
    fn the_best_path_wins_over_the_longest_piece() {
        let pieces = pieces();
        // ▁ + 拖欠 is −9.5, ▁拖 + 欠 −11.5.
        assert_eq!(ids(&pieces, "拖欠工资"), [4, 10, 7]);
        assert_eq!(ids(&pieces, "工"), [4, 5]);
    }

    fn ids(pieces: &Pieces, text: &str) -> Vec<u32> {
        pieces.cut(text).iter().map(|p| p.id).collect()
    }

    #[test]
    fn each_piece_knows_the_bytes_it_stands_for() {
        let text = " \u{3000}工资 鑫鑫Ａ工";
        let found = pieces().cut(text);
        let of = |p: &Piece| (p.id, &text[p.start..p.end]);
        // The blanks before the text are one with what is put in front; the unknown run goes on over what is mapped.
        let wanted = [(4, ""), (7, " \u{3000}工资"), (4, " "), (UNKNOWN, "鑫鑫Ａ"), (5, "工")];
        assert_eq!(found.iter().map(of).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn unknown_characters_in_a_row_are_one_piece() {
        assert_eq!(ids(&pieces(), "工鑫鑫资"), [4, 5, UNKNOWN, 6]);
    }

    #[test]
    fn blanks_fold_and_nothing_is_left_of_a_mapped_one() {
        let pieces = pieces();
        assert_eq!(pieces.normal(" 工 \u{3000} 资\u{200b} ").0, "▁工▁资");
        assert_eq!(pieces.normal("Ａ"), ("▁A".to_owned(), vec![0, 3]));
        assert_eq!(ids(&pieces, ""), [4]);
    }
}
