//! A source added by its address: looked at, tried, settled, written.
//!
//! In: an address as typed. Out: the ways to listen to it, what the best one would bring, the source as it would be
//! written with every reason; and its file, where it is taken. It goes through the same fetcher, robots and stages as a
//! run, at the same pace; it writes nothing over another file, and what would keep nothing only where that was said.

mod settle;
mod sheet;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pipelines::crawl::{
    Discovery, Entries, PageRole, Proposal, SourceConfig, SourceKind, authority, discover,
    entry_addresses, fit, source_toml,
};
use pipelines::locale::Lang;
use pipelines::record::{Channel, Trust};
use url::Url;

pub use settle::{Proposed, none_kept};
pub use sheet::{EntryWay, SourceSheet, TriedRow};

use super::{Act, Desk, DeskError, Result, Who};
use crate::config::{Config, is_private_url};
use crate::engine::trial::{PostSeen, RobotsSaid, Trial, Trouble};

/// Signposts followed one after the other.
const MAX_SIGNPOSTS: usize = 3;

/// What is asked of an address.
#[derive(Clone, Debug)]
pub struct Wish {
    /// As typed; `https://` where nothing is said.
    pub url: String,
    /// The id of the source; proposed where none is given.
    pub id: Option<String>,
    /// Its name; proposed where none is given.
    pub name: Option<String>,
    /// Which of the ways found, from 1.
    pub pick: usize,
    /// Posts tried.
    pub posts: usize,
    /// Whether hosts of a network of one's own may be asked.
    pub allow_private: bool,
    /// Channel and rank, where a pack says them.
    pub known: Option<(Channel, Trust)>,
}

/// One way to listen with what its entry gives.
pub struct Way {
    /// The source as proposed.
    pub proposal: Proposal,
    /// What its entry gave.
    pub entries: Entries,
}

/// What was found at an address.
pub struct Looked {
    /// Signposts that were followed.
    pub moved: Vec<Url>,
    /// What stands there.
    pub found: Discovery,
    /// The ways that bring something, best first.
    pub ways: Vec<Way>,
    /// Addresses of those that bring nothing.
    pub silent: Vec<String>,
    /// What was tried of the chosen way.
    pub posts: Vec<PostSeen>,
    /// What the trial changed in the proposal.
    pub proposed: Vec<Proposed>,
    /// The source as it would be written; none where no way was found.
    pub source: Option<SourceConfig>,
}

/// Why an address could not be looked at.
#[derive(Debug)]
pub enum NotLooked {
    /// Not an address of the web.
    BadUrl,
    /// A host of a private network.
    Private(Url),
    /// The id is taken by this source.
    Taken(Box<SourceConfig>),
    /// It did not answer; with what robots.txt says.
    Silent(Trouble, RobotsSaid),
    /// Something of ours failed.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for NotLooked {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl Wish {
    /// What one address alone asks for.
    #[must_use]
    pub fn of(url: String) -> Self {
        Self { url, id: None, name: None, pick: 1, posts: 5, allow_private: false, known: None }
    }

    /// Looks at the address and tries the chosen way.
    ///
    /// # Errors
    /// What keeps it from being looked at.
    pub async fn look(&self, config: &Config, now: DateTime<Utc>) -> Result<Looked, NotLooked> {
        let mut url = self.address()?;
        if let Some(same) = self.id.as_ref().and_then(|id| taken(config, id)) {
            return Err(NotLooked::Taken(Box::new(same.clone())));
        }
        let trial = Trial::new(config, None)?;
        let (found, moved) = self.discovered(&trial, &mut url, now).await?;
        let (mut ways, silent) = self.ways(&trial, &found, &url, now).await;
        let chosen = self.pick.saturating_sub(1);
        let posts = match ways.get(chosen) {
            Some(way) => self.tried(&trial, way, now).await?,
            None => Vec::new(),
        };
        let way = ways.get_mut(chosen);
        let proposed =
            way.map(|way| settle::settle(&mut way.proposal.source, &way.entries, &posts));
        let source = ways.get(chosen).map(|way| {
            let mut source = way.proposal.source.clone();
            if self.id.is_none() {
                source.id = free_id(config, source.id.as_str()).as_str().into();
            }
            source
        });
        let proposed = proposed.unwrap_or_default();
        Ok(Looked { moved, found, ways, silent, posts, proposed, source })
    }

    /// What stands at the address, past the signposts before it.
    async fn discovered(
        &self,
        trial: &Trial<'_>,
        url: &mut Url,
        now: DateTime<Utc>,
    ) -> Result<(Discovery, Vec<Url>), NotLooked> {
        let mut moved = Vec::new();
        loop {
            let page = trial.page(url.as_str(), &self.looker(url), now).await;
            let page =
                page.map_err(|trouble| NotLooked::Silent(trouble, trial.robots(url.as_str())))?;
            let found = discover(&page, &trial.sitemaps(url.as_str()), now)
                .map_err(|error| NotLooked::Broken(error.into()))?;
            match found.moved.as_deref().map(Url::parse) {
                Some(Ok(next)) if moved.len() < MAX_SIGNPOSTS && self.may_ask(&next) => {
                    moved.push(next.clone());
                    *url = next;
                }
                _ => return Ok((found, moved)),
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
    fn address(&self) -> Result<Url, NotLooked> {
        let text = if self.url.contains("://") {
            self.url.clone()
        } else {
            format!("https://{}", self.url)
        };
        let url = match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => url,
            _ => return Err(NotLooked::BadUrl),
        };
        match is_private_url(&url) && !self.allow_private {
            true => Err(NotLooked::Private(url)),
            false => Ok(url),
        }
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
}

/// Writes the file of `source`, never over another one.
///
/// # Errors
/// No config to write beside; a file of that name, or one that cannot be written.
pub fn write(config: &Config, source: &SourceConfig, lang: Lang) -> Result<PathBuf> {
    let no_config = || DeskError::Value { what: "config_file", value: source.id.0.clone() };
    let folder = folder(config).ok_or_else(no_config)?;
    let path = folder.join(format!("{}.toml", source.id.as_str().replace('/', "-")));
    let shown = path.display();
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    let text = source_toml(source, lang);
    let written = std::fs::File::create_new(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.with_context(|| format!("cannot write `{shown}`"))?;
    Ok(path)
}

impl Desk {
    /// Writes `source` into a file of its own and lets the station take it up.
    ///
    /// # Errors
    /// As of [`write()`]; a broken store, after which no file is left.
    pub fn add_source(&self, who: &Who, source: &SourceConfig) -> Result<PathBuf> {
        self.check(who, Act::EditConfig)?;
        let path = write(&self.config, source, who.lang)?;
        let object = format!("source {}", source.id);
        let noted = self.audited(who, ("config_save", &object, ""), &mut |_| Ok(true));
        if let Err(error) = noted {
            std::fs::remove_file(&path).context("cannot take a new file back")?;
            return Err(error);
        }
        self.renewal.iter().for_each(super::seat::Renewal::ask);
        Ok(path)
    }
}

/// The source that has this id already.
fn taken<'c>(config: &'c Config, id: &str) -> Option<&'c SourceConfig> {
    config.sources.iter().find(|s| s.id.as_str() == id)
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
