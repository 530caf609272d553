//! What an officer said of a post where the judges were wrong, and how that goes over what they say.
//!
//! In: a post as it was judged, and the corrections of it. Out: the same post as officers want it filed. One row a post
//! and field; whoever reads, judges or stores a post again puts the corrections over it by [`correct`], so that no
//! judging undoes them. It knows of no store, and leaves the risk to whoever assesses it.

use chrono::{DateTime, Utc};

use super::{
    AnnotatedPost, Filing, Mention, Polarity, PolarityVerdict, PostId, PostKind, SubjectId,
    TopicHit, TopicId,
};

/// What can be corrected of a post beside the story it is in. In the order in which corrections are put over a post: a
/// subject that is added is spoken of as the post is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Whom it is about, and whom it is not about. A subject is in one of the two.
    Subjects {
        /// Spoken of, though not found.
        about: Vec<SubjectId>,
        /// Not spoken of, though found.
        not: Vec<SubjectId>,
    },
    /// How the post, and everybody in it, is spoken of.
    Polarity(Polarity),
    /// What it is.
    Kind(PostKind),
    /// How soon somebody must act, 0 to 3.
    Urgency(u8),
    /// All topics it belongs to.
    Topics(Vec<TopicId>),
}

/// What one officer said of one field of one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The post.
    pub post: PostId,
    /// What it is.
    pub said: Said,
    /// Who said it; empty where that was not noted.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Said {
    /// The name of its field, as stored and in JSON.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Subjects { .. } => "subject",
            Self::Polarity(_) => "polarity",
            Self::Kind(_) => "kind",
            Self::Urgency(_) => "urgency",
            Self::Topics(_) => "topics",
        }
    }

    /// What was said, as stored: `negative`, `grievance`, `2`, `wages,safety`, `+zhujiang,-gangwu`.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Polarity(polarity) => polarity.as_str().to_owned(),
            Self::Kind(kind) => kind.as_str().to_owned(),
            Self::Urgency(urgency) => urgency.to_string(),
            Self::Topics(topics) => {
                topics.iter().map(TopicId::as_str).collect::<Vec<_>>().join(",")
            }
            Self::Subjects { about, not } => {
                let about = about.iter().map(|id| format!("+{id}"));
                about.chain(not.iter().map(|id| format!("-{id}"))).collect::<Vec<_>>().join(",")
            }
        }
    }

    /// What [`value`](Self::value) wrote for `field`; none where that is no such thing.
    #[must_use]
    pub fn parse(field: &str, value: &str) -> Option<Self> {
        let parts = || value.split(',').filter(|part| !part.is_empty());
        Some(match field {
            "polarity" => Self::Polarity(Polarity::parse(value)?),
            "kind" => Self::Kind(PostKind::parse(value)?),
            "urgency" => Self::Urgency(value.parse().ok().filter(|u| *u <= Filing::MOST_URGENT)?),
            "topics" => Self::Topics(parts().map(TopicId::from).collect()),
            "subject" => {
                let (mut about, mut not) = (Vec::new(), Vec::new());
                for part in parts() {
                    match (part.strip_prefix('+'), part.strip_prefix('-')) {
                        (Some(id), _) => about.push(SubjectId::from(id)),
                        (_, Some(id)) => not.push(SubjectId::from(id)),
                        _ => return None,
                    }
                }
                Self::Subjects { about, not }
            }
            _ => return None,
        })
    }

    fn rank(&self) -> usize {
        match self {
            Self::Subjects { .. } => 0,
            Self::Polarity(_) => 1,
            Self::Kind(_) => 2,
            Self::Urgency(_) => 3,
            Self::Topics(_) => 4,
        }
    }

    fn over(&self, post: &mut AnnotatedPost) {
        match self {
            Self::Subjects { about, not } => {
                post.mentions.retain(|mention| !not.contains(&mention.subject));
                for subject in about {
                    if post.mentions.iter().all(|mention| mention.subject != *subject) {
                        let (subject, polarity) = (subject.clone(), post.polarity.clone());
                        post.mentions.push(Mention { subject, spans: Vec::new(), polarity });
                    }
                }
            }
            Self::Polarity(polarity) => {
                // An officer's verdict rests on no words.
                let said = PolarityVerdict {
                    polarity: *polarity,
                    confidence: 1.0,
                    ..PolarityVerdict::default()
                };
                for mention in &mut post.mentions {
                    mention.polarity = said.clone();
                }
                post.polarity = said;
            }
            Self::Kind(kind) => {
                let filing = filing_of(post);
                (filing.kind, filing.kind_confidence) = (*kind, 1.0);
                (filing.other_kind, filing.unlayered) = (None, None);
            }
            Self::Urgency(urgency) => {
                let filing = filing_of(post);
                let sure = |level: u8| if *urgency >= level { 1.0 } else { 0.0 };
                (filing.urgency, filing.today, filing.leader) = (*urgency, sure(2), sure(3));
            }
            Self::Topics(topics) => {
                post.topics.retain(|hit| topics.contains(&hit.topic));
                for topic in topics {
                    if post.topics.iter().all(|hit| hit.topic != *topic) {
                        let (topic, basis) = (topic.clone(), Vec::new());
                        post.topics.push(TopicHit { topic, confidence: 1.0, basis });
                    }
                }
            }
        }
    }
}

/// Puts what officers said over what was judged of `post`. Over a post that has it already it changes nothing. Its risk
/// is that of before: whoever has an annotator assesses it anew.
pub fn correct(post: &mut AnnotatedPost, corrections: &[Correction]) {
    let mut ordered: Vec<&Said> = corrections.iter().map(|correction| &correction.said).collect();
    ordered.sort_by_key(|said| said.rank());
    for said in ordered {
        said.over(post);
    }
}

/// The filing of a post; where no model of it was loaded, one that says nothing yet.
fn filing_of(post: &mut AnnotatedPost) -> &mut Filing {
    post.filing.get_or_insert(Filing {
        kind: PostKind::Opinion,
        kind_confidence: 0.0,
        other_kind: None,
        unlayered: None,
        urgency: 0,
        today: 0.0,
        leader: 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &Said, field: &str, value: &str) {
        assert_eq!((said.field(), said.value().as_str()), (field, value));
        assert_eq!(Said::parse(field, value).as_ref(), Some(said));
    }

    #[test]
    fn what_was_said_is_read_back_as_it_was_written() {
        check(&Said::Polarity(Polarity::Negative), "polarity", "negative");
        check(&Said::Kind(PostKind::Grievance), "kind", "grievance");
        check(&Said::Urgency(3), "urgency", "3");
        check(&Said::Topics(vec!["wages".into(), "safety".into()]), "topics", "wages,safety");
        check(&Said::Topics(Vec::new()), "topics", "");
        let (about, not) = (vec!["ours".into()], vec!["port-2".into()]);
        check(&Said::Subjects { about, not }, "subject", "+ours,-port-2");
        for (field, value) in [("urgency", "4"), ("kind", "novel"), ("subject", "ours"), ("a", "b")]
        {
            assert_eq!(Said::parse(field, value), None, "{field} {value}");
        }
    }
}
