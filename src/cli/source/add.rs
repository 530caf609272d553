//! `guanlan source add URL`: looks at a page, finds the ways to listen to it, shows what the best one would
//! bring, and writes the source file.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use pipelines::crawl::{
    Discovery, Entries, PageRole, Proposal, SourceConfig, SourceKind, authority, discover,
    entry_addresses, fit, source_toml,
};
use pipelines::record::{Channel, Trust};
use url::Url;

use super::pack::{PackWish, said_yes};
use super::report::Report;
use super::settle::{none_kept, settle};
use super::tell::Teller;
use crate::cli::{Format, Globals, Outcome, open};
use crate::config::{Config, is_private_url};
use crate::engine::trial::{PostSeen, Trial};

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

/// Signposts followed one after the other.
const MAX_SIGNPOSTS: usize = 3;

/// One way to listen with what its entry gives.
pub(super) struct Way {
    pub(super) proposal: Proposal,
    pub(super) entries: Entries,
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
        let Some(mut url) = self.address(globals) else { return Ok(Outcome::Usage) };
        if let Some(taken) = self.id.as_ref().and_then(|id| taken(&config, id)) {
            return Ok(told_taken(taken, globals));
        }
        let teller = Teller { lang: globals.lang, zone: config.station.zone };
        let trial = Trial::new(&config, None)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let now = Utc::now();
        let looked = runtime.block_on(self.look(&trial, &mut url, teller, now))?;
        let Some(found) = looked else { return Ok(Outcome::Bad) };
        let (mut ways, silent) = runtime.block_on(self.ways(&trial, &found, &url, now));
        let chosen = self.pick.saturating_sub(1);
        let posts = match ways.get(chosen) {
            Some(way) => runtime.block_on(self.tried(&trial, way, now))?,
            None => Vec::new(),
        };
        let proposed = ways.get_mut(chosen).map(|way| {
            settle(&mut way.proposal.source, &way.entries, &posts)
        });
        let report = Report { found: &found, ways: &ways, silent: &silent, posts: &posts };
        report.write(teller, globals, out)?;
        let Some(way) = ways.get(chosen) else { return Ok(Outcome::Bad) };
        if globals.format == Format::Table {
            let said = proposed.iter().flatten();
            said.map(|said| said.in_words(globals.lang)).try_for_each(|said| writeln!(out, "{said}"))?;
        }
        if let Some(why) = none_kept(&posts, globals.lang) {
            let args: [(&str, &dyn std::fmt::Display); 2] = [("n", &posts.len()), ("why", &why)];
            if !self.anyway {
                eprintln!("{}", globals.lang.fill("cli.source.none_kept", &args));
                eprintln!("{}", globals.lang.text("cli.source.none_kept_way"));
                return Ok(Outcome::Bad);
            }
            eprintln!("{}", globals.lang.fill("cli.source.none_kept_written", &args));
        }
        let mut source = way.proposal.source.clone();
        if self.id.is_none() {
            source.id = free_id(&config, source.id.as_str()).as_str().into();
        }
        self.write(&config, &source, globals, out)
    }

    /// What stands at the address, past the signposts before it; nothing where it cannot be had, which is said.
    async fn look(
        &self,
        trial: &Trial<'_>,
        url: &mut Url,
        teller: Teller,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Discovery>> {
        let lang = teller.lang;
        let mut signposts = 0;
        loop {
            let page = match trial.page(url.as_str(), &self.looker(url), now).await {
                Ok(page) => page,
                Err(trouble) => {
                    let robots = teller.robots(&trial.robots(url.as_str()));
                    eprintln!("{}{}", lang.text("cli.failed"), teller.trouble(&trouble));
                    eprintln!("{}", lang.fill("cli.source.robots", &[("said", &robots)]));
                    return Ok(None);
                }
            };
            let found = discover(&page, &trial.sitemaps(url.as_str()), now)?;
            match found.moved.as_deref().map(Url::parse) {
                Some(Ok(next)) if signposts < MAX_SIGNPOSTS && self.may_ask(&next) => {
                    signposts += 1;
                    eprintln!("{}", lang.fill("cli.source.moved", &[("url", &next)]));
                    *url = next;
                }
                _ => return Ok(Some(found)),
            }
        }
    }

    /// Whether a page that the first one points to may be asked.
    fn may_ask(&self, url: &Url) -> bool {
        matches!(url.scheme(), "http" | "https") && (self.allow_private || !is_private_url(url))
    }

    /// The first few of what a way brings; some more of it where none of these would be kept.
    async fn tried(
        &self,
        trial: &Trial<'_>,
        way: &Way,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<PostSeen>> {
        let source = &way.proposal.source;
        let mut posts = trial.posts(source, &[&way.entries], self.posts, now).await?;
        if !posts.is_empty() && posts.iter().all(|post| post.kept().is_none()) {
            let rest = way.entries.without_first(posts.len());
            posts.extend(trial.posts(source, &[&rest], 3 * self.posts, now).await?);
        }
        Ok(posts)
    }

    /// The address, with `https://` where nothing is said; private ones only where that is asked for.
    fn address(&self, globals: &Globals) -> Option<Url> {
        let text = if self.url.contains("://") {
            self.url.clone()
        } else {
            format!("https://{}", self.url)
        };
        let url = match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => url,
            _ => {
                eprintln!("{}", globals.lang.fill("cli.source.bad_url", &[("url", &self.url)]));
                return None;
            }
        };
        if is_private_url(&url) && !self.allow_private {
            eprintln!("{}", globals.lang.fill("cli.source.private", &[("url", &url)]));
            return None;
        }
        Some(url)
    }

    /// Who asks while there is no source yet.
    fn looker(&self, url: &Url) -> SourceConfig {
        let kind = SourceKind::Pages { urls: vec![url.to_string()] };
        let mut source = SourceConfig::new("new", "new", kind);
        if self.allow_private {
            source.allow_private = vec![authority(url)];
        }
        source
    }

    /// The ways that bring something, best first, and the addresses of those that bring nothing.
    async fn ways(
        &self,
        trial: &Trial<'_>,
        found: &Discovery,
        url: &Url,
        now: DateTime<Utc>,
    ) -> (Vec<Way>, Vec<String>) {
        let (mut ways, mut silent) = (Vec::new(), Vec::new());
        for proposal in &found.proposals {
            let mut proposal = proposal.clone();
            self.adjust(&mut proposal.source, url);
            let entries = match proposal.preview.take() {
                Some(entries) => Some(entries),
                None => {
                    let seen = trial.entries(&proposal.source, now).await;
                    seen.into_iter().find_map(|entry| entry.read.ok())
                }
            };
            match entries {
                Some(entries)
                    if !(entries.items.is_empty()
                        && entries.jobs.is_empty()
                        && entries.more.is_empty()) =>
                {
                    fit(&mut proposal.source, &entries, now);
                    ways.push(Way { proposal, entries });
                }
                _ => silent.push(entry_addresses(&proposal.source).join(" ")),
            }
        }
        if found.role == PageRole::Article {
            ways.push(Way { proposal: self.by_address(url), entries: Entries::default() });
        }
        (ways, silent)
    }

    fn by_address(&self, url: &Url) -> Proposal {
        let mut source = self.looker(url);
        let site = url.host_str().unwrap_or_default();
        let site = site.strip_prefix("www.").unwrap_or(site);
        source.id = format!("{}-page", site.replace(['.', ':', '[', ']'], "-")).as_str().into();
        source.name = site.to_owned();
        self.adjust(&mut source, url);
        Proposal { source, why: "by_address", preview: None }
    }

    fn adjust(&self, source: &mut SourceConfig, url: &Url) {
        if let Some(id) = &self.id {
            source.id = id.as_str().into();
        }
        if let Some(name) = &self.name {
            source.name.clone_from(name);
        }
        if let Some((channel, trust)) = self.known {
            (source.channel, source.trust) = (channel, trust);
        }
        if self.allow_private {
            source.allow_private = vec![authority(url)];
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
        let text = source_toml(source, lang);
        let tell = globals.format == Format::Table;
        if self.dry_run {
            // Of a pack's many sites what they would bring is enough.
            if tell && self.known.is_none() {
                writeln!(out, "\n{text}")?;
            }
            return Ok(Outcome::Good);
        }
        if self.asks && !said_yes(lang, out)? {
            return Ok(Outcome::Good);
        }
        let Some(folder) = folder(config) else {
            eprintln!("{}", lang.text("cli.source.no_config"));
            return Ok(Outcome::Bad);
        };
        let path = folder.join(format!("{}.toml", source.id.as_str().replace('/', "-")));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let mut file = std::fs::File::create_new(&path)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        file.write_all(text.as_bytes())?;
        if tell {
            let shown = path.display();
            let args: [(&str, &dyn std::fmt::Display); 2] =
                [("path", &shown), ("source", &source.id)];
            writeln!(out, "{}", lang.fill("cli.source.written", &args))?;
        }
        Ok(Outcome::Good)
    }
}

/// The source that has this id already.
fn taken<'c>(config: &'c Config, id: &str) -> Option<&'c SourceConfig> {
    config.sources.iter().find(|s| s.id.as_str() == id)
}

fn told_taken(same: &SourceConfig, globals: &Globals) -> Outcome {
    let args: [(&str, &dyn std::fmt::Display); 2] = [("source", &same.id), ("name", &same.name)];
    eprintln!("{}", globals.lang.fill("cli.source.exists", &args));
    Outcome::Bad
}

/// The id, or the first numbered one that no source has: a site has many columns.
fn free_id(config: &Config, id: &str) -> String {
    let numbered = (2..).map(|n| format!("{id}-{n}"));
    let mut ids = std::iter::once(id.to_owned()).chain(numbered);
    ids.find(|id| taken(config, id).is_none()).unwrap_or_else(|| id.to_owned())
}

/// Where source files lie: the folder of the first pattern of `paths.sources`.
fn folder(config: &Config) -> Option<PathBuf> {
    let main = config.file.as_ref()?;
    let pattern = config.paths.sources.first()?;
    let folder = Path::new(pattern).parent().unwrap_or(Path::new(""));
    Some(main.parent().unwrap_or(Path::new("")).join(folder))
}
