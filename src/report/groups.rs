//! Which posts are told together, and what that is to the reader: a matter to look into, a grievance, praise, or the rest.
//!
//! In: the posts about us. Out: groups. Stories stand as they were annotated; only an answer that takes back a number is put
//! to the story that rumours it.

use std::collections::{BTreeMap, HashSet};

use pipelines::record::{FactStatus, Polarity, PostKind, Severity, StoryId, TopicId, Trust};

use super::input::DigestPost;

/// Risk below which a single doubtful post is no matter.
const FAINT_RISK: u8 = 20;

/// What a happening is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Matter,
    Grievance,
    Praise,
    Other,
}

/// The posts of one happening, oldest first.
pub(super) struct Group<'p>(pub(super) Vec<&'p DigestPost>);

impl<'p> Group<'p> {
    fn count(&self, of: impl Fn(&DigestPost) -> bool) -> usize {
        self.0.iter().filter(|post| of(post)).count()
    }

    /// Those that tell of it; all where each is an answer.
    pub(super) fn telling(&self) -> Vec<&'p DigestPost> {
        let told: Vec<&DigestPost> = self.0.iter().copied().filter(|p| !is_answer(p)).collect();
        if told.is_empty() { self.0.clone() } else { told }
    }

    pub(super) fn grade(&self) -> Severity {
        self.telling().iter().map(|post| post.said.grade).max().unwrap_or_default()
    }

    pub(super) fn risk(&self) -> u8 {
        self.telling().iter().map(|post| post.risk).max().unwrap_or(0)
    }

    /// One source of little reach, hardly any risk, and a verdict that is itself in doubt: no matter for a leader.
    fn is_faint(&self) -> bool {
        self.outlets() < 2
            && self.risk() < FAINT_RISK
            && self.0.iter().all(|post| post.other.is_some() && post.said.trust == Trust::Low)
    }

    /// How far praise is worth retelling: by a source of some reach, filed as such, sure.
    pub(super) fn worth(&self) -> (bool, bool, bool) {
        let filed = self.count(|post| post.kind == Some(PostKind::Praise));
        let sure = self.count(|post| post.other.is_none() && post.polarity() == Polarity::Positive);
        let reach = self.0.iter().map(|post| post.said.trust).max().unwrap_or_default();
        (reach > Trust::Low, filed > 0, sure > 0)
    }

    pub(super) fn outlets(&self) -> usize {
        self.0.iter().map(|post| &post.source).collect::<HashSet<_>>().len()
    }

    pub(super) fn sort(&self, grievance_topics: &[TopicId]) -> Sort {
        let telling = self.telling();
        let says = |wanted| self.count(|post| post.polarity() == wanted);
        let is = |kinds: &[PostKind]| {
            telling
                .iter()
                .filter(|post| post.kind.is_some_and(|kind| kinds.contains(&kind)))
                .count()
                * 2
                >= telling.len()
        };
        let is_under = |post: &DigestPost| {
            post.topics.iter().any(|t| grievance_topics.iter().any(|group| belongs(t, group)))
        };
        let (bad, good) = (says(Polarity::Negative), says(Polarity::Positive));
        let unfiled = telling.iter().all(|post| post.kind.is_none());
        let of_grievances = telling.iter().any(|post| is_under(post));
        // The answer to a grievance goes with the grievances.
        let is_reply = of_grievances && self.0.iter().all(|post| is_answer(post));
        let is_aside = |post: &DigestPost| post.said.in_passing || post.said.is_roundup;
        if self.0.iter().all(|post| is_aside(post)) || self.is_faint() {
            Sort::Other
        } else if is(&[PostKind::Praise]) {
            Sort::Praise
        } else if is(&[PostKind::Grievance]) || is_reply || unfiled && bad > 0 && of_grievances {
            Sort::Grievance
        } else if bad > good
            || is(&[PostKind::Accident, PostKind::Misconduct, PostKind::Rumour]) && bad > 0
        {
            Sort::Matter
        } else if good > bad {
            Sort::Praise
        } else if bad > 0
            || self
                .0
                .iter()
                .any(|post| post.said.claims.iter().any(|c| c.status == FactStatus::Rumoured))
        {
            Sort::Matter
        } else {
            Sort::Other
        }
    }
}

/// Whether a post is an answer of an office or of the house.
pub(super) fn is_answer(post: &DigestPost) -> bool {
    post.said.role.answers() && !post.said.is_roundup
}

/// Whether a topic is `group` or stands under it.
fn belongs(topic: &TopicId, group: &TopicId) -> bool {
    let rest = topic.as_str().strip_prefix(group.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The posts by story, those of a refutation put to the rumour it refutes.
pub(super) fn grouped<'p>(ours: &[&'p DigestPost]) -> Vec<Group<'p>> {
    let mut by_story: BTreeMap<StoryId, Vec<&DigestPost>> = BTreeMap::new();
    // Newest first in `ours`; a happening is told from its beginning.
    for post in ours.iter().rev() {
        by_story.entry(post.story).or_default().push(*post);
    }
    for (story, into) in refuted(&by_story) {
        if let Some(posts) = by_story.remove(&story) {
            by_story.entry(into).or_default().extend(posts);
        }
    }
    let mut groups: Vec<Group> = by_story.into_values().map(Group).collect();
    for group in &mut groups {
        group.0.sort_by_key(|post| (post.time(), post.id));
    }
    groups
}

/// Stories of answers that take back a number that another story of the same subject rumours, with that story.
fn refuted(by_story: &BTreeMap<StoryId, Vec<&DigestPost>>) -> Vec<(StoryId, StoryId)> {
    let mut rumours = BTreeMap::new();
    let keys = |post: &DigestPost, wanted: &[FactStatus]| -> Vec<_> {
        let claims = post.said.claims.iter().filter(|claim| wanted.contains(&claim.status));
        let claims: Vec<_> = claims.map(|claim| (claim.kind, claim.count)).collect();
        let subjects = post.subjects.iter().map(|(id, _)| id.clone());
        subjects.flat_map(|id| claims.iter().map(move |key| (id.clone(), *key))).collect()
    };
    for (story, posts) in by_story {
        for key in posts.iter().flat_map(|post| keys(post, &[FactStatus::Rumoured])) {
            rumours.entry(key).or_insert(*story);
        }
    }
    let mut moves = Vec::new();
    for (story, posts) in
        by_story.iter().filter(|(_, posts)| posts.iter().all(|post| is_answer(post)))
    {
        let found =
            posts.iter().flat_map(|post| keys(post, &[FactStatus::Refuted, FactStatus::Over]));
        let into = found.filter_map(|key| rumours.get(&key)).find(|into| *into != story);
        moves.extend(into.map(|into| (*story, *into)));
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_counts_with_everything_under_it() {
        for (topic, group, expected) in [
            ("labour/pay", "labour", true),
            ("labour", "labour", true),
            ("labourers", "labour", false),
            ("safety", "labour", false),
        ] {
            assert_eq!(belongs(&topic.into(), &group.into()), expected, "{topic} {group}");
        }
    }
}
