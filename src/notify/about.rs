//! What is known of the posts of an alert when it is told: what is said, by whom first, how far it has spread, what was
//! answered, how it is judged, and what is expected by when.
//!
//! In: its posts as they are stored. Out: counts, names and one quoted sentence; nothing that no post holds, and no author.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::annotate::{role_of, shown_words};
use pipelines::locale::Lang;
use pipelines::record::{AnnotatedPost, Channel};
use pipelines::text::sentences;

use crate::report::markdown;

/// Characters of a sentence that is quoted.
const QUOTED: usize = 60;

/// Units and answers that are named.
const NAMED: usize = 3;

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The number that every door takes.
    pub number: Option<i64>,
    /// Where it stands in the console; none where no other machine reaches that.
    pub link: Option<String>,
    /// The units spoken of, most first.
    pub units: Vec<String>,
    /// Who said it first, when, and the sentence it begins with.
    pub first: Option<(String, DateTime<Utc>, String)>,
    /// Posts.
    pub posts: usize,
    /// Outlets.
    pub outlets: usize,
    /// Posts by channel, most first.
    pub channels: Vec<(Channel, usize)>,
    /// Posts of the last 24 hours, and of the 24 before.
    pub days: (usize, usize),
    /// Answers of offices or of the house itself: title, outlet, time; oldest first.
    pub answers: Vec<(String, String, DateTime<Utc>)>,
    /// How the gravest post is judged: polarity, kind.
    pub verdict: Vec<String>,
    /// Its risk, and what adds most to it.
    pub risk: (u8, Option<String>),
    /// Until when its facts are to be found.
    pub until: Option<DateTime<Utc>>,
}

impl About {
    /// What `posts` say; `outlet` names the outlet of a post, `unit` says of a subject how many stand above it, and its name.
    #[must_use]
    pub fn of(
        posts: &[AnnotatedPost],
        outlet: &dyn Fn(&AnnotatedPost) -> String,
        unit: &dyn Fn(&str) -> (usize, String),
        now: DateTime<Utc>,
        lang: Lang,
    ) -> Self {
        let mut by_time: Vec<&AnnotatedPost> = posts.iter().collect();
        by_time.sort_by_key(|post| post.post.time());
        let since = |hours: i64| {
            let from = now - TimeDelta::hours(hours);
            by_time.iter().filter(|post| post.post.time() > from).count()
        };
        let answers = by_time.iter().filter(|post| role_of(&post.post).answers());
        let gravest = by_time.iter().max_by_key(|post| post.risk.score);
        Self {
            units: most(posts.iter().flat_map(|post| {
                // Of two spoken of as often the nearer one is meant.
                let named = post.mentions.iter().map(|mention| unit(mention.subject.as_str()));
                named.map(|(above, name)| (Reverse(above), name))
            }))
            .into_iter()
            .take(NAMED)
            .map(|((_, name), _)| name)
            .collect(),
            first: by_time.first().map(|post| (outlet(post), post.post.time(), quoted(post))),
            posts: posts.len(),
            outlets: posts.iter().map(outlet).collect::<BTreeSet<_>>().len(),
            channels: most(posts.iter().map(|post| post.post.channel)),
            days: (since(24), since(48).saturating_sub(since(24))),
            answers: answers
                .take(NAMED)
                .map(|post| (post.post.title.clone(), outlet(post), post.post.time()))
                .collect(),
            verdict: gravest.map_or_else(Vec::new, |post| verdict(post, lang)),
            risk: gravest.map_or((0, None), |post| (post.risk.score, largest_part(post, lang))),
            ..Self::default()
        }
    }

    /// What is said, how far it has spread, what was answered, how it is judged, what is expected; and where it stands.
    pub(super) fn lines(&self, shown: &dyn Fn(DateTime<Utc>) -> String, lang: Lang) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |key: &str, args: &[(&str, &dyn std::fmt::Display)]| {
            lines.push(lang.fill(&format!("notify.alert.{key}"), args));
            lines.push(String::new());
        };
        let comma = lang.text("desk.list_comma");
        if let Some((outlet, at, said)) = &self.first {
            let (outlet, said) = (markdown::escape(outlet), markdown::escape(said));
            say("said", &[("outlet", &outlet), ("at", &shown(*at)), ("said", &said)]);
        }
        let channels = self.channels.iter().map(|(channel, n)| {
            format!("{} {n}", lang.text(&format!("record.channel.{}", channel.as_str())))
        });
        let channels = channels.collect::<Vec<_>>().join(&comma);
        let (day, before) = self.days;
        let spread: [(&str, &dyn std::fmt::Display); 5] = [
            ("posts", &self.posts),
            ("outlets", &self.outlets),
            ("channels", &channels),
            ("day", &day),
            ("before", &before),
        ];
        say("spread", &spread);
        if self.answers.is_empty() {
            say("unanswered", &[]);
        }
        for (title, outlet, at) in &self.answers {
            let (title, outlet) = (markdown::escape(title), markdown::escape(outlet));
            say("answered", &[("title", &title), ("outlet", &outlet), ("at", &shown(*at))]);
        }
        let verdict = self.verdict.join(&comma);
        match &self.risk {
            (risk, Some(part)) => {
                say("judged_with", &[("verdict", &verdict), ("risk", risk), ("part", part)]);
            }
            (risk, None) => say("judged", &[("verdict", &verdict), ("risk", risk)]),
        }
        if let Some(until) = self.until {
            say("expected", &[("at", &shown(until))]);
        }
        match (self.number, &self.link) {
            (Some(number), Some(link)) => say("place", &[("number", &number), ("link", link)]),
            (Some(number), None) => say("number", &[("number", &number)]),
            _ => {}
        }
        lines
    }
}

/// Values with how often each comes, most first, then by value.
fn most<T: Ord>(values: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    counts
}

/// The first sentence of a post, cut where it is long.
fn quoted(post: &AnnotatedPost) -> String {
    let text = if post.post.text.trim().is_empty() { &post.post.title } else { &post.post.text };
    let pieces = sentences(text);
    let mut pieces = pieces.spans().map(|(from, to)| text[from..to].trim());
    let first = pieces.find(|sentence| !sentence.is_empty()).unwrap_or_default();
    // It is put between quotes of our own.
    let first = first.trim_matches(['“', '”', '"']);
    match first.char_indices().nth(QUOTED) {
        Some((cut, _)) => format!("{}…", &first[..cut]),
        None => first.to_owned(),
    }
}

fn verdict(post: &AnnotatedPost, lang: Lang) -> Vec<String> {
    let (shown, subject) = post.shown();
    let kind =
        post.filing.map(|filing| lang.text(&format!("record.kind.{}", filing.kind.as_str())));
    let polarity = shown_words((shown.polarity, shown.other), subject.is_some(), lang);
    std::iter::once(polarity).chain(kind).collect()
}

fn largest_part(post: &AnnotatedPost, lang: Lang) -> Option<String> {
    let part = post.risk.parts.first().filter(|part| part.points > 0.0)?;
    let name = lang.text(&format!("annotate.risk.{}", part.name));
    Some(format!("{name} {:+.0}", part.points))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_of_two_as_frequent_the_nearer_unit_comes_first() {
        let units = [(1, "集团"), (2, "二矿"), (1, "集团"), (2, "二矿"), (1, "电厂")];
        let counted = most(units.into_iter().map(|(above, name)| (Reverse(above), name)));
        let names = counted.into_iter().map(|((_, name), n)| (name, n)).collect::<Vec<_>>();
        assert_eq!(names, [("二矿", 2), ("集团", 2), ("电厂", 1)]);
    }
}
