//! What a font file says of its faces, without reading its outlines.
//!
//! In: a path. Out: names, weight, whether Chinese is in it, of each face that may be embedded. A file that is no font has
//! none.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// What is known of a face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peeked {
    /// Which face of its file.
    pub index: u32,
    /// Names of its family, in all languages.
    pub names: Vec<String>,
    /// How far its weight is from that of text.
    pub weight_off: u16,
    /// Whether it has the characters of plain Chinese.
    pub is_chinese: bool,
}

/// Bytes of a table that is read; tables of names and characters of the largest faces are far smaller.
const TABLE: u32 = 8 * 1024 * 1024;
/// Faces of a collection.
const FACES: u32 = 64;
/// Some that no face for Chinese lacks.
const PLAIN: &str = "的国企矿网情，。《》";

/// The faces of the file at `path`; none where it is no font, or cannot be read.
pub(super) fn faces(path: &Path) -> Option<Vec<Peeked>> {
    let mut file = File::open(path).ok()?;
    let head = read(&mut file, 0, 12)?;
    let starts = match head.get(..4)? {
        b"ttcf" => {
            let count = number(&head, 8)?.min(FACES);
            let list = read(&mut file, 12, count * 4)?;
            (0..count as usize).map(|i| number(&list, i * 4)).collect::<Option<Vec<u32>>>()?
        }
        _ => vec![0],
    };
    let each = starts.into_iter().enumerate();
    Some(each.filter_map(|(i, start)| face(&mut file, start, u32::try_from(i).ok()?)).collect())
}

fn face(file: &mut File, start: u32, index: u32) -> Option<Peeked> {
    let head = read(file, start, 12)?;
    if !matches!(head.get(..4)?, [0, 1, 0, 0] | b"OTTO" | b"true") {
        return None;
    }
    let count = u16::from_be_bytes([head[4], head[5]]);
    let directory = read(file, start.checked_add(12)?, u32::from(count) * 16)?;
    let mut table = |tag: &[u8; 4]| {
        let row = directory.chunks_exact(16).find(|row| row[..4] == tag[..])?;
        let (at, length) = (number(row, 8)?, number(row, 12)?);
        (length <= TABLE).then(|| read(file, at, length)).flatten()
    };
    // Outlines of the newer kind cannot be taken out of a face here.
    if table(b"CFF2").is_some() {
        return None;
    }
    let weight = match table(b"OS/2") {
        None => 400,
        Some(about) => {
            // Bits 1 to 3 of the licence: 2 alone forbids embedding, bit 8 a part of it, bit 9 outlines.
            let licence = u16::from_be_bytes([*about.get(8)?, *about.get(9)?]);
            if licence & 0xf == 2 || licence & 0x300 != 0 {
                return None;
            }
            let weight = u16::from_be_bytes([*about.get(4)?, *about.get(5)?]);
            // Bit 0 of the style: a slanted face is taken where there is no other.
            let is_slanted = about.get(63).is_some_and(|style| style & 1 == 1);
            if is_slanted { weight.saturating_add(1_000) } else { weight }
        }
    };
    let names = names(&table(b"name")?);
    let characters = table(b"cmap")?;
    let characters = ttf_parser::cmap::Table::parse(&characters)?;
    let has = |c: char| {
        let maps = characters.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode);
        maps.into_iter().any(|map| map.glyph_index(u32::from(c)).is_some_and(|glyph| glyph.0 != 0))
    };
    let is_chinese = PLAIN.chars().all(has);
    Some(Peeked { index, names, weight_off: weight.abs_diff(400), is_chinese })
}

/// Family names, each once.
fn names(table: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let Some(table) = ttf_parser::name::Table::parse(table) else { return names };
    for name in table.names {
        let is_family = [ttf_parser::name_id::FAMILY, ttf_parser::name_id::TYPOGRAPHIC_FAMILY]
            .contains(&name.name_id);
        if let Some(text) = name.to_string().filter(|text| is_family && !names.contains(text)) {
            names.push(text);
        }
    }
    names
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn read(file: &mut File, at: u32, length: u32) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(u64::from(at))).ok()?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
