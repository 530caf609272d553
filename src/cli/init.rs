//! `guanlan init DIR`: writes a commented config by asking, or from flags.
//!
//! In: names, contact and addresses. Out: `guanlan.toml`, `sources/`, `rules/` in a folder, which pass
//! `check` at once, and the three commands to go on with. Never overwrites a file; guesses no contact.

mod write;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use pipelines::locale::Lang;

use super::{Globals, Outcome};
use crate::config::{Config, Overrides};

/// Arguments of `guanlan init`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InitArgs {
    /// The folder to write to; made where it is missing.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Full name of the enterprise.
    #[arg(long)]
    pub name: Option<String>,
    /// A short name in use; may be given several times.
    #[arg(long, value_delimiter = ',')]
    pub short: Vec<String>,
    /// Full name of a unit; may be given several times.
    #[arg(long, value_delimiter = ',')]
    pub unit: Vec<String>,
    /// Mail address or page by which the owners of crawled sites can reach you.
    #[arg(long)]
    pub contact: Option<String>,
    /// Address of a feed, sitemap or list page to watch; may be given several times.
    #[arg(long, value_name = "URL")]
    pub source: Vec<String>,
    /// Ask nothing.
    #[arg(long, short)]
    pub yes: bool,
    /// Print the manual, which is the default config with every key explained, and write nothing.
    #[arg(long)]
    pub manual: bool,
}

/// What is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answers {
    name: String,
    short_names: Vec<String>,
    units: Vec<String>,
    contact: String,
    sources: Vec<String>,
}

impl InitArgs {
    /// Asks for what is missing where there is a terminal, writes the config, and says how to go on.
    ///
    /// # Errors
    /// A file cannot be written, or what was written does not load (a defect).
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let stdin = std::io::stdin();
        let asks = !self.yes && stdin.is_terminal();
        let mut input = stdin.lock();
        let written =
            self.run_with(globals.lang, asks.then_some(&mut input as &mut dyn BufRead), out)?;
        Ok(if written { Outcome::Good } else { Outcome::Bad })
    }

    fn run_with(
        &self,
        lang: Lang,
        input: Option<&mut dyn BufRead>,
        out: &mut dyn Write,
    ) -> anyhow::Result<bool> {
        if self.manual {
            write!(out, "{}", Config::manual())?;
            return Ok(true);
        }
        let answers = match self.answers(lang, input, out)? {
            Ok(answers) => answers,
            Err(complaint) => {
                writeln!(out, "{complaint}")?;
                return Ok(false);
            }
        };
        let files = write::files(&answers, lang);
        if let Some(path) = files.keys().map(|name| self.dir.join(name)).find(|path| path.exists())
        {
            writeln!(out, "{}", lang.fill("config.init.exists", &[("path", &path.display())]))?;
            return Ok(false);
        }
        writeln!(out, "{}", lang.text("config.init.written"))?;
        for (name, text) in &files {
            let path = self.dir.join(name);
            let folder = path.parent().unwrap_or(&self.dir);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, text))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
            writeln!(out, "  {}", path.display())?;
        }
        let overrides = Overrides { run_examples: true, ..Overrides::default() };
        if let Err(problems) = Config::load(Some(&self.dir), &overrides) {
            bail!("the config just written does not load:\n{}", problems.render(lang));
        }
        self.next(!answers.sources.is_empty(), lang, out)?;
        Ok(true)
    }

    fn next(&self, has_sources: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
        writeln!(out, "{}", lang.text("config.init.next"))?;
        let main = self.dir.join("guanlan.toml");
        if !has_sources {
            let what = lang.text("config.init.next_source");
            writeln!(out, "  guanlan --config {} source add …   # {what}", main.display())?;
            let what = lang.text("config.init.next_pack");
            let pack = "source add --pack mining --place 山西";
            writeln!(out, "  guanlan --config {} {pack}   # {what}", main.display())?;
        }
        for command in ["check", "crawl", "run"] {
            let what = lang.text(&format!("config.init.next_{command}"));
            writeln!(out, "  guanlan --config {} {command:<6} # {what}", main.display())?;
        }
        Ok(())
    }

    /// The flags, with what is missing asked for; the complaint where something cannot be used.
    fn answers(
        &self,
        lang: Lang,
        input: Option<&mut dyn BufRead>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Result<Answers, String>> {
        let mut answers = Answers {
            name: self.name.clone().unwrap_or_default(),
            short_names: self.short.clone(),
            units: self.unit.clone(),
            contact: self.contact.clone().unwrap_or_default(),
            sources: self.source.clone(),
        };
        if let (Some(input), true) = (input, self.name.is_none() || self.contact.is_none()) {
            let mut ask = |key: &str| -> anyhow::Result<String> {
                write!(out, "{}: ", lang.text(&format!("config.init.ask_{key}")))?;
                out.flush()?;
                let mut line = String::new();
                input.read_line(&mut line).context("cannot read the answer")?;
                Ok(line.trim().to_owned())
            };
            let again = |key: &str, name: &str, typed: &str| {
                eprintln!("{}", lang.fill(&format!("config.init.{key}"), &[(name, &typed)]));
            };
            if answers.name.is_empty() {
                answers.name = ask("name")?;
            }
            if answers.short_names.is_empty() {
                answers.short_names = parts(&ask("short")?, &[',', '，', '、']);
            }
            if answers.units.is_empty() {
                answers.units = parts(&ask("unit")?, &[',', '，', '、']);
            }
            // A slip is asked for again: what was typed before it is not lost.
            while answers.contact.is_empty() {
                let typed = ask("contact")?;
                if typed.is_empty() {
                    break;
                }
                match crate::config::is_contact(&typed) {
                    true => answers.contact = typed,
                    false => again("bad_contact", "contact", &typed),
                }
            }
            while answers.sources.is_empty() {
                let typed = parts(&ask("source")?, &[' ', '\u{3000}']);
                let typed: Vec<String> = typed.into_iter().map(with_scheme).collect();
                match typed.iter().find(|url| !crate::config::is_url(url)) {
                    Some(url) => again("bad_url", "url", url),
                    None if typed.is_empty() => break,
                    None => answers.sources = typed,
                }
            }
        }
        Ok(answers.checked(lang))
    }
}

