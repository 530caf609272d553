//! The fetcher of a config, and what it remembers of hosts across restarts.
//!
//! In: config and the store's named states. Out: a fetcher that knows which host asked for patience. Holds
//! no policy of its own.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::{FetchPolicy, Fetcher, HostMemory};

use crate::config::Config;
use crate::store::{Store, StoreError};

const PREFIX: &str = "host:";

/// The robots.txt of a host, apart from the rest: it is large and seldom changes.
const ROBOTS: &str = "robots:";

/// A host that was not asked for so long is forgotten: its back-off (at most a week) and its day are over.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(8);

/// The fetcher with the politeness of `config` and, where there is a store, the memory of the last run.
///
/// # Errors
/// The store, or an HTTP client that cannot be built.
pub fn fetcher(config: &Config, store: Option<&dyn Store>) -> anyhow::Result<Fetcher> {
    let crawl = &config.crawl;
    let mut policy = FetchPolicy::new(&config.station.contact);
    policy.user_agent.clone_from(&config.station.user_agent);
    policy.delay = Duration::from_secs_f64(crawl.delay_secs);
    policy.per_host = crawl.per_host_concurrency;
    policy.in_all = crawl.concurrency;
    policy.daily_budget = crawl.daily_requests_per_host;
    policy.connect_timeout = Duration::from_secs(crawl.connect_timeout_secs);
    policy.total_timeout = Duration::from_secs(crawl.timeout_secs);
    policy.max_body_bytes = usize::try_from(crawl.max_body_bytes)?;
    policy.max_redirects = crawl.max_redirects;
    policy.robots_lifetime = Duration::from_secs(crawl.robots_max_age_hours * 3600);
    if !crawl.ca_file.as_os_str().is_empty() {
        policy.extra_roots_pem = std::fs::read(&crawl.ca_file).with_context(|| {
            format!("cannot read `{}` (crawl.ca_file)", crawl.ca_file.display())
        })?;
    }
    let fetcher = Fetcher::new(policy)?;
    let Some(store) = store else { return Ok(fetcher) };
    let robots: HashMap<String, String> = store.states(ROBOTS)?.into_iter().collect();
    for (name, json) in store.states(PREFIX)? {
        let host = name.trim_start_matches(PREFIX);
        let memory = read(&json, robots.get(&format!("{ROBOTS}{host}")).map(String::as_str))?;
        fetcher.remember(host, memory);
    }
    Ok(fetcher)
}

/// What the store remembers of a host (`host:port`).
///
/// # Errors
/// The store.
pub fn memory(store: &dyn Store, host: &str) -> anyhow::Result<Option<HostMemory>> {
    let Some(json) = store.state(&format!("{PREFIX}{host}"))? else { return Ok(None) };
    let robots = store.state(&format!("{ROBOTS}{host}"))?;
    read(&json, robots.as_deref()).map(Some)
}

fn read(memory: &str, robots: Option<&str>) -> anyhow::Result<HostMemory> {
    let mut memory: HostMemory = serde_json::from_str(memory)?;
    if let Some(robots) = robots {
        memory.robots = Some(serde_json::from_str(robots)?);
    }
    Ok(memory)
}

/// What the fetcher learned of hosts since it was last asked, as named states: they go with the step that they came
/// from.
///
/// # Errors
/// None in practice: these are plain values.
pub fn changed(fetcher: &Fetcher) -> Result<Vec<(String, String)>, StoreError> {
    let json = |name: &str, value: Result<String, serde_json::Error>| {
        value.map_err(|e| StoreError::Corrupt { what: name.to_owned(), cause: e.to_string() })
    };
    let mut states = Vec::new();
    for (host, changed) in fetcher.changed_memories() {
        if let Some(robots) = &changed.robots {
            let name = format!("{ROBOTS}{host}");
            states.push((name.clone(), json(&name, serde_json::to_string(robots))?));
        }
        let name = format!("{PREFIX}{host}");
        states.push((name.clone(), json(&name, serde_json::to_string(&changed))?));
    }
    Ok(states)
}

/// Stores what the fetcher learned of hosts since it was last asked.
///
/// # Errors
/// Those of the store.
pub fn keep(fetcher: &Fetcher, store: &dyn Store) -> anyhow::Result<()> {
    let changed = changed(fetcher)?;
    if changed.is_empty() {
        return Ok(());
    }
    store.write(&mut |write| {
        changed.iter().try_for_each(|(name, json)| write.put_state(name, json))
    })?;
    Ok(())
}

/// Drops what is remembered of hosts that were not asked for long.
///
/// # Errors
/// Those of the store.
pub fn forget_old(store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut old = Vec::new();
    for (name, json) in store.states(PREFIX)? {
        let memory = read(&json, None)?;
        if memory.last_asked.is_none_or(|at| at < now - FORGOTTEN_AFTER) {
            old.push(name.trim_start_matches(PREFIX).to_owned());
        }
    }
    Ok(store.write(&mut |write| {
        old.iter().try_for_each(|host| {
            write.drop_state(&format!("{PREFIX}{host}"))?;
            write.drop_state(&format!("{ROBOTS}{host}"))
        })
    })?)
}
