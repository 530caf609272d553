//! `guanlan check`: reads the whole config and says everything that is wrong with it.
//!
//! In: the config and the files it names. Out: each problem with file, line, key, value and way out, or how
//! much of everything there is. Writes nothing and asks nobody, but for the database server, the search cluster and the object store that the config names.

use std::io::Write;

use anyhow::Context;
use pipelines::locale::Lang;
use serde_json::Value;

use super::output::{Format, Table};
use super::{Globals, Outcome};
use crate::config::{short_names, Config, Level, Overrides, Problem, Problems};
use crate::desk::trouble;
use crate::desk::works::{cluster, database, models, objects};
use crate::packs;

/// Arguments of `guanlan check`; the config is a global option.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CheckArgs {}

impl CheckArgs {
    /// Checks and writes what was found to `out`: text for people, rows for the other formats.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let overrides = Overrides { data_dir: globals.data_dir.clone(), run_examples: true, ..Overrides::default() };
        let result = Config::load(globals.config.as_deref(), &overrides);
        // Word lists and models are read by the stages that use them, with file and line.
        let unusable = result.as_ref().ok().and_then(|config| models::try_judges(config).err());
        let unusable = unusable.map(|why| {
            let why = format!("{why:#}");
            globals.lang.fill("config.check.unusable", &[("why", &why)])
        });
        let database = result.as_ref().map_or(Ok(None), |config| database::look(config, globals.lang));
        let away = database.as_ref().err().map(|error| trouble::in_words(error, globals.lang));
        let searched = result.as_ref().ok().and_then(|config| cluster::tried(config, globals.lang));
        let unsearched = searched.as_ref().and_then(|told| told.as_ref().err().cloned());
        let kept = result.as_ref().ok().and_then(|config| objects::tried(config, globals.lang));
        let unkept = kept.as_ref().and_then(|told| told.as_ref().err().cloned());
        let unusable = unusable.or(away).or(unsearched).or(unkept);
        let problems = result.as_ref().map_or_else(|problems| problems, |config| &config.warnings);
        if globals.format == Format::Table {
            let text = match (&result, &unusable) {
                (_, Some(why)) => why.clone(),
                (Ok(config), None) => {
                    let others = [searched, kept].into_iter().flatten().filter_map(Result::ok);
                    let lines = database.ok().flatten().into_iter().chain(others);
                    lines.fold(good(config, globals), |text, line| format!("{text}\n{line}"))
                }
                (Err(problems), None) => bad(problems, globals),
            };
            writeln!(out, "{text}").context("cannot write the result of the check")?;
        } else {
            let mut table = rows(problems, globals.lang);
            table.rows.extend(unusable.as_ref().map(|why| {
                let row = [("level", "error".to_owned()), ("problem", why.clone())];
                row.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
            }));
            table.write(globals.format, globals.lang, out)?;
        }
        let good = result.is_ok() && unusable.is_none();
        Ok(if good { Outcome::Good } else { Outcome::Bad })
    }
}

/// One row a problem, for scripts.
fn rows(problems: &Problems, lang: Lang) -> Table {
    let row = |p: &Problem| {
        [
            ("level", Value::from(if p.level == Level::Error { "error" } else { "warning" })),
            ("file", Value::from(p.file.as_str())),
            ("line", Value::from(p.line)),
            ("key", Value::from(p.key.as_str())),
            ("value", Value::from(p.value.as_str())),
            ("problem", Value::from(p.fault.what(lang))),
            ("hint", Value::from(p.fault.hint(lang))),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    };
    let columns = ["level", "file", "line", "key", "value", "problem", "hint"];
    Table {
        columns: columns.into_iter().map(|name| (name, name)).collect(),
        rows: problems.0.iter().map(row).collect(),
    }
}

fn good(config: &Config, globals: &Globals) -> String {
    let lang = globals.lang;
    let mut lines: Vec<String> = config.warnings.0.iter().map(|p| p.render(lang)).collect();
    if config.file.is_none() {
        lines.push(lang.text("config.check.builtin"));
    }
    lines.push(lang.text("config.check.good"));
    let enabled = config.sources.iter().filter(|s| s.enabled).count();
    let counts = [
        ("subjects", config.subjects.len()),
        ("sources", config.sources.len()),
        ("enabled", enabled),
        ("topics", config.topics.len()),
        ("rules", config.rules.len()),
        ("notifiers", config.notifiers.len()),
        ("digests", config.digests.len()),
        ("examples", config.examples_run),
    ];
    let args: Vec<(&str, &dyn std::fmt::Display)> =
        counts.iter().map(|(name, count)| (*name, count as &dyn std::fmt::Display)).collect();
    lines.push(lang.fill("config.check.counts", &args));
    lines.extend(advice(config, lang));
    lines.join("\n")
}

/// What is not wrong and will be missed: units nobody calls by the name they have here, a station without sources.
fn advice(config: &Config, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    for subject in config.subjects.iter().filter(|subject| subject.short_names.is_empty()) {
        let above = config.subjects.iter().filter(|other| Some(&other.id) == subject.parent.as_ref());
        let above: Vec<&str> = above.flat_map(|other| other.names()).collect();
        let proposals = short_names::proposals(&subject.name, &above);
        let quoted: Vec<String> = proposals.iter().map(|name| format!("\"{name}\"")).collect();
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("subject", &subject.id), ("name", &subject.name), ("names", &quoted.join(", "))];
        let key = if quoted.is_empty() { "no_short_name" } else { "short_names" };
        lines.push(lang.fill(&format!("config.check.{key}"), &args));
    }
    let gateway = &config.crawl.feed_gateway;
    if !gateway.is_empty() && !crate::config::is_url(gateway) {
        lines.push(lang.fill("config.check.bad_gateway", &[("url", gateway)]));
    }
    if let Err(errors) = packs::all(config.file.as_ref().and_then(|file| file.parent())) {
        lines.extend(errors.iter().map(|error| error.render(lang)));
    }
    if config.file.is_some() && config.sources.is_empty() {
        lines.push(lang.text("config.check.no_sources"));
    }
    lines
}