impl Answers {
    /// Trimmed and without repetition; the complaint where something cannot be used.
    fn checked(mut self, lang: Lang) -> Result<Self, String> {
        for (value, key, flag) in
            [(&self.name, "ask_name", "--name"), (&self.contact, "ask_contact", "--contact")]
        {
            if value.trim().is_empty() {
                let what = lang.text(&format!("config.init.{key}"));
                let args: [(&str, &dyn std::fmt::Display); 2] = [("what", &what), ("flag", &flag)];
                return Err(lang.fill("config.init.needed", &args));
            }
        }
        if !crate::config::is_contact(&self.contact) {
            let args: [(&str, &dyn std::fmt::Display); 1] = [("contact", &self.contact)];
            return Err(lang.fill("config.init.bad_contact", &args));
        }
        if let Some(url) = self.sources.iter().find(|url| !crate::config::is_url(url)) {
            return Err(lang.fill("config.init.bad_url", &[("url", url)]));
        }
        let unique = |list: &mut Vec<String>| {
            let mut seen = std::collections::HashSet::new();
            list.retain(|item| !item.trim().is_empty() && seen.insert(item.clone()));
        };
        [&mut self.short_names, &mut self.units, &mut self.sources].into_iter().for_each(unique);
        Ok(self)
    }
}

/// `www.example.com` as it was meant.
fn with_scheme(url: String) -> String {
    if url.contains("://") || !url.contains('.') { url } else { format!("https://{url}") }
}

