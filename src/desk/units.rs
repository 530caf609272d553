//! The bounds of units: who is bound to units sees the posts that speak of them or of a unit below, and no others.
//!
//! In: who acts. Out: a narrower query, or whether a post is seen. The bounds hold only where config says so
//! (`[people] own_units_only`), and not for those who answer for the whole station. What a digest says is of all
//! units: it is refused to those who are bound.

use pipelines::query::Query;
use pipelines::record::{AnnotatedPost, SubjectId};

use super::{Desk, DeskError, Result, Who};

impl Desk {
    /// The units whose posts `who` sees, those below included; none where all posts are seen.
    pub(super) fn bounds(&self, who: &Who) -> Option<Vec<SubjectId>> {
        let holds = self.config.people.own_units_only && who.role.is_bound();
        if !holds || who.units.is_empty() {
            return None;
        }
        Some(self.with_below(&who.units))
    }

    /// These units and all below them.
    pub(super) fn with_below(&self, units: &[SubjectId]) -> Vec<SubjectId> {
        let mut units = units.to_vec();
        let mut at = 0;
        while at < units.len() {
            let below =
                self.config.subjects.iter().filter(|s| s.parent.as_ref() == Some(&units[at]));
            let below = below.map(|s| s.id.clone()).filter(|id| !units.contains(id));
            let below = below.collect::<Vec<_>>();
            units.extend(below);
            at += 1;
        }
        units
    }

    /// Whether `who` sees the post.
    pub(super) fn sees(&self, who: &Who, post: &AnnotatedPost) -> bool {
        let Some(units) = self.bounds(who) else { return true };
        post.mentions.iter().any(|mention| units.contains(&mention.subject))
    }

    /// Reads a query as `who` may ask it: where bounds hold, it finds nothing beyond them.
    ///
    /// # Errors
    /// `Query` with the place of the fault, in what was typed.
    pub fn query_of(&self, who: &Who, text: &str) -> Result<Query> {
        let query = self.query(text)?;
        let Some(units) = self.bounds(who) else { return Ok(query) };
        // A unit that config no longer has cannot be asked for, and has no posts of its own to show.
        let is_known = |id: &&SubjectId| self.config.subjects.iter().any(|s| s.id == **id);
        let fields = units.iter().filter(is_known).map(|id| format!("subject:{id}"));
        let fields = fields.collect::<Vec<_>>();
        if fields.is_empty() {
            return Err(DeskError::NoUnits);
        }
        // Joined as trees: nothing that is typed can reach out of its part.
        Ok(query.and(&self.query(&fields.join(" | "))?))
    }

    /// Refuses what is made of all units to those who are bound to some.
    ///
    /// # Errors
    /// `Bounded`.
    pub(super) fn unbounded(&self, who: &Who) -> Result<()> {
        if self.bounds(who).is_some() { Err(DeskError::Bounded) } else { Ok(()) }
    }
}
