//! `guanlan digest`: a digest of what is stored, in Markdown, HTML and Word: of a day, week or month, of any span, of a
//! unit, of a topic, of one happening.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use clap::Args;
use pipelines::record::{PostId, StoryId, SubjectId, TopicId};

use super::{Globals, Outcome, open};
use crate::config::{Config, Period};
use crate::engine::digests::{self, Focus, Order};
use crate::report::PeriodKind;
use crate::store::Store;

#[derive(Args)]
pub struct DigestArgs {
    #[arg(long, default_value = "day", value_parser = ["day", "week", "month"])]
    period: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["period", "date", "story"])]
    from: Option<NaiveDate>,
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    to: Option<NaiveDate>,
    #[arg(long, value_name = "ID", conflicts_with_all = ["topic", "story"])]
    unit: Option<String>,
    #[arg(long, value_name = "ID", conflicts_with = "story")]
    topic: Option<String>,
    #[arg(long, value_name = "ID", conflicts_with_all = ["period", "date"])]
    story: Option<String>,
    #[arg(long, requires = "story")]
    full: bool,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What was asked for and is not there, in words.
struct Refused(String);

impl DigestArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let mut reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        reading.config.station.lang = globals.lang;
        let now = Utc::now();
        let order = match &self.story {
            Some(story) => self.of_story(story, &reading.store, &reading.config, now)?,
            None => self.of_period(&reading.config, now),
        };
        let order = match order {
            Ok(order) => order,
            Err(Refused(text)) => {
                eprintln!("{text}");
                return Ok(Outcome::Usage);
            }
        };
        let dir = self.out.clone().unwrap_or_else(|| reading.dir.digests());
        for file in digests::write(&reading.config, &reading.store, &order, now, &dir)?.files {
            let shown = file.display().to_string();
            writeln!(out, "{}", globals.lang.fill("cli.digest.written", &[("file", &shown)]))?;
        }
        Ok(Outcome::Good)
    }

    fn of_period(&self, config: &Config, now: DateTime<Utc>) -> Result<Order, Refused> {
        let refused = |key: &str, id: &str| Refused(config.station.lang.fill(&format!("cli.digest.{key}"), &[("id", &id)]));
        let today = now.with_timezone(&config.station.zone).date_naive();
        if let Some(day) = [self.date, self.from, self.to].into_iter().flatten().find(|day| *day > today) {
            return Err(refused("future", &day.to_string()));
        }
        let (focus, id) = match (&self.unit, &self.topic) {
            (Some(unit), _) if config.subjects.iter().any(|s| s.id.as_str() == unit) => {
                (Focus::Unit(SubjectId::from(unit.as_str())), Some(unit))
            }
            (Some(unit), _) => return Err(refused("no_unit", unit)),
            (None, Some(topic)) if config.topics.iter().any(|t| t.id.as_str() == topic) => {
                (Focus::Topic(TopicId::from(topic.as_str())), Some(topic))
            }
            (None, Some(topic)) => return Err(refused("no_topic", topic)),
            (None, None) => (Focus::All, None),
        };
        let span = match self.from {
            Some(from) => {
                let to = self.to.and_then(|day| midnight_after(day, config)).unwrap_or(now);
                let start = from.pred_opt().and_then(|day| midnight_after(day, config)).unwrap_or(to);
                if start >= to {
                    return Err(refused("no_span", &from.to_string()));
                }
                (PeriodKind::Special, start, to)
            }
            None => {
                let period = match self.period.as_str() {
                    "week" => Period::Week,
                    "month" => Period::Month,
                    _ => Period::Day,
                };
                let to = self.date.and_then(|day| midnight_after(day, config)).unwrap_or(now);
                digests::span(period, to, config)
            }
        };
        let kind = if self.from.is_some() { "special" } else { self.period.as_str() };
        let id = match id {
            Some(id) => format!("{kind}-{}", id.replace('/', "-")),
            None => kind.to_owned(),
        };
        let mut order = Order { focus, ..Order::of_all(&id, span, config) };
        if self.date.or(self.to).is_none() && self.period != "month" {
            order.name = digests::name_of_now(&id, now, config);
        }
        Ok(order)
    }

    /// One happening, named by its id or by that of any of its posts.
    fn of_story(
        &self,
        named: &str,
        store: &dyn Store,
        config: &Config,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Result<Order, Refused>> {
        let found = store.posts_by_prefix(named, 2)?;
        let unknown = || Refused(config.station.lang.fill("cli.digest.no_story", &[("id", &named)]));
        let [post] = found.as_slice() else {
            return Ok(Err(unknown()));
        };
        let Some(post) = store.post(*post)? else {
            return Ok(Err(unknown()));
        };
        let (from, to) = reach(store, post.story, now)?;
        let (kind, id) = match self.full {
            true => (PeriodKind::Special, format!("special-{}", post.story)),
            false => (PeriodKind::Flash, format!("flash-{}", post.story)),
        };
        let mut order = Order { focus: Focus::Story(post.story), ..Order::of_all(&id, (kind, from, to), config) };
        order.name = digests::name_of_now(&id, now, config);
        Ok(Ok(order))
    }
}

/// From the first post of a happening to now.
fn reach(
    store: &dyn Store,
    story: StoryId,
    now: DateTime<Utc>,
) -> anyhow::Result<(DateTime<Utc>, DateTime<Utc>)> {
    let ids: Vec<PostId> = store.story_posts(story, usize::MAX)?;
    let mut times = Vec::new();
    for id in [ids.first(), ids.last()].into_iter().flatten() {
        times.extend(store.post(*id)?.map(|post| post.post.time()));
    }
    let first = times.iter().min().copied().context("a happening has a first post")?;
    // A post may be dated after this moment, where its page said so.
    let last = times.iter().max().copied().unwrap_or(now) + TimeDelta::seconds(1);
    Ok((first, last.max(now)))
}

/// Local midnight after `day`.
fn midnight_after(day: NaiveDate, config: &Config) -> Option<DateTime<Utc>> {
    let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    let local = config.station.zone.from_local_datetime(&next).earliest()?;
    Some(local.with_timezone(&Utc))
}