fn bad(problems: &Problems, globals: &Globals) -> String {
    let errors = problems.0.iter().filter(|p| p.level == Level::Error).count();
    let warnings = problems.0.len() - errors;
    let args: [(&str, &dyn std::fmt::Display); 2] = [("errors", &errors), ("warnings", &warnings)];
    let found = globals.lang.fill("config.check.found", &args);
    format!("{}\n{found}", problems.render(globals.lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(main: &str, lang: Lang, format: Format) -> (Outcome, String) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("guanlan.toml"), main).unwrap();
        let config = Some(dir.path().to_owned());
        let globals = Globals { config, lang, format, ..Globals::default() };
        let mut out = Vec::new();
        let outcome = CheckArgs::default().run(&globals, &mut out).unwrap();
        (outcome, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_good_config_is_counted() {
        let subject = "[[subject]]\nid = \"yunling\"\nname = \"云岭矿业集团有限公司\"\n";
        let (outcome, text) = check(subject, Lang::Zh, Format::Table);
        assert_eq!(outcome, Outcome::Good);
        assert!(text.starts_with("配置无误。\n监测主体 1 个，信源 0 个"), "{text}");
    }

    #[test]
    fn a_unit_without_a_short_name_is_told_with_the_names_people_use() {
        let config = "[[subject]]\nid = \"main\"\nname = \"青岚集团有限公司\"\nshort_names = [\"青岚集团\"]\n\
            [[subject]]\nid = \"unit-1\"\nname = \"山西青岚集团乙沟煤业有限责任公司\"\nparent = \"main\"\n\
            [[subject]]\nid = \"unit-2\"\nname = \"青岚集团二矿\"\nparent = \"main\"\n";
        let (outcome, text) = check(config, Lang::Zh, Format::Table);
        assert_eq!(outcome, Outcome::Good);
        assert!(text.contains("short_names = [\"乙沟煤业\"]"), "{text}");
        assert!(text.contains("unit-2（青岚集团二矿）没有简称"), "{text}");
        assert!(text.contains("guanlan source add"), "{text}");
    }

    #[test]
    fn a_word_list_that_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("lexicons")).unwrap();
        std::fs::write(dir.path().join("lexicons/own.tsv"), "# 词\n欠薪\t很坏\n").unwrap();
        std::fs::write(dir.path().join("guanlan.toml"), "").unwrap();
        let globals = Globals { config: Some(dir.path().to_owned()), ..Globals::default() };
        let mut out = Vec::new();
        let outcome = CheckArgs::default().run(&globals, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(outcome, Outcome::Bad);
        assert!(text.contains("own.tsv") && text.contains("line 2"), "{text}");
    }

    #[test]
    fn a_bad_one_is_shown_with_its_lines() {
        let bad = "[station]\nlang = \"cn\"\nnmae = \"x\"\n";
        let (outcome, text) = check(bad, Lang::En, Format::Table);
        assert_eq!(outcome, Outcome::Bad);
        assert!(text.contains("guanlan.toml:2 error station.lang = \"cn\"\n"), "{text}");
        assert!(text.contains("guanlan.toml:3 error station.nmae = \"x\"\n"), "{text}");
        assert!(text.ends_with("2 errors, 1 warnings.\n"), "{text}");
        let (_, lines) = check(bad, Lang::En, Format::Jsonl);
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["line"], &first["key"]),
            (&Value::from(2), &Value::from("station.lang"))
        );
        assert_eq!(lines.lines().count(), 3);
    }
}
