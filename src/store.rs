//! The truth: posts, crawl state, hits, alerts, deliveries and counts, behind two small traits.
//!
//! In: what one step of the engine decided, as one transaction. Out: rows. It knows nothing of the
//! network, the index or the command line; it never hides a failure behind an empty answer. The
//! statements stand once, beside their tables; a driver runs them (`sql` is the seam).

mod alerts;
mod answers;
mod audit;
mod cases;
mod changes;
pub mod cluster;
mod copying;
mod corrections;
mod error;
mod evidence;
mod frontier;
pub mod grouping;
mod imports;
mod intake;
mod kept;
#[cfg(test)]
pub(crate) mod lab;
mod mend;
mod outbox;
mod people;
mod place;
mod postgres;
mod posts;
mod read;
mod snapshot;
mod sources;
mod spread;
mod sql;
mod sqlite;
mod tally;
mod terms;
mod values;
mod write;

use chrono::{DateTime, Utc};
use pipelines::record::{
    Alert, AlertState, AnnotatedPost, Correction, FetchJob, Post, PostId, RuleHit, RuleId,
    SourceId, Span, StoryId, Validators,
};
use std::collections::{BTreeMap, HashMap};

pub use answers::{AnswerVersion, ReadAnswers, WriteAnswers};
pub use audit::AuditLine;
pub use cases::{CaseLine, CaseLink, CaseRow, ReadCases, WriteCases};
pub use changes::{Change, Position};
pub use cluster::{Cluster, ReadTasks, WriteTasks};
pub use copying::{
    Copied, CopyError, Order as CopyOrder, Progress as CopyProgress, TableProof, copy,
};
pub use error::{Result, StoreError};
pub use evidence::{
    EvidenceRecord, Exhibit, FileStanding, FiledRecord, Marks, ReadEvidence, Role, Standing,
    WriteEvidence,
};
pub use imports::Import;
pub use kept::{Delivery, Inserted, PostRange, RunOutcome, SourceState, StoredAlert};
pub use outbox::{OutboxAsk, OutboxLine};
pub use people::{AuditAsk, ReadPeople, Session, SignedLine, Token, Tries, User, WritePeople};
pub use place::{About, Place};
pub use postgres::{Address, AddressFault, PostgresStore, SealFault};
pub use snapshot::{EvidenceEnd, Snapshot, SnapshotError, SnapshotOf, SnapshotServer};
pub use spread::ReadSpread;
pub use sqlite::SqliteStore;
pub use tally::Tally;

/// The version of the schema of either kind.
const SCHEMA: i64 = 9;

