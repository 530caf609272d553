//! That both kinds have the same tables, columns and rules of what may be missing.

use std::collections::BTreeMap;

use guanlan::store::{Address, Place};

use super::postgres::Postgres;

/// By table and column: what it holds, and whether it must hold something.
type Columns = BTreeMap<(String, String), (String, bool)>;

/// The schema that this test makes.
const SCHEMA: &str = "tables";

/// The columns that only one kind has would be lost on the way from one to the other.
pub fn are_the_same(server: &Postgres) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("guanlan.db");
    drop(Place::File(file.clone()).open().unwrap());
    let address = Address::parse(&format!("{}?schema={SCHEMA}", server.address())).unwrap();
    drop(Place::Server(address).open().unwrap());
    let (ours, theirs) = (of_file(&file), of_server(server));
    assert!(ours.len() > 100, "only {} columns", ours.len());
    assert_eq!(ours, theirs);
    let other = format!(
        "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '{SCHEMA}'
         AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
    );
    assert_eq!(server.psql(&other).unwrap(), "0", "text that is not compared by its bytes");
}

fn of_file(file: &std::path::Path) -> Columns {
    let c = rusqlite::Connection::open(file).unwrap();
    let sql = "SELECT m.name, c.name, c.type, c.\"notnull\" OR c.pk > 0 FROM sqlite_master m, pragma_table_info(m.name) c
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let mut statement = c.prepare(sql).unwrap();
    let rows = statement.query_map([], |r| {
        Ok(((r.get(0)?, r.get(1)?), (r.get::<_, String>(2)?.to_lowercase(), r.get(3)?)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn of_server(server: &Postgres) -> Columns {
    let sql = format!(
        "SELECT table_name, column_name, data_type, is_nullable = 'NO' FROM information_schema.columns
         WHERE table_schema = '{SCHEMA}'"
    );
    let said = server.psql(&sql).unwrap();
    let line = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let kind = if parts[2] == "bigint" { "integer" } else { parts[2] };
        ((parts[0].to_owned(), parts[1].to_owned()), (kind.to_owned(), parts[3] == "t"))
    };
    said.lines().map(line).collect()
}
