//! The rules at work: which of them a post meets, and which alerts that makes.
//!
//! In: new posts within the committer's transaction, or the passing of time. Out: hits, alerts and
//! deliveries, in the same transaction. What fires is `watch`'s business; here is only what it needs to know
//! and what follows. A source that falls silent is watched by a rule of its own making.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use pipelines::annotate::role_of;
use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;
use pipelines::query::{self, Query, QuerySet, Target};
use pipelines::record::{
    Alert, AlertState, AnnotatedPost, PostId, RuleHit, RuleId, Severity, Told,
};
use pipelines::text::Segmenter;
use pipelines::watch::{
    Firing, RuleConfig, RuleKind, Terms, Window, evaluate, evaluate_terms, lookback, rare_terms,
};

use super::health::silence_reason;
use super::past;
use super::reread::Reread;
use super::telling::{Teller, Telling};
use crate::config::{Config, RouteConfig};
use crate::notify::Growth;
use crate::store::{Result, Store, StoreError, StoreWrite};

/// Newest posts of an alert that are looked at for what they add: more than come with one commit.
const LOOKED_AT: usize = 12;

/// The state that says since when this station collects.
pub const SINCE: &str = "collecting_since";

/// All rules of a config, prepared to be asked together.
pub struct Watching {
    config: Config,
    rules: Vec<RuleConfig>,
    segmenter: Segmenter,
    asked: Reread<Asked>,
    words: Mutex<HashMap<usize, WordsOf>>,
}

/// The rare words of posts. Kept for each rule that counts words, for the hits of its window: without it every commit
/// would read all of them again.
type WordsOf = HashMap<PostId, Vec<String>>;

/// The queries of the rules, as of a moment.
struct Asked {
    queries: Vec<Query>,
    set: QuerySet<usize>,
    /// Those of the routes, in their order.
    routes: Vec<Option<Query>>,
}

impl Watching {
    /// The enabled rules of `config`, as of `now`.
    ///
    /// # Errors
    /// A query that cannot be read (config checks have seen them all).
    pub fn new(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let rules = config.rules.iter().filter(|r| r.enabled).cloned().collect::<Vec<_>>();
        let (read_for, read) = (config.clone(), rules.clone());
        Ok(Self {
            config: config.clone(),
            rules,
            segmenter: super::segmenter(config),
            asked: Reread::new(now, move |now| Asked::read(&read_for, &read, now))?,
            words: Mutex::default(),
        })
    }

    /// Gives rules that are new, or were changed, the hits of their past.
    ///
    /// # Errors
    /// Those of the store.
    pub fn remember_past(&self, store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<()> {
        let asked = self.asked.as_of(now);
        let rules: Vec<_> = self.rules.iter().zip(&asked.queries).collect();
        past::remember(store, &rules, &self.segmenter, now)
    }

    /// Matches `fresh` against all rules and stores what follows from it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look_at(
        &self,
        write: &dyn StoreWrite,
        fresh: &[AnnotatedPost],
        now: DateTime<Utc>,
    ) -> Result<()> {
        note_terms(write, fresh)?;
        let asked = self.asked.as_of(now);
        let mut new: BTreeMap<usize, Vec<RuleHit>> = BTreeMap::new();
        for post in fresh {
            let target = Target::new(post).segmented_by(&self.segmenter);
            for (number, spans) in asked.set.matches(&target) {
                new.entry(*number).or_default().push(RuleHit {
                    rule: self.rules[*number].id.clone(),
                    post: post.post.id,
                    story: post.story,
                    at: post.post.time(),
                    spans,
                });
            }
        }
        for (number, hits) in new {
            let rule = &self.rules[number];
            let window = window(write, rule, &hits, now)?;
            for hit in &hits {
                write.put_hit(hit)?;
            }
            let firings = match rule.kind {
                RuleKind::NewTerm { .. } => {
                    let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
                    let words = words.entry(number).or_default();
                    let mut terms = Terms { of: std::mem::take(words), ..Terms::default() };
                    note_words(write, &mut terms, fresh, &window, &hits)?;
                    let firings = evaluate_terms(rule, &window, &hits, &terms, now);
                    *words = terms.of;
                    firings
                }
                _ => evaluate(rule, &window, &hits, now),
            };
            for firing in firings {
                self.store_firing(write, rule, Some(&asked.queries[number]), firing, now)?;
            }
        }
        Ok(())
    }

