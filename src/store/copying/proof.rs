//! What a table holds, as a count and a hash that are the same on both kinds.
//!
//! In: rows in the order of their keys. Out: their number and SHA-256 of a form that does not depend on who keeps them. It
//! holds one row at a time.

use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use super::layout::Table;
use crate::store::Result;
use crate::store::sql::{Cell, Sql};

/// A table as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableProof {
    /// Its name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// Reads all of `table`; `told` hears of each row and answers whether to go on. None where it was not.
pub(super) fn of(
    c: &dyn Sql,
    table: &Table,
    told: &mut dyn FnMut() -> bool,
) -> Result<Option<TableProof>> {
    let (mut hash, mut rows, mut goes_on) = (Sha256::new(), 0, true);
    let width = table.columns.len();
    let mut form = Vec::new();
    c.each_row(&table.select(None), &[], &mut |row| {
        form.clear();
        for at in 0..width {
            write(&mut form, row.cell(at)?);
        }
        hash.update(&form);
        rows += 1;
        goes_on = told();
        Ok(goes_on)
    })?;
    let whole = || TableProof { table: table.name.clone(), rows, sha256: hex(&hash.finalize()) };
    Ok(goes_on.then(whole))
}

/// One value: its kind, its length where it has one, itself. The sign that no server keeps is written as what it becomes
/// there.
fn write(form: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Null => form.push(b'n'),
        Cell::Int(n) => {
            form.push(b'i');
            form.extend_from_slice(&n.to_le_bytes());
        }
        Cell::Text(text) if text.contains('\0') => {
            write(form, Cell::Text(&text.replace('\0', "\u{FFFD}")));
        }
        Cell::Text(text) => {
            form.push(b't');
            form.extend_from_slice(&(text.len() as u64).to_le_bytes());
            form.extend_from_slice(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(cells: &[Cell<'_>]) -> Vec<u8> {
        let mut form = Vec::new();
        cells.iter().for_each(|cell| write(&mut form, *cell));
        form
    }

    #[test]
    fn rows_that_differ_have_forms_that_differ() {
        let (one, two) = (Cell::Text("ab"), Cell::Text("a"));
        assert_ne!(form(&[one, two]), form(&[two, Cell::Text("ba")]));
        assert_ne!(form(&[Cell::Null]), form(&[Cell::Int(0)]));
        assert_ne!(form(&[Cell::Int(1)]), form(&[Cell::Text("1")]));
        assert_eq!(form(&[Cell::Text("a\0")]), form(&[Cell::Text("a\u{FFFD}")]));
    }
}
