//! Writes posts into an index of the cluster.
//!
//! In: changes, in the order of the store's log. Out: bulks of whole documents, each named by its post, so that what is
//! written twice does no harm. A commit first makes everything visible and then notes how far the store was followed: a
//! position never speaks of posts that are not there. Writes go through an alias that is gone with the index: a late one
//! makes no index of its own.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::POSITION;
use super::client::{Body, Client};
use super::document::{document, id_term};
use super::fault::ClusterFault;
use super::schema::write_alias;
use crate::error::IndexError;
use crate::position::Position;
use crate::schema::{Change, IndexedPost};

/// Bytes of a bulk at most, unless one document alone has more.
const BULK_BYTES: usize = 5 << 20;
/// Waits before a bulk that a busy cluster refused is sent again; after the last it is a fault.
const WAITS: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(1_000), Duration::from_millis(3_000)];

/// The writer of one index.
pub(crate) struct ClusterWriter {
    client: Arc<Client>,
    /// The name behind which this index must stand; none for one that is being built.
    name: Option<String>,
    index: String,
    waiting: Vec<u8>,
    actions: usize,
}

/// How far `index` has followed.
pub(super) fn position(client: &Client, index: &str) -> Result<Position, ClusterFault> {
    let path = format!("{index}/_doc/{POSITION}?preference=_primary&realtime=true");
    let answer = client.ask(&Method::GET, &path, &Body::Nothing)?;
    match answer.status {
        200 => {
            let noted = answer.body["_source"][POSITION].clone();
            serde_json::from_value(noted).map_err(|error| ClusterFault::Answer {
                status: 200,
                why: format!("no position: {error}"),
            })
        }
        404 if answer.body["found"].as_bool() == Some(false) => Ok(Position::default()),
        status => Err(ClusterFault::of(status, &answer.body, index)),
    }
}

impl ClusterWriter {
    /// The writer of `index`, which stands behind `name`.
    pub fn new(client: Arc<Client>, name: String, index: &str) -> Self {
        Self { name: Some(name), ..Self::detached(client, index) }
    }

    /// The writer of an index that stands behind no name yet.
    pub fn detached(client: Arc<Client>, index: &str) -> Self {
        let (index, waiting) = (index.to_owned(), Vec::new());
        Self { client, name: None, index, waiting, actions: 0 }
    }

    /// Takes up changes; they are visible after the next commit.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), IndexError> {
        self.check_current()?;
        for change in changes {
            match change {
                Change::Put(post) => self.put(post)?,
                Change::Delete(post) => {
                    self.act(&json!({"delete": {"_id": id_term(post.0)}}), None)?;
                }
            }
        }
        self.flush()
    }

    /// Puts a post.
    pub fn put(&mut self, post: &IndexedPost) -> Result<(), IndexError> {
        let action = json!({"index": {"_id": id_term(post.post.post.id.0)}});
        self.act(&action, Some(&document(post)))
    }

    fn act(&mut self, action: &Value, document: Option<&Value>) -> Result<(), IndexError> {
        let before = self.waiting.len();
        for line in [Some(action), document].into_iter().flatten() {
            // Writing to memory cannot fail.
            let _ = writeln!(self.waiting, "{line}");
        }
        self.actions += 1;
        if self.waiting.len() > BULK_BYTES && before > 0 {
            let last = self.waiting.split_off(before);
            self.actions -= 1;
            self.flush()?;
            (self.waiting, self.actions) = (last, 1);
        }
        Ok(())
    }

    /// Sends what waits, and sees that each of it was taken.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        if self.actions == 0 {
            return Ok(());
        }
        let (lines, actions) =
            (std::mem::take(&mut self.waiting), std::mem::take(&mut self.actions));
        let mut waits = WAITS.iter();
        loop {
            match self.send(&lines, actions) {
                Err(fault) if fault.passes() => match waits.next() {
                    Some(wait) => std::thread::sleep(*wait),
                    None => return Err(fault.into()),
                },
                done => return Ok(done?),
            }
        }
    }

    fn send(&self, lines: &[u8], actions: usize) -> Result<(), ClusterFault> {
        let path = format!("{}/_bulk?require_alias=true", write_alias(&self.index));
        let body = Body::Lines(lines.to_vec());
        let answer = self.client.expect(&Method::POST, &path, &body, &self.index)?;
        let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
        if items.len() != actions {
            let why = format!("{} of {actions} changes were answered", items.len());
            return Err(ClusterFault::Answer { status: 200, why });
        }
        for item in items {
            let item = item.as_object().and_then(|item| item.iter().next());
            let Some((kind, result)) = item else { continue };
            let status = result["status"].as_u64().and_then(|s| u16::try_from(s).ok());
            match status.unwrap_or(500) {
                200..=299 => {}
                404 if kind == "delete" && result["error"].is_null() => {}
                status => return Err(ClusterFault::of(status, &result["error"], &self.index)),
            }
        }
        Ok(())
    }

    /// Makes everything applied so far visible, and notes the store's position behind it.
    pub fn commit(&mut self, position: &Position) -> Result<(), IndexError> {
        self.flush()?;
        self.check_current()?;
        let index = self.index.clone();
        let path = format!("{index}/_refresh");
        let shown = self.client.expect(&Method::POST, &path, &Body::Nothing, &index)?;
        let shards = &shown["_shards"];
        if shards["failed"].as_u64() != Some(0) {
            let why = shards["failures"][0]["reason"]["reason"].as_str().unwrap_or_default();
            let (failed, total) = (shards["failed"].as_u64(), shards["total"].as_u64());
            let (failed, total) = (failed.unwrap_or(0), total.unwrap_or(0));
            return Err(ClusterFault::Partial { failed, total, why: why.to_owned() }.into());
        }
        let path = format!("{}/_doc/{POSITION}?require_alias=true", write_alias(&index));
        let noted = Body::Json(json!({POSITION: position}));
        self.client.expect(&Method::PUT, &path, &noted, &index)?;
        Ok(())
    }

    fn check_current(&self) -> Result<(), IndexError> {
        let Some(name) = &self.name else { return Ok(()) };
        match self.client.current(name)? {
            Some(current) if current == self.index => Ok(()),
            Some(_) => Err(IndexError::Superseded),
            None => Err(IndexError::Missing { dir: name.into() }),
        }
    }
}
