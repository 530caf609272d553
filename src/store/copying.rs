//! A station's store moved from one kind of place to another, whole and proven.
//!
//! In: two places. Out: the second holds what the first holds, with its identity and history, so that an index is followed
//! on from where it stood. Rows go in the order of their keys, many in one transaction with the mark of how far they
//! came (`mark`): whenever it is killed, the same call goes on. At the end both sides are read and compared (`proof`)
//! before the copy counts as a store. It writes into nothing that is not a copy of this very store in the making, and
//! nobody writes on either side meanwhile: a session of each holds the locks of the station and of who writes.

mod layout;
mod mark;
mod order;
mod proof;

use std::time::Instant;

use pipelines::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub(super) use layout::{Column, Table};
use mark::Mark;
pub(super) use mark::{MARK, refuse_unfinished};
pub use order::{Copied, CopyError, Order, Progress};
pub use proof::TableProof;

use super::sql::{Cell, Sql};
use super::{Place, PostgresStore, Result, SqliteStore, StoreError};

/// Rows of one transaction, at most.
const BATCH_ROWS: usize = 5_000;

/// Bytes of one transaction after which it is stored.
const BATCH_BYTES: usize = 4 << 20;

/// A value that is kept for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Held {
    /// A number.
    Int(i64),
    /// Text.
    Text(String),
    /// Nothing.
    Null,
}

impl Held {
    /// As it goes to a database.
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(n) => Cell::Int(*n),
            Self::Text(text) => Cell::Text(text),
        }
    }

    fn bytes(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 8 }
    }
}

/// One side of a copy: a session that holds the place for itself.
pub(super) trait Side: Send {
    /// Its statements.
    fn sql(&self) -> &dyn Sql;
    /// Begins a transaction.
    fn begin(&self) -> Result<()>;
    /// Ends it; what is not ended is not stored.
    fn commit(&self) -> Result<()>;
    /// Stores rows within a transaction.
    fn put(&self, table: &Table, rows: &[Vec<Held>]) -> Result<()>;
    /// The last number that `table` drew for a row; none where it draws none.
    fn drawn(&self, table: &Table) -> Result<Option<i64>>;
    /// Goes on drawing after `last`; nothing where it draws none.
    fn draw_after(&self, table: &Table, last: i64) -> Result<()>;
    /// Takes away everything, and makes it anew, empty.
    fn clear(&mut self) -> Result<()>;
    /// Looks over what came in, for those who ask later.
    fn settle(&self) -> Result<()>;
}

/// Copies the store at `from` to `to`, or goes on with that. Whoever calls holds the data directory.
///
/// # Errors
/// See [`CopyError`]; what was copied stays, marked as unfinished.
pub fn copy(from: &Place, to: &Place, order: &Order<'_>) -> Result<Copied, CopyError> {
    let tables = layout::tables()?;
    if from.open_to_read()?.is_none() {
        return Err(CopyError::Nothing { place: from.to_string() });
    }
    let store = from.open()?;
    let mut target = side(to, false)?;
    let known = met(&tables, to, &mut *target, order)?;
    if known.is_none() {
        store.write(&mut |write| {
            write.audit_by(order.now, order.who, "store_copy", &to.to_string(), "")
        })?;
    }
    store.let_go();
    drop(store);
    let mut source = side(from, true)?;
    let mut mark = begun(&tables, (from, &*source), (to, &*target), known)?;
    let (known, started) = (mark.rows, Instant::now());
    let of = counted(&tables, source.sql())?;
    let at = tables.iter().position(|table| table.name == mark.table).unwrap_or(tables.len());
    for (n, table) in tables.iter().enumerate().skip(at) {
        let next = tables.get(n + 1).map_or("", |table| table.name.as_str());
        Transfer { source: &*source, target: &*target, table, order, of }.run(&mut mark, next)?;
    }
    target.settle()?;
    let (copy_secs, started) = (started.elapsed().as_secs_f64(), Instant::now());
    let proven = proven(&tables, &mut *source, &mut *target, (order, of))?;
    let proof_secs = started.elapsed().as_secs_f64();
    finish(&tables, &*source, &*target)?;
    Ok(Copied { tables: proven, known, copy_secs, proof_secs })
}