/// The store as readers see it.
pub trait Store:
    ReadEvidence + ReadPeople + ReadCases + ReadSpread + ReadAnswers + ReadTasks + Send + Sync
{
    /// Runs `work` as one transaction: all of it is stored, or none.
    fn write(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()>;

    /// One post.
    fn post(&self, id: PostId) -> Result<Option<AnnotatedPost>>;
    /// Those of `ids` that are stored, in their order.
    fn posts(&self, ids: &[PostId]) -> Result<Vec<AnnotatedPost>>;
    /// What would become of a post that came in now.
    fn reception(&self, post: &Post) -> Result<Inserted>;
    /// Posts whose id in hex begins with `prefix`, at most `limit`.
    fn posts_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<PostId>>;
    /// Calls `each` for every post of the range by time, oldest first, until it answers `false`.
    fn each_post(
        &self,
        range: &PostRange,
        each: &mut dyn FnMut(AnnotatedPost) -> bool,
    ) -> Result<()>;
    /// The same for those that name a subject; answers how many posts the range holds in all.
    fn each_mentioning(
        &self,
        range: &PostRange,
        each: &mut dyn FnMut(AnnotatedPost) -> bool,
    ) -> Result<u64>;
    /// How many posts there are.
    fn post_count(&self) -> Result<u64>;
    /// Posts of one story, oldest first.
    fn story_posts(&self, story: StoryId, limit: usize) -> Result<Vec<PostId>>;

    /// Makes what was deleted unreadable in the files of the store as well, as far as they are ours.
    fn forget_deleted(&self) -> Result<()>;
    /// The station that opened it has ended: others may work on it, though somebody here may still read and write.
    fn let_go(&self);
    /// What keeps it, and where.
    fn about(&self) -> Result<About>;
    /// What several processes on it agree on; none where it is one process's own.
    fn cluster(&self) -> Option<&dyn Cluster>;

    /// Changes after `cursor`, in order.
    fn changes_after(&self, cursor: u64, limit: usize) -> Result<Vec<Change>>;
    /// The last change.
    fn last_change(&self) -> Result<u64>;
    /// The position after change `seq` (0: before the first); none where the log no longer reaches back to it.
    fn position(&self, seq: u64) -> Result<Option<Position>>;
    /// Whether everything after `position` is still in the log of this very history: an index may be followed from
    /// there. It may not where the store is another one, an older copy was put back, or the log was cut beyond.
    fn holds(&self, position: &Position) -> Result<bool> {
        Ok(self.position(position.seq)?.as_ref() == Some(position))
    }
    /// Files taken in by hand, newest first.
    fn imports(&self, limit: usize) -> Result<Vec<Import>>;
    /// Posts that came with an import and are still stored, by id.
    fn import_posts(&self, import: i64, limit: usize) -> Result<Vec<PostId>>;

    /// Pages of `source` waiting and due at `now`.
    fn due_jobs(
        &self,
        source: &SourceId,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<FetchJob>>;
    /// How many pages wait, due or not.
    fn waiting_jobs(&self, source: &SourceId) -> Result<u64>;
    /// Which of these canonical addresses are in the frontier or stored already, by more than a claim of another house.
    fn known_urls(&self, urls: &[String]) -> Result<Vec<bool>>;
    /// The times of the latest posts of `source` not before `since`, newest first, at most `limit`.
    fn post_times(
        &self,
        source: &SourceId,
        since: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DateTime<Utc>>>;
    /// The latest posts of `source` by time, newest first.
    fn latest_posts(&self, source: &SourceId, limit: usize) -> Result<Vec<AnnotatedPost>>;
    /// Lines of the audit with this action whose object begins with `object`, newest first.
    fn audits(&self, action: &str, object: &str, limit: usize) -> Result<Vec<AuditLine>>;
    /// The state of an entry address (validators and when it failed).
    fn entry_job(&self, source: &SourceId, url: &str) -> Result<FetchJob>;

    /// What is known of a source.
    fn source_state(&self, source: &SourceId) -> Result<SourceState>;
    /// Counts of a source in the hours that the range touches.
    fn source_tally(&self, source: &SourceId, range: &PostRange) -> Result<Tally>;
    /// Every source that something is known of, also those that config no longer has.
    fn source_ids(&self) -> Result<Vec<String>>;
    /// Since when each of these words is known; those that are not are left out.
    fn terms_since(&self, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>>;
    /// A named piece of state (robots cache, host back-off, digest marks).
    fn state(&self, name: &str) -> Result<Option<String>>;

    /// The latest time at which something was noted in the store; none in an empty one.
    fn latest_time(&self) -> Result<Option<DateTime<Utc>>>;

    /// The latest time by which something was done here or waits to be; none in an empty store.
    fn furthest_time(&self) -> Result<Option<DateTime<Utc>>>;

    /// All named pieces of state whose name begins with `prefix`.
    fn states(&self, prefix: &str) -> Result<Vec<(String, String)>>;

    /// What officers said of posts, oldest first.
    fn corrections(&self) -> Result<Vec<Correction>>;
    /// What officers said of one post.
    fn corrections_of(&self, post: PostId) -> Result<Vec<Correction>>;
    /// What officers last said of posts of one source, newest first.
    fn corrections_on(&self, source: &SourceId, limit: usize) -> Result<Vec<Correction>>;

    /// Hits of a rule not before `since`, oldest first.
    fn hits(&self, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>>;
    /// Alerts, newest first.
    fn alerts(&self, range: &PostRange, limit: usize) -> Result<Vec<StoredAlert>>;
    /// The ways out that have a delivery due.
    fn ways_due(&self, now: DateTime<Utc>) -> Result<Vec<String>>;
    /// Deliveries due by one way out, oldest first.
    fn deliveries_by(
        &self,
        notifier: &str,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;
    /// Messages of the outbox, newest first.
    fn outbox(&self, ask: &OutboxAsk) -> Result<Vec<OutboxLine>>;
    /// How many messages there are by way out and state.
    fn outbox_counts(&self) -> Result<Vec<(String, String, u64)>>;
    /// Deliveries in this state that are due.
    fn deliveries(&self, state: &str, due: DateTime<Utc>, limit: usize) -> Result<Vec<Delivery>>;
}

/// What can be done within one transaction.
pub trait StoreWrite: WriteEvidence + WritePeople + WriteCases + WriteAnswers + WriteTasks {
    /// Stores a post, or refuses it. Answers what became of it, and the post as it is stored (with its story, what an
    /// officer said of it, the time it was first seen); one that is refused as it came.
    fn put_post(&self, post: &AnnotatedPost) -> Result<(Inserted, AnnotatedPost)>;
    /// Stores anew what was judged of a post that is there: its risk, its story.
    fn rewrite_post(&self, post: &AnnotatedPost) -> Result<()>;
    /// Moves posts to another story and notes the change.
    fn set_story(&self, posts: &[PostId], story: StoryId) -> Result<()>;
    /// Moves every post of `from` to `into`.
    fn merge_story(&self, from: StoryId, into: StoryId) -> Result<()>;
    /// Posts with these texts and their stories, the oldest first, at most `limit`.
    fn copies(&self, content_hash: u64, limit: usize) -> Result<Vec<(PostId, StoryId)>>;
    /// Keeps what an officer said of a post, in the place of what was said of that field before. The post itself is
    /// written by whoever can judge it.
    fn put_correction(&self, correction: &Correction) -> Result<()>;
    /// Takes back what officers said of a post; answers how many fields that were.
    fn drop_corrections(&self, post: PostId) -> Result<u64>;
    /// What officers said of one post, as this transaction sees it.
    fn corrections_of(&self, post: PostId) -> Result<Vec<Correction>>;
    /// Deletes a post and everything that hangs on it.
    fn delete_post(&self, id: PostId) -> Result<bool>;

    /// Adds pages to the frontier; those already known are left as they are. Answers how many were new.
    fn add_jobs(&self, jobs: &[FetchJob]) -> Result<u64>;
    /// A page is done with: kept, dropped or given up.
    fn finish_job(&self, url: &str, outcome: &str, now: DateTime<Utc>) -> Result<()>;
    /// A page that was kept is looked at again at `due`.
    fn look_again(
        &self,
        url: &str,
        due: DateTime<Utc>,
        validators: &Validators,
        now: DateTime<Utc>,
    ) -> Result<()>;
    /// A kept page is due again at once if `job` tells of more replies than were told before.
    fn renew_job(&self, job: &FetchJob) -> Result<()>;
    /// A page is to be asked for again at `due`.
    fn postpone_job(&self, url: &str, due: DateTime<Utc>, attempts: u32) -> Result<()>;
    /// An entry was read; the next GET is conditional on these validators.
    fn put_entry(&self, job: &FetchJob) -> Result<()>;
    /// Forgets the validators of a source's entries, and its pages that were not kept: they may be found anew.
    fn forget_readings(&self, source: &SourceId) -> Result<()>;

    /// Adds counts to a source.
    fn add_tally(&self, source: &SourceId, now: DateTime<Utc>, tally: &Tally) -> Result<()>;
    /// Notes how a run ended.
    fn put_run(&self, source: &SourceId, outcome: &RunOutcome) -> Result<()>;
    /// Keeps a named piece of state.
    fn put_state(&self, name: &str, value: &str) -> Result<()>;

    /// What waits for a time after `now` that it would not wait for by a right clock waits no longer.
    fn mend_waits(&self, now: DateTime<Utc>) -> Result<()>;
    /// What a clock that was ahead of `now` dated counts as of `now`. Digests were last written at `since`, the
    /// latest time before, so that none of them is missed.
    fn mend_future(&self, now: DateTime<Utc>, since: DateTime<Utc>) -> Result<()>;

    /// Forgets a named piece of state.
    fn drop_state(&self, name: &str) -> Result<()>;

    /// Notes that a post matched a rule. Answers whether that is new.
    fn put_hit(&self, hit: &RuleHit) -> Result<bool>;
    /// Forgets the hits of a rule.
    fn forget_hits(&self, rule: &RuleId) -> Result<()>;
    /// The time of the earliest post; none in an empty store.
    fn first_post_time(&self) -> Result<Option<DateTime<Utc>>>;
    /// Hits of a rule not before `since`, oldest first and without their words, as this transaction sees them.
    fn bare_hits(&self, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>>;
    /// Those of them that are of these stories.
    fn hits_of(
        &self,
        rule: &RuleId,
        since: DateTime<Utc>,
        stories: &[StoryId],
    ) -> Result<Vec<RuleHit>>;
    /// The words of a rule's hits on these posts; a post that is none of them is left out.
    fn hit_spans(&self, rule: &RuleId, posts: &[PostId]) -> Result<HashMap<PostId, Vec<Span>>>;
    /// The alerts of a rule fired not before `since`, oldest first, as this transaction sees them.
    fn rule_alerts(&self, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<Alert>>;
    /// Those of them that are of these stories.
    fn alerts_of(
        &self,
        rule: &RuleId,
        since: DateTime<Utc>,
        stories: &[StoryId],
    ) -> Result<Vec<Alert>>;
    /// The number of the alert with this key.
    fn alert_number(&self, key: &str) -> Result<Option<i64>>;
    /// The latest alert of a rule, whenever it fired.
    fn latest_alert(&self, rule: &RuleId) -> Result<Option<Alert>>;
    /// Notes words with the time of the first post that has each; a word is known since the earliest it was noted with.
    fn note_terms(&self, terms: &BTreeMap<String, DateTime<Utc>>) -> Result<()>;
    /// Since when each of these words is known; those that are not are left out.
    fn first_seen(&self, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>>;
    /// The time of the newest hit of a rule before `before`.
    fn last_hit_before(
        &self,
        rule: &RuleId,
        before: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>>;
    /// The time of a source's newest post.
    fn last_post_of(&self, source: &SourceId) -> Result<Option<DateTime<Utc>>>;
    /// A post, as this transaction sees it.
    fn post(&self, id: PostId) -> Result<Option<AnnotatedPost>>;
    /// Those of `ids` that are stored, in their order, as this transaction sees them.
    fn posts(&self, ids: &[PostId]) -> Result<Vec<AnnotatedPost>>;
    /// A named piece of state, as this transaction sees it.
    fn state(&self, name: &str) -> Result<Option<String>>;
    /// Stores an alert under its key, or updates the one already there. Answers whether it is new.
    fn put_alert(&self, alert: &Alert, now: DateTime<Utc>) -> Result<bool>;
    /// Drops the alert with this key where it is still open: another tells of the same.
    fn drop_alert(&self, key: &str) -> Result<()>;
    /// Deletes the alerts that fired before `before`, and what was sent before. Answers how many alerts.
    fn delete_alerts(&self, before: DateTime<Utc>) -> Result<u64>;
    /// Changes the state of an alert. Answers whether there is such an alert.
    fn set_alert_state(&self, id: i64, state: AlertState, now: DateTime<Utc>) -> Result<bool>;
    /// Puts a message into the outbox once per key.
    fn enqueue(&self, key: &str, notifier: &str, body: &str, due: DateTime<Utc>) -> Result<bool>;
    /// Whether a message with this key was ever put into the outbox and is still there.
    fn is_queued(&self, key: &str) -> Result<bool>;
    /// A delivery went out.
    fn mark_sent(&self, id: i64, now: DateTime<Utc>) -> Result<()>;
    /// A delivery waits because its way out does not work; that is no attempt of its own.
    fn note_wait(&self, id: i64, error: &str) -> Result<()>;
    /// Dead deliveries wait again, due at `now`, by `notifier` where one is named. Answers how many.
    fn revive(&self, notifier: Option<&str>, now: DateTime<Utc>) -> Result<u64>;
    /// Deliveries that wait for the way out `from` wait for `to`. Answers how many.
    fn reroute(&self, from: &str, to: &str, now: DateTime<Utc>) -> Result<u64>;
    /// Takes the text from what was sent, or is dead, of alerts that rest on a post no longer stored. Answers of
    /// how many deliveries.
    fn strip_deliveries(&self) -> Result<u64>;
    /// A delivery failed; tried again at `due`, or never if there is none.
    fn mark_failed(&self, id: i64, error: &str, due: Option<DateTime<Utc>>) -> Result<()>;

    /// Writes a line that the application never changes again.
    fn audit(&self, now: DateTime<Utc>, action: &str, object: &str, detail: &str) -> Result<()>;
    /// The same, unless there is a line of this action and object: what comes again with every reading.
    fn audit_once(
        &self,
        now: DateTime<Utc>,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<()>;
    /// Begins an import; answers its number.
    fn begin_import(&self, source: &SourceId, file: &str, now: DateTime<Utc>) -> Result<i64>;
    /// Notes that a stored post, new in this transaction, came with an import.
    fn claim_for_import(&self, import: i64, post: PostId) -> Result<()>;
    /// Notes that an import was taken back.
    fn mark_import_undone(&self, import: i64, now: DateTime<Utc>) -> Result<()>;
    /// Deletes a post on purpose: its id is never taken in again.
    fn bury_post(&self, id: PostId, now: DateTime<Utc>) -> Result<bool>;
    /// Makes room: counts by the hour before `before` become counts by the day.
    fn thin_tallies(&self, before: DateTime<Utc>) -> Result<u64>;
    /// Forgets pages that were done with before `before` and are not looked at again.
    fn forget_done_jobs(&self, before: DateTime<Utc>) -> Result<u64>;
    /// Forgets changes before `up_to`, which the index has committed.
    fn forget_changes(&self, up_to: u64) -> Result<()>;
}
