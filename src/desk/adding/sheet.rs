//! What was found at an address, as a page or a program shows it.
//!
//! In: what [`Wish::look`] found. Out: plain values in the reader's language; why nothing was found is part of the answer.

use chrono::{DateTime, Utc};
use pipelines::crawl::{entry_addresses, source_toml};
use pipelines::locale::Lang;
use pipelines::record::Verdict;
use serde::Serialize;

use super::{Looked, NotLooked, Wish, none_kept};
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::engine::health::trouble_in_words;
use crate::engine::trial::PostSeen;

/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 120;

/// One way to listen.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct EntryWay {
    /// From 1.
    pub number: usize,
    /// What it is, in words.
    pub why: String,
    /// Where it lies.
    pub address: String,
    /// Items and links on it.
    pub count: usize,
}

/// One post that was tried.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TriedRow {
    /// Its address.
    pub url: String,
    /// Its title, where it would be kept.
    pub title: Option<String>,
    /// Its time, where the page says it.
    pub time: Option<DateTime<Utc>>,
    /// The beginning of its text.
    pub text: String,
    /// Why it would not be kept, in words.
    pub lost: Option<String>,
}

/// What an address would bring.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct SourceSheet {
    /// Why it could not be looked at, or why nothing would be kept, in words.
    pub fault: Option<String>,
    /// Whether a source may be written all the same.
    pub may_add: bool,
    /// The ways found, best first.
    pub ways: Vec<EntryWay>,
    /// Addresses that bring nothing.
    pub silent: Vec<String>,
    /// What was tried of the chosen way.
    pub posts: Vec<TriedRow>,
    /// What the trial changed in the proposal, in words.
    pub proposed: Vec<String>,
    /// The file as it would be written.
    pub text: String,
}

impl Desk {
    /// Looks at an address, tries the chosen way, and adds the source where `add` says so and there is one. Takes as
    /// long as the site needs; asks it at the station's pace.
    ///
    /// # Errors
    /// Something of ours failed; what is wrong with the address or the site stands in the answer.
    pub fn look_at_source(&self, who: &Who, wish: &Wish, add: bool) -> Result<(SourceSheet, bool)> {
        self.check(who, Act::EditConfig)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| DeskError::Broken(error.into()))?;
        let lang = who.lang;
        let looked = match runtime.block_on(wish.look(&self.config, self.now())) {
            Ok(looked) => looked,
            Err(NotLooked::Broken(error)) => return Err(DeskError::Broken(error)),
            Err(why) => {
                let fault = Some(not_looked(&why, &wish.url, lang));
                return Ok((SourceSheet { fault, ..SourceSheet::default() }, false));
            }
        };
        let sheet = sheet(&looked, lang);
        let source = looked.source.as_ref().filter(|_| add && sheet.may_add);
        let added = source.map(|source| self.add_source(who, source)).transpose()?;
        Ok((sheet, added.is_some()))
    }
}

fn not_looked(why: &NotLooked, url: &str, lang: Lang) -> String {
    match why {
        NotLooked::BadUrl => lang.fill("cli.source.bad_url", &[("url", &url)]),
        NotLooked::Private(url) => lang.fill("desk.source_private", &[("url", url)]),
        NotLooked::Taken(same) => {
            lang.fill("cli.source.exists", &[("source", &same.id), ("name", &same.name)])
        }
        NotLooked::Silent(trouble, _) => trouble_in_words(&trouble.kind, &trouble.said, lang),
        NotLooked::Broken(error) => format!("{error:#}"),
    }
}

fn sheet(looked: &Looked, lang: Lang) -> SourceSheet {
    let ways = looked.ways.iter().enumerate().map(|(at, way)| EntryWay {
        number: at + 1,
        why: lang.text(&format!("crawl.discover.{}", way.proposal.why)),
        address: entry_addresses(&way.proposal.source).join(" "),
        count: way.entries.items.len() + way.entries.jobs.len(),
    });
    let kept_none = none_kept(&looked.posts, lang);
    let fault = match (&looked.source, kept_none) {
        (None, _) => Some(lang.text("cli.source.no_way")),
        (_, Some(why)) => {
            Some(lang.fill("cli.source.none_kept", &[("n", &looked.posts.len()), ("why", &why)]))
        }
        _ => None,
    };
    SourceSheet {
        may_add: looked.source.is_some() && fault.is_none(),
        fault,
        ways: ways.collect(),
        silent: looked.silent.clone(),
        posts: looked.posts.iter().map(|post| tried(post, lang)).collect(),
        proposed: looked.proposed.iter().map(|said| said.in_words(lang)).collect(),
        text: looked.source.as_ref().map(|s| source_toml(s, lang)).unwrap_or_default(),
    }
}

fn tried(post: &PostSeen, lang: Lang) -> TriedRow {
    let kept = post.kept().map(|kept| &kept.post);
    let lost = match &post.read {
        Ok(Verdict::Keep(_)) => None,
        Ok(Verdict::Drop(reason)) => Some(lang.text(&format!("record.drop.{}", reason.as_str()))),
        Err(trouble) => Some(trouble_in_words(&trouble.kind, &trouble.said, lang)),
    };
    TriedRow {
        url: post.url.clone(),
        title: kept.map(|kept| kept.title.clone()),
        time: kept.and_then(|kept| kept.published.as_ref()).map(|published| published.at),
        text: kept.map(|kept| kept.text.chars().take(SHOWN_CHARS).collect()).unwrap_or_default(),
        lost,
    }
}
