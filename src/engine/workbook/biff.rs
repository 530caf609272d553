//! How far the cells of an old Excel file (BIFF in a compound file) reach, told without its reader.
//!
//! In: the bytes of a file. Out: nothing, or a refusal. It finds the stream of the workbook, walks its records, and
//! adds up the sheets as they are named; a file that is no compound file is left to the reader to refuse.

use std::collections::HashMap;

use super::bounds::{Reach, check_size};

const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Sector numbers from here on are marks: end of a chain, free, table.
const FIRST_MARK: u32 = 0xffff_fffa;

/// Streams shorter than this lie in sectors of 64 bytes of their own.
const SHORT_STREAM: u64 = 4096;

/// Refuses a file whose sheets reach too far.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let Some(streams) = workbooks(bytes) else { return Ok(()) };
    streams.iter().try_for_each(|stream| check_size(cells_of(stream), 0))
}

/// Cells of all sheets of a stream, from the first to the last of each.
fn cells_of(stream: &[u8]) -> u64 {
    let mut by_start: HashMap<u32, Reach> = HashMap::new();
    let (mut all, mut current, mut sheets) = (Reach::default(), 0u32, Vec::new());
    let mut at = 0;
    while let (Some(kind), Some(length)) = (u16_at(stream, at), u16_at(stream, at + 2)) {
        let data = stream.get(at + 4..at + 4 + usize::from(length)).unwrap_or_default();
        match kind {
            0x0009 | 0x0209 | 0x0409 | 0x0809 => current = at as u32,
            0x0085 => sheets.extend(u32_at(data, 0)),
            _ => {
                for (row, column) in cells_in(kind, data) {
                    by_start.entry(current).or_default().take(row, column);
                    all.take(row, column);
                }
            }
        }
        at += 4 + usize::from(length);
    }
    // A sheet that begins elsewhere than the file says is taken to reach over all of it.
    sheets.iter().map(|start| by_start.get(start).unwrap_or(&all).cells()).sum()
}

/// The first and the last cell of a record.
fn cells_in(kind: u16, data: &[u8]) -> Vec<(u32, u32)> {
    let is_one = matches!(
        kind,
        0x0006 | 0x0206 | 0x0406 | 0x0201 | 0x0203 | 0x0204 | 0x0205 | 0x027e | 0x00fd | 0x00d6
    );
    let is_several = matches!(kind, 0x00bd | 0x00be);
    let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { return Vec::new() };
    let (row, first) = (u32::from(row), u32::from(first));
    let last = u16_at(data, data.len().saturating_sub(2)).map_or(first, u32::from);
    match (is_one, is_several) {
        (true, _) => vec![(row, first)],
        (_, true) => vec![(row, first), (row, last)],
        _ => Vec::new(),
    }
}

/// The streams that hold a workbook; none where the file is no compound file.
fn workbooks(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    if !bytes.starts_with(&SIGNATURE) {
        return None;
    }
    let file = Compound::new(bytes)?;
    let directory = file.chain(u32_at(bytes, 48)?);
    let entries: Vec<&[u8]> = directory.chunks_exact(128).collect();
    let short = file.chain(u32_at(entries.first()?, 116)?);
    let is_workbook = |entry: &&&[u8]| {
        let length = u16_at(entry, 64).map_or(0, usize::from).saturating_sub(2).min(64);
        let name: Vec<u16> =
            entry[..length].chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
        matches!(String::from_utf16_lossy(&name).to_lowercase().as_str(), "workbook" | "book")
    };
    let stream = |entry: &&[u8]| {
        let (start, size) = (u32_at(entry, 116)?, u64::from(u32_at(entry, 120)?));
        let stream = match size < SHORT_STREAM {
            true => file.short_chain(start, &short),
            false => file.chain(start),
        };
        Some(stream)
    };
    Some(entries.iter().filter(is_workbook).filter_map(stream).collect())
}

/// A compound file: sectors in chains.
struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    next: Vec<u32>,
    next_short: Vec<u32>,
}

impl<'a> Compound<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let shift = u16_at(bytes, 30)?;
        let sector = 1usize << if (7..=16).contains(&shift) { shift } else { return None };
        let mut file = Self { bytes, sector, next: Vec::new(), next_short: Vec::new() };
        let mut tables: Vec<u32> = (0..109).filter_map(|n| u32_at(bytes, 76 + n * 4)).collect();
        let mut more = u32_at(bytes, 68)?;
        for _ in 0..bytes.len() / sector {
            let Some(list) = file.sector_at(more) else { break };
            let numbers: Vec<u32> = (0..sector / 4).filter_map(|n| u32_at(list, n * 4)).collect();
            tables.extend(&numbers[..numbers.len() - 1]);
            more = *numbers.last()?;
        }
        for table in tables.into_iter().filter(|n| *n < FIRST_MARK).take(bytes.len() / sector + 1) {
            let list = file.sector_at(table).unwrap_or_default();
            file.next.extend((0..sector / 4).filter_map(|n| u32_at(list, n * 4)));
        }
        let short = file.chain(u32_at(bytes, 60)?);
        file.next_short = (0..short.len() / 4).filter_map(|n| u32_at(&short, n * 4)).collect();
        Some(file)
    }

    fn sector_at(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        self.bytes.get(start..(start + self.sector).min(self.bytes.len()))
    }

    fn chain(&self, start: u32) -> Vec<u8> {
        let mut stream = Vec::new();
        let mut at = start;
        // A chain in a circle ends where the file would.
        while let Some(sector) = self.sector_at(at).filter(|_| stream.len() <= self.bytes.len()) {
            stream.extend_from_slice(sector);
            at = self.next.get(at as usize).copied().unwrap_or(u32::MAX);
        }
        stream
    }

    fn short_chain(&self, start: u32, short: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        let mut at = start as usize;
        while let Some(sector) =
            short.get(at * 64..(at + 1) * 64).filter(|_| stream.len() <= short.len())
        {
            stream.extend_from_slice(sector);
            at = self.next_short.get(at).map_or(usize::MAX / 64 - 1, |n| *n as usize);
        }
        stream
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
