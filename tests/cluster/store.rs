//! The store's own tests, from the one text beside its code, on a server instead of a file.

use std::process::Command;

use super::postgres::Postgres;

/// Runs them by `cargo test`, which has built them for the file already: with the same packages, so that nothing is built anew.
pub fn own_tests(server: &Postgres) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--offline", "--quiet", "--lib", "--"]);
    cargo.args(["store::answers", "store::cases", "store::corrections", "store::intake"]);
    cargo.arg("store::mend");
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("GUANLAN_TEST_DATABASE", server.address());
    // What `cargo test` told of this package would have crates built anew that look at such names.
    let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if told.iter().any(|begin| name.to_string_lossy().starts_with(begin)) {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let made = "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 't%' AND length(nspname) = 17";
    let made: u32 = server.psql(made).unwrap().parse().unwrap();
    assert!(made >= 10, "only {made} of them made a schema here");
}
