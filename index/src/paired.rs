//! Which two neighbouring characters are a term of their own.
//!
//! In: two characters of folded text. Out: whether they are a pair. Words are what is searched for, so pairs are those
//! that stand inside words; and those of the most frequent characters, since a literal of two of them would otherwise
//! read the places of most posts. The table of terms is what indexing spends most of its time in (README), so
//! pairs that merely meet at the seam of two words are left to the places. Made of public counts; it belongs to the format.

use std::sync::LazyLock;

/// The 200 most frequent characters by the word counts of the dictionary of jieba (`dict.txt` of jieba-rs
/// 0.11.0, MIT): each word counts for each of its characters.
const FREQUENT: &str = "\
    一是人了不在有大中国和为这上他个地年来我会以到时要出的生学说道民家子也成行下们于后就发自之对得主长可\
    过天作分方用多你着部能市等业全里工公经本都而高政法面门动日进区事代那去心小同北定开产前其军还然起种所\
    如现理机体表力好外与文当两实重新三么只山水关明从化平建又制南内西没此将员名手最东头者月间无安看见各城\
    十相但已些正口通想度加第她合院物性战由位常点海意场武使次二向治因立数样身情入原问把路被并利石老教万知";

/// The 45,000 pairs most frequent inside the words of that dictionary, each word counting as often as it says: over nine
/// tenths of all there. A line holds a first character and all that may follow it.
const INSIDE_WORDS: &str = include_str!("pairs.txt");

/// The block of characters that pairs are made of.
const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;
const CHARS: usize = (LAST - FIRST + 1) as usize;

struct Table {
    /// Where the followers of a character begin in `seconds`; those of the last end at the last entry.
    starts: Vec<u32>,
    /// Followers as distances from `FIRST`, ascending for each first character.
    seconds: Vec<u16>,
    is_frequent: Vec<bool>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut followers: Vec<Vec<u16>> = vec![Vec::new(); CHARS];
    for line in INSIDE_WORDS.lines() {
        let mut chars = line.chars().filter_map(number);
        let Some(first) = chars.next() else { continue };
        followers[usize::from(first)] = chars.collect();
    }
    let mut table = Table {
        starts: Vec::with_capacity(CHARS + 1),
        seconds: Vec::new(),
        is_frequent: vec![false; CHARS],
    };
    for mut of_one in followers {
        table.starts.push(u32::try_from(table.seconds.len()).unwrap_or(u32::MAX));
        of_one.sort_unstable();
        table.seconds.append(&mut of_one);
    }
    table.starts.push(u32::try_from(table.seconds.len()).unwrap_or(u32::MAX));
    for c in FREQUENT.chars().filter_map(number) {
        table.is_frequent[usize::from(c)] = true;
    }
    table
});

/// The place of `c` in the block.
fn number(c: char) -> Option<u16> {
    let code = u32::from(c);
    (FIRST..=LAST).contains(&code).then(|| u16::try_from(code - FIRST).unwrap_or(u16::MAX))
}

/// Whether `a` and `b` side by side are a term of their own.
pub(crate) fn is_pair(a: char, b: char) -> bool {
    let (Some(a), Some(b)) = (number(a), number(b)) else { return false };
    let (table, at) = (&*TABLE, usize::from(a));
    if table.is_frequent[at] && table.is_frequent[usize::from(b)] {
        return true;
    }
    let of_a = table.starts[at] as usize..table.starts[at + 1] as usize;
    table.seconds[of_a].binary_search(&b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_folded_pairs_once_each() {
        let table = &*TABLE;
        assert_eq!(table.seconds.len(), 45_000);
        let is_folded = |c: &char| pipelines::text::fold(&c.to_string()).text() == c.to_string();
        let others: String = INSIDE_WORDS
            .split_whitespace()
            .flat_map(str::chars)
            .filter(|c| !is_folded(c))
            .collect();
        assert_eq!(others, "");
        let twice = (0..CHARS).any(|at| {
            let of_one = &table.seconds[table.starts[at] as usize..table.starts[at + 1] as usize];
            of_one.windows(2).any(|pair| pair[0] == pair[1])
        });
        assert!(!twice);
        assert_eq!(FREQUENT.chars().count(), 200);
    }

    #[test]
    fn pairs_stand_inside_words_or_are_of_frequent_characters() {
        for (a, b) in [('拖', '欠'), ('煤', '矿'), ('的', '一'), ('是', '在')] {
            assert!(is_pair(a, b), "{a}{b}");
        }
        for (a, b) in [('矿', '拖'), ('瓦', '国'), ('a', '一'), ('一', '，')] {
            assert!(!is_pair(a, b), "{a}{b}");
        }
    }
}
