//! The known features of a model: their keys in a file, and from a key to its place.
//!
//! In: ascending keys of 32 bits. Out: a [`Table`] that knows the place of each and of no other: a feature that training
//! did not keep has no place, whatever it is. Models that hash into buckets let it fall on a known one, which
//! cost them one to three points.

/// Keys to places: open addressing, half full at most.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::annotate) struct Table {
    slots: Vec<(u32, u32)>,
    shift: u32,
}

const FREE: u32 = u32::MAX;

impl Table {
    pub fn of(keys: &[u32]) -> Self {
        let bits = (keys.len() * 2).next_power_of_two().trailing_zeros().max(4);
        let mut table = Self { slots: vec![(0, FREE); 1 << bits], shift: 32 - bits };
        for (place, key) in keys.iter().enumerate() {
            let mut at = table.home(*key);
            while table.slots[at].1 != FREE {
                at = (at + 1) & (table.slots.len() - 1);
            }
            table.slots[at] = (*key, u32::try_from(place).unwrap_or(FREE));
        }
        table
    }

    fn home(&self, key: u32) -> usize {
        (key.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    pub fn place(&self, key: u32) -> Option<u32> {
        let mut at = self.home(key);
        loop {
            let (found, place) = self.slots[at];
            if place == FREE {
                return None;
            }
            if found == key {
                return Some(place);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// A number in bytes of seven bits, the lowest first.
fn sevens(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3);
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Writes ascending numbers by their differences.
///
/// # Errors
/// As the writer's.
pub(in crate::annotate) fn write_ascending(
    numbers: &[u32],
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let mut last = 0u32;
    for number in numbers {
        out.write_all(&sevens(number - last))?;
        last = *number;
    }
    Ok(())
}

/// `count` ascending numbers and the bytes they took; none where the bytes are cut or do not ascend.
pub(in crate::annotate) fn ascending(bytes: &[u8], count: usize) -> Option<(Vec<u32>, usize)> {
    let (mut keys, mut at, mut last) = (Vec::with_capacity(count), 0, 0u32);
    for first in 0..count {
        let (mut step, mut shift) = (0u32, 0);
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            step |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                break;
            }
            shift += 7;
        }
        if first > 0 && step == 0 {
            return None;
        }
        last = last.checked_add(step)?;
        keys.push(last);
    }
    Some((keys, at))
}
