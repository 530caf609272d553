//! Digests that wait for somebody's word before they are sent.
//!
//! In: a finished digest of a `[[digest]]` with `approve = true`. Out: a row of state (`digest-waiting/NAME`) that survives a
//! restart, and, once approved, the messages. What is sent is what was read: where the file was changed meanwhile, nothing
//! goes out. Who may say the word is the desk's business.

use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pipelines::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Order, Written, messages};
use crate::config::{Config, DigestConfig, Form};
use crate::notify::Message;
use crate::store::{self, Store, StoreError, StoreWrite};

/// What stands before the name in the state.
const WAITING: &str = "digest-waiting/";

/// What somebody said of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Whether it may go out.
    pub approved: bool,
    /// Who said so.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why not; empty where it may.
    pub why: String,
}

/// A digest that has to be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The name of its files, without their endings.
    pub name: String,
    /// Which of config it is.
    pub digest: String,
    /// Its title.
    pub title: String,
    /// The heading of its opening in Markdown.
    pub summary: String,
    /// The day it is about.
    pub day: String,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// SHA-256 of its Markdown, in hex.
    pub hash: String,
    /// What was said of it; none while it waits.
    pub word: Option<Word>,
}

fn hash(markdown: &str) -> String {
    hex(&Sha256::digest(markdown.as_bytes()))
}

impl Waiting {
    pub(super) fn of(
        digest: &DigestConfig,
        order: &Order,
        written: &Written,
        now: DateTime<Utc>,
    ) -> Self {
        // A zone is needed for the day; the name of the files ends with it.
        let day = order.name.strip_prefix(&format!("{}-", digest.id)).unwrap_or(&order.name);
        Self {
            name: order.name.clone(),
            digest: digest.id.clone(),
            title: written.title.clone(),
            summary: written.summary.clone(),
            day: day.to_owned(),
            made: now,
            hash: hash(&written.markdown),
            word: None,
        }
    }

    fn key(&self) -> String {
        format!("{WAITING}{}", self.name)
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put(&self, write: &dyn StoreWrite) -> store::Result<()> {
        let text = serde_json::to_string(self).expect("it is plain data");
        write.put_state(&self.key(), &text)
    }

    /// It as this transaction sees it.
    ///
    /// # Errors
    /// Those of the store; a row that cannot be read.
    pub fn now(&self, write: &dyn StoreWrite) -> store::Result<Option<Self>> {
        let key = self.key();
        let Some(text) = write.state(&key)? else { return Ok(None) };
        let read = serde_json::from_str(&text).map(Some);
        read.map_err(|error| StoreError::Corrupt { what: key, cause: error.to_string() })
    }

    /// The messages that go out once it is approved, by way out; the files lie in `dir`. None where its Markdown is no
    /// longer what was made.
    ///
    /// # Errors
    /// Its Markdown is gone; config no longer has the digest.
    pub fn messages(
        &self,
        config: &Config,
        dir: &Path,
    ) -> anyhow::Result<Option<Vec<(String, Message)>>> {
        let digest = config.digests.iter().find(|digest| digest.id == self.digest);
        let digest = digest.with_context(|| format!("config has no digest `{}`", self.digest))?;
        let path = dir.join(format!("{}.md", self.name));
        let markdown = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        if hash(&markdown) != self.hash {
            return Ok(None);
        }
        let files = Form::ALL.map(|form| dir.join(format!("{}.{}", self.name, form.ending())));
        let written = Written {
            files: files.into_iter().filter(|path| path.exists()).collect(),
            title: self.title.clone(),
            markdown,
            summary: self.summary.clone(),
            lacks_fonts: false,
        };
        Ok(Some(messages(config, digest, &self.day, &written)))
    }
}

/// All digests that have to be approved, or had to be; by name.
///
/// # Errors
/// Those of the store; a row that cannot be read.
pub fn all(store: &dyn Store) -> anyhow::Result<Vec<Waiting>> {
    let rows = store.states(WAITING)?.into_iter();
    rows.map(|(name, text)| {
        serde_json::from_str(&text).with_context(|| format!("cannot read the state `{name}`"))
    })
    .collect()
}

/// Forgets what was said of digests whose files are gone.
///
/// # Errors
/// Those of the store.
pub fn forget(store: &dyn Store, is_gone: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let gone: Vec<Waiting> = all(store)?.into_iter().filter(|one| is_gone(&one.name)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    Ok(store.write(&mut |write| gone.iter().try_for_each(|one| write.drop_state(&one.key())))?)
}
