//! The seam between the store and a database: statements with values, answered by rows.
//!
//! In: SQL in the dialect that SQLite and PostgreSQL share, its parameters as `?1`, `?2`. Out: counts, and rows of a few
//! kinds of values. The statements stand once, beside their tables; a driver (`sqlite`, `postgres`) implements [`Sql`]
//! and [`Database`] and knows nothing of tables. What the dialect is made of stands in `src/store/README.md`.

use super::{About, Cluster, Result, StoreError, StoreWrite};

/// A value as it goes to a database and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number of 64 bits; truth is 0 or 1.
    Int(i64),
    /// Text, compared by its bytes.
    Text(&'a str),
}

/// What can be a parameter.
pub trait ToCell {
    /// The value as it goes to the database.
    fn cell(&self) -> Cell<'_>;
}

impl ToCell for i64 {
    fn cell(&self) -> Cell<'_> {
        Cell::Int(*self)
    }
}

impl ToCell for u32 {
    fn cell(&self) -> Cell<'_> {
        Cell::Int(i64::from(*self))
    }
}

impl ToCell for u16 {
    fn cell(&self) -> Cell<'_> {
        Cell::Int(i64::from(*self))
    }
}

impl ToCell for bool {
    fn cell(&self) -> Cell<'_> {
        Cell::Int(i64::from(*self))
    }
}

impl ToCell for str {
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }
}

impl ToCell for String {
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }
}

impl<T: ToCell + ?Sized> ToCell for &T {
    fn cell(&self) -> Cell<'_> {
        (**self).cell()
    }
}

impl<T: ToCell> ToCell for Option<T> {
    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, ToCell::cell)
    }
}

/// The parameters of a statement, in their order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::ToCell::cell(&$value)),*]
    };
}
pub(super) use params;

/// The places of `count` parameters from number `first` on: `?2, ?3, ?4`.
pub(super) fn places(first: usize, count: usize) -> String {
    let places: Vec<_> = (first..first + count).map(|n| format!("?{n}")).collect();
    places.join(", ")
}

/// What a column can be read as.
pub trait FromCell: Sized {
    /// The value, where it is of this kind.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if let Cell::Int(n) = cell { Some(n) } else { None }
    }
}

impl FromCell for u32 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        i64::from_cell(cell)?.try_into().ok()
    }
}

impl FromCell for u16 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        i64::from_cell(cell)?.try_into().ok()
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        Some(i64::from_cell(cell)? != 0)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if let Cell::Text(text) = cell { Some(text.to_owned()) } else { None }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if cell == Cell::Null { Some(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// A row that was answered.
pub trait Cells {
    /// The value of a column, counted from 0.
    fn cell(&self, at: usize) -> Result<Cell<'_>>;
}

/// A row of any driver.
pub type Row<'a> = dyn Cells + 'a;

impl dyn Cells + '_ {
    /// A column as the type that is wanted.
    ///
    /// # Errors
    /// `Corrupt` where the column holds something else.
    pub fn get<T: FromCell>(&self, at: usize) -> Result<T> {
        let cell = self.cell(at)?;
        T::from_cell(cell).ok_or_else(|| {
            let found = match cell {
                Cell::Null => "nothing",
                Cell::Int(_) => "a number out of place or range",
                Cell::Text(_) => "text out of place",
            };
            StoreError::Corrupt { what: format!("column {at} of a row"), cause: found.to_owned() }
        })
    }
}

/// A connection, or a transaction of one.
pub trait Sql {
    /// Runs a statement. Answers how many rows it changed.
    fn execute(&self, sql: &str, values: &[Cell<'_>]) -> Result<usize>;

    /// Hands over the rows of a query one by one, until `each` answers `false`. Rows are not held: a query of any size
    /// needs the memory of some. No other statement may be run on this connection meanwhile.
    fn each_row(
        &self,
        sql: &str,
        values: &[Cell<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()>;
}

impl dyn Sql + '_ {
    /// All rows of a query.
    pub fn rows<T>(
        &self,
        sql: &str,
        values: &[Cell<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each_row(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// The first row of a query, where it has any.
    pub fn row<T>(
        &self,
        sql: &str,
        values: &[Cell<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.each_row(sql, values, &mut |row| {
            first = Some(read(row)?);
            Ok(false)
        })?;
        Ok(first)
    }

    /// The only column of the only row of a query that always has one.
    pub fn value<T: FromCell>(&self, sql: &str, values: &[Cell<'_>]) -> Result<T> {
        self.row(sql, values, |row| row.get(0))?.ok_or_else(|| StoreError::Corrupt {
            what: "the answer of the database".to_owned(),
            cause: "it has no row".to_owned(),
        })
    }

    /// Whether a query has rows.
    pub fn exists(&self, sql: &str, values: &[Cell<'_>]) -> Result<bool> {
        Ok(self.row(sql, values, |_| Ok(()))?.is_some())
    }
}

/// A database with one writer at a time and any number of readers.
pub trait Database: Send + Sync {
    /// Runs `work` on a connection for reading.
    fn read<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T>;
    /// Runs `work` as one transaction: all of it is stored, or none.
    fn transact(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()>;
    /// Makes what was deleted unreadable in the files of the database as well, as far as that is ours to do.
    fn scrub(&self) -> Result<()>;
    /// Gives up what it holds against other stations; what is still written goes beside them.
    fn let_go(&self) {}
    /// What it is, and where.
    fn about(&self) -> Result<About>;
    /// What several processes on it agree on.
    fn cluster(&self) -> Option<&dyn Cluster> {
        None
    }
}

/// A transaction that writes.
pub(super) struct Write<'a> {
    pub(super) tx: &'a dyn Sql,
}
