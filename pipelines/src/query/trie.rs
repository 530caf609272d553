//! Finds every literal of a set in a text, overlapping ones too.
//!
//! In: literals, each with its number, then folded texts. Out: for each occurrence its number and first
//! byte, in order of the first byte, the shorter first. Most literals of Chinese rules have two to four
//! characters, so the text is gone through by pairs of neighbours: a bitmap that fits the nearest cache says
//! of nearly every pair that opens no literal that it opens none, and one probe of a hash table says the
//! rest. An automaton (daachorse, tried) makes two or three probes for every character instead. The price:
//! not linear for a text made to repeat the beginning of a long literal. Knows neither cells nor queries.

/// The literals, as a trie whose edges lie in one hash table.
pub(super) struct Trie {
    /// Which pairs of characters begin a literal: may say yes wrongly (one pair in twenty), never no.
    pairs: Bitmap,
    /// Which characters are a literal by themselves, likewise.
    singles: Option<Bitmap>,
    edges: Edges,
}

/// What stands behind an edge.
#[derive(Clone, Copy)]
struct Node {
    /// Names the node in the keys of edges that leave it; `NONE` where none does.
    id: u32,
    /// The literal that ends here, or `NONE`.
    literal: u32,
}

const NONE: u32 = u32::MAX;

/// Places looked up together.
const BATCH: usize = 64;

/// A place where a literal may begin.
#[derive(Clone, Copy, Default)]
struct Opening {
    key: u64,
    at: u32,
    /// Where the text goes on behind the characters of `key`.
    rest: u32,
}

impl Trie {
    /// A trie of `literals`, none of them empty or given twice.
    pub(super) fn new(literals: &[(&str, u32)]) -> Self {
        let mut trie = Self {
            pairs: Bitmap::for_keys(literals.len()),
            singles: None,
            edges: Edges::default(),
        };
        let mut ids = 0;
        for (text, number) in literals {
            let mut chars = text.chars();
            let (Some(first), second) = (chars.next(), chars.next()) else { continue };
            let mut key = first_key(first, second);
            match second {
                Some(_) => trie.pairs.insert(key),
                None => trie.singles.get_or_insert_with(|| Bitmap::for_keys(64)).insert(key),
            }
            for next in chars {
                let node = trie.edges.entry(key);
                if node.id == NONE {
                    node.id = ids;
                    ids += 1;
                }
                key = key_from(node.id, next);
            }
            trie.edges.entry(key).literal = *number;
        }
        trie
    }

    /// Calls `see` with number and first byte of each occurrence in `text`.
    pub(super) fn find(&self, text: &str, mut see: impl FnMut(u32, u32)) {
        // Which pairs open a literal cannot be foretold, so they are noted without a branch, some dozens at
        // a time, and looked up together: nearly each of those leads somewhere.
        let mut likely = [Opening::default(); BATCH + 2];
        let mut count = 0;
        let mut chars = text.char_indices();
        let Some((mut at, mut first)) = chars.next() else { return };
        loop {
            if let Some(singles) = &self.singles {
                let key = first_key(first, None);
                likely[count] = Opening { key, at: at as u32, rest: text.len() as u32 };
                count += usize::from(singles.has(key));
            }
            let next = chars.next();
            if let Some((_, second)) = next {
                let (key, rest) = (first_key(first, Some(second)), chars.offset());
                likely[count] = Opening { key, at: at as u32, rest: rest as u32 };
                count += usize::from(self.pairs.has(key));
            }
            if count >= BATCH || next.is_none() {
                for opening in &likely[..count] {
                    let rest = &text[opening.rest as usize..];
                    self.walk(opening.key, rest, |literal| see(literal, opening.at));
                }
                count = 0;
            }
            let Some(next) = next else { return };
            (at, first) = next;
        }
    }

    /// Follows the edge `key`, then `rest`, as far as they lead.
    #[inline]
    fn walk(&self, key: u64, rest: &str, mut see: impl FnMut(u32)) {
        let Some(mut node) = self.edges.get(key) else { return };
        let mut rest = rest.chars();
        loop {
            if node.literal != NONE {
                see(node.literal);
            }
            if node.id == NONE {
                return;
            }
            let Some(next) = rest.next() else { return };
            match self.edges.get(key_from(node.id, next)) {
                Some(further) => node = further,
                None => return,
            }
        }
    }
}

