//! Saved searches: a name for a query, whom it is for, and how many posts are new since one last looked.
//!
//! In: a query with a name, or the number of a search that was saved. Out: one's own searches and those handed on, each
//! with its count of new posts; or one of them as an Atom feed. Everybody keeps their own; who works with posts may hand
//! one on to the people of their units or to all. A search that somebody handed on finds for each reader what that
//! reader may see.

mod atom;

use chrono::{DateTime, TimeDelta, Utc};
use index::{SearchIndex, SearchOptions};
use serde::{Deserialize, Serialize};

use super::search::{Ask, Found, Order};
use super::{Act, Desk, DeskError, Result, Who, secrets};
use crate::engine::StoredPosts;

/// Where in the store they stand: `saved/ID`.
const SAVED: &str = "saved/";

/// Where it stands what somebody has seen of one: `saved-seen/NAME/ID`.
const SEEN: &str = "saved-seen/";

/// Searches that one person keeps at most.
const MOST: usize = 100;

/// Characters of a name.
const NAME_CHARS: usize = 60;

/// Days before the last look whose posts are counted, so that a post crawled late is new too.
const COUNTED_DAYS: i64 = 30;

/// Entries of a feed.
const FEED_ENTRIES: usize = 50;

/// Whom a saved search is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Who saved it.
    #[default]
    Private,
    /// The people of the units of who saved it.
    Unit,
    /// Everybody at the station.
    All,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Private, Self::Unit, Self::All];

    /// The name stored and typed; a locale key under `desk.audience`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Unit => "unit",
            Self::All => "all",
        }
    }

    /// The audience called so.
    ///
    /// # Errors
    /// `Value`.
    pub fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|audience| audience.as_str() == name.trim());
        found.ok_or_else(|| DeskError::Value { what: "audience", value: name.to_owned() })
    }
}

/// A search as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Saved {
    name: String,
    query: String,
    owner: String,
    audience: Audience,
    units: Vec<pipelines::record::SubjectId>,
    at: DateTime<Utc>,
}

/// What somebody has seen of one: the posts since `from` at the last look.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Seen {
    at: DateTime<Utc>,
    from: DateTime<Utc>,
    posts: u64,
}

/// One line of the list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SavedRow {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// In the query language.
    pub query: String,
    /// Who saved it.
    pub owner: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Whether the reader may take it away.
    pub own: bool,
    /// Posts that came since the reader last looked; none where the query finds them no more, which `fault` says.
    pub new: Option<u64>,
    /// Why it cannot be asked, in words: a topic or source that is gone.
    pub fault: Option<String>,
}

/// What is to be saved.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct SavedOrder {
    /// A name for people.
    pub name: String,
    /// In the query language.
    pub query: String,
    /// Whom it is for; only oneself unless said.
    #[serde(default)]
    pub audience: Audience,
}

impl Desk {
    /// One's own searches and those handed on, by name, each with how many posts are new; the index is asked once for each.
    ///
    /// # Errors
    /// A broken store or index.
    pub fn saved_searches(&self, who: &Who) -> Result<Vec<SavedRow>> {
        self.check(who, Act::Search)?;
        let mut rows = Vec::new();
        for (name, text) in self.store.states(SAVED)? {
            let saved = read(&text)?;
            if !is_for(&saved, who) {
                continue;
            }
            let id = name[SAVED.len()..].to_owned();
            let (new, fault) = match self.new_posts(who, &id, &saved) {
                Ok(new) => (Some(new), None),
                Err(error @ (DeskError::Query { .. } | DeskError::NoUnits)) => {
                    (None, Some(error.in_words(who.lang)))
                }
                Err(error) => return Err(error),
            };
            let (own, Saved { name, query, owner, audience, .. }) = (may_drop(&saved, who), saved);
            rows.push(SavedRow { id, name, query, owner, audience, own, new, fault });
        }
        rows.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(rows)
    }

    /// Saves a search; its number.
    ///
    /// # Errors
    /// `Query` for one that cannot be read; `Value` for a name that cannot be taken; `Forbidden` for handing on.
    pub fn save_search(&self, who: &Who, order: &SavedOrder) -> Result<String> {
        self.check(who, Act::KeepSearch)?;
        if order.audience != Audience::Private {
            self.check(who, Act::ShareSearch)?;
        }
        self.query_of(who, &order.query)?;
        let name = order.name.trim();
        if name.is_empty()
            || name.chars().count() > NAME_CHARS
            || name.chars().any(char::is_control)
        {
            return Err(DeskError::Value { what: "saved_name", value: order.name.clone() });
        }
        let all = self.store.states(SAVED)?;
        let kept = all.iter().map(|(_, text)| read(text)).collect::<Result<Vec<_>>>()?;
        if kept.iter().filter(|saved| saved.owner == who.name).count() >= MOST {
            return Err(DeskError::Value { what: "saved_most", value: name.to_owned() });
        }
        let saved = Saved {
            name: name.to_owned(),
            query: order.query.trim().to_owned(),
            owner: who.name.clone(),
            audience: order.audience,
            units: who.units.clone(),
            at: self.now(),
        };
        let id = secrets::secret()?[..12].to_owned();
        let seen = self.seen_now(who, &saved.query)?;
        let kept = serde_json::to_string(&saved).map_err(anyhow::Error::from)?;
        let detail = format!("{}: {}", saved.audience.as_str(), saved.query);
        self.audited(who, ("search_save", name, &detail), &mut |write| {
            write.put_state(&format!("{SAVED}{id}"), &kept)?;
            write.put_state(&seen_key(who, &id), &seen)?;
            Ok(true)
        })?;
        Ok(id)
    }

