//! `guanlan evidence POST`: one post's pages as they were served, as a zip; `guanlan evidence verify FILE` checks one.
//!
//! What is handed out holds names and numbers unmasked: the audit line is on disk before the file is written,
//! and the file is its owner's alone. A post without evidence is said to have none, and why.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use pipelines::locale::Lang;

use super::{Globals, Outcome, open};
use crate::evidence::{self, Finding};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EvidenceArgs {
    #[arg(value_name = "POST", required = true)]
    post: Option<String>,
    #[arg(long, value_name = "FILE.zip")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    Verify(VerifyArgs),
}

#[derive(Args)]
struct VerifyArgs {
    #[arg(value_name = "FILE.zip")]
    file: PathBuf,
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
}

impl EvidenceArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match (&self.action, &self.post) {
            (Some(Action::Verify(args)), _) => args.run(globals, out),
            (None, Some(post)) => self.export(post, globals, out),
            (None, None) => Ok(Outcome::Usage),
        }
    }

    fn export(
        &self,
        prefix: &str,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let who = open::who(globals);
        let named = match desk.post_named(&who, prefix) {
            Ok(post) => post.post.id,
            Err(error) => return open::refused(error, lang),
        };
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("evidence-{named}.zip")));
        if path.exists() {
            eprintln!("{}", lang.fill("cli.evidence.exists", &[("file", &path.display())]));
            return Ok(Outcome::Usage);
        }
        let handed = match desk.evidence(&who, &named.to_string()) {
            Ok(handed) => handed,
            Err(error) => return open::refused(error, lang),
        };
        write_private(&path, &handed.zip)?;
        let first = open::shown_time(handed.first, desk.config.station.zone);
        let done = [
            ("file", &path.display() as &dyn std::fmt::Display),
            ("records", &handed.records),
            ("first", &first),
            ("sum", &handed.sha256),
        ];
        writeln!(out, "{}", lang.fill("cli.evidence.done", &done))?;
        Ok(Outcome::Good)
    }
}

impl VerifyArgs {
    fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let file = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read `{file}`"))?;
        let verdict = evidence::verify(&bytes);
        if let Some(manifest) = &verdict.manifest {
            let post = &manifest.post;
            let head = [
                ("url", &post.url as &dyn std::fmt::Display),
                ("id", &post.id),
                ("station", &manifest.station),
                ("at", &manifest.made_at.to_rfc3339()),
            ];
            writeln!(out, "{}", lang.fill("cli.evidence.head", &head))?;
            for record in &manifest.records {
                let role = lang.text(&format!("cli.evidence.role_{}", record.role.as_str()));
                let line = [
                    ("role", &role as &dyn std::fmt::Display),
                    ("at", &record.fetched_at.to_rfc3339()),
                    ("url", &record.url),
                    ("sum", &record.payload_sha256),
                ];
                writeln!(out, "  {}", lang.fill("cli.evidence.record", &line))?;
            }
        }
        let mut problems: Vec<String> =
            verdict.findings.iter().map(|f| in_words(f, lang)).collect();
        let expected = self.sha256.as_ref().map(|sum| sum.trim().to_ascii_lowercase());
        if expected.is_some_and(|sum| sum != verdict.sha256) {
            problems.push(lang.text("cli.evidence.other_sum"));
        }
        let sum = lang.fill("cli.evidence.sum", &[("sum", &verdict.sha256)]);
        if problems.is_empty() {
            let parts = verdict.parts;
            writeln!(
                out,
                "{}",
                lang.fill("cli.evidence.sound", &[("file", &file), ("n", &parts)])
            )?;
            writeln!(out, "{sum}")?;
            return Ok(Outcome::Good);
        }
        for problem in &problems {
            writeln!(out, "  {problem}")?;
        }
        let n = problems.len();
        writeln!(out, "{}", lang.fill("cli.evidence.unsound", &[("file", &file), ("n", &n)]))?;
        writeln!(out, "{sum}")?;
        Ok(Outcome::Bad)
    }
}

fn in_words(finding: &Finding, lang: Lang) -> String {
    let (name, part, detail) = match finding {
        Finding::NoZip { why } => ("no_zip", "", why.as_str()),
        Finding::Packed { part } => ("packed", part.as_str(), ""),
        Finding::Damaged { part, why } => ("damaged", part.as_str(), why.as_str()),
        Finding::Missing { part } => ("missing", part.as_str(), ""),
        Finding::Extra { part } => ("extra", part.as_str(), ""),
        Finding::Changed { part, stated_in } => ("changed", part.as_str(), stated_in.as_str()),
        Finding::Manifest { why } => ("manifest", "", why.as_str()),
        Finding::Record { part, why } => ("record", part.as_str(), why.as_str()),
        Finding::Container => ("container", "", ""),
    };
    lang.fill(&format!("cli.evidence.found_{name}"), &[("part", &part), ("detail", &detail)])
}

/// Writes a file that is its owner's alone; never over another.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let opened = crate::platform::new_private_file(path);
    let written = opened.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.with_context(|| format!("cannot write `{}`", path.display()))
}
