//! What a query is read against: the present, the zone, the subjects, the cutter of words.
//!
//! In: config and the clock, given by the caller. Out: the names a query may use. Holds no query.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::field::distance;
use super::naming::Naming;
use crate::record::Subject;
use crate::text::{Segmenter, fold};

/// What names and times in a query refer to. Cheap to clone but for the subjects.
#[derive(Clone, Debug)]
pub struct Context {
    /// The present, from which `7d` and `today` are reckoned.
    pub now: DateTime<Utc>,
    /// The zone of days.
    pub zone: Tz,
    /// The subjects known to `@name` and `subject:`.
    pub subjects: Vec<Subject>,
    /// The topics known to `topic:`; none where any id is taken as it stands.
    pub topics: Vec<Name>,
    /// The names that `source:` takes for ids.
    pub sources: Vec<Name>,
    /// Ids that `source:` takes beside those with a name; none where it takes any.
    pub stored_sources: Option<Vec<String>>,
    /// Cuts what stands in `words:(…)`; its dictionary is loaded only for that.
    pub segmenter: Segmenter,
    /// Where subjects are named, built when a query first asks; leave it as it comes.
    pub naming: SharedNaming,
}

/// Something in config with the names that officers know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As stored.
    pub id: String,
    /// As shown, in either language.
    pub shown: Vec<String>,
}

impl Name {
    fn is(&self, folded: &str) -> bool {
        std::iter::once(&self.id).chain(&self.shown).any(|name| fold(name).text() == folded)
    }

    /// How far from it `text` is: signs of it that the name lacks, then changes from one to the other.
    fn distance(&self, text: &str) -> (usize, usize) {
        let near = |name: &String| {
            let lacking = text.chars().filter(|sign| !name.contains(*sign)).count();
            (lacking, distance(name, text))
        };
        let names = std::iter::once(&self.id).chain(&self.shown);
        names.map(near).min().unwrap_or((usize::MAX, usize::MAX))
    }
}

/// The finder of names of a context, shared by its queries, so that a text is looked through once for all.
#[derive(Clone, Debug, Default)]
pub struct SharedNaming(Arc<Mutex<Option<Built>>>);

/// The subjects a finder was built of, and the finder.
type Built = (Vec<Subject>, Arc<Naming>);

/// Names told where one is not known.
const NEAR: usize = 8;

impl Context {
    /// A context at `now` in China's zone, with no subjects and no user words.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            zone: chrono_tz::Asia::Shanghai,
            subjects: Vec::new(),
            topics: Vec::new(),
            sources: Vec::new(),
            stored_sources: None,
            segmenter: Segmenter::default(),
            naming: SharedNaming::default(),
        }
    }

    /// The finder of the subjects as they are now.
    pub(super) fn naming(&self) -> Arc<Naming> {
        let mut built = self.naming.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*built {
            Some((subjects, naming)) if *subjects == self.subjects => naming.clone(),
            _ => {
                let naming = Arc::new(Naming::new(&self.subjects));
                *built = Some((self.subjects.clone(), naming.clone()));
                naming
            }
        }
    }

    /// The subjects that count as the one at `index`: itself, its units, and theirs.
    pub(super) fn members(&self, index: usize) -> Vec<&Subject> {
        self.naming().members(index).iter().map(|member| &self.subjects[*member]).collect()
    }

    /// The topic with this id or name, or the stem of several (`labour` of `labour/pay`).
    pub(super) fn topic(&self, value: &str) -> Option<String> {
        let wanted = fold(value.trim_end_matches('/'));
        let wanted = wanted.text();
        if self.topics.is_empty() {
            return Some(value.trim_end_matches('/').to_owned());
        }
        let below = format!("{wanted}/");
        if self.topics.iter().any(|topic| topic.id == wanted || topic.id.starts_with(&below)) {
            return Some(wanted.to_owned());
        }
        self.topics.iter().find(|topic| topic.is(wanted)).map(|topic| topic.id.clone())
    }

    /// The source with this id or name.
    pub(super) fn source(&self, value: &str) -> Option<String> {
        let wanted = fold(value);
        if let Some(source) = self.sources.iter().find(|source| source.is(wanted.text())) {
            return Some(source.id.clone());
        }
        let is_taken =
            self.stored_sources.as_ref().is_none_or(|ids| ids.iter().any(|id| id == value));
        is_taken.then(|| value.to_owned())
    }

    /// What there is instead of `value` where a topic, a source or a subject was expected.
    pub(super) fn known(&self, expected: &str, value: &str) -> String {
        match expected {
            "topic" => Self::near(&self.topics, value),
            "source" => Self::near(&self.sources, value),
            _ => {
                let shown = |subject: &Subject| {
                    let names = subject.names().take(3).collect::<Vec<_>>().join(" / ");
                    format!("{} ({names})", subject.id.as_str())
                };
                let known: Vec<String> = self.subjects.iter().map(shown).take(20).collect();
                if known.is_empty() { "–".to_owned() } else { known.join(", ") }
            }
        }
    }

    /// The nearest to `value` first.
    fn near(names: &[Name], value: &str) -> String {
        let mut near: Vec<&Name> = names.iter().collect();
        near.sort_by_key(|name| name.distance(value));
        let shown = |name: &&Name| match name.shown.first() {
            Some(shown) => format!("{shown}（{}）", name.id),
            None => name.id.clone(),
        };
        let listed: Vec<String> = near.iter().take(NEAR).map(shown).collect();
        let more = if names.len() > NEAR { " …" } else { "" };
        if listed.is_empty() { "–".to_owned() } else { listed.join("、") + more }
    }

    /// The subject with this id or any of these names, compared folded; an id goes before a name.
    #[must_use]
    pub fn subject(&self, name: &str) -> Option<&Subject> {
        self.subject_at(name).map(|index| &self.subjects[index])
    }

    /// Where it stands among the subjects.
    pub(super) fn subject_at(&self, name: &str) -> Option<usize> {
        let wanted = fold(name);
        let is_wanted = |text: &str| fold(text).text() == wanted.text();
        let by_id = self.subjects.iter().position(|s| is_wanted(s.id.as_str()));
        by_id.or_else(|| self.subjects.iter().position(|s| s.names().any(is_wanted)))
    }
}