    /// Rules and sources that fire when nothing comes, and alerts that nobody comes to.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look_at_silence(
        &self,
        store: &dyn Store,
        write: &dyn StoreWrite,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked.as_of(now);
        for (rule, query) in self.rules.iter().zip(&asked.queries) {
            if matches!(rule.kind, RuleKind::Flatline { .. }) {
                let window = window(write, rule, &[], now)?;
                for firing in evaluate(rule, &window, &[], now) {
                    self.store_firing(write, rule, Some(query), firing, now)?;
                }
            }
        }
        for source in self.config.sources.iter().filter(|s| s.enabled) {
            let Some(rule) = silence_rule(source, self.config.station.lang) else { continue };
            let window = Window {
                last_before: write.last_post_of(&source.id)?,
                ..window(write, &rule, &[], now)?
            };
            for mut firing in evaluate(&rule, &window, &[], now) {
                if let Firing::New(alert) = &mut firing {
                    alert.because = silence_reason(store, source, now)?;
                }
                self.store_firing(write, &rule, None, firing, now)?;
            }
        }
        self.look_at_unattended(store, write, now)
    }

    /// A new alert goes out through its notifiers. One that grew does where it doubled, became graver, was answered or was
    /// picked up by a medium of farther reach since it was last told; else it is stored and stays quiet.
    fn store_firing(
        &self,
        write: &dyn StoreWrite,
        rule: &RuleConfig,
        query: Option<&Query>,
        firing: Firing,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (mut alert, is_new) = match firing {
            Firing::New(alert) => (alert, true),
            Firing::Grown(alert) => (alert, false),
            Firing::Joined(alert) => return drop_joined(write, &alert, now),
        };
        mark_words(write, &mut alert)?;
        let before = alert.told;
        let stands = standing(write, &alert)?;
        let again = if is_new { None } else { Growth::between(before, stands) };
        if is_new || again.is_some() || before == Told::default() {
            alert.told = Told { since: before.since.or(Some(now)), ..stands };
        }
        let is_stored_new = write.put_alert(&alert, now)?;
        if is_new != is_stored_new
            || (!is_new && (again.is_none() || alert.state == AlertState::Closed))
        {
            return Ok(());
        }
        let in_words = query.map(|query| query.in_words(self.config.station.lang));
        let telling = Telling { rule: Some(rule), in_words: in_words.as_deref(), again };
        let asked = self.asked.as_of(now);
        self.teller(&asked).tell(write, &alert, telling, now)
    }

    fn teller<'a>(&'a self, asked: &'a Asked) -> Teller<'a> {
        Teller { config: &self.config, routes: &asked.routes }
    }

    fn look_at_unattended(
        &self,
        store: &dyn Store,
        write: &dyn StoreWrite,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let asked = self.asked.as_of(now);
        let rule_of = |alert: &Alert| rule_of(&self.config, &alert.rule);
        self.teller(&asked).look_at_unattended(store, write, &rule_of, now)
    }
}

impl Asked {
    fn read(
        config: &Config,
        rules: &[RuleConfig],
        now: DateTime<Utc>,
    ) -> anyhow::Result<(Self, bool)> {
        let context = super::query_context(config, now);
        let mut queries = Vec::new();
        for rule in rules {
            let query = query::parse_rule(&rule.query, &context);
            queries.push(query.map_err(|e| anyhow::anyhow!("rule `{}`: {e}", rule.id))?);
        }
        let set = QuerySet::build(queries.iter().cloned().enumerate())?;
        let route = |route: &RouteConfig| {
            let query = route.query.as_deref().map(|text| query::parse_rule(text, &context));
            query.transpose().map_err(|e| anyhow::anyhow!("route `{}`: {e}", route.name))
        };
        let routes = config.routes.iter().map(route).collect::<anyhow::Result<Vec<_>>>()?;
        let all = queries.iter().chain(routes.iter().flatten());
        let depends_on_now = all.clone().any(Query::depends_on_now);
        Ok((Self { queries, set, routes }, depends_on_now))
    }
}

/// Drops an alert of which an older one tells, and leaves a line of it: its message may be out.
fn drop_joined(write: &dyn StoreWrite, alert: &Alert, now: DateTime<Utc>) -> Result<()> {
    if let Some(number) = write.alert_number(&alert.key)? {
        let detail = format!("{} went into an older alert of its story", alert.key);
        write.audit(now, "alert", &number.to_string(), &detail)?;
    }
    write.drop_alert(&alert.key)
}

/// How far an alert has come: what it was told as, with what its newest posts add.
fn standing(write: &dyn StoreWrite, alert: &Alert) -> Result<Told> {
    let mut stands = alert.told;
    let posts = alert.evidence.len() as u64;
    stands.posts = posts.max(alert.measured.max(0.0) as u64);
    let newest: Vec<_> = alert.evidence.iter().take(LOOKED_AT).map(|e| e.post).collect();
    for post in write.posts(&newest)? {
        stands.severity = stands.severity.max(post.risk.severity);
        stands.answered |= role_of(&post.post).answers();
        stands.trust = stands.trust.max(Some(post.post.trust));
    }
    Ok(stands)
}

