//! Checks across tables and files: ids used twice, names that nothing has, addresses that may not be asked,
//! secrets that are not there, examples that fail.
//!
//! In: everything that was read. Out: problems, and the number of examples run. What may stand in a file
//! that could not be read is not called missing.

use std::collections::HashMap;
use std::net::IpAddr;

use pipelines::crawl::{SourceConfig, SourceKind};
use url::{Host, Url};

use super::document::{FileText, Placed, nearest};
use super::duty::DUTY;
use super::load::Raw;
use super::problem::{Fault, Level, Problem};
use super::{ADAPTIVE, query, settings};
use crate::schedule::Schedule;

/// The main file's `[station]` with its place.
pub(super) struct Station<'a> {
    pub(super) file: &'a FileText,
    pub(super) settings: &'a settings::Station,
    pub(super) crawl: &'a settings::CrawlSettings,
}

/// Adds what is wrong between the tables of `raw`; the number of examples run.
pub(super) fn check(raw: &mut Raw, station: &Station, run_examples: bool) -> usize {
    let mut found = Vec::new();
    if !raw.incomplete {
        found.extend(references(raw));
        found.extend(circles(raw));
        found.extend(station_problems(raw, station));
    }
    for source in &raw.sources {
        private_hosts(source, &mut found);
        group(source, station.crawl, &mut found);
    }
    found.extend(groups(station));
    for notifier in &raw.notifiers {
        super::ways::check(notifier, &mut found);
    }
    for duty in &raw.duties {
        super::duty::check(duty, &mut found);
    }
    let run = query::check(raw, run_examples, &mut found);
    raw.problems.extend(found);
    run
}

/// Names that nothing has.
fn references(raw: &Raw) -> Vec<Problem> {
    let mut found = Vec::new();
    for reference in &raw.references {
        let declared = raw.declared.keys().filter(|(table, _)| *table == reference.table);
        let mut known: Vec<&str> = declared.map(|(_, id)| id.as_str()).collect();
        let is_roster = reference.table == DUTY && !known.is_empty();
        if is_roster || known.contains(&reference.name.as_str()) {
            continue;
        }
        if reference.table == DUTY {
            found.push(Problem {
                level: Level::Error,
                file: reference.file.clone(),
                line: reference.line,
                key: reference.key.clone(),
                value: format!("\"{DUTY}\""),
                fault: Fault::NoDuty,
            });
            continue;
        }
        known.sort_unstable();
        let nearest = nearest(&reference.name, known.iter().copied());
        found.push(Problem {
            level: Level::Error,
            file: reference.file.clone(),
            line: reference.line,
            key: reference.key.clone(),
            value: format!("\"{}\"", reference.name),
            fault: Fault::UnknownReference { nearest, known: known.join(", ") },
        });
    }
    found
}

/// Units that stand above themselves.
fn circles(raw: &Raw) -> Vec<Problem> {
    let parents: HashMap<&str, Option<&str>> = raw
        .subjects
        .iter()
        .map(|s| (s.item.id.as_str(), s.item.parent.as_ref().map(|p| p.as_str())))
        .collect();
    raw.subjects
        .iter()
        .filter(|subject| above_itself(subject.item.id.as_str(), &parents))
        .map(|subject| subject.problem("subject", "parent", Fault::Circle))
        .collect()
}

fn above_itself(id: &str, parents: &HashMap<&str, Option<&str>>) -> bool {
    let mut at = id;
    for _ in 0..parents.len() {
        match parents.get(at).copied().flatten() {
            Some(parent) if parent == id => return true,
            Some(parent) => at = parent,
            None => return false,
        }
    }
    false
}