fn parts(line: &str, separators: &[char]) -> Vec<String> {
    line.split(separators).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn args(dir: &Path) -> InitArgs {
        InitArgs {
            dir: dir.to_owned(),
            name: Some("云岭矿业集团有限公司".to_owned()),
            short: vec!["云岭矿业".to_owned()],
            unit: vec!["云岭矿业集团南关煤矿".to_owned(), "云岭矿业集团\"选煤\"厂".to_owned()],
            contact: Some("press@example.com".to_owned()),
            source: vec![
                "https://news.example.com/rss.xml".to_owned(),
                "https://news.example.com/list/index.html".to_owned(),
                "http://127.0.0.1:8080/sitemap.xml".to_owned(),
            ],
            yes: true,
            manual: false,
        }
    }

    fn run(args: &InitArgs, input: Option<&str>) -> (bool, String) {
        let mut out = Vec::new();
        let mut input = input.map(str::as_bytes);
        let reader = input.as_mut().map(|i| i as &mut dyn BufRead);
        let good = args.run_with(Lang::Zh, reader, &mut out).unwrap();
        (good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_it_writes_loads_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (good, text) = run(&args(dir.path()), None);
        assert!(good, "{text}");
        let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
        assert_eq!(config.warnings.0, []);
        let ids = |s: &pipelines::record::Subject| s.id.0.clone();
        assert_eq!(
            config.subjects.iter().map(ids).collect::<Vec<_>>(),
            ["main", "unit-1", "unit-2"]
        );
        assert_eq!(config.subjects[1].short_names, ["南关煤矿", "南关矿"]);
        let kinds: Vec<_> = config.sources.iter().map(|s| format!("{:?}", s.kind)).collect();
        let kind = |name: &str| kinds.iter().filter(|k| k.starts_with(name)).count();
        assert_eq!((kind("Feed"), kind("List"), kind("Sitemap")), (1, 1, 1), "{kinds:?}");
        assert_eq!(config.rules.len(), 3);
        let next: Vec<_> = text.lines().rev().take(3).collect();
        assert!(
            next[2].contains("guanlan.toml check") && next[0].contains("guanlan.toml run"),
            "{text}"
        );
    }

    #[test]
    fn it_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let main = dir.path().join("guanlan.toml");
        std::fs::write(&main, "# mine\n").unwrap();
        let (good, text) = run(&args(dir.path()), None);
        assert!(!good && text.contains("已存在"), "{text}");
        assert_eq!(std::fs::read_to_string(&main).unwrap(), "# mine\n");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn it_asks_for_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let asked = InitArgs { dir: dir.path().to_owned(), ..InitArgs::default() };
        let typed = "云岭矿业集团有限公司\n云岭矿业、云岭集团\n云岭矿业集团南关煤矿\npress@example.com\nhttps://a.example.com/feed\n";
        let (good, text) = run(&asked, Some(typed));
        assert!(good && text.contains("企业全称"), "{text}");
        let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
        assert_eq!(config.subjects[0].short_names, ["云岭矿业", "云岭集团"]);
        assert_eq!(config.sources.len(), 1);
    }

    #[test]
    fn a_slip_in_one_answer_loses_none_of_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let asked = InitArgs { dir: dir.path().to_owned(), ..InitArgs::default() };
        let typed = "青岚集团有限公司\n青岚集团\n山西青岚集团乙沟煤业有限责任公司\nxuanchuan\npress@example.com\nnews\nwww.example.com/rss\n";
        let (good, text) = run(&asked, Some(typed));
        assert!(good, "{text}");
        let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
        assert_eq!(config.subjects[1].short_names, ["乙沟煤业"], "a unit has the name people use");
        assert_eq!(config.sources.len(), 1);
    }

    #[test]
    fn it_says_what_it_cannot_use_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let good = args(dir.path());
        for (bad, expected) in [
            (InitArgs { name: None, ..good.clone() }, "缺少企业全称：请用 --name"),
            (InitArgs { contact: None, ..good.clone() }, "请用 --contact"),
            (InitArgs { contact: Some("宣传部".into()), ..good.clone() }, "不是邮箱或网页地址"),
            (InitArgs { source: vec!["news".into()], ..good }, "不是可用的网址：news"),
        ] {
            let (written, text) = run(&bad, None);
            assert!(!written && text.contains(expected), "{text}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
