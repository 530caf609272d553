//! `guanlan backup FOLDER`: store, evidence and papers as of one instant, with a manifest, while the station works.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Globals, Outcome, open};
use crate::desk::works::backup::back_up;

#[derive(Args)]
pub struct BackupArgs {
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl BackupArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let (lang, kept) = (globals.lang, back_up(&config, &self.folder)?);
        let said: [(&str, &dyn std::fmt::Display); 3] = [
            ("files", &kept.files.len()),
            ("bytes", &kept.bytes()),
            ("folder", &self.folder.display()),
        ];
        writeln!(out, "{}", lang.fill("cli.backup.done", &said))?;
        if let Some(server) = kept.store.as_ref().and_then(|store| store.server.as_ref()) {
            let said: [(&str, &dyn std::fmt::Display); 2] =
                [("version", &server.version), ("name", &server.name)];
            writeln!(out, "{}", lang.fill("cli.backup.of_schema", &said))?;
        }
        if let Some(place) = &kept.evidence_at {
            let said: [(&str, &dyn std::fmt::Display); 2] =
                [("place", place), ("files", &kept.evidence.len())];
            writeln!(out, "{}", lang.fill("cli.backup.elsewhere", &said))?;
        }
        Ok(Outcome::Good)
    }
}
