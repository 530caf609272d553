//! The fetcher of a config, and what it remembers of hosts across restarts.
//!
//! In: config and the store's named states. Out: a fetcher that knows which host asked for patience. Holds
//! no policy of its own.

use std::time::Duration;

use anyhow::Context as _;
use pipelines::crawl::{FetchPolicy, Fetcher, HostMemory};

use crate::config::Config;
use crate::store::Store;

const PREFIX: &str = "host:";

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
    let remembered = store.map_or(Ok(Vec::new()), |store| store.states(PREFIX))?;
    for (name, json) in remembered {
        let memory: HostMemory = serde_json::from_str(&json)?;
        fetcher.remember(name.trim_start_matches(PREFIX), memory);
    }
    Ok(fetcher)
}

/// Stores what the fetcher learned of hosts since it was last asked.
///
/// # Errors
/// Those of the store.
pub fn keep(fetcher: &Fetcher, store: &dyn Store) -> anyhow::Result<()> {
    let mut changed = Vec::new();
    for (authority, memory) in fetcher.changed_memories() {
        changed.push((format!("{PREFIX}{authority}"), serde_json::to_string(&memory)?));
    }
    if changed.is_empty() {
        return Ok(());
    }
    store.write(&mut |write| {
        changed.iter().try_for_each(|(name, json)| write.put_state(name, json))
    })?;
    Ok(())
}