/// Old hits are counted by the thousand without their words; the few that an alert shows get them here.
fn mark_words(write: &dyn StoreWrite, alert: &mut Alert) -> Result<()> {
    let bare = alert.evidence.iter().filter(|evidence| evidence.spans.is_empty());
    let mut spans = write.hit_spans(&alert.rule, &bare.map(|e| e.post).collect::<Vec<_>>())?;
    for evidence in alert.evidence.iter_mut().filter(|evidence| evidence.spans.is_empty()) {
        evidence.spans = spans.remove(&evidence.post).unwrap_or_default();
    }
    Ok(())
}

/// Remembers since when the rare words of `fresh` are known.
fn note_terms(write: &dyn StoreWrite, fresh: &[AnnotatedPost]) -> Result<()> {
    let mut first: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for post in fresh {
        for term in rare_terms(post) {
            let at = first.entry(term).or_insert(post.post.time());
            *at = post.post.time().min(*at);
        }
    }
    write.note_terms(&first)
}

/// The rare words of new and known hits, and since when the new ones' words are known. `terms` may hold the words of
/// some already; those of posts that are no hits of the window any more go.
fn note_words(
    write: &dyn StoreWrite,
    terms: &mut Terms,
    fresh: &[AnnotatedPost],
    window: &Window,
    new: &[RuleHit],
) -> Result<()> {
    let known: HashSet<PostId> = window.hits.iter().map(|hit| hit.post).collect();
    terms.of.retain(|post, _| known.contains(post));
    let hits: HashSet<PostId> = new.iter().map(|hit| hit.post).collect();
    let fresh = fresh.iter().filter(|post| hits.contains(&post.post.id));
    let fresh: Vec<_> = fresh.map(|post| (post.post.id, rare_terms(post))).collect();
    let asked: Vec<&str> = fresh.iter().flat_map(|(_, words)| words).map(String::as_str).collect();
    if !asked.is_empty() {
        terms.first_seen = write.first_seen(&asked)?;
        let unread: Vec<_> = known.into_iter().filter(|id| !terms.of.contains_key(id)).collect();
        terms.of.extend(write.posts(&unread)?.iter().map(|post| (post.post.id, rare_terms(post))));
    }
    terms.of.extend(fresh);
    Ok(())
}

/// What is known of a rule's past when `new` hits come.
fn window(
    write: &dyn StoreWrite,
    rule: &RuleConfig,
    new: &[RuleHit],
    now: DateTime<Utc>,
) -> Result<Window> {
    let oldest = new.iter().map(|hit| hit.at).min().unwrap_or(now);
    let from = oldest - lookback(rule);
    let (hits, alerts) = match rule.kind {
        // Its alerts are those of stories: of others nothing is asked, however many there are.
        RuleKind::Any => {
            let stories: BTreeSet<_> = new.iter().map(|hit| hit.story).collect();
            let stories: Vec<_> = stories.into_iter().collect();
            let hits = write.hits_of(&rule.id, from, &stories)?;
            (hits, write.alerts_of(&rule.id, from, &stories)?)
        }
        _ => {
            let mut alerts = write.rule_alerts(&rule.id, from)?;
            if alerts.is_empty() {
                alerts.extend(write.latest_alert(&rule.id)?);
            }
            (write.bare_hits(&rule.id, from)?, alerts)
        }
    };
    let since = match write.state(SINCE)? {
        Some(text) => text
            .parse::<DateTime<Utc>>()
            // A time after now is that of a clock that was ahead.
            .map(|since| Some(since.min(now)))
            .map_err(|e| StoreError::Corrupt { what: SINCE.to_owned(), cause: e.to_string() })?,
        None => {
            write.put_state(SINCE, &now.to_rfc3339())?;
            Some(now)
        }
    };
    // Posts that were brought in are older than the station: there is as much past as there are posts.
    let since = since.into_iter().chain(write.first_post_time()?).min();
    Ok(Window { hits, alerts, last_before: write.last_hit_before(&rule.id, from)?, since })
}

/// The rule that watches over a source's silence, where its config asks for one.
#[must_use]
pub fn silence_rule(source: &SourceConfig, lang: Lang) -> Option<RuleConfig> {
    (source.flatline_hours > 0).then(|| RuleConfig {
        id: RuleId(format!("source-silent:{}", source.id)),
        name: lang.fill("watch.source_silent", &[("source", &source.name)]),
        enabled: true,
        query: String::new(),
        kind: RuleKind::Flatline { window_minutes: source.flatline_hours.saturating_mul(60) },
        severity: Severity::Ordinary,
        merge_hours: 24,
        notify: Vec::new(),
        examples: Vec::new(),
    })
}

/// The rule with this id, of config or of a source's silence.
#[must_use]
pub fn rule_of(config: &Config, id: &RuleId) -> Option<RuleConfig> {
    let written = config.rules.iter().find(|rule| rule.id == *id).cloned();
    written.or_else(|| {
        let rules = config.sources.iter().filter_map(|s| silence_rule(s, config.station.lang));
        rules.into_iter().find(|rule| rule.id == *id)
    })
}
