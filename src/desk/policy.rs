//! The policy of a source in words: what is done to whom and why, ready to be shown to a lawyer.
//!
//! In: a source of config, and what the store knows of its hosts, where there is one. Out: the lines of a paper. It asks
//! nobody and changes nothing.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{TimeDelta, Utc};
use pipelines::crawl::{Robots, RobotsStanding, SourceConfig, SourceKind, authority, entry_urls};
use pipelines::locale::Lang;

use super::opening::store_if_any;
use crate::config::{Config, Pacing};
use crate::engine::hosts;
use crate::store::{PostRange, Store};

/// Days whose refusals are counted.
const DAYS: i64 = 30;

/// Entry addresses named one by one.
const NAMED: usize = 10;

/// The product token looked for in robots.txt.
const TOKEN: &str = "guanlan";

/// The paper on `source`, line by line.
///
/// # Errors
/// A store that cannot be read.
pub fn paper(config: &Config, source: &SourceConfig, lang: Lang) -> anyhow::Result<Vec<String>> {
    // Before the first round there is no store: the paper says so.
    let store = store_if_any(config)?;
    let mut paper = Paper { lang, lines: Vec::new() };
    paper.say("head", &[("name", &source.name), ("source", &source.id)]);
    who(&mut paper, config);
    what(&mut paper, source);
    how(&mut paper, config, source);
    robots(&mut paper, source, store.as_deref())?;
    privacy(&mut paper, config, source);
    record(&mut paper, source, store.as_deref())?;
    Ok(paper.lines)
}

/// The paper as it grows.
struct Paper {
    lang: Lang,
    lines: Vec<String>,
}

impl Paper {
    fn say(&mut self, key: &str, args: &[(&str, &dyn Display)]) {
        self.lines.push(self.lang.fill(&format!("cli.policy.{key}"), args));
    }

    fn section(&mut self, key: &str) {
        self.lines.push(String::new());
        self.lines.push(self.lang.text(&format!("cli.policy.{key}")));
    }
}

fn who(paper: &mut Paper, config: &Config) {
    paper.section("who");
    paper.say("station", &[("name", &config.station.name)]);
    paper.say("agent", &[("agent", &config.station.user_agent)]);
    paper.say("contact", &[("contact", &config.station.contact)]);
}

fn what(paper: &mut Paper, source: &SourceConfig) {
    paper.section("what");
    let urls = entry_urls(source);
    let given = match &source.kind {
        SourceKind::Pages { urls } => urls.clone(),
        SourceKind::Files { path, .. } | SourceKind::Opml { path, .. } => vec![path.clone()],
        _ => urls,
    };
    for url in given.iter().take(NAMED) {
        paper.say("entry", &[("url", url)]);
    }
    if given.len() > NAMED {
        paper.say("entries_more", &[("n", &(given.len() - NAMED))]);
    }
    if !source.allow_hosts.is_empty() {
        paper.say("hosts", &[("hosts", &source.allow_hosts.join(", "))]);
    }
    if let Some(exclude) = &source.exclude {
        paper.say("exclude", &[("query", exclude)]);
    }
    let days =
        |key: &str, days: u32| if days == 0 { format!("{key}_none") } else { key.to_owned() };
    let (horizon, revisit) = (source.horizon_days, source.revisit_days());
    paper.say(&days("horizon", horizon), &[("days", &horizon)]);
    paper.say(&days("revisit", revisit), &[("days", &revisit)]);
}

fn how(paper: &mut Paper, config: &Config, source: &SourceConfig) {
    paper.section("how");
    match config.source_pacing(source) {
        Pacing::Cron(schedule) => {
            let zone = config.station.zone.name();
            paper.say("cron", &[("cron", &schedule.text()), ("zone", &zone)]);
        }
        Pacing::Adaptive(pace) => {
            let (shortest, longest) = (pace.shortest.num_minutes(), pace.longest.num_minutes());
            paper.say("adaptive", &[("shortest", &shortest), ("longest", &longest)]);
        }
    }
    if source.workday_only {
        paper.say("workdays", &[]);
    }
    let crawl = &config.crawl;
    let delay = source.delay_secs.unwrap_or(crawl.delay_secs);
    paper.say("delay", &[("secs", &delay), ("at_once", &crawl.per_host_concurrency)]);
    paper.say("budget", &[("n", &crawl.daily_requests_per_host)]);
    paper.say("backoff", &[]);
    paper.say("bounds", &[("secs", &crawl.timeout_secs), ("mib", &(crawl.max_body_bytes >> 20))]);
    paper.say("never", &[]);
}

