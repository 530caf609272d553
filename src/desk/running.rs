//! Sources set going: asked now, paused, taken up again.
//!
//! In: the id of a source. Out: a wish that a station at work takes up within a second, at the pace its hosts allow; or
//! `enabled` changed in the config file, in force like every change of it. Nothing is fetched here.

use toml_edit::Value;

use super::edit::Saved;
use super::{Act, Desk, DeskError, Result, Who};
use crate::config::edit;
use crate::engine::run::ASKED;

impl Desk {
    /// Asks for a run of a source now, before its schedule.
    ///
    /// # Errors
    /// `Unknown`; `Value` for one that is paused; a broken store.
    pub fn run_source(&self, who: &Who, id: &str) -> Result<()> {
        self.check(who, Act::RunSource)?;
        let source = self.config.sources.iter().find(|source| source.id.as_str() == id);
        let source =
            source.ok_or_else(|| DeskError::Unknown { what: "any_source", id: id.to_owned() })?;
        if !source.enabled {
            return Err(DeskError::Value { what: "source_on", value: source.name.clone() });
        }
        let now = self.now().to_rfc3339();
        self.audited(who, ("source_run", id, ""), &mut |write| {
            write.put_state(&format!("{ASKED}{id}"), &now)?;
            Ok(true)
        })
        .map(drop)
    }

    /// Pauses a source of the user's own files, or takes it up again.
    ///
    /// # Errors
    /// As of [`save_entry`](Self::save_entry).
    pub fn pause_source(&self, who: &Who, id: &str, paused: bool) -> Result<Saved> {
        self.check(who, Act::EditConfig)?;
        let sheet = self.entry(who, "source", id)?;
        let enabled = [("enabled", Some(Value::from(!paused)))];
        let text = edit::with_values(&sheet.text, "source", &enabled)
            .map_err(|why| DeskError::Broken(anyhow::anyhow!("{why}")))?;
        self.save_entry(who, "source", Some((id, &sheet.mark)), &text)
    }
}
