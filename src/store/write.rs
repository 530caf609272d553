//! One transaction of the store: hands each step on to the file that owns its tables.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pipelines::record::{
    Alert, AlertState, AnnotatedPost, Correction, FetchJob, PostId, RuleHit, RuleId, SourceId,
    Span, StoryId, Validators,
};

use super::sql::Write;
use super::{
    Inserted, Result, RunOutcome, StoreWrite, Tally, alerts, audit, changes, corrections, frontier,
    imports, intake, mend, outbox, posts, sources, terms,
};

impl StoreWrite for Write<'_> {
    fn put_post(&self, post: &AnnotatedPost) -> Result<(Inserted, AnnotatedPost)> {
        intake::put(self.tx, post)
    }

    fn rewrite_post(&self, post: &AnnotatedPost) -> Result<()> {
        posts::rewrite(self.tx, post)
    }

    fn set_story(&self, ids: &[PostId], story: StoryId) -> Result<()> {
        posts::set_story(self.tx, ids, story)
    }

    fn copies(&self, content_hash: u64, limit: usize) -> Result<Vec<(PostId, StoryId)>> {
        posts::copies(self.tx, content_hash, limit)
    }

    fn merge_story(&self, from: StoryId, into: StoryId) -> Result<()> {
        posts::merge_story(self.tx, from, into)
    }

    fn put_correction(&self, correction: &Correction) -> Result<()> {
        corrections::put(self.tx, correction)
    }

    fn drop_corrections(&self, post: PostId) -> Result<u64> {
        corrections::drop_of(self.tx, post)
    }

    fn corrections_of(&self, post: PostId) -> Result<Vec<Correction>> {
        corrections::of(self.tx, post)
    }

    fn delete_post(&self, id: PostId) -> Result<bool> {
        posts::delete(self.tx, id)
    }

    fn add_jobs(&self, jobs: &[FetchJob]) -> Result<u64> {
        frontier::add(self.tx, jobs)
    }

    fn finish_job(&self, url: &str, outcome: &str, now: DateTime<Utc>) -> Result<()> {
        frontier::finish(self.tx, url, outcome, now)
    }

    fn look_again(
        &self,
        url: &str,
        due: DateTime<Utc>,
        validators: &Validators,
        now: DateTime<Utc>,
    ) -> Result<()> {
        frontier::look_again(self.tx, url, due, validators, now)
    }

    fn renew_job(&self, job: &FetchJob) -> Result<()> {
        frontier::renew(self.tx, job)
    }

    fn postpone_job(&self, url: &str, due: DateTime<Utc>, attempts: u32) -> Result<()> {
        frontier::postpone(self.tx, url, due, attempts)
    }

    fn forget_readings(&self, source: &SourceId) -> Result<()> {
        frontier::forget(self.tx, source)
    }

    fn put_entry(&self, job: &FetchJob) -> Result<()> {
        frontier::put_entry(self.tx, job)
    }

    fn add_tally(&self, source: &SourceId, now: DateTime<Utc>, tally: &Tally) -> Result<()> {
        sources::add_tally(self.tx, source, now, tally)
    }

    fn put_run(&self, source: &SourceId, outcome: &RunOutcome) -> Result<()> {
        sources::put_run(self.tx, source, outcome)
    }

    fn put_state(&self, name: &str, value: &str) -> Result<()> {
        sources::put_named_state(self.tx, name, value)
    }

    fn mend_waits(&self, now: DateTime<Utc>) -> Result<()> {
        mend::waits(self.tx, now)
    }

    fn mend_future(&self, now: DateTime<Utc>, since: DateTime<Utc>) -> Result<()> {
        mend::future(self.tx, now, since)
    }

    fn drop_state(&self, name: &str) -> Result<()> {
        sources::drop_named_state(self.tx, name)
    }

    fn put_hit(&self, hit: &RuleHit) -> Result<bool> {
        alerts::put_hit(self.tx, hit)
    }

    fn forget_hits(&self, rule: &RuleId) -> Result<()> {
        alerts::forget_hits(self.tx, rule)
    }

    fn first_post_time(&self) -> Result<Option<DateTime<Utc>>> {
        posts::first_time(self.tx)
    }

    fn bare_hits(&self, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>> {
        alerts::bare_hits(self.tx, rule, since)
    }

    fn hits_of(
        &self,
        rule: &RuleId,
        since: DateTime<Utc>,
        stories: &[StoryId],
    ) -> Result<Vec<RuleHit>> {
        alerts::hits_of(self.tx, rule, since, stories)
    }

    fn alerts_of(
        &self,
        rule: &RuleId,
        since: DateTime<Utc>,
        stories: &[StoryId],
    ) -> Result<Vec<Alert>> {
        alerts::of_stories(self.tx, rule, since, stories)
    }

    fn hit_spans(&self, rule: &RuleId, posts: &[PostId]) -> Result<HashMap<PostId, Vec<Span>>> {
        alerts::spans(self.tx, rule, posts)
    }

    fn rule_alerts(&self, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<Alert>> {
        alerts::of_rule(self.tx, rule, since)
    }

    fn alert_number(&self, key: &str) -> Result<Option<i64>> {
        alerts::number(self.tx, key)
    }

    fn latest_alert(&self, rule: &RuleId) -> Result<Option<Alert>> {
        alerts::latest(self.tx, rule)
    }

    fn last_hit_before(
        &self,
        rule: &RuleId,
        before: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        alerts::last_hit_before(self.tx, rule, before)
    }

    fn note_terms(&self, terms: &BTreeMap<String, DateTime<Utc>>) -> Result<()> {
        terms::note(self.tx, terms)
    }

    fn first_seen(&self, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>> {
        terms::first_seen(self.tx, terms)
    }

    fn last_post_of(&self, source: &SourceId) -> Result<Option<DateTime<Utc>>> {
        sources::last_post(self.tx, source)
    }

    fn post(&self, id: PostId) -> Result<Option<AnnotatedPost>> {
        posts::post(self.tx, id)
    }

    fn posts(&self, ids: &[PostId]) -> Result<Vec<AnnotatedPost>> {
        posts::posts(self.tx, ids)
    }

    fn state(&self, name: &str) -> Result<Option<String>> {
        sources::named_state(self.tx, name)
    }

    fn put_alert(&self, alert: &Alert, now: DateTime<Utc>) -> Result<bool> {
        alerts::put(self.tx, alert, now)
    }

    fn drop_alert(&self, key: &str) -> Result<()> {
        alerts::drop_open(self.tx, key)
    }

    fn delete_alerts(&self, before: DateTime<Utc>) -> Result<u64> {
        alerts::delete(self.tx, before)
    }

    fn set_alert_state(&self, id: i64, state: AlertState, now: DateTime<Utc>) -> Result<bool> {
        alerts::set_state(self.tx, id, state, now)
    }

    fn is_queued(&self, key: &str) -> Result<bool> {
        outbox::is_queued(self.tx, key)
    }

    fn enqueue(&self, key: &str, notifier: &str, body: &str, due: DateTime<Utc>) -> Result<bool> {
        outbox::enqueue(self.tx, key, notifier, body, due)
    }

    fn mark_sent(&self, id: i64, now: DateTime<Utc>) -> Result<()> {
        outbox::mark_sent(self.tx, id, now)
    }

    fn note_wait(&self, id: i64, error: &str) -> Result<()> {
        outbox::note_wait(self.tx, id, error)
    }

    fn revive(&self, notifier: Option<&str>, now: DateTime<Utc>) -> Result<u64> {
        outbox::revive(self.tx, notifier, now)
    }

    fn reroute(&self, from: &str, to: &str, now: DateTime<Utc>) -> Result<u64> {
        outbox::reroute(self.tx, from, to, now)
    }

    fn strip_deliveries(&self) -> Result<u64> {
        outbox::strip(self.tx)
    }

    fn mark_failed(&self, id: i64, error: &str, due: Option<DateTime<Utc>>) -> Result<()> {
        outbox::mark_failed(self.tx, id, error, due)
    }

    fn audit(&self, now: DateTime<Utc>, action: &str, object: &str, detail: &str) -> Result<()> {
        audit::add(self.tx, now, action, object, detail)
    }

    fn forget_changes(&self, up_to: u64) -> Result<()> {
        changes::forget(self.tx, up_to)
    }

    fn audit_once(
        &self,
        now: DateTime<Utc>,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<()> {
        audit::add_once(self.tx, now, action, object, detail)
    }

    fn thin_tallies(&self, before: DateTime<Utc>) -> Result<u64> {
        sources::thin(self.tx, before)
    }

    fn forget_done_jobs(&self, before: DateTime<Utc>) -> Result<u64> {
        frontier::forget_done(self.tx, before)
    }

    fn begin_import(&self, source: &SourceId, file: &str, now: DateTime<Utc>) -> Result<i64> {
        imports::begin(self.tx, source, file, now)
    }

    fn claim_for_import(&self, import: i64, post: PostId) -> Result<()> {
        imports::claim(self.tx, import, post)
    }

    fn mark_import_undone(&self, import: i64, now: DateTime<Utc>) -> Result<()> {
        imports::mark_undone(self.tx, import, now)
    }

    fn bury_post(&self, id: PostId, now: DateTime<Utc>) -> Result<bool> {
        posts::bury(self.tx, id, now)
    }
}