/// The hosts of the source, each with what its robots.txt said when it was last read.
fn robots(
    paper: &mut Paper,
    source: &SourceConfig,
    store: Option<&dyn Store>,
) -> anyhow::Result<()> {
    paper.section("robots");
    paper.say("robots_rule", &[("token", &TOKEN)]);
    let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for url in entry_urls(source) {
        if let Ok(parsed) = url::Url::parse(&url) {
            hosts.entry(authority(&parsed)).or_default().push(url);
        }
    }
    for (host, urls) in hosts {
        let memory = store.map_or(Ok(None), |store| hosts::memory(store, &host))?;
        let Some(memory) = memory else {
            paper.say("unread", &[("host", &host)]);
            continue;
        };
        let today = memory.day.filter(|day| *day == Utc::now().date_naive());
        let asked = today.map_or(0, |_| memory.asked_today);
        paper.say("asked", &[("host", &host), ("n", &asked)]);
        let Some(known) = memory.robots else {
            paper.say("unread", &[("host", &host)]);
            continue;
        };
        let at = known.read_at.format("%Y-%m-%d %H:%M UTC").to_string();
        match known.standing {
            RobotsStanding::Rules(rules) => {
                paper.say("read_at", &[("host", &host), ("at", &at)]);
                decisions(paper, &rules, &urls);
            }
            RobotsStanding::None { status } => {
                paper.say("has_none", &[("host", &host), ("at", &at), ("status", &status)]);
            }
            RobotsStanding::Unreachable { cause, .. } => {
                paper.say("unreachable", &[("host", &host), ("at", &at), ("cause", &cause)]);
            }
        }
    }
    Ok(())
}

fn decisions(paper: &mut Paper, rules: &Robots, urls: &[String]) {
    if let Some(secs) = rules.crawl_delay_secs(TOKEN) {
        paper.say("crawl_delay", &[("secs", &secs)]);
    }
    for url in urls.iter().take(NAMED) {
        let decision = rules.check(TOKEN, url);
        match (decision.allowed, decision.rule) {
            (true, None) => paper.say("allowed", &[("url", url)]),
            (true, Some((line, rule))) => {
                paper.say("allowed_by", &[("url", url), ("line", &line), ("rule", &rule)]);
            }
            (false, Some((line, rule))) => {
                paper.say("forbidden_by", &[("url", url), ("line", &line), ("rule", &rule)]);
            }
            (false, None) => paper.say("forbidden", &[("url", url)]),
        }
    }
}

fn privacy(paper: &mut Paper, config: &Config, source: &SourceConfig) {
    paper.section("privacy");
    paper.say("authors", &[]);
    if !source.official_authors.is_empty() {
        paper.say("official", &[("names", &source.official_authors.join("、"))]);
    }
    paper.say("masked", &[]);
    let retention = &config.retention;
    let args: [(&str, &dyn Display); 2] =
        [("posts", &retention.posts_days), ("evidence", &retention.evidence_days)];
    paper.say("retention", &args);
}

/// What was done in the last weeks, and what was refused.
fn record(
    paper: &mut Paper,
    source: &SourceConfig,
    store: Option<&dyn Store>,
) -> anyhow::Result<()> {
    paper.section("record");
    let Some(store) = store else {
        paper.say("no_record", &[]);
        return Ok(());
    };
    let now = Utc::now();
    let range = PostRange { from: Some(now - TimeDelta::days(DAYS)), until: Some(now) };
    let tally = store.source_tally(&source.id, &range)?;
    let dropped = tally.dropped_total();
    let args: [(&str, &dyn Display); 5] = [
        ("days", &DAYS),
        ("received", &tally.received),
        ("kept", &tally.kept),
        ("dropped", &dropped),
        ("failed", &tally.failed_total()),
    ];
    paper.say("counts", &args);
    for reason in ["robots", "walled"] {
        let n = tally.dropped.iter().find(|(name, _)| name == reason).map_or(0, |(_, n)| *n);
        let words = paper.lang.text(&format!("record.drop.{reason}"));
        paper.say("refused", &[("reason", &words), ("n", &n)]);
    }
    paper.say("audit", &[]);
    Ok(())
}
