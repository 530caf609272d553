//! Kill -9 at any instant, whatever the station is doing: nothing is lost or doubled, every directory opens.
//!
//! Stations are born, killed three times each, run to the end and held against one that was never killed. Four of
//! five are killed at their first start, the fifth begins with a directory of version 1 and is killed at the
//! migration. `GUANLAN_KILLS=2000` sets how many kills (60), `GUANLAN_KILL_SEED` which
//! (1), `GUANLAN_KILL_LIFE=7` runs one station alone; the output says which failed and where it lies.

mod birth;
mod deed;
mod desk;
mod instant;
mod jump;
mod life;
mod table;
mod whole;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use birth::{Birth, Old};
use deed::Deed;
use life::Lives;
use table::Table;
use whole::Holding;
use world::World;

use crate::lab::Lab;

/// Stations that live at the same time.
const AT_ONCE: usize = 2;

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number in the environment"))
}

/// A station that was never killed: what it holds, and how long each deed took.
fn undisturbed(world: &World) -> (Holding, BTreeMap<Deed, Duration>) {
    let nothing = |_| Duration::ZERO;
    let lives = Lives { world, usual: &nothing };
    let lab = Lab::new();
    world.furnish(&lab, "undisturbed");
    let mut usual = BTreeMap::new();
    for deed in [Deed::Import, Deed::ImportOld, Deed::Crawl, Deed::Purge, Deed::Reindex] {
        let started = Instant::now();
        lives.in_peace(&lab, deed);
        usual.insert(deed, started.elapsed());
    }
    // These do not end by themselves; after two crawls they have done what there is to do.
    usual.insert(Deed::Run, usual[&Deed::Crawl] * 2);
    usual.insert(Deed::RunAstray, usual[&Deed::Crawl] * 2);
    let holding = Holding::of(&lab, &world.heard("undisturbed"), &Old::new());
    assert_eq!(holding.posts.len(), world.posts());
    assert!(holding.alerts.len() >= 15, "{:?}", holding.alerts);
    (holding, usual)
}

/// What became of the stations.
#[derive(Default)]
struct Outcome {
    table: Table,
    told_twice: usize,
    failed: Vec<String>,
}

/// One station from birth to end; what fails is noted, and its laboratory stays.
fn one_life(lives: &Lives, number: usize, expected: &Holding, outcome: &Mutex<Outcome>) {
    let seed = 1_000_003 * self::number("GUANLAN_KILL_SEED").unwrap_or(1) + number;
    let (lab, name, mut kills) = (Lab::new(), format!("life{number}"), Vec::new());
    let birth = if number % 5 == 4 { Birth::VersionOne } else { Birth::Nothing };
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut expected = expected.clone();
        let (adds, _) = birth.adds(lives.world.now);
        expected.posts.extend(adds.posts);
        expected.hits.extend(adds.hits);
        compare(&lives.live(&lab, &name, birth, seed as u64, &mut kills), &expected);
    }));
    let mut outcome = outcome.lock().unwrap();
    let heard = lives.world.heard(&name);
    outcome.told_twice += heard.told.values().filter(|times| **times > 1).count();
    kills.iter().for_each(|kill| outcome.table.add(kill));
    if let Err(why) = lived {
        let why = why.downcast_ref::<String>().map_or("", String::as_str);
        let why: String = why.lines().next().unwrap_or_default().chars().take(500).collect();
        let story = kills.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        outcome.failed.push(format!("{name} in {}: {why}\n  {story}", lab.keep().display()));
    }
}

/// The same posts, hits and alerts, told by what differs rather than by all of it.
fn compare(holding: &Holding, expected: &Holding) {
    let lost: Vec<_> =
        expected.posts.keys().filter(|url| !holding.posts.contains_key(*url)).collect();
    let extra: Vec<_> =
        holding.posts.keys().filter(|url| !expected.posts.contains_key(*url)).collect();
    assert!(lost.is_empty() && extra.is_empty(), "lost {lost:?}, extra {extra:?}");
    assert!(holding.posts == expected.posts, "a post has another text");
    assert_eq!(holding.hits, expected.hits, "hits");
    assert_eq!(holding.alerts, expected.alerts, "alerts");
}

#[test]
fn killed_at_any_instant_loses_and_doubles_nothing() {
    let kills = number("GUANLAN_KILLS").unwrap_or(60);
    let world = World::start();
    let (expected, usual) = undisturbed(&world);
    println!("undisturbed: {usual:?}");
    let usual = |deed| usual[&deed];
    let all = match number("GUANLAN_KILL_LIFE") {
        Some(one) => one..one + 1,
        None => 0..kills.div_ceil(life::KILLS),
    };
    let (next, outcome) = (AtomicUsize::new(all.start), Mutex::new(Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let lives = Lives { world: &world, usual: &usual };
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= all.end {
                        break;
                    }
                    one_life(&lives, number, &expected, &outcome);
                }
            });
        }
    });
    let Outcome { table, told_twice, failed } = outcome.into_inner().unwrap();
    table.print();
    println!("{told_twice} messages reached the hook more than once, under one key each");
    assert!(
        failed.is_empty(),
        "{} of {} stations:\n{}",
        failed.len(),
        all.len(),
        failed.join("\n")
    );
    let sum = table.sum();
    assert!(sum.alive * 2 >= sum.kills, "{} of {} were alive when killed", sum.alive, sum.kills);
    assert!(sum.first * 4 >= sum.kills, "{} of {} kills on first starts", sum.first, sum.kills);
}
