//! What a query is read against: the present, the zone, the subjects, the cutter of words.
//!
//! In: config and the clock, given by the caller. Out: the names a query may use. Holds no query.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

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
    /// Cuts what stands in `words:(…)`; its dictionary is loaded only for that.
    pub segmenter: Segmenter,
    /// Where subjects are named, built when a query first asks; leave it as it comes.
    pub naming: SharedNaming,
}

/// The finder of names of a context, shared by its queries, so that a text is looked through once for all.
#[derive(Clone, Debug, Default)]
pub struct SharedNaming(Arc<Mutex<Option<Built>>>);

/// The subjects a finder was built of, and the finder.
type Built = (Vec<Subject>, Arc<Naming>);

impl Context {
    /// A context at `now` in China's zone, with no subjects and no user words.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            zone: chrono_tz::Asia::Shanghai,
            subjects: Vec::new(),
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
