//! The audit as it is read: what was done, to what, by whom, newest first.
//!
//! In: a name, a kind of act, a day. Out: lines and where the next page begins. Nothing can be changed here, nor
//! anywhere.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use serde::Serialize;

use super::{Act, Desk, Result, Who};
use crate::store::AuditAsk;

/// Lines on a page.
pub const PAGE: usize = 100;

/// What is asked of the audit; what is empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Acts of this person only.
    pub name: Option<String>,
    /// Acts of this kind only.
    pub action: Option<String>,
    /// Of this local day only.
    pub day: Option<NaiveDate>,
    /// Also what the station did by itself.
    pub all: bool,
    /// Where the page before ended.
    pub before: Option<i64>,
}

/// A line of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Line {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none by the station itself.
    pub who: Option<String>,
    /// The kind of act.
    pub action: String,
    /// To what.
    pub object: String,
    /// More of it.
    pub detail: String,
}

/// A page of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AuditPage {
    /// The lines, newest first.
    pub lines: Vec<Line>,
    /// What the next page begins with; none where this is the last.
    pub next: Option<i64>,
    /// The kinds of acts there are.
    pub actions: Vec<String>,
}

impl Desk {
    /// A page of the audit.
    ///
    /// # Errors
    /// `Forbidden`; a broken store.
    pub fn audit(&self, who: &Who, asked: &Asked) -> Result<AuditPage> {
        self.check(who, Act::SeeAudit)?;
        let midnight = |day: NaiveDate| {
            let local = self.config.station.zone.from_local_datetime(&day.and_time(NaiveTime::MIN));
            local.earliest().map(|at| at.with_timezone(&Utc))
        };
        let ask = AuditAsk {
            who: asked.name.clone(),
            action: asked.action.clone(),
            from: asked.day.and_then(midnight),
            until: asked.day.and_then(|day| day.checked_add_days(Days::new(1))).and_then(midnight),
            before: asked.before,
            people_only: !asked.all,
        };
        let mut lines = self.store.audit_lines(&ask, PAGE + 1)?;
        let has_more = lines.len() > PAGE;
        lines.truncate(PAGE);
        Ok(AuditPage {
            next: lines.last().filter(|_| has_more).map(|line| line.id),
            actions: self.store.audit_actions()?,
            lines: lines
                .into_iter()
                .map(|signed| Line {
                    id: signed.id,
                    at: signed.line.at,
                    who: signed.who,
                    action: signed.line.action,
                    object: signed.line.object,
                    detail: signed.line.detail,
                })
                .collect(),
        })
    }
}
