//! `guanlan source add URL`: looks at a page, finds the ways to listen to it, shows what the best one would
//! bring, and writes the source file.

use std::io::Write;

use chrono::Utc;
use clap::Args;
use pipelines::crawl::{SourceConfig, source_toml};
use pipelines::record::{Channel, Trust};

use super::pack::{PackWish, said_yes};
use super::report::Report;
use super::tell::Teller;
use crate::cli::{Format, Globals, Outcome, open};
use crate::config::Config;
use crate::desk::DeskError;
use crate::desk::adding::{self, NotLooked, Wish, none_kept};

#[derive(Args)]
pub struct AddArgs {
    #[arg(value_name = "URL", required_unless_present = "pack", default_value = "", hide_default_value = true)]
    url: String,
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 1)]
    pick: usize,
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) posts: usize,
    #[arg(long)]
    pub(super) allow_private: bool,
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(long)]
    anyway: bool,
    #[arg(long, value_name = "PACK", conflicts_with_all = ["url", "id", "name", "pick"])]
    pack: Option<String>,
    #[arg(long, value_name = "PROVINCE", requires = "pack")]
    pub(super) place: Option<String>,
    #[arg(long, value_name = "N,…", requires = "pack")]
    pub(super) take: Option<String>,
    #[arg(skip)] // Channel and rank, where a pack says them.
    pub(super) known: Option<(Channel, Trust)>,
    #[arg(skip)] // Whether the officer is asked before the file is written.
    pub(super) asks: bool,
}

impl AddArgs {
    /// What one address alone asks for.
    pub(super) fn of(url: String) -> Self {
        Self {
            url,
            id: None,
            name: None,
            pick: 1,
            posts: 5,
            allow_private: false,
            dry_run: false,
            anyway: false,
            pack: None,
            place: None,
            take: None,
            known: None,
            asks: false,
        }
    }

    /// What a pack asks for.
    pub(super) fn of_pack(pack: String, place: Option<String>) -> Self {
        Self { pack: Some(pack), place, ..Self::of(String::new()) }
    }

    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if let Some(pack) = &self.pack {
            return PackWish { pack, wish: self }.run(globals, out);
        }
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let teller = Teller { lang: globals.lang, zone: config.station.zone };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let looked = match runtime.block_on(self.wish().look(&config, Utc::now())) {
            Ok(looked) => looked,
            Err(why) => return self.told(why, teller),
        };
        for next in &looked.moved {
            eprintln!("{}", globals.lang.fill("cli.source.moved", &[("url", next)]));
        }
        Report { looked: &looked }.write(teller, globals, out)?;
        let Some(source) = &looked.source else { return Ok(Outcome::Bad) };
        if globals.format == Format::Table {
            for said in &looked.proposed {
                writeln!(out, "{}", said.in_words(globals.lang))?;
            }
        }
        if let Some(why) = none_kept(&looked.posts, globals.lang) {
            let args: [(&str, &dyn std::fmt::Display); 2] = [("n", &looked.posts.len()), ("why", &why)];
            if !self.anyway {
                eprintln!("{}", globals.lang.fill("cli.source.none_kept", &args));
                eprintln!("{}", globals.lang.text("cli.source.none_kept_way"));
                return Ok(Outcome::Bad);
            }
            eprintln!("{}", globals.lang.fill("cli.source.none_kept_written", &args));
        }
        self.write(&config, source, globals, out)
    }

    fn wish(&self) -> Wish {
        Wish {
            url: self.url.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            pick: self.pick,
            posts: self.posts,
            allow_private: self.allow_private,
            known: self.known,
        }
    }

    /// Why it could not be looked at.
    fn told(&self, why: NotLooked, teller: Teller) -> anyhow::Result<Outcome> {
        let lang = teller.lang;
        match why {
            NotLooked::BadUrl => {
                eprintln!("{}", lang.fill("cli.source.bad_url", &[("url", &self.url)]));
                Ok(Outcome::Usage)
            }
            NotLooked::Private(url) => {
                eprintln!("{}", lang.fill("cli.source.private", &[("url", &url)]));
                Ok(Outcome::Usage)
            }
            NotLooked::Taken(same) => {
                let args: [(&str, &dyn std::fmt::Display); 2] =
                    [("source", &same.id), ("name", &same.name)];
                eprintln!("{}", lang.fill("cli.source.exists", &args));
                Ok(Outcome::Bad)
            }
            NotLooked::Silent(trouble, robots) => {
                eprintln!("{}{}", lang.text("cli.failed"), teller.trouble(&trouble));
                let said = teller.robots(&robots);
                eprintln!("{}", lang.fill("cli.source.robots", &[("said", &said)]));
                Ok(Outcome::Bad)
            }
            NotLooked::Broken(error) => Err(error),
        }
    }

    /// The file of the source, never over another one.
    fn write(
        &self,
        config: &Config,
        source: &SourceConfig,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let tell = globals.format == Format::Table;
        if self.dry_run {
            // Of a pack's many sites what they would bring is enough.
            if tell && self.known.is_none() {
                writeln!(out, "\n{}", source_toml(source, lang))?;
            }
            return Ok(Outcome::Good);
        }
        if self.asks && !said_yes(lang, out)? {
            return Ok(Outcome::Good);
        }
        if config.file.is_none() {
            eprintln!("{}", lang.text("cli.source.no_config"));
            return Ok(Outcome::Bad);
        }
        let path = match adding::write(config, source, lang) {
            Ok(path) => path,
            Err(DeskError::Broken(error)) => return Err(error),
            Err(error) => anyhow::bail!(error.in_words(lang)),
        };
        if tell {
            let shown = path.display();
            let args: [(&str, &dyn std::fmt::Display); 2] =
                [("path", &shown), ("source", &source.id)];
            writeln!(out, "{}", lang.fill("cli.source.written", &args))?;
        }
        Ok(Outcome::Good)
    }
}
