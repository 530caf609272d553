//! The order of the house, as tests: what points where, what every file begins with, what papers name.
//!
//! In: the files of this checkout. Out: a list of what is out of order. It reads text only; what a
//! compiler or a linter can see is theirs to say.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use pipelines::locale::Lang;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(dir)];
    while let Some(dir) = open.pop() {
        if dir.is_file() {
            found.push(dir);
            continue;
        }
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{extension} files below {dir}");
    found
}

fn sources() -> Vec<PathBuf> {
    ["src", "pipelines/src", "index/src", "encoder/src"]
        .iter()
        .flat_map(|dir| files(dir, "rs"))
        .collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Fails with all findings at once.
fn expect_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n{}", findings.join("\n"));
}

#[test]
fn every_file_begins_with_a_header() {
    let mut findings = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|l| l.starts_with("//!")).count();
        if lines == 0 {
            findings.push(format!("{} has no `//!` header", shown(&path)));
        }
    }
    expect_none("headers", &findings);
}

#[test]
fn no_file_outgrows_its_room() {
    let long = |path: &PathBuf| {
        let lines = fs::read_to_string(path).unwrap().lines().count();
        (lines > 400).then(|| format!("{}: {lines} lines", shown(path)))
    };
    let findings = sources().iter().filter_map(long).collect::<Vec<_>>();
    expect_none("files over 400 lines", &findings);
}

#[test]
fn no_rooms_without_a_subject() {
    let vague = ["utils.rs", "helpers.rs", "common.rs", "mod.rs", "misc.rs"];
    let findings = sources()
        .iter()
        .filter(|p| p.file_name().is_some_and(|n| vague.contains(&n.to_string_lossy().as_ref())))
        .map(|p| shown(p))
        .collect::<Vec<_>>();
    expect_none("files named after nothing", &findings);
}

