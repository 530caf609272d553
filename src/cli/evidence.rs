//! `guanlan evidence POST`: one post's pages as they were served, as a zip; `guanlan evidence verify FILE` checks one.
//!
//! What is handed out holds names and numbers unmasked: the audit line is on disk before the file is written,
//! and the file is its owner's alone. A post without evidence is said to have none, and why.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use pipelines::crawl::SourceKind;
use pipelines::locale::Lang;
use pipelines::record::AnnotatedPost;
use sha2::{Digest, Sha256};

use super::{Globals, Outcome, explain, open};
use crate::evidence::{self, Bundle, BundleError, Finding};
use crate::store::{Exhibit, ReadEvidence, Store};

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
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let Some(post) = explain::post_by_prefix(&reading.store, prefix, globals)? else {
            return Ok(Outcome::Bad);
        };
        let id = post.post.id;
        let Some((exhibits, zip)) = zip_of(&reading, &post, lang)? else {
            let why = lang.text(&format!("cli.evidence.none_{}", why_none(&reading, &post)));
            eprintln!("{}", lang.fill("cli.evidence.none", &[("id", &id), ("why", &why)]));
            return Ok(Outcome::Bad);
        };
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("evidence-{id}.zip")));
        if path.exists() {
            eprintln!("{}", lang.fill("cli.evidence.exists", &[("file", &path.display())]));
            return Ok(Outcome::Usage);
        }
        let sum = sha256(&zip);
        let (now, records) = (Utc::now(), exhibits.len());
        let detail = format!("{records} records, sha256 {sum}");
        reading.store.write(&mut |write| write.audit(now, "evidence", &id.to_string(), &detail))?;
        write_private(&path, &zip)?;
        let first = exhibits.first().map_or(now, |exhibit| exhibit.record.fetched_at);
        let first = open::shown_time(first, reading.config.station.zone);
        let done = [
            ("file", &path.display() as &dyn std::fmt::Display),
            ("records", &records),
            ("first", &first),
            ("sum", &sum),
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

/// The exhibits of a post and the zip of them. A purge may move records while they are read: then once more.
fn zip_of(
    reading: &open::Reading,
    post: &AnnotatedPost,
    lang: Lang,
) -> anyhow::Result<Option<(Vec<Exhibit>, Vec<u8>)>> {
    let mut tried: Option<(Vec<Exhibit>, BundleError)> = None;
    loop {
        let exhibits = reading.store.evidence(post.post.id)?;
        match tried {
            // The places have not changed: it is not a purge that is in the way.
            Some((before, error)) if before == exhibits => return Err(error.into()),
            _ if exhibits.is_empty() => return Ok(None),
            _ => {}
        }
        let bundle = Bundle {
            post,
            marks: reading.store.marks(post.post.id)?,
            exhibits: &exhibits,
            station: &reading.config.station.name,
            zone: reading.config.station.zone,
            lang,
            now: Utc::now(),
        };
        match evidence::bundle(&bundle, &reading.dir.evidence()) {
            Ok(zip) => return Ok(Some((exhibits, zip))),
            Err(error) => tried = Some((exhibits, error)),
        }
    }
}

/// Why a post has no evidence; part of a locale key.
fn why_none(reading: &open::Reading, post: &AnnotatedPost) -> &'static str {
    let config = &reading.config;
    let days = config.retention.evidence_days;
    let source = config.sources.iter().find(|source| source.id == post.post.source);
    let is_kept = source.and_then(|source| source.evidence).unwrap_or(config.crawl.evidence);
    match source {
        Some(source) if matches!(source.kind, SourceKind::Files { .. }) => "imported",
        None => "imported",
        _ if post.post.url.starts_with("import:") => "imported",
        _ if days > 0 && post.post.fetched_at < Utc::now() - TimeDelta::days(i64::from(days)) => {
            "expired"
        }
        _ if !is_kept => "off",
        _ => "not_kept",
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

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a file that is its owner's alone; never over another.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let opened = crate::platform::new_private_file(path);
    let written = opened.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.with_context(|| format!("cannot write `{}`", path.display()))
}
