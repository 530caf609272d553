//! A store for tests, of the kind that the environment names: one text of tests for both.
//!
//! In: a folder. Out: its store, a file in it, or where `GUANLAN_TEST_DATABASE` holds the address of a server a schema
//! named after the folder. Opened again, it is the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Address, Place, Result, Store};

/// Where the store of `dir` is.
fn place(dir: &Path) -> Place {
    let Ok(server) = std::env::var("GUANLAN_TEST_DATABASE") else {
        return Place::File(file(dir));
    };
    let name = pipelines::text::hex(&Sha256::digest(dir.display().to_string()));
    let joint = if server.contains('?') { '&' } else { '?' };
    let address = format!("{server}{joint}schema=t{}", &name[..16]);
    Place::Server(Address::parse(&address).unwrap())
}

fn file(dir: &Path) -> PathBuf {
    dir.join("guanlan.db")
}

/// Opens the store of `dir`, as a station does.
pub(crate) fn open(dir: &Path) -> Arc<dyn Store> {
    place(dir).open().unwrap()
}

/// Runs a statement on the store of `dir` as another program would.
pub(crate) fn meddle(dir: &Path, sql: &str) -> Result<()> {
    match place(dir) {
        Place::File(path) => Ok(rusqlite::Connection::open(path)?.execute_batch(sql)?),
        Place::Server(address) => super::postgres::meddle(&address, sql),
    }
}
