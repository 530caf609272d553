//! What a query is read against: the present, the zone, the subjects, the cutter of words.
//!
//! In: config and the clock, given by the caller. Out: the names a query may use. Holds no query.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

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
    /// Cuts what stands in `words:(…)`; its dictionary is loaded only for that.
    pub segmenter: Segmenter,
}

impl Context {
    /// A context at `now` in China's zone, with no subjects and no user words.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            zone: chrono_tz::Asia::Shanghai,
            subjects: Vec::new(),
            segmenter: Segmenter::default(),
        }
    }

    /// The subject with this id or any of these names, compared folded; an id goes before a name.
    #[must_use]
    pub fn subject(&self, name: &str) -> Option<&Subject> {
        let wanted = fold(name);
        let is_wanted = |text: &str| fold(text).text() == wanted.text();
        let by_id = self.subjects.iter().find(|s| is_wanted(s.id.as_str()));
        by_id.or_else(|| self.subjects.iter().find(|s| s.names().any(is_wanted)))
    }
}
