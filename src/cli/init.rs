//! `guanlan init DIR`: writes a commented config by asking, or from flags.
//!
//! In: names, contact and addresses. Out: `guanlan.toml`, `sources/`, `rules/` in a folder, which pass
//! `check` at once, and the three commands to go on with; where packs were asked for, their sites are gone through
//! then, as `source add --pack` does. Never overwrites a file; guesses no contact.

mod write;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use pipelines::locale::Lang;

use super::{Globals, Outcome, source};
use crate::config::{Config, Overrides};
use crate::packs::{self, Pack};

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
    /// A list of home pages to go through once the config is written (`media`, `gov`, `mining` …); several by commas.
    #[arg(long, value_name = "PACK", value_delimiter = ',')]
    pub pack: Vec<String>,
    /// The province whose sites of the lists are gone through.
    #[arg(long, value_name = "PROVINCE", requires = "pack")]
    pub place: Option<String>,
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
    packs: Vec<String>,
    place: Option<String>,
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
        let done =
            self.run_with(globals.lang, asks.then_some(&mut input as &mut dyn BufRead), out)?;
        let answers = match done {
            Done::Written(answers) => answers,
            Done::Shown => return Ok(Outcome::Good),
            Done::Refused => return Ok(Outcome::Bad),
        };
        // The packs ask for themselves.
        drop(input);
        let station = Globals { config: Some(self.dir.join("guanlan.toml")), ..globals.clone() };
        for pack in &answers.packs {
            // A pack none of whose sites answered says so; the config is written all the same.
            source::through_pack(pack, answers.place.as_deref(), &station, out)?;
        }
        self.next(&answers, globals.lang, out)?;
        Ok(Outcome::Good)
    }

    fn run_with(
        &self,
        lang: Lang,
        input: Option<&mut dyn BufRead>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Done> {
        if self.manual {
            write!(out, "{}", Config::manual())?;
            return Ok(Done::Shown);
        }
        let answers = match self.answers(lang, input, out)? {
            Ok(answers) => answers,
            Err(complaint) => {
                writeln!(out, "{complaint}")?;
                return Ok(Done::Refused);
            }
        };
        let files = write::files(&answers, lang);
        if let Some(path) = files.keys().map(|name| self.dir.join(name)).find(|path| path.exists())
        {
            writeln!(out, "{}", lang.fill("config.init.exists", &[("path", &path.display())]))?;
            return Ok(Done::Refused);
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
        Ok(Done::Written(answers))
    }

    fn next(&self, answers: &Answers, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
        let has_sources = !answers.sources.is_empty() || !answers.packs.is_empty();
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

    /// The packs there are; the complaint where one of the officer's own cannot be read.
    fn known_packs(&self, lang: Lang) -> Result<Vec<Pack>, String> {
        packs::all(Some(&self.dir)).map_err(|errors| {
            errors.iter().map(|error| error.render(lang)).collect::<Vec<_>>().join("\n")
        })
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
            packs: self.pack.clone(),
            place: self.place.clone(),
        };
        let known = match self.known_packs(lang) {
            Ok(known) => known,
            Err(complaint) => return Ok(Err(complaint)),
        };
        if let (Some(input), true) = (input, self.name.is_none() || self.contact.is_none()) {
            let mut ask = |key: &str, known: &str| -> anyhow::Result<String> {
                let asked = lang.fill(&format!("config.init.ask_{key}"), &[("known", &known)]);
                write!(out, "{asked}: ")?;
                out.flush()?;
                let mut line = String::new();
                input.read_line(&mut line).context("cannot read the answer")?;
                Ok(line.trim().to_owned())
            };
            let again = |key: &str, name: &str, typed: &str| {
                eprintln!("{}", lang.fill(&format!("config.init.{key}"), &[(name, &typed)]));
            };
            if answers.name.is_empty() {
                answers.name = ask("name", "")?;
            }
            if answers.short_names.is_empty() {
                answers.short_names = parts(&ask("short", "")?, &[',', '，', '、']);
            }
            if answers.units.is_empty() {
                answers.units = parts(&ask("unit", "")?, &[',', '，', '、']);
            }
            // A slip is asked for again: what was typed before it is not lost.
            while answers.contact.is_empty() {
                let typed = ask("contact", "")?;
                if typed.is_empty() {
                    break;
                }
                match crate::config::is_contact(&typed) {
                    true => answers.contact = typed,
                    false => again("bad_contact", "contact", &typed),
                }
            }
            while answers.sources.is_empty() {
                let typed = parts(&ask("source", "")?, &[' ', '\u{3000}']);
                let typed: Vec<String> = typed.into_iter().map(with_scheme).collect();
                match typed.iter().find(|url| !crate::config::is_url(url)) {
                    Some(url) => again("bad_url", "url", url),
                    None if typed.is_empty() => break,
                    None => answers.sources = typed,
                }
            }
            answers.choose_packs(&known, lang, &mut ask)?;
        }
        if let Some(id) = answers.packs.iter().find(|id| !known.iter().any(|p| p.id == **id)) {
            return Ok(Err(unknown_pack(id, &shown_packs(&known, lang), lang)));
        }
        Ok(answers.checked(lang))
    }
}

/// What came of the questions.
enum Done {
    /// The config stands.
    Written(Answers),
    /// Only the manual was asked for.
    Shown,
    /// Nothing was written, which was said.
    Refused,
}

impl Answers {
    /// Asks for packs, again after a slip, and for the province of their sites.
    fn choose_packs(
        &mut self,
        known: &[Pack],
        lang: Lang,
        ask: &mut dyn FnMut(&str, &str) -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        let shown = shown_packs(known, lang);
        while self.packs.is_empty() {
            let typed = parts(&ask("pack", &shown)?, &[',', '，', '、', ' ']);
            match typed.iter().find(|id| !known.iter().any(|pack| pack.id == **id)) {
                Some(id) => eprintln!("{}", unknown_pack(id, &shown, lang)),
                None if typed.is_empty() => break,
                None => self.packs = typed,
            }
        }
        if !self.packs.is_empty() && self.place.is_none() {
            self.place = Some(ask("place", "")?).filter(|place| !place.is_empty());
        }
        Ok(())
    }

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

fn shown_packs(known: &[Pack], lang: Lang) -> String {
    let shown: Vec<String> =
        known.iter().map(|pack| format!("{} ({})", pack.id, pack.shown(lang))).collect();
    shown.join(", ")
}

fn unknown_pack(id: &str, known: &str, lang: Lang) -> String {
    let args: [(&str, &dyn std::fmt::Display); 2] = [("pack", &id), ("known", &known)];
    lang.fill("cli.pack.unknown", &args)
}

/// `www.example.com` as it was meant.
fn with_scheme(url: String) -> String {
    if url.contains("://") || !url.contains('.') { url } else { format!("https://{url}") }
}

fn parts(line: &str, separators: &[char]) -> Vec<String> {
    line.split(separators).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
