//! What a digest is asked for by, and the order that comes of it.
//!
//! In: a period or span, what it is narrowed to. Out: an [`Order`]; what there is to choose from. Refuses what has not come
//! and what is not there.

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use pipelines::locale::Lang;
use pipelines::record::{PostId, StoryId, SubjectId, TopicId};
use serde::Serialize;

use super::super::{Act, Desk, DeskError, Result, Who};
use crate::config::{Form, Period};
use crate::engine::digests::{self, Focus, Order};
use crate::report::PeriodKind;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct DigestAsk {
    /// A day, week or month that ends with `last`, where there is no `from`.
    pub period: Period,
    /// The first day of any span.
    pub from: Option<NaiveDate>,
    /// The last day, included; until now where absent.
    pub last: Option<NaiveDate>,
    /// The id of a unit, with those below it.
    pub unit: Option<String>,
    /// The id of a topic, with those under it.
    pub topic: Option<String>,
    /// The id of a happening, or the beginning of that of one of its posts: from its first post until now.
    pub story: Option<String>,
    /// Whether a happening is told at length.
    pub full: bool,
    /// The forms it is written in; all where empty.
    pub forms: Vec<Form>,
}

impl Default for DigestAsk {
    fn default() -> Self {
        Self {
            period: Period::Day,
            from: None,
            last: None,
            unit: None,
            topic: None,
            story: None,
            full: false,
            forms: Vec::new(),
        }
    }
}

/// Something a digest may be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestChoices {
    /// Units, as config has them.
    pub units: Vec<DigestChoice>,
    /// Topics.
    pub topics: Vec<DigestChoice>,
    /// Whether there is no PDF, since no Chinese font is there.
    pub lacks_fonts: bool,
}

fn unknown(what: &'static str, id: &str) -> DeskError {
    DeskError::Unknown { what, id: id.to_owned() }
}

impl Desk {
    /// What a digest may be narrowed to, named in the language of `who`.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn digest_choices(&self, who: &Who) -> Result<DigestChoices> {
        self.check(who, Act::SeeDigests)?;
        let choice =
            |id: &str, name: &str| DigestChoice { id: id.to_owned(), name: name.to_owned() };
        let units = self.config.subjects.iter().map(|s| choice(s.id.as_str(), &s.name));
        let topics = self.config.topics.iter().map(|topic| {
            let name = match who.lang {
                Lang::Zh => &topic.name,
                Lang::En => &topic.name_en,
            };
            choice(topic.id.as_str(), name)
        });
        let (units, topics) = (units.collect(), topics.collect());
        Ok(DigestChoices { units, topics, lacks_fonts: self.lacks_fonts() })
    }

    /// The order of what is asked for.
    pub(super) fn order(&self, ask: &DigestAsk) -> Result<Order> {
        if let Some(story) = &ask.story {
            return self.order_of_story(story, ask.full);
        }
        let config = &self.config;
        let now = self.now();
        let today = now.with_timezone(&config.station.zone).date_naive();
        let days = [ask.from, ask.last];
        let refused =
            |day: NaiveDate| DeskError::Value { what: "digest_day", value: day.to_string() };
        if let Some(day) = days.into_iter().flatten().find(|day| *day > today) {
            return Err(refused(day));
        }
        let (focus, narrowed) = self.focus(ask)?;
        let to = ask.last.and_then(|day| self.midnight_after(day)).unwrap_or(now);
        let (kind, span) = match ask.from {
            Some(day) => {
                let from = day.pred_opt().and_then(|day| self.midnight_after(day)).unwrap_or(to);
                if from >= to {
                    return Err(refused(day));
                }
                ("special", (PeriodKind::Special, from, to))
            }
            None => {
                let kind = match ask.period {
                    Period::Day => "day",
                    Period::Week => "week",
                    Period::Month => "month",
                };
                (kind, digests::span(ask.period, to, config))
            }
        };
        let id = match narrowed {
            Some(id) => format!("{kind}-{}", id.replace('/', "-")),
            None => kind.to_owned(),
        };
        let mut order = Order { focus, ..Order::of_all(&id, span, config) };
        // One of the time up to now stands beside that of the whole day.
        if ask.last.is_none() && kind != "month" {
            order.name = digests::name_of_now(&id, now, config);
        }
        Ok(order)
    }

    /// What the digest is narrowed to, and by which id.
    fn focus<'a>(&self, ask: &'a DigestAsk) -> Result<(Focus, Option<&'a String>)> {
        let config = &self.config;
        match (&ask.unit, &ask.topic) {
            (Some(unit), Some(topic)) => {
                let value = format!("{unit}, {topic}");
                Err(DeskError::Value { what: "unit_or_topic", value })
            }
            (Some(unit), None) => match config.subjects.iter().any(|s| s.id.as_str() == unit) {
                true => Ok((Focus::Unit(SubjectId::from(unit.as_str())), Some(unit))),
                false => Err(unknown("subject", unit)),
            },
            (None, Some(topic)) => match config.topics.iter().any(|t| t.id.as_str() == topic) {
                true => Ok((Focus::Topic(TopicId::from(topic.as_str())), Some(topic))),
                false => Err(unknown("any_topic", topic)),
            },
            (None, None) => Ok((Focus::All, None)),
        }
    }

    fn order_of_story(&self, named: &str, full: bool) -> Result<Order> {
        let found = self.store.posts_by_prefix(named, 2)?;
        let [post] = found.as_slice() else { return Err(unknown("story", named)) };
        let story = self.store.post(*post)?.ok_or_else(|| unknown("story", named))?.story;
        let (from, to) = self.reach(story)?;
        let (kind, id) = match full {
            true => (PeriodKind::Special, format!("special-{story}")),
            false => (PeriodKind::Flash, format!("flash-{story}")),
        };
        let order = Order::of_all(&id, (kind, from, to), &self.config);
        let name = digests::name_of_now(&id, self.now(), &self.config);
        Ok(Order { name, focus: Focus::Story(story), ..order })
    }

    /// From the first post of a happening to now.
    fn reach(&self, story: StoryId) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
        let now = self.now();
        let ids: Vec<PostId> = self.store.story_posts(story, usize::MAX)?;
        let mut times = Vec::new();
        for id in [ids.first(), ids.last()].into_iter().flatten() {
            times.extend(self.store.post(*id)?.map(|post| post.post.time()));
        }
        let first = times.iter().min().copied().context("a happening has a first post")?;
        // A post may be dated after this moment, where its page said so.
        let last = times.iter().max().copied().unwrap_or(now) + TimeDelta::seconds(1);
        Ok((first, last.max(now)))
    }

    /// Local midnight after `day`.
    fn midnight_after(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
        let local = self.config.station.zone.from_local_datetime(&next).earliest()?;
        Some(local.with_timezone(&Utc))
    }
}
