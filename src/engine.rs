//! The engine: the one place that knows the order of the stages.
//!
//! In: a config. Out: a station that collects, judges, stores, indexes, watches and delivers. It knows nothing
//! of the command line; what it has to tell goes to a listener.

mod annotator;
pub mod backfill;
pub mod cases;
pub mod clock;
mod collect;
mod commit;
mod data_dir;
pub mod deep;
pub mod delivery;
pub mod digests;
mod entries;
mod evidence;
pub mod faults;
mod follow;
mod gather;
mod handing;
pub mod health;
mod heats;
pub mod holding;
pub mod hosts;
pub mod import;
mod inbox;
mod index_place;
mod indexing;
mod intake;
mod judging;
pub mod keeper;
mod keys;
pub mod layers;
mod line;
mod lock;
mod look;
mod nudge;
mod opened;
mod pages;
mod parts;
mod past;
mod patience;
mod pieced;
pub mod pieces;
mod plan;
mod process;
mod progress;
mod publications;
mod rebuild;
pub mod rehearsal;
mod reread;
mod restore;
pub mod retention;
pub mod run;
mod runs;
mod settings;
pub mod shared;
mod standing;
mod station;
mod step;
mod stop;
pub mod telling;
mod thinning;
mod together;
mod transact;
pub mod trial;
pub mod turns;
pub mod undo;
mod vault;
pub mod watching;
pub mod workbook;

use chrono::{DateTime, Offset, TimeZone, Utc};
use pipelines::query::{Context, Name};

use crate::config::Config;

pub use annotator::{annotator, annotator_config, segmenter};
pub use clock::{Clock, system_clock};
pub use commit::CommitError;
pub use data_dir::DataDir;
pub use follow::FollowError;
pub use index_place::index_place;
pub use keys::OtherKey;
pub use lock::{LockError, StationLock, lend, wanted};
pub use opened::{NoData, open_or_make_store, open_store, place};
pub use parts::KeeperOf;
pub use progress::{Event, Listener, nobody};
pub use rebuild::{RebuildError, StoredPosts, rebuild_index};
pub use standing::{Apart, Standing, StandingError, standing, taken};
pub use station::Station;
pub use stop::Stop;
pub use vault::{bucket, vault};

fn topic_name(topic: &pipelines::annotate::TopicConfig) -> Name {
    Name { id: topic.id.to_string(), shown: vec![topic.name.clone(), topic.name_en.clone()] }
}

fn source_name(source: &pipelines::crawl::SourceConfig) -> Name {
    Name { id: source.id.to_string(), shown: vec![source.name.clone()] }
}

/// Seconds that the local time of the station is ahead of UTC at `now`: the days of histograms.
#[must_use]
pub fn zone_offset_secs(config: &Config, now: DateTime<Utc>) -> i32 {
    config.station.zone.offset_from_utc_datetime(&now.naive_utc()).fix().local_minus_utc()
}

/// What queries of this config are read with: its zone, its subjects, its words.
#[must_use]
pub fn query_context(config: &Config, now: DateTime<Utc>) -> Context {
    Context {
        now,
        zone: config.station.zone,
        subjects: config.subjects.clone(),
        topics: config.topics.iter().map(topic_name).collect(),
        sources: config.sources.iter().map(source_name).collect(),
        stored_sources: None,
        segmenter: segmenter(config),
        naming: Default::default(),
    }
}
