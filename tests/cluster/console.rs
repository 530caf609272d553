//! The console in a browser on a station whose store is a server and whose index a cluster: the walks of `tests/browser`.
//!
//! In: `GUANLAN_BROWSER`, the name of one walk or `all`; without it this is no test of the run. It needs what the walks need:
//! node with the packages of `tests/browser`, and a chromium (`CHROMIUM`). Screenshots go to `target/browser-cluster`.

use std::path::Path;
use std::process::Command;

use crate::opensearch::Node;
use crate::postgres::Postgres;

/// The variable that asks for it.
pub const ASKED: &str = "GUANLAN_BROWSER";

/// The variable with the server's address.
const ADDRESS: &str = "GUANLAN_BROWSER_POSTGRES";

/// Every page as on one machine, and every act seen afterwards.
pub fn day(server: &Postgres, node: &Node) {
    let walk = std::env::var(ASKED).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("kept")).unwrap();
    let engines = dir.path().join("engines.toml");
    let tables = format!(
        "[store]\nkind = \"postgres\"\naddress_env = \"{ADDRESS}\"\n[index]\nkind = \"opensearch\"\n\
         addresses = [\"{}\"]\nname = \"console\"\n[evidence]\nfolder = \"{}\"\n",
        node.address,
        dir.path().join("kept").display()
    );
    std::fs::write(&engines, tables).unwrap();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut walks = Command::new("node");
    walks
        .arg(checkout.join("tests/browser/day.mjs"))
        .arg(env!("CARGO_BIN_EXE_guanlan"))
        .arg(checkout.join("target/browser-cluster"))
        .args((walk != "all").then_some(walk))
        .env("ENGINES", engines)
        .env(ADDRESS, format!("{}?schema=console", server.address()));
    assert!(walks.status().unwrap().success());
    // It was there that things were kept.
    let posts = server.psql("SELECT COUNT(*) FROM console.posts").unwrap();
    assert!(posts.trim().parse::<u64>().unwrap() > 50, "{posts}");
    assert!(std::fs::read_dir(dir.path().join("kept/evidence")).unwrap().count() > 0);
}
