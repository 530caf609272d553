//! A schema of a server as one side of a copy.
//!
//! In: an address; rows. Out: a schema of the current version that no station works on and nobody writes to meanwhile: the
//! session holds the locks of both. Rows come in by `COPY`. What it holds is its caller's matter.

use bytes::Bytes;

use super::link::Link;
use super::{Address, PostgresStore, WRITE_LOCK, schema};
use crate::store::copying::{Held, Side, Table};
use crate::store::sql::{Sql, params};
use crate::store::{Result, StoreError};

/// Everything in the schema of the session, which is ours. The schema stays: to make one takes a right that we may lack.
const CLEAR: &str = "DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I CASCADE', one.tablename);
  END LOOP;
  FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = current_schema() LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', one.name);
  END LOOP;
END $$";

/// A session that has the schema for itself.
pub(in crate::store) struct ServerSide {
    address: Address,
    link: Link,
}

impl PostgresStore {
    /// Opens a schema for a copy, making it where it is not there.
    pub(in crate::store) fn side(address: &Address) -> Result<ServerSide> {
        let store = Self::at(address, true);
        let link = store.call()?;
        store.hold(&link)?;
        link.simple(&format!("SELECT pg_advisory_lock({WRITE_LOCK}, {})", store.number()))?;
        // A statement lasts as long as the other side takes what it answers.
        link.wait_for_ever();
        link.simple("SET statement_timeout = 0")?;
        schema::bring_up(&link, &address.schema, &address.to_string())?;
        if super::cluster::has_workers(&link)? {
            return Err(StoreError::Held { place: address.to_string() });
        }
        Ok(ServerSide { address: address.clone(), link })
    }
}

impl Side for ServerSide {
    fn sql(&self) -> &dyn Sql {
        &self.link
    }

    fn begin(&self) -> Result<()> {
        self.link.simple("BEGIN").map(drop)
    }

    fn commit(&self) -> Result<()> {
        self.link.simple("COMMIT").map(drop)
    }

    fn put(&self, table: &Table, rows: &[Vec<Held>]) -> Result<()> {
        let sql = format!("COPY {} ({}) FROM STDIN", table.quoted(), table.columns());
        self.link.copy_in(&sql, lines(rows))
    }

    fn drawn(&self, table: &Table) -> Result<Option<i64>> {
        let Some(sequence) = self.sequence(table)? else { return Ok(None) };
        let sql = format!("SELECT last_value, is_called FROM {sequence}");
        let drawn =
            self.sql().row(&sql, &[], |row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?)))?;
        Ok(drawn.filter(|(_, is_called)| *is_called).map(|(last, _)| last))
    }

    fn draw_after(&self, table: &Table, last: i64) -> Result<()> {
        if let Some(sequence) = self.sequence(table)? {
            let sql = "SELECT setval(CAST(CAST(?1 AS TEXT) AS regclass), ?2)";
            self.sql().value::<i64>(sql, params![sequence, last])?;
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        self.link.simple(CLEAR)?;
        self.link.forget_statements();
        schema::bring_up(&self.link, &self.address.schema, &self.address.to_string())
    }

    fn settle(&self) -> Result<()> {
        schema::look_through(&self.link, &self.address.schema)
    }
}

impl ServerSide {
    /// What `table` draws its numbers from.
    fn sequence(&self, table: &Table) -> Result<Option<String>> {
        let [key] = table.key.as_slice() else { return Ok(None) };
        let sql = "SELECT pg_get_serial_sequence(CAST(?1 AS TEXT), CAST(?2 AS TEXT))";
        let column = &table.columns[*key].name;
        self.sql().value(sql, params![table.quoted(), column])
    }
}

/// Rows as `COPY` reads them: a line each, values between tabs.
fn lines(rows: &[Vec<Held>]) -> Bytes {
    let mut lines = String::new();
    for row in rows {
        for (n, value) in row.iter().enumerate() {
            if n > 0 {
                lines.push('\t');
            }
            match value {
                Held::Null => lines.push_str("\\N"),
                Held::Int(n) => lines.push_str(&n.to_string()),
                Held::Text(text) => escape(&mut lines, text),
            }
        }
        lines.push('\n');
    }
    Bytes::from(lines)
}

/// Text without what would end a value; the sign that a server cannot keep goes as everywhere here.
fn escape(lines: &mut String, text: &str) {
    let special = ['\\', '\t', '\n', '\r', '\0'];
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        lines.push_str(&rest[..at]);
        lines.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\t' => "\\t",
            b'\n' => "\\n",
            b'\r' => "\\r",
            _ => "\u{FFFD}",
        });
        rest = &rest[at + 1..];
    }
    lines.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_ends_before_its_end() {
        let text = |text: &str| Held::Text(text.to_owned());
        let rows = [vec![text("a\tb\\N\n"), Held::Null], vec![Held::Int(-3), text("一\0\r")]];
        assert_eq!(lines(&rows), Bytes::from("a\\tb\\\\N\\n\t\\N\n-3\t一\u{FFFD}\\r\n"));
        assert_eq!(lines(&[vec![text("\\.")]]), Bytes::from("\\\\.\n"));
    }
}