    /// Takes a saved search away: one's own, or for an administrator anybody's that was handed on.
    ///
    /// # Errors
    /// `Unknown`, also for one that is somebody else's.
    pub fn drop_search(&self, who: &Who, id: &str) -> Result<()> {
        self.check(who, Act::KeepSearch)?;
        let saved = self.saved(who, id)?;
        if !may_drop(&saved, who) {
            return Err(unknown(id));
        }
        let seen = self.store.states(SEEN)?.into_iter().map(|(name, _)| name);
        let seen: Vec<String> = seen.filter(|name| name.ends_with(&format!("/{id}"))).collect();
        self.audited(who, ("search_drop", &saved.name, &saved.query), &mut |write| {
            write.drop_state(&format!("{SAVED}{id}"))?;
            seen.iter().try_for_each(|name| write.drop_state(name))?;
            Ok(true)
        })
        .map(drop)
    }

    /// Asks a saved search, and notes that it was looked at where the door may change anything.
    ///
    /// # Errors
    /// `Unknown`; those of a search.
    pub fn ask_saved(&self, who: &Who, id: &str, ask: &Ask) -> Result<Found> {
        let saved = self.saved(who, id)?;
        let found = self.search(who, &Ask { query: saved.query.clone(), ..ask.clone() })?;
        if who.may(Act::KeepSearch) {
            let seen = self.seen_now(who, &saved.query)?;
            self.store.write(&mut |write| write.put_state(&seen_key(who, id), &seen))?;
        }
        Ok(found)
    }

    /// A saved search as an Atom feed, newest first; `base` is the address of the console.
    ///
    /// # Errors
    /// As of [`ask_saved`](Self::ask_saved); nothing counts as looked at.
    pub fn saved_feed(&self, who: &Who, id: &str, base: &str) -> Result<String> {
        let saved = self.saved(who, id)?;
        let ask = Ask {
            query: saved.query.clone(),
            sort: Order::Newest,
            limit: FEED_ENTRIES,
            ..Ask::default()
        };
        let found = self.search(who, &ask)?;
        let station = &self.config.station.name;
        let feed = atom::Feed { station, name: &saved.name, id, base, made: saved.at };
        Ok(feed.render(&found.lines)?)
    }

    fn saved(&self, who: &Who, id: &str) -> Result<Saved> {
        self.check(who, Act::Search)?;
        let text = self.store.state(&format!("{SAVED}{id}"))?;
        let saved = text.as_deref().map(read).transpose()?;
        saved.filter(|saved| is_for(saved, who)).ok_or_else(|| unknown(id))
    }

    fn new_posts(&self, who: &Who, id: &str, saved: &Saved) -> Result<u64> {
        let seen = match self.store.state(&seen_key(who, id))? {
            Some(text) => serde_json::from_str(&text).map_err(anyhow::Error::from)?,
            // Never looked at: all that came since it was made.
            None => Seen { at: saved.at, from: saved.at, posts: 0 },
        };
        Ok(self.posts_since(who, &saved.query, seen.from)?.saturating_sub(seen.posts))
    }

    /// What counts as seen by a look now.
    fn seen_now(&self, who: &Who, query: &str) -> Result<String> {
        let at = self.now();
        let from = at - TimeDelta::days(COUNTED_DAYS);
        let seen = Seen { at, from, posts: self.posts_since(who, query, from)? };
        Ok(serde_json::to_string(&seen).map_err(anyhow::Error::from)?)
    }

    fn posts_since(&self, who: &Who, query: &str, from: DateTime<Utc>) -> Result<u64> {
        let query = self.query_of(who, query)?;
        let within = query.during(Some(from), None, self.config.station.zone);
        let options = SearchOptions { limit: 1, group_by_story: false, ..SearchOptions::default() };
        let (index, _) = self.asked()?;
        let results = index.search(&within, &options, Some(&StoredPosts(&*self.store)))?;
        Ok(results.posts.unwrap_or(0))
    }
}

fn read(text: &str) -> Result<Saved> {
    Ok(serde_json::from_str(text).map_err(anyhow::Error::from)?)
}

fn seen_key(who: &Who, id: &str) -> String {
    format!("{SEEN}{}/{id}", who.name)
}

fn is_for(saved: &Saved, who: &Who) -> bool {
    match saved.audience {
        _ if saved.owner == who.name => true,
        Audience::Private => false,
        Audience::Unit => who.units.iter().any(|unit| saved.units.contains(unit)),
        Audience::All => true,
    }
}

fn may_drop(saved: &Saved, who: &Who) -> bool {
    saved.owner == who.name || saved.audience != Audience::Private && who.may(Act::ManagePeople)
}

fn unknown(id: &str) -> DeskError {
    DeskError::Unknown { what: "saved", id: id.to_owned() }
}

#[cfg(test)]
mod tests;