fn side(place: &Place, is_read: bool) -> Result<Box<dyn Side>> {
    Ok(match place {
        Place::File(path) => Box::new(SqliteStore::side(path, is_read)?),
        Place::Server(address) => Box::new(PostgresStore::side(address)?),
    })
}

/// The mark of what is at the target; none where it is empty. Anything else is refused.
fn met(
    tables: &[Table],
    to: &Place,
    target: &mut dyn Side,
    order: &Order<'_>,
) -> Result<Option<Mark>, CopyError> {
    let found = Mark::of(target.sql())?;
    if found.is_some() && order.is_anew {
        target.clear()?;
        return Ok(None);
    }
    if found.is_none() && !is_empty(tables, target.sql())? {
        return Err(CopyError::Occupied { place: to.to_string() });
    }
    Ok(found)
}

/// Whether there is nothing but what a new store holds.
fn is_empty(tables: &[Table], c: &dyn Sql) -> Result<bool> {
    for table in tables {
        let new = if table.name == "meta" { "name = 'store'" } else { "0 = 1" };
        let sql =
            format!("SELECT 1 FROM {} WHERE {} AND NOT ({new})", table.quoted(), table.ours());
        if c.exists(&sql, &[])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where to go on, or the beginning.
fn begun(
    tables: &[Table],
    (from, source): (&Place, &dyn Side),
    (to, target): (&Place, &dyn Side),
    known: Option<Mark>,
) -> Result<Mark, CopyError> {
    let sql = "SELECT value FROM meta WHERE name = 'store'";
    let store: String = source.sql().value(sql, &[])?;
    let stand = stand(tables, source.sql())?;
    if let Some(mark) = known {
        return if mark.store != store {
            Err(CopyError::OfAnother { place: to.to_string() })
        } else if mark.stand != stand {
            Err(CopyError::Moved { place: from.to_string() })
        } else {
            Ok(mark)
        };
    }
    let table = tables.first().map(|table| table.name.clone()).unwrap_or_default();
    let mark = Mark { store, stand, table, after: None, rows: 0 };
    target.begin()?;
    // Its own identity; that of the source comes with the rows.
    target.sql().execute("DELETE FROM meta WHERE name = 'store'", &[])?;
    mark.keep(target.sql())?;
    target.commit()?;
    Ok(mark)
}

/// What changes whenever a station or an officer works on a store. What else may have changed is found in the end.
fn stand(tables: &[Table], c: &dyn Sql) -> Result<String> {
    let mut hash = Sha256::new();
    for table in tables.iter().filter(|table| ["meta", "state"].contains(&table.name.as_str())) {
        let proof = proof::of(c, table, &mut || true)?;
        hash.update(proof.map(|proof| proof.sha256).unwrap_or_default());
    }
    for (table, column) in [("changes", "seq"), ("audit", "id"), ("outbox", "id")] {
        let last: Option<i64> = c.value(&format!("SELECT MAX({column}) FROM {table}"), &[])?;
        hash.update(format!("{last:?}"));
    }
    Ok(hex(&hash.finalize()))
}

fn counted(tables: &[Table], c: &dyn Sql) -> Result<u64> {
    let counts = tables.iter().map(|table| c.value::<i64>(&table.count(), &[]));
    counts.map(|count| count.map(i64::cast_unsigned)).sum()
}

/// One table on its way.
struct Transfer<'a> {
    source: &'a dyn Side,
    target: &'a dyn Side,
    table: &'a Table,
    order: &'a Order<'a>,
    of: u64,
}

impl Transfer<'_> {
    /// Copies what is not there yet; `next` is the table after it.
    fn run(&self, mark: &mut Mark, next: &str) -> Result<(), CopyError> {
        let after = mark.after.clone();
        let cells: Vec<Cell<'_>> = after.iter().flatten().map(Held::cell).collect();
        let (mut batch, mut bytes, mut stopped) = (Vec::new(), 0, None);
        self.source.sql().each_row(&self.table.select(after.as_deref()), &cells, &mut |row| {
            let row = self.table.row(row)?;
            if self
                .table
                .key_of(&row)
                .iter()
                .any(|key| matches!(key, Held::Text(key) if key.contains('\0')))
            {
                stopped = Some(CopyError::ZeroKey { table: self.table.name.clone() });
                return Ok(false);
            }
            bytes += row.iter().map(Held::bytes).sum::<usize>();
            batch.push(row);
            if batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
                self.stored(&mut batch, mark)?;
                bytes = 0;
                if (self.order.is_stopped)() {
                    stopped = Some(CopyError::Stopped { rows: mark.rows });
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if let Some(error) = stopped {
            return Err(error);
        }
        let last = batch.last().map(|row| self.table.key_of(row));
        mark.rows += batch.len() as u64;
        (mark.table, mark.after) = (next.to_owned(), None);
        self.target.begin()?;
        if last.is_some() {
            self.target.put(self.table, &batch)?;
        }
        mark.keep(self.target.sql())?;
        self.target.commit()?;
        (self.order.told)(Progress { done: mark.rows, of: self.of, is_proof: false });
        if (self.order.is_stopped)() {
            return Err(CopyError::Stopped { rows: mark.rows });
        }
        Ok(())
    }

    fn stored(&self, batch: &mut Vec<Vec<Held>>, mark: &mut Mark) -> Result<()> {
        let Some(last) = batch.last() else { return Ok(()) };
        mark.after = Some(self.table.key_of(last));
        mark.rows += batch.len() as u64;
        self.target.begin()?;
        self.target.put(self.table, batch)?;
        mark.keep(self.target.sql())?;
        self.target.commit()?;
        batch.clear();
        (self.order.told)(Progress { done: mark.rows, of: self.of, is_proof: false });
        Ok(())
    }
}

/// Both sides read to their ends and compared, beside each other.
fn proven(
    tables: &[Table],
    source: &mut dyn Side,
    target: &mut dyn Side,
    (order, of): (&Order<'_>, u64),
) -> Result<Vec<TableProof>, CopyError> {
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(move || proofs(tables, source, (order, None)));
        let ours = proofs(tables, target, (order, Some(of)));
        (theirs.join(), ours)
    });
    let theirs = theirs.map_err(|_| StoreError::Sql("the reader panicked".to_owned()))?;
    let (Some(theirs), Some(ours)) = (theirs?, ours?) else {
        return Err(CopyError::Stopped { rows: of });
    };
    let differing = theirs.iter().zip(&ours).filter(|(theirs, ours)| theirs != ours);
    let names: Vec<&str> = differing.map(|(table, _)| table.table.as_str()).collect();
    if names.is_empty() { Ok(ours) } else { Err(CopyError::Differs { tables: names.join(", ") }) }
}

/// All tables of one side; none where it was stopped.
fn proofs(
    tables: &[Table],
    side: &mut dyn Side,
    (order, of): (&Order<'_>, Option<u64>),
) -> Result<Option<Vec<TableProof>>> {
    let (mut proofs, mut done) = (Vec::new(), 0);
    for table in tables {
        let read = proof::of(side.sql(), table, &mut || {
            done += 1;
            if let Some(of) = of.filter(|_| done % BATCH_ROWS as u64 == 0) {
                (order.told)(Progress { done, of, is_proof: true });
            }
            done % BATCH_ROWS as u64 != 0 || !(order.is_stopped)()
        })?;
        let Some(read) = read else { return Ok(None) };
        proofs.push(read);
    }
    Ok(Some(proofs))
}

/// Numbers go on where the source is, and the copy is a store.
fn finish(tables: &[Table], source: &dyn Side, target: &dyn Side) -> Result<()> {
    target.begin()?;
    for table in tables {
        let Some(largest) = table.largest() else { continue };
        let largest: Option<i64> = target.sql().value(&largest, &[])?;
        let last = source.drawn(table)?.max(largest).unwrap_or(0);
        if last > 0 {
            target.draw_after(table, last)?;
        }
    }
    Mark::drop(target.sql())?;
    target.commit()
}

#[cfg(test)]
mod tests;