/// Lines of `dir` that mention one of `words`, outside comments.
fn mentions(dir: &str, skip: &[&str], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for path in files(dir, "rs") {
        let name = shown(&path);
        if skip.iter().any(|s| name.starts_with(s)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests may read files; what they guard may not.
        let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in shipped.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|w| code.contains(w)) {
                findings.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    findings
}

#[test]
fn arrows_point_inwards() {
    let crawl = ["pipelines/src/crawl"];
    expect_none(
        "pipelines knows the index or the edge",
        &mentions("pipelines/src", &[], &["use index::", "guanlan::"]),
    );
    expect_none("index knows the edge", &mentions("index/src", &[], &["guanlan::"]));
    let stages =
        ["pipelines::crawl", "pipelines::extract", "pipelines::annotate", "pipelines::watch"];
    expect_none(
        "index knows stages beyond record, text and query",
        &mentions("index/src", &[], &stages),
    );
    let io = ["std::fs", "tokio::", "reqwest", "std::net::", "SystemTime::now", "Utc::now"];
    expect_none("a pure stage does IO or reads the clock", &mentions("pipelines/src", &crawl, &io));
    expect_none("the encoder does IO or reads the clock", &mentions("encoder/src", &[], &io));
    expect_none(
        "the encoder knows the stages",
        &mentions("encoder/src", &[], &["pipelines::", "use index::", "guanlan::"]),
    );
    for door in ["src/serve", "src/cli", "src/cli.rs"] {
        expect_none(
            "a door reaches past the desk",
            &mentions(
                door,
                &[],
                &["crate::engine", "crate::store", "use index", " index::", "(index::", "<index::"],
            ),
        );
    }
    expect_none(
        "the desk knows its doors",
        &mentions("src/desk", &[], &["crate::serve", "crate::cli"]),
    );
    expect_none(
        "the store knows engine, index or network",
        &mentions("src/store", &[], &["crate::engine", "index::", "reqwest"]),
    );
}

#[test]
fn every_act_of_the_desk_begins_with_the_check() {
    // What is checked within: by these, each of which begins with `check` itself.
    let checked = ["self.check(", "self.post_named(", "self.rehearse(", "self.saved("];
    let mut findings = Vec::new();
    let mut acts = 0;
    for path in files("src/desk", "rs") {
        let text = fs::read_to_string(&path).unwrap();
        for act in text.split("\n    pub fn ").skip(1) {
            let body = act.split("\n    }\n").next().unwrap_or_default();
            let name = body.split('(').next().unwrap_or_default();
            let is_act = body.contains("&self") && body.contains("who: &Who");
            // Reading a query and coming out are not acts; `check` is the check.
            if !is_act || ["check", "query_of", "log_out"].contains(&name) {
                continue;
            }
            // What needs the data directory for itself is done by whoever owns it: there is no right to ask for.
            if shown(&path).starts_with("src/desk/works/") && body.contains("self.station") {
                continue;
            }
            acts += 1;
            if !checked.iter().any(|check| body.contains(check)) {
                findings.push(format!("{}: {name} asks for no right", shown(&path)));
            }
        }
    }
    assert!(acts > 20, "only {acts} acts were found: this test no longer sees them");
    expect_none("acts that anybody may (see `src/desk/rights.rs`)", &findings);
}

#[test]
fn user_texts_stay_in_the_locale_files() {
    // Chinese in code is fine in comments, tests and data tables; a message must come from a locale file.
    let printing = ["println!(\"", "eprintln!(\"", "bail!(\"", "anyhow!(\"", "writeln!(out, \""];
    let chinese = |line: &String| line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let findings = mentions("src", &[], &printing).into_iter().filter(chinese).collect::<Vec<_>>();
    expect_none("officer-facing text outside the locale files", &findings);
}

/// Texts in double quotes of `code`.
fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

#[test]
fn every_text_asked_for_is_there() {
    let areas = [
        "annotate.",
        "answers.",
        "cases.",
        "cli.",
        "config.",
        "crawl.",
        "demo.",
        "desk.",
        "digest.",
        "notify.",
        "query.",
        "record.",
        "serve.",
        "watch.",
    ];
    let is_key = |text: &&str| {
        let plain = text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
        // Beginnings of keys that are put together.
        let is_stem = ["cli.help", "cli.help.global", "query.say"].contains(text);
        plain
            && !is_stem
            && !text.ends_with(['.', '_'])
            && areas.iter().any(|a| text.starts_with(a))
    };
    let endings = [".toml", ".rs", ".md", ".json", ".com", ".html"];
    let mut findings = Vec::new();
    for path in sources().into_iter().chain(files("src/serve/templates", "html")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for key in literals(&code).filter(is_key) {
            let is_name = endings.iter().any(|e| key.ends_with(e));
            if !is_name && !Lang::Zh.has(key) {
                findings.push(format!("{}: {key}", shown(&path)));
            }
        }
    }
    findings.dedup();
    expect_none("texts that are asked for and not there", &findings);
}

#[test]
fn papers_name_paths_that_exist() {
    let papers = [
        "README.md",
        "README.zh-CN.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "pipelines/README.md",
        "index/README.md",
        "encoder/README.md",
        "config/README.md",
        "src/report/README.md",
        "tests/README.md",
        "deploy/README.md",
    ];
    let tops = [
        "deploy/",
        "src/",
        "pipelines/",
        "index/",
        "encoder/",
        "config/",
        "tests/",
        "benches/",
        ".ci/",
    ];
    // A folder's own paper may name its files from there.
    let mut findings = Vec::new();
    for paper in papers {
        let Ok(text) = fs::read_to_string(root().join(paper)) else {
            findings.push(format!("{paper} is missing"));
            continue;
        };
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.trim();
            let is_path = tops.iter().any(|t| path.starts_with(t))
                && !path.contains([' ', '*', '<', '{', '…']);
            let home = root().join(paper).parent().map(Path::to_owned).unwrap_or_default();
            if is_path && !root().join(path).exists() && !home.join(path).exists() {
                findings.push(format!("{paper} names `{path}`"));
            }
        }
    }
    expect_none("papers name what is not there", &findings);
}

#[test]
fn no_path_of_a_machine_in_the_house() {
    let mut findings = Vec::new();
    for (dir, extension) in
        [("src", "rs"), ("pipelines", "rs"), ("index", "rs"), ("tests", "rs"), ("config", "toml")]
    {
        for path in files(dir, extension) {
            if shown(&path).contains("target/") || shown(&path) == "tests/tidy.rs" {
                continue;
            }
            for (number, line) in fs::read_to_string(&path).unwrap_or_default().lines().enumerate()
            {
                let roots = ["work", "tmp", "home", "root"].map(|dir| format!("\"/{dir}/"));
                if roots.iter().any(|root| line.contains(root)) {
                    findings.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
                }
            }
        }
    }
    expect_none("machine paths", &findings);
}

/// The names under `[dependencies]` and `[dev-dependencies]` of a manifest, as source names them.
fn dependencies(manifest: &str) -> Vec<String> {
    let table: toml::Table = fs::read_to_string(root().join(manifest)).unwrap().parse().unwrap();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let names = tables.iter().filter_map(|name| table.get(*name)?.as_table());
    names.flat_map(|t| t.keys().map(|name| name.replace('-', "_"))).collect()
}

#[test]
fn every_dependency_is_used_by_the_package_that_names_it() {
    let mut findings = Vec::new();
    for (manifest, folders) in [
        ("Cargo.toml", &["src", "tests"][..]),
        // The loopback site of misbehaviours is included by path from tests of more than one package.
        ("pipelines/Cargo.toml", &["pipelines", "tests/site"]),
        ("index/Cargo.toml", &["index"]),
        ("encoder/Cargo.toml", &["encoder"]),
    ] {
        let sources = folders.iter().flat_map(|folder| files(folder, "rs"));
        let text = sources.map(|path| fs::read_to_string(path).unwrap()).collect::<String>();
        for name in dependencies(manifest) {
            let used = [format!("{name}::"), format!("use {name};"), format!("{name}!(")];
            if !used.iter().any(|used| text.contains(used)) {
                findings.push(format!("{manifest} names `{name}`, which no source uses"));
            }
        }
    }
    expect_none("dependencies", &findings);
}

#[test]
fn no_two_schemas_of_the_api_have_one_name() {
    // The document knows a schema by the bare name of its type: of two with one name, one would be told wrongly.
    let mut names = Vec::new();
    for path in files("src", "rs") {
        let text = fs::read_to_string(&path).unwrap();
        for declared in text.split("#[derive(").skip(1).filter(|rest| {
            rest.split(")]").next().is_some_and(|derived| derived.contains("ToSchema"))
        }) {
            let mut words =
                declared.split_whitespace().skip_while(|w| !["struct", "enum"].contains(w));
            let name = words.nth(1).unwrap_or_default();
            names.push(name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned());
        }
    }
    names.sort();
    let twice = names.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].clone());
    expect_none("schemas of one name", &twice.collect::<Vec<_>>());
    assert!(
        names.len() > 50,
        "only {} schemas were found: this test no longer sees them",
        names.len()
    );
}

