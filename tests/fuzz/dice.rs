//! Seeded choices and changes of bytes: the same seed makes the same inputs on every machine.
//!
//! In: a seed; an input, others like it, pieces of its grammar. Out: changed inputs, and hostile ones made of pieces
//! alone. Knows no target.

/// SplitMix64.
pub struct Dice(u64);

/// Longest input made, in bytes.
const MAX_BYTES: usize = 1 << 20;

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    /// One input: a kept one changed in up to a dozen places, or pieces alone.
    pub fn input(&mut self, seeds: &[Vec<u8>], pieces: &[&str]) -> Vec<u8> {
        if seeds.is_empty() || self.below(6) == 0 {
            return self.of_pieces(pieces);
        }
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(12) {
            self.change(&mut bytes, seeds, pieces);
        }
        bytes.truncate(MAX_BYTES);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], pieces: &[&str]) {
        let at = self.below(bytes.len() + 1);
        let len = self.below(600).min(bytes.len() - at);
        match self.below(9) {
            0 => drop(bytes.drain(at..at + len)),
            1 => {
                let part = bytes[at..at + len].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            2 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len());
                let part = other[from..(from + len * 4).min(other.len())].to_vec();
                bytes.splice(at..at, part);
            }
            3 => (0..=self.below(8)).for_each(|_| self.flip(bytes)),
            4 => bytes.truncate(at),
            5 => {
                let piece = pieces[self.below(pieces.len())].repeat(self.below(200));
                bytes.splice(at..at, piece.into_bytes());
            }
            6 => self.number(bytes, at),
            _ => drop(bytes.splice(at..at, pieces[self.below(pieces.len())].bytes())),
        }
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        let at = self.below(bytes.len());
        let new = self.next() as u8;
        if let Some(byte) = bytes.get_mut(at) {
            *byte = if new.is_multiple_of(3) { *byte ^ (1 << (new & 7)) } else { new };
        }
    }

    /// Four bytes become a number at an edge of its type: lengths and offsets of binary formats.
    fn number(&mut self, bytes: &mut [u8], at: usize) {
        let edges = [0, 1, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_fffe, u32::MAX, self.next() as u32];
        let number = edges[self.below(edges.len())].to_le_bytes();
        for (byte, new) in bytes.iter_mut().skip(at).zip(number) {
            *byte = new;
        }
    }

    fn of_pieces(&mut self, pieces: &[&str]) -> Vec<u8> {
        let mut text = String::new();
        match self.below(3) {
            0 => {
                let (one, other) =
                    (pieces[self.below(pieces.len())], pieces[self.below(pieces.len())]);
                let times = self.below(8_000);
                text.push_str(&one.repeat(times));
                text.push_str(&other.repeat(times));
            }
            1 => (0..self.below(400)).for_each(|_| text.push_str(pieces[self.below(pieces.len())])),
            _ => return (0..self.below(20_000)).map(|_| self.next() as u8).collect(),
        }
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.into_bytes()
    }
}
