//! What readers see of the store: hands each question on to the file that owns its tables.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::sql::Database;
use super::{Delivery, OutboxAsk, OutboxLine, Result, Store, StoreWrite, changes, imports, intake};

// The traits are implemented once, by handing on to the file that owns the tables.
impl<D: Database> Store for D {
    fn write(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()> {
        Database::transact(self, work)
    }

    fn post(&self, id: super::PostId) -> Result<Option<super::AnnotatedPost>> {
        self.read(|c| super::posts::post(c, id))
    }

    fn reception(&self, post: &pipelines::record::Post) -> Result<super::Inserted> {
        self.read(|c| intake::reception(c, post))
    }

    fn posts_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| super::posts::by_prefix(c, prefix, limit))
    }

    fn each_post(
        &self,
        range: &super::PostRange,
        each: &mut dyn FnMut(super::AnnotatedPost) -> bool,
    ) -> Result<()> {
        self.read(|c| super::posts::each(c, range, each))
    }

    fn each_mentioning(
        &self,
        range: &super::PostRange,
        each: &mut dyn FnMut(super::AnnotatedPost) -> bool,
    ) -> Result<u64> {
        self.read(|c| super::posts::each_mentioning(c, range, each))
    }

    fn post_count(&self) -> Result<u64> {
        self.read(super::posts::count)
    }

    fn posts(&self, ids: &[super::PostId]) -> Result<Vec<super::AnnotatedPost>> {
        self.read(|c| super::posts::posts(c, ids))
    }

    fn story_posts(&self, story: super::StoryId, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| super::posts::of_story(c, story, limit))
    }

    fn forget_deleted(&self) -> Result<()> {
        self.scrub()
    }

    fn let_go(&self) {
        Database::let_go(self);
    }

    fn about(&self) -> Result<super::About> {
        Database::about(self)
    }

    fn cluster(&self) -> Option<&dyn super::Cluster> {
        Database::cluster(self)
    }

    fn changes_after(&self, cursor: u64, limit: usize) -> Result<Vec<super::Change>> {
        self.read(|c| changes::after(c, cursor, limit))
    }

    fn last_change(&self) -> Result<u64> {
        self.read(changes::last)
    }

    fn position(&self, seq: u64) -> Result<Option<super::Position>> {
        self.read(|c| changes::position(c, seq))
    }

    fn imports(&self, limit: usize) -> Result<Vec<super::Import>> {
        self.read(|c| imports::list(c, limit))
    }

    fn import_posts(&self, import: i64, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| imports::posts(c, import, limit))
    }

    fn due_jobs(
        &self,
        source: &super::SourceId,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<super::FetchJob>> {
        self.read(|c| super::frontier::due(c, source, now, limit))
    }

    fn waiting_jobs(&self, source: &super::SourceId) -> Result<u64> {
        self.read(|c| super::frontier::waiting(c, source))
    }

    fn known_urls(&self, urls: &[String]) -> Result<Vec<bool>> {
        self.read(|c| super::frontier::known(c, urls))
    }

    fn post_times(
        &self,
        source: &super::SourceId,
        since: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DateTime<Utc>>> {
        self.read(|c| super::posts::times(c, source, since, limit))
    }

    fn latest_posts(
        &self,
        source: &super::SourceId,
        limit: usize,
    ) -> Result<Vec<pipelines::record::AnnotatedPost>> {
        self.read(|c| super::posts::latest(c, source, limit))
    }

    fn audits(&self, action: &str, object: &str, limit: usize) -> Result<Vec<super::AuditLine>> {
        self.read(|c| super::audit::read(c, action, object, limit))
    }

    fn entry_job(&self, source: &super::SourceId, url: &str) -> Result<super::FetchJob> {
        self.read(|c| super::frontier::entry(c, source, url))
    }

    fn source_state(&self, source: &super::SourceId) -> Result<super::SourceState> {
        self.read(|c| super::sources::state(c, source))
    }

    fn source_tally(
        &self,
        source: &super::SourceId,
        range: &super::PostRange,
    ) -> Result<super::Tally> {
        self.read(|c| super::sources::tally(c, source, range))
    }

    fn terms_since(&self, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>> {
        self.read(|c| super::terms::first_seen(c, terms))
    }

    fn state(&self, name: &str) -> Result<Option<String>> {
        self.read(|c| super::sources::named_state(c, name))
    }

    fn latest_time(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(super::mend::latest)
    }

    fn furthest_time(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(super::mend::furthest)
    }

    fn states(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        self.read(|c| super::sources::named_states(c, prefix))
    }

    fn corrections(&self) -> Result<Vec<super::Correction>> {
        self.read(super::corrections::all)
    }

    fn corrections_of(&self, post: super::PostId) -> Result<Vec<super::Correction>> {
        self.read(|c| super::corrections::of(c, post))
    }

    fn corrections_on(
        &self,
        source: &super::SourceId,
        limit: usize,
    ) -> Result<Vec<super::Correction>> {
        self.read(|c| super::corrections::on(c, source, limit))
    }

    fn hits(&self, rule: &super::RuleId, since: DateTime<Utc>) -> Result<Vec<super::RuleHit>> {
        self.read(|c| super::alerts::hits(c, rule, since))
    }

    fn alerts(&self, range: &super::PostRange, limit: usize) -> Result<Vec<super::StoredAlert>> {
        self.read(|c| super::alerts::alerts(c, range, limit))
    }

    fn ways_due(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        self.read(|c| super::outbox::ways_due(c, now))
    }

    fn deliveries_by(
        &self,
        notifier: &str,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(|c| super::outbox::due_by(c, notifier, now, limit))
    }

    fn source_ids(&self) -> Result<Vec<String>> {
        self.read(super::sources::ids)
    }

    fn outbox(&self, ask: &OutboxAsk) -> Result<Vec<OutboxLine>> {
        self.read(|c| super::outbox::lines(c, ask))
    }

    fn outbox_counts(&self) -> Result<Vec<(String, String, u64)>> {
        self.read(super::outbox::counts)
    }

    fn deliveries(&self, state: &str, due: DateTime<Utc>, limit: usize) -> Result<Vec<Delivery>> {
        self.read(|c| super::outbox::deliveries(c, state, due, limit))
    }
}
