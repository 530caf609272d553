//! What each character becomes when folded: nothing, a blank, another character, or several.
//!
//! In: a character. Out: its [`Fate`], the same wherever it stands: NFKC, lower case, traditional to
//! simplified, repeated until nothing changes. The table of the first plane is computed once on first use
//! (about 3 ms); characters beyond it are computed each time, emoji excepted.

use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// What becomes of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays as it is.
    Keep,
    /// It becomes this one character.
    Become(char),
    /// It becomes several characters, found with [`Table::several`].
    Several,
    /// White space: a blank between word characters, else nothing.
    Blank,
    /// A combining mark: joins the character before it where Unicode has one for both, else vanishes.
    Mark,
    /// Invisible or a control character: vanishes.
    Vanish,
}

const T2S: &str = include_str!("../../data/t2s.txt");

const FIRST_PLANE: usize = 0x1_0000;

/// The fates of all characters.
pub(super) struct Table {
    simplified: HashMap<char, char>,
    first_plane: Vec<Fate>,
    /// A bit for each of them that is [`Fate::Keep`]: what nearly every character asks fits the nearest cache.
    kept: Vec<u64>,
}

impl Table {
    /// The one table.
    pub(super) fn get() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Self::build)
    }

    /// Whether `c` is of the first plane and stays as it is.
    #[inline]
    pub(super) fn keeps(&self, c: char) -> bool {
        let code = c as usize;
        self.kept.get(code / 64).is_some_and(|bits| bits & (1 << (code % 64)) != 0)
    }

    /// What becomes of `c`.
    #[inline]
    pub(super) fn fate(&self, c: char) -> Fate {
        let code = c as usize;
        match self.first_plane.get(code) {
            Some(fate) => *fate,
            None if is_plain_emoji(code) => Fate::Keep,
            None => self.compute(c),
        }
    }

    /// What a character with [`Fate::Several`] becomes. May hold white space and marks again.
    pub(super) fn several(&self, c: char) -> String {
        let mut now = c.to_string();
        // Three rounds reach the fixed point for every character (tested); the bound guards the loop.
        for _ in 0..5 {
            let next: String = now
                .nfkc()
                .flat_map(char::to_lowercase)
                .map(|c| self.simplified.get(&c).copied().unwrap_or(c))
                .collect();
            if next == now {
                break;
            }
            now = next;
        }
        now
    }

    fn build() -> Self {
        let simplified = T2S
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| {
                let chars: Vec<char> = line.chars().collect();
                chars.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
            })
            .collect();
        let mut table = Self { simplified, first_plane: Vec::new(), kept: Vec::new() };
        table.first_plane = (0..FIRST_PLANE)
            .map(|code| match char::from_u32(code as u32) {
                None => Fate::Vanish,
                Some(c) if is_han_or_hangul(code) => table.simplify(c),
                Some(c) => table.compute(c),
            })
            .collect();
        let bits = |fates: &[Fate]| {
            let bit = |(i, fate): (usize, &Fate)| u64::from(*fate == Fate::Keep) << i;
            fates.iter().enumerate().map(bit).sum()
        };
        table.kept = table.first_plane.chunks(64).map(bits).collect();
        table
    }

    /// Only the last step, for characters that NFKC and lower case leave alone. The shortcut saves most of
    /// the time of building the table.
    fn simplify(&self, c: char) -> Fate {
        let mut now = c;
        for _ in 0..5 {
            match self.simplified.get(&now) {
                Some(next) if *next != now => now = *next,
                _ => break,
            }
        }
        if now == c { Fate::Keep } else { Fate::Become(now) }
    }

    fn compute(&self, c: char) -> Fate {
        if c.is_whitespace() {
            return Fate::Blank;
        }
        if is_invisible(c) {
            return Fate::Vanish;
        }
        if is_mark(c) {
            return Fate::Mark;
        }
        let folded = self.several(c);
        let mut chars = folded.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) if one == c => Fate::Keep,
            (Some(one), None) if one.is_whitespace() => Fate::Blank,
            (Some(one), None) if !is_mark(one) && !is_invisible(one) => Fate::Become(one),
            _ => Fate::Several,
        }
    }
}

/// Unified ideographs and Hangul syllables: NFKC and lower case leave them alone.
fn is_han_or_hangul(code: usize) -> bool {
    matches!(code, 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

/// Pictographs that fold to themselves; the enclosed letters and ideographs between them do not.
fn is_plain_emoji(code: usize) -> bool {
    matches!(code, 0x1_F300..=0x1_FAFF)
}

/// Default-ignorable and control characters: seen by nobody, used to slip past filters.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF)
}

/// Combining marks of the scripts whose letters form word cells, and the kana voicing marks.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c as u32,
        0x0300..=0x034E | 0x0350..=0x036F | 0x0483..=0x0489 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF | 0x3099 | 0x309A | 0xFE20..=0xFE2F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortcuts_agree_with_the_full_computation() {
        let table = Table::get();
        for c in (0..0x11_0000u32).filter_map(char::from_u32) {
            if is_han_or_hangul(c as usize) || is_plain_emoji(c as usize) {
                assert_eq!(table.fate(c), table.compute(c), "{c} {:x}", c as u32);
            }
        }
    }

    #[test]
    fn what_a_character_becomes_stays() {
        let table = Table::get();
        for c in (0..0x11_0000u32).filter_map(char::from_u32) {
            match table.fate(c) {
                Fate::Become(one) => assert_eq!(table.fate(one), Fate::Keep, "{c} became {one}"),
                Fate::Several => {
                    for one in table.several(c).chars() {
                        assert!(
                            matches!(
                                table.fate(one),
                                Fate::Keep | Fate::Blank | Fate::Mark | Fate::Vanish
                            ),
                            "{c} became {one}"
                        );
                    }
                }
                _ => {}
            }
        }
    }
}
