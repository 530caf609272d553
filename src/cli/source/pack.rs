//! `guanlan source add --pack TRADE --place PROVINCE`: goes through the sites of a pack, one after the other.
//!
//! In: a pack, a place, and which of its sites to take. Out: of each site what the same discovery finds as for a
//! single address, at the same pace, and the source files of those that were chosen. Writes nothing that was not
//! chosen; a site that does not answer is told and stops none of the others.

use std::io::{IsTerminal, Write};

use anyhow::Context as _;
use pipelines::locale::Lang;

use super::add::AddArgs;
use crate::cli::{Format, Globals, Outcome, open};
use crate::config::Config;
use crate::packs::{self, Pack, Site};

/// What was asked of a pack: its id, and the rest as it was typed.
pub struct PackWish<'a> {
    pub pack: &'a str,
    pub wish: &'a AddArgs,
}

/// Whether the officer wants the source that was just shown.
pub fn said_yes(lang: Lang, out: &mut dyn Write) -> anyhow::Result<bool> {
    write!(out, "{}", lang.text("cli.pack.ask"))?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("cannot read the answer")?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes" | "是" | "要" | "好"))
}

impl PackWish<'_> {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let Some(pack) = chosen_pack(self.pack, &config, globals) else { return Ok(Outcome::Usage) };
        let lang = globals.lang;
        let sites: Vec<&Site> = pack.sites.iter().filter(|site| site.serves(self.wish.place.as_deref())).collect();
        let Some(taken) = self.numbers(sites.len()) else {
            eprintln!("{}", lang.fill("cli.pack.bad_take", &[("most", &sites.len())]));
            return Ok(Outcome::Usage);
        };
        let place = self.wish.place.as_deref().unwrap_or("–");
        let title = lang.fill("cli.pack.title", &[("pack", &pack.shown(lang)), ("place", &place), ("n", &sites.len())]);
        writeln!(out, "{title}")?;
        let (mut found, mut missing) = (0, 0);
        for (number, site) in (1..).zip(sites) {
            if !taken.contains(&number) {
                continue;
            }
            writeln!(out, "\n{}", lang.fill("cli.pack.site", &[("number", &number), ("name", &site.name)]))?;
            let Some(address) = site.address(&config.crawl.feed_gateway) else {
                writeln!(out, "{}", lang.text("cli.pack.no_gateway"))?;
                missing += 1;
                continue;
            };
            // A site that fails says so by itself; the others are asked all the same.
            match self.add(address, site, globals).run(globals, out)? {
                Outcome::Good => found += 1,
                _ => missing += 1,
            }
        }
        writeln!(out, "\n{}", lang.fill("cli.pack.done", &[("found", &found), ("missing", &missing)]))?;
        if self.wish.take.is_none() && !self.asks(globals) {
            writeln!(out, "{}", lang.fill("cli.pack.how", &[("pack", &self.pack), ("place", &place)]))?;
        }
        Ok(if found > 0 { Outcome::Good } else { Outcome::Bad })
    }

    /// Whether the officer is asked at each site.
    fn asks(&self, globals: &Globals) -> bool {
        self.wish.take.is_none()
            && !self.wish.dry_run
            && globals.format == Format::Table
            && std::io::stdin().is_terminal()
    }

    fn add(&self, address: String, site: &Site, globals: &Globals) -> AddArgs {
        let asks = self.asks(globals);
        let mut add = AddArgs::of(address);
        add.name = Some(site.name.clone());
        add.posts = self.wish.posts;
        // A gateway of the enterprise's own may stand on its own network: it was named in the config.
        add.allow_private = self.wish.allow_private || site.route.is_some();
        add.dry_run = self.wish.dry_run || (self.wish.take.is_none() && !asks);
        add.known = Some((site.channel, site.trust));
        add.asks = asks;
        add
    }

    /// The numbers of the sites to go through; all of them where none are named.
    fn numbers(&self, most: usize) -> Option<Vec<usize>> {
        let all = || (1..=most).collect();
        let Some(take) = self.wish.take.as_deref().filter(|take| *take != "all") else { return Some(all()) };
        let mut numbers = Vec::new();
        for part in take.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            if first == 0 || first > last || last > most {
                return None;
            }
            numbers.extend(first..=last);
        }
        Some(numbers)
    }
}

/// The pack of this id or name; what is wrong, or which there are, is told.
fn chosen_pack(wanted: &str, config: &Config, globals: &Globals) -> Option<Pack> {
    let lang = globals.lang;
    let folder = config.file.as_ref().and_then(|file| file.parent());
    let packs = match packs::all(folder) {
        Ok(packs) => packs,
        Err(errors) => {
            errors.iter().for_each(|error| eprintln!("{}", error.render(lang)));
            return None;
        }
    };
    let known: Vec<String> = packs.iter().map(|pack| format!("{} ({})", pack.id, pack.shown(lang))).collect();
    let found = packs.into_iter().find(|pack| pack.id == wanted || pack.name == wanted);
    if found.is_none() {
        eprintln!("{}", lang.fill("cli.pack.unknown", &[("pack", &wanted), ("known", &known.join(", "))]));
    }
    found
}
