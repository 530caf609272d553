//! An index of the cluster made anew, beside the old one, and put behind the name in one step.
//!
//! In: a place, posts, the position they were read at. Out: a whole index behind the name. The old one answers until
//! then, and stays when anything fails; what was left by a rebuild that died is removed.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::ClusterIndex;
use super::client::{Body, Client};
use super::fault::ClusterFault;
use super::place::ClusterPlace;
use super::schema::{definition, next_name};
use super::writer::ClusterWriter;
use crate::error::IndexError;
use crate::position::Position;
use crate::schema::IndexedPost;

/// Makes an index that stands behind no name.
fn make(client: &Client, place: &ClusterPlace) -> Result<String, IndexError> {
    client.expect_usable()?;
    let index = next_name(&place.name);
    let body = Body::Json(definition(place, &index));
    let made = client.expect(&Method::PUT, &index, &body, &index)?;
    if made["shards_acknowledged"].as_bool() != Some(true) {
        let why = "no node takes up the new index".to_owned();
        remove(client, &index)?;
        return Err(ClusterFault::Red { index, why }.into());
    }
    Ok(index)
}

fn remove(client: &Client, index: &str) -> Result<(), ClusterFault> {
    match client.expect(&Method::DELETE, index, &Body::Nothing, index) {
        Err(ClusterFault::NoIndex { .. }) => Ok(()),
        done => done.map(drop),
    }
}

/// The indexes that are ours by their names.
fn ours(client: &Client, name: &str) -> Result<Vec<String>, ClusterFault> {
    let path = format!("_cat/indices/{name}-s*?format=json&h=index&expand_wildcards=all");
    let found = client.expect(&Method::GET, &path, &Body::Nothing, name)?;
    let index = |row: &Value| row["index"].as_str().map(str::to_owned);
    let is_ours = |index: &String| is_of(index, name);
    Ok(found.as_array().into_iter().flatten().filter_map(index).filter(is_ours).collect())
}

/// Whether `index` is one that [`next_name`] gave for `name`, in whatever version.
fn is_of(index: &str, name: &str) -> bool {
    let Some(rest) = index.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('-').collect();
    let numbered = |part: &str, letter: &str| {
        part.strip_prefix(letter).is_some_and(|n| n.parse::<u64>().is_ok())
    };
    let [format @ .., time] = parts.as_slice() else { return false };
    format.first().is_some_and(|part| numbered(part, "s")) && numbered(time, "")
}

/// Puts `index` behind the name, and removes what stood there.
fn put_behind(client: &Client, place: &ClusterPlace, index: &str) -> Result<(), ClusterFault> {
    let name = &place.name;
    let others: Vec<String> =
        ours(client, name)?.into_iter().filter(|other| other != index).collect();
    let mut actions: Vec<Value> =
        others.iter().map(|old| json!({"remove_index": {"index": old}})).collect();
    actions.push(json!({"add": {"index": index, "alias": name}}));
    let body = Body::Json(json!({"actions": actions}));
    client.expect(&Method::POST, "_aliases", &body, index)?;
    Ok(())
}

/// Puts an empty index that has followed nothing behind the name.
pub(super) fn put_empty(client: &Client, place: &ClusterPlace) -> Result<(), IndexError> {
    let index = make(client, place)?;
    Ok(put_behind(client, place, &index)?)
}

impl ClusterIndex {
    /// Makes the index anew from `posts`.
    pub fn rebuild<E>(
        place: &ClusterPlace,
        position: &Position,
        posts: impl IntoIterator<Item = Result<IndexedPost, E>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, IndexError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let client = Arc::new(Client::new(place)?);
        let index = make(&client, place)?;
        let filled = (|| {
            let mut writer = ClusterWriter::detached(client.clone(), &index);
            let mut count = 0;
            for post in posts {
                writer.put(&post.map_err(|e| IndexError::Posts(e.into()))?)?;
                count += 1;
                if count % 1000 == 0 {
                    progress(count);
                }
            }
            writer.commit(position)?;
            put_behind(&client, place, &index)?;
            Ok(count)
        })();
        match &filled {
            Ok(count) => progress(*count),
            // What cannot be removed now is removed by the next one.
            Err(_) => drop(remove(&client, &index)),
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_named_is_ours() {
        assert!(is_of(&next_name("guanlan"), "guanlan"));
        assert!(is_of("guanlan-s9-x-1795312800000", "guanlan"));
        for other in ["guanlan-east-s1-c4-t1-f1-1795312800000", "guanlan-stats-1", "guanlan", "x"] {
            assert!(!is_of(other, "guanlan"), "{other}");
        }
        assert!(is_of("guanlan-east-s1-c4-t1-f1-1795312800000", "guanlan-east"));
    }
}