/// What only matters once there is something to crawl or to watch for.
fn station_problems(raw: &Raw, station: &Station) -> Vec<Problem> {
    let problem = |level, key: &str, fault| {
        let line = station.file.text.lines().position(|line| {
            line.trim_start().strip_prefix(key).is_some_and(|l| l.trim_start().starts_with('='))
        });
        Problem {
            level,
            file: station.file.shown(),
            line: line.map_or(0, |line| line + 1),
            key: format!("station.{key}"),
            value: String::new(),
            fault,
        }
    };
    let mut found = Vec::new();
    let crawls = |s: &SourceConfig| s.enabled && !matches!(s.kind, SourceKind::Files { .. });
    if station.settings.contact.is_empty() && raw.sources.iter().any(|s| crawls(&s.item)) {
        found.push(problem(Level::Error, "contact", Fault::NoContact));
    }
    for (key, value, fault) in super::door::faults(station.settings) {
        found.push(Problem { value, ..problem(Level::Error, key, fault) });
    }
    if !raw.declared.keys().any(|(table, _)| *table == "subject") && !station.file.text.is_empty() {
        let mut none = problem(Level::Warning, "", Fault::NoSubjects);
        none.key = "subject".to_owned();
        found.push(none);
    }
    found
}

/// A group without a schedule.
fn group(source: &Placed<SourceConfig>, crawl: &settings::CrawlSettings, found: &mut Vec<Problem>) {
    let known = &crawl.groups;
    if let Some(name) = source.item.group.as_ref().filter(|name| !known.contains_key(*name)) {
        let nearest = nearest(name, known.keys().map(String::as_str));
        let known = known.keys().cloned().collect::<Vec<_>>().join(", ");
        let fault = Fault::UnknownReference { nearest, known };
        found.push(source.problem("source", "group", fault));
    }
}

/// Schedules of groups that cannot be read.
fn groups(station: &Station) -> Vec<Problem> {
    let lines = || station.file.text.lines();
    let wrong = station.crawl.groups.iter().filter_map(|(name, text)| {
        let error = Schedule::parse(text).err().filter(|_| text != ADAPTIVE)?;
        Some(Problem {
            level: Level::Error,
            file: station.file.shown(),
            line: lines().position(|line| line.contains(text.as_str())).map_or(0, |n| n + 1),
            key: format!("crawl.groups.{name}"),
            value: format!("\"{text}\""),
            fault: Fault::BadCron(error),
        })
    });
    wrong.collect()
}

/// Addresses on loopback or private hosts that the source does not allow itself.
fn private_hosts(source: &Placed<SourceConfig>, found: &mut Vec<Problem>) {
    let urls: Vec<(String, &String)> = match &source.item.kind {
        SourceKind::Feed { url, .. }
        | SourceKind::Sitemap { url, .. }
        | SourceKind::Json { url, .. }
        | SourceKind::Search { url, .. } => vec![("url".to_owned(), url)],
        SourceKind::List { urls, .. }
        | SourceKind::Board { urls, .. }
        | SourceKind::Pages { urls } => {
            urls.iter().enumerate().map(|(i, url)| (format!("urls.{i}"), url)).collect()
        }
        SourceKind::Files { .. } | SourceKind::Opml { .. } => Vec::new(),
    };
    for (key, url) in urls {
        let Ok(url) = Url::parse(&url.replace("{page}", "1").replace("{word}", "1")) else {
            continue;
        };
        let Some(host) = url.host().filter(is_private) else { continue };
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let names = [Some(host.to_string()), with_port.clone()];
        if !names.iter().flatten().any(|name| source.item.allow_private.contains(name)) {
            let host = with_port.unwrap_or_else(|| host.to_string());
            found.push(source.problem("source", &key, Fault::PrivateHost { host }));
        }
    }
}

/// Whether the address lies on loopback or in a private network, as far as can be told without asking.
pub(crate) fn is_private_url(url: &Url) -> bool {
    url.host().is_some_and(|host| is_private(&host))
}

fn is_private<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref();
            name == "localhost" || name.ends_with(".localhost") || name.ends_with(".local")
        }
        Host::Ipv4(ip) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Host::Ipv6(ip) => match ip.to_ipv4_mapped() {
            Some(inner) => is_private(&Host::<&str>::Ipv4(inner)),
            None => {
                let local = IpAddr::from(*ip);
                let head = ip.segments()[0];
                local.is_loopback()
                    || local.is_unspecified()
                    || head & 0xfe00 == 0xfc00
                    || head & 0xffc0 == 0xfe80
            }
        },
    }
}