/// The program calls that `text` holds: of a unit, of a container file, between back quotes of a paper.
fn calls(text: &str) -> Vec<Vec<String>> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let unit =
        text.lines().filter_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/guanlan"));
    let quoted = text.split('`').skip(1).step_by(2).filter_map(|q| q.strip_prefix("guanlan "));
    let mut calls: Vec<_> = unit.chain(quoted).map(words).collect();
    let array = |name: &str| -> Option<Vec<String>> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split('"').skip(1).step_by(2).map(str::to_owned).collect())
    };
    if let (Some(entry), Some(rest)) = (array("ENTRYPOINT "), array("CMD ")) {
        calls.push(entry.into_iter().skip(1).chain(rest).collect());
    }
    let commands = text.lines().filter_map(|line| line.trim().strip_prefix("command: "));
    calls.extend(
        commands.map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect()),
    );
    // What a unit is told by its name.
    calls
        .iter_mut()
        .flatten()
        .filter(|word| *word == "%i")
        .for_each(|word| *word = "keep".to_owned());
    calls
}

#[test]
fn what_deploy_calls_the_program_has() {
    let mut called = 0;
    for name in
        ["guanlan.service", "guanlan@.service", "Containerfile", "compose.yaml", "README.md"]
    {
        let text = fs::read_to_string(root().join("deploy").join(name)).unwrap();
        for args in calls(&text) {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_guanlan"));
            let told = program.args(&args).arg("--help").output().unwrap();
            let said = String::from_utf8_lossy(&told.stderr).into_owned();
            assert!(told.status.success(), "deploy/{name} calls guanlan {args:?}: {said}");
            called += 1;
        }
    }
    assert!(called >= 12, "only {called} calls were found: this test no longer sees them");
    let container = fs::read_to_string(root().join("deploy/Containerfile")).unwrap();
    let config = fs::read_to_string(root().join("config/guanlan.toml")).unwrap();
    let listen =
        config.lines().find_map(|line| line.strip_prefix("listen = \"127.0.0.1:")).unwrap();
    assert!(container.contains(&format!("EXPOSE {}\n", listen.trim_end_matches('"'))));
}
