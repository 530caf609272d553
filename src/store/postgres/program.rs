//! The server's own programs: the one that fits is found, told where the server is, and run.
//!
//! In: a name, an address. Out: a program that ended well, or what it said. Nothing of the address but the database's name
//! stands on a command line, where every account could read it: the rest is told by the environment, which is otherwise
//! empty. A password in a file would outlive a kill. A certificate is checked as everywhere here.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::address::Address;
use crate::store::SnapshotError;

/// Where packages of the server put their programs, each version in a folder of its own (Debian; Red Hat: `/usr/pgsql-15`).
const HOUSES: [(&str, &str); 2] = [("/usr/lib/postgresql", "bin"), ("/usr", "bin")];

/// Files of the authorities that a system trusts (Debian, Red Hat, SUSE, Alpine).
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A program of a version.
pub(super) struct Program {
    name: &'static str,
    path: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Program {
    /// The program `name` of the version closest to `least` that is not older: newer ones say things that a server of that
    /// version does not know.
    pub fn found(name: &'static str, least: u32) -> Result<Self, SnapshotError> {
        let known = folders().into_iter().map(|folder| folder.join(name)).filter(|p| p.is_file());
        let versions = known.filter_map(|path| major(&path).map(|major| (path, major)));
        let (path, major) =
            fitting(versions, least).ok_or(SnapshotError::NoProgram { program: name, least })?;
        Ok(Self { name, path, major })
    }

    /// A call of it on the database of `address`.
    pub fn call(&self, address: &Address) -> Result<Command, SnapshotError> {
        let mut call = bare(&self.path);
        call.env("PGHOST", &address.host)
            .env("PGPORT", address.port.to_string())
            .env("PGUSER", &address.user)
            .env("PGDATABASE", &address.database)
            .env("PGAPPNAME", "guanlan")
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGGSSENCMODE", "disable")
            .arg("--no-password");
        if let Some(password) = &address.password {
            call.env("PGPASSWORD", password);
        }
        if !address.is_sealed {
            call.env("PGSSLMODE", "disable");
            return Ok(call);
        }
        let trusted = || AUTHORITIES.iter().map(PathBuf::from).find(|file| file.is_file());
        let authority = address.authority.clone().or_else(trusted);
        let authority = authority.ok_or(SnapshotError::NoAuthorities)?;
        // Whatever this account has of certificates of its own is not shown to the server.
        let nothing = "/dev/null/none";
        call.env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", authority)
            .env("PGSSLCERT", nothing)
            .env("PGSSLCRL", nothing);
        Ok(call)
    }

    /// Runs a call to its end.
    pub fn run(&self, mut call: Command) -> Result<(), SnapshotError> {
        let ended = call.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
        if ended.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        // The lines after it may hold values of rows.
        let line = said.lines().find(|line| line.contains("error: "));
        let said = line.map_or_else(|| ended.status.to_string(), |line| short(line).to_owned());
        Err(SnapshotError::Failed { program: self.name, said })
    }
}

/// A line without the name of who says it.
fn short(line: &str) -> &str {
    line.split_once("error: ").map_or(line, |(_, said)| said)
}

/// A command in an empty environment, which speaks English.
fn bare(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("LC_ALL", "C");
    // Programs that look for others: Debian's choose among the versions that are there.
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Where programs are looked for: first where the path leads.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    for (house, within) in HOUSES {
        let versions = std::fs::read_dir(house).into_iter().flatten().flatten();
        let versions: BTreeSet<_> = versions.map(|version| version.path().join(within)).collect();
        folders.extend(versions);
    }
    folders
}

/// The major version that a program says: `pg_dump (PostgreSQL) 15.14 (Debian …)`.
fn major(path: &Path) -> Option<u32> {
    let said = bare(path).arg("--version").stdin(Stdio::null()).output();
    let said: io::Result<Vec<u8>> = said.map(|output| output.stdout);
    major_said(&String::from_utf8_lossy(&said.ok()?))
}

fn major_said(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The first of the versions closest to `least`, none older.
fn fitting(known: impl Iterator<Item = (PathBuf, u32)>, least: u32) -> Option<(PathBuf, u32)> {
    known.filter(|(_, major)| *major >= least).min_by_key(|(_, major)| *major)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_version_is_taken_and_no_older_one() {
        let known = |list: &[u32]| {
            let known = list.iter().map(|major| (PathBuf::from(major.to_string()), *major));
            fitting(known.collect::<Vec<_>>().into_iter(), 16).map(|(_, major)| major)
        };
        assert_eq!(known(&[18, 17, 15]), Some(17));
        assert_eq!(known(&[14, 16, 18]), Some(16));
        assert_eq!(known(&[14, 15]), None);
    }

    #[test]
    fn versions_are_read_as_programs_say_them() {
        assert_eq!(major_said("pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_said("pg_restore (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_said("something else 15.1"), None);
    }

    #[test]
    fn a_password_is_on_no_command_line() {
        let address = Address::parse("postgres://a:secret@127.0.0.1/b?sslmode=require");
        let program = Program { name: "pg_dump", path: "/bin/pg_dump".into(), major: 15 };
        let address = Address { authority: Some("/ca.pem".into()), ..address.unwrap() };
        let call = program.call(&address).unwrap();
        assert!(call.get_args().all(|arg| !arg.to_string_lossy().contains("secret")));
        let set = |name: &str| call.get_envs().any(|(key, value)| key == name && value.is_some());
        assert!(set("PGPASSWORD") && set("PGSSLROOTCERT"));
    }
}
