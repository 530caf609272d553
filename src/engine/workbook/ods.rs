//! How many cells the content of an OpenDocument sheet stands for: it repeats cells and rows by number.
//!
//! In: the unpacked `content.xml`. Out: nothing, or a refusal. Reads tags by their names alone; empty cells and
//! rows at the ends, which every program writes to the edge of the sheet, count for nothing.

use super::bounds::check_size;

/// A row as far as it was read.
#[derive(Default)]
struct Row {
    repeated: u64,
    width: u64,
    used: u64,
    text: u64,
}

/// Refuses content that stands for too many cells.
pub(super) fn check(xml: &[u8]) -> Result<(), String> {
    let (mut rows, mut used_rows, mut width, mut text) = (0u64, 0u64, 0u64, 0u64);
    let mut row = Row::default();
    // Where the next cell ends, looked for once for all that begin before it.
    let mut cell_end = 0;
    let mut at = 0;
    while let Some(open) = find(xml, at, b"<") {
        let end = find(xml, open, b">").unwrap_or(xml.len());
        let tag = &xml[open + 1..end];
        at = end.max(open + 1);
        if tag.starts_with(b"table:table-cell") || tag.starts_with(b"table:covered-table-cell") {
            let repeated = number(tag, b"number-columns-repeated");
            row.width = row.width.saturating_add(repeated);
            if !tag.ends_with(b"/") {
                if cell_end < at {
                    cell_end = find(xml, at, b"</table:table-cell").unwrap_or(xml.len());
                }
                row.used = row.width;
                row.text = row.text.saturating_add(repeated.saturating_mul((cell_end - at) as u64));
            }
        } else if tag.starts_with(b"table:table-row") && !tag.starts_with(b"table:table-rows") {
            row = Row { repeated: number(tag, b"number-rows-repeated"), ..Row::default() };
        } else if tag.starts_with(b"/table:table-row") && !tag.starts_with(b"/table:table-rows") {
            rows = rows.saturating_add(row.repeated);
            if row.used > 0 {
                used_rows = rows;
                width = width.max(row.used);
                text = text.saturating_add(row.text.saturating_mul(row.repeated));
            }
            check_size(used_rows.saturating_mul(width), text)?;
        } else if tag == b"/table:table" {
            (rows, used_rows, width, text) = (0, 0, 0, 0);
        }
    }
    Ok(())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    if let [one] = what {
        return rest.iter().position(|b| b == one).map(|n| from + n);
    }
    rest.windows(what.len()).position(|w| w == what).map(|n| from + n)
}

/// The number of an attribute; 1 where it is not there.
fn number(tag: &[u8], name: &[u8]) -> u64 {
    let Some(at) = find(tag, 0, name) else { return 1 };
    let digits = tag[at + name.len()..].iter().skip_while(|b| !b.is_ascii_digit());
    digits
        .take_while(|b| b.is_ascii_digit())
        .fold(0u64, |n, d| n.saturating_mul(10).saturating_add(u64::from(d - b'0')))
        .max(1)
}