/// The key of the edge that a literal begins with: its first two characters, or its only one.
fn first_key(first: char, second: Option<char>) -> u64 {
    // No character is beyond 21 bits: 0x1F_FFFF stands for none.
    1 << 63
        | u64::from(u32::from(first)) << 32
        | second.map_or(0x1F_FFFF, |c| u64::from(u32::from(c)))
}

/// The key of the edge that leaves the node `id` by `next`.
fn key_from(id: u32, next: char) -> u64 {
    u64::from(id) << 32 | u64::from(u32::from(next))
}

/// Spreads keys; the upper bits are the good ones.
fn mix(key: u64) -> u64 {
    (key ^ (key >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A set of keys that takes 16 to 32 bits a key.
struct Bitmap {
    words: Vec<u64>,
    shift: u32,
}

impl Bitmap {
    fn for_keys(keys: usize) -> Self {
        let bits = (keys * 16).next_power_of_two().clamp(1 << 10, 1 << 24);
        Self { words: vec![0; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    fn insert(&mut self, key: u64) {
        let bit = mix(key) >> self.shift;
        self.words[bit as usize / 64] |= 1 << (bit % 64);
    }

    fn has(&self, key: u64) -> bool {
        let bit = mix(key) >> self.shift;
        self.words[bit as usize / 64] & (1 << (bit % 64)) != 0
    }
}

/// A hash table of edges, open addressing, at most half full.
#[derive(Default)]
struct Edges {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    node: Node,
}

/// No edge has this key: a first character of 31 bits is none.
const FREE: Slot = Slot { key: u64::MAX, node: Node { id: NONE, literal: NONE } };

impl Edges {
    /// What `key` leads to. The table must not be empty: a bitmap has said that there is something.
    fn get(&self, key: u64) -> Option<Node> {
        let slot = &self.slots[self.place(key)];
        (slot.key == key).then_some(slot.node)
    }

    /// The node behind `key`, a new one if need be.
    fn entry(&mut self, key: u64) -> &mut Node {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let place = self.place(key);
        if self.slots[place].key != key {
            self.slots[place].key = key;
            self.used += 1;
        }
        &mut self.slots[place].node
    }

    /// Where `key` stands, or would.
    fn place(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = (mix(key) >> 32) as usize & mask;
        while self.slots[place].key != key && self.slots[place].key != FREE.key {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let larger = vec![FREE; (self.slots.len() * 2).max(16)];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.key != FREE.key {
                let place = self.place(slot.key);
                self.slots[place] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(literals: &[String], text: &str) -> Vec<(u32, u32)> {
        let numbered: Vec<(&str, u32)> = literals.iter().map(String::as_str).zip(0..).collect();
        let mut found = Vec::new();
        Trie::new(&numbered).find(text, |literal, at| found.push((literal, at)));
        found
    }

    fn check(literals: &[&str], text: &str, expected: &[(u32, u32)]) {
        let literals: Vec<String> = literals.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found(&literals, text), expected, "{literals:?} in {text}");
    }

    #[test]
    fn all_occurrences_are_seen() {
        check(&["瓦", "瓦斯", "斯爆", "瓦斯爆炸"], "瓦斯爆", &[(0, 0), (1, 0), (2, 3)]);
        check(&["aa"], "aaaa", &[(0, 0), (0, 1), (0, 2)]);
        check(&["a"], "", &[]);
        check(&[], "瓦斯", &[]);
        check(&["\u{0}\u{0}"], "\u{0}\u{0}", &[(0, 0)]);
    }

    proptest! {
        #[test]
        fn they_are_those_of_a_plain_search(
            literals in prop::collection::btree_set("[瓦斯ab]{1,5}", 0..20),
            text in "[瓦斯ab]{0,40}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let mut expected: Vec<(u32, u32)> = Vec::new();
            for (at, _) in text.char_indices() {
                let here = (0..).zip(&literals).filter(|(_, l)| text[at..].starts_with(l.as_str()));
                let mut here: Vec<(usize, u32)> = here.map(|(n, l)| (l.len(), n)).collect();
                here.sort_unstable();
                expected.extend(here.into_iter().map(|(_, number)| (number, at as u32)));
            }
            prop_assert_eq!(found(&literals, &text), expected);
        }
    }
}
