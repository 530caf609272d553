//! Seven days of fifty sources, lived through in fake time: failures, silences, edits and deletions are put in,
//! and each of them is on the health board, is told once, and costs no post.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::health::{Health, Standing, health};
use guanlan::engine::run::Rounds;
use guanlan::engine::{Clock, Station, nobody};
use guanlan::store::{PostRange, Store};
use pipelines::record::{PostId, RuleId, SilenceReason};
use serde_json::Value;

use crate::lab::Lab;

/// Sources; each is a host of its own.
const SOURCES: usize = 50;

/// Hours between two rounds.
const ROUND: i64 = 3;

/// When trouble begins and, where it passes, ends: hours since the start.
const TROUBLE: std::ops::Range<i64> = 72..96;

/// What goes wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Answers 500 for a day.
    Down,
    /// Asks for patience for a day.
    Busy,
    /// Hangs up without an answer for a day.
    HangsUp,
    /// Publishes nothing from the third day on.
    Silent,
    /// Its list turns into a page without articles.
    NewLayout,
    /// Its list turns into a login form.
    Login,
    /// Its articles lose their text.
    NoText,
    /// Its articles lose their dates.
    NoDates,
    /// One article is rewritten.
    Edits,
    /// One article is taken down.
    TakesDown,
    /// Nothing.
    None,
}

fn fault(source: usize) -> Fault {
    match source {
        0..=2 => Fault::Down,
        3 => Fault::Busy,
        4 => Fault::HangsUp,
        10..=14 => Fault::Silent,
        15 => Fault::NewLayout,
        16 => Fault::Login,
        17 => Fault::NoText,
        18 => Fault::NoDates,
        20..=22 => Fault::Edits,
        23..=25 => Fault::TakesDown,
        _ => Fault::None,
    }
}

/// Whether the source has a feed with texts; the others have a list and pages.
fn is_feed(source: usize) -> bool {
    source % 2 == 1 && matches!(fault(source), Fault::None | Fault::Silent)
}

fn start() -> DateTime<Utc> {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

/// A source publishes every sixth hour, each at its own, and has done so for three days.
fn published(source: usize, until: i64) -> Vec<i64> {
    let last = if fault(source) == Fault::Silent { until.min(TROUBLE.start) } else { until };
    (-72..=last).filter(|hour| hour.rem_euclid(6) == source as i64 % 6).collect()
}

/// The article that is rewritten or taken down, and when.
const TARGET: i64 = 24;
const CHANGED_AT: i64 = 40;

fn target(source: usize) -> i64 {
    TARGET + (source as i64 - TARGET).rem_euclid(6)
}

fn text(source: usize, hour: i64, now: i64) -> String {
    let edited = fault(source) == Fault::Edits && hour == target(source) && now >= CHANGED_AT;
    let accident =
        if hour.rem_euclid(36) == 0 { "井下发生事故，正在核实。" } else { "" };
    let tail = if edited { "更正：以本次通报为准，此前数字有误。" } else { "" };
    // Each text has words of its own, so that no two of them tell the same story.
    let mut own = String::new();
    for n in 0..12 {
        let seed = (source * 7919 + (hour + 72) as usize * 104_729 + n * 1_299_709) % 2_500;
        let sign = char::from_u32(0x4e00 + u32::try_from(seed).unwrap()).unwrap();
        let _ = write!(own, "{sign}{}号", (seed * (n + 3)) % 977);
    }
    format!(
        "云岭矿业集团第{source}站第{hour}时通报。{accident}{own}。各单位照此办理，有关情况另行说明。{tail}"
    )
}

fn stamp(hour: i64) -> String {
    let at = start() + TimeDelta::hours(hour);
    at.with_timezone(&chrono_tz::Asia::Shanghai).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn article(source: usize, hour: i64, now: i64) -> Option<String> {
    let fault = fault(source);
    let troubled = now >= TROUBLE.start;
    if fault == Fault::TakesDown && hour == target(source) && now >= CHANGED_AT {
        return None;
    }
    let body = if fault == Fault::NoText && troubled && hour >= TROUBLE.start {
        "<p>略</p>".to_owned()
    } else {
        format!("<p>{}</p>", text(source, hour, now))
    };
    let date = if fault == Fault::NoDates && troubled && hour >= TROUBLE.start {
        String::new()
    } else {
        format!("<div class=\"info\"><span>发布时间：{}</span></div>", stamp(hour))
    };
    Some(format!(
        "<html><head><meta charset=\"utf-8\"><title>第{source}站第{hour}时通报</title></head><body>\
         <div class=\"main\"><h1>第{source}站第{hour}时通报</h1>{date}<div class=\"content\">{body}</div></div>\
         </body></html>"
    ))
}

fn list(source: usize, now: i64) -> String {
    let mut rows = String::new();
    for hour in published(source, now).iter().rev().take(24) {
        let date = if fault(source) == Fault::NoDates {
            String::new()
        } else {
            format!("<span>{}</span>", &stamp(*hour)[..10])
        };
        let _ = write!(
            rows,
            "<li><a href=\"/news/a{hour}.html\">第{source}站第{hour}时通报</a>{date}</li>"
        );
    }
    format!(
        "<html><head><meta charset=\"utf-8\"><title>列表</title></head><body><ul class=\"list\">{rows}</ul></body></html>"
    )
}

fn feed(source: usize, now: i64) -> String {
    let items = published(source, now).into_iter().rev().take(24).map(|hour| {
        serde_json::json!({
            "id": hour.to_string(), "url": format!("/news/a{hour}.html"),
            "title": format!("第{source}站第{hour}时通报"), "content_text": text(source, hour, now),
            "date_published": (start() + TimeDelta::hours(hour)).to_rfc3339(),
        })
    });
    serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": "站",
                        "items": items.collect::<Vec<_>>() })
    .to_string()
}

fn answer(source: usize, path: &str, now: i64) -> Response {
    let html = |text: String| ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text);
    if path == "/robots.txt" {
        return (StatusCode::NOT_FOUND, "").into_response();
    }
    let (fault, passing, lasting) = (fault(source), TROUBLE.contains(&now), now >= TROUBLE.start);
    match fault {
        Fault::Down if passing => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::Busy if passing => {
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "3600")])
                .into_response();
        }
        Fault::HangsUp if passing => {
            // Announces a body and breaks off.
            let short = [(header::CONTENT_LENGTH, "9000")];
            let broken = futures::stream::iter([
                Ok::<_, std::io::Error>(vec![b'x']),
                Err(std::io::ErrorKind::BrokenPipe.into()),
            ]);
            return (short, axum::body::Body::from_stream(broken)).into_response();
        }
        Fault::NewLayout if lasting && path == "/news/" => {
            return html("<html><body><div id=\"app\"></div></body></html>".to_owned())
                .into_response();
        }
        Fault::Login if lasting && path == "/news/" => {
            let to = [(header::LOCATION, "/passport/login?back=/news/")];
            return (StatusCode::FOUND, to).into_response();
        }
        _ => {}
    }
    match path {
        "/news/" => html(list(source, now)).into_response(),
        "/feed.json" => {
            ([(header::CONTENT_TYPE, "application/feed+json")], feed(source, now)).into_response()
        }
        _ => {
            let hour = path.strip_prefix("/news/a").and_then(|p| p.strip_suffix(".html"));
            match hour.and_then(|h| h.parse().ok()).and_then(|hour| article(source, hour, now)) {
                Some(page) => html(page).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        }
    }
}

/// The sites, all at the hour that `clock` says.
async fn serve(clock: &Arc<AtomicI64>) -> Vec<u16> {
    let mut ports = Vec::new();
    for source in 0..SOURCES {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        ports.push(listener.local_addr().unwrap().port());
        let clock = clock.clone();
        let router = Router::new().fallback(move |uri: Uri| {
            let now = (clock.load(Ordering::SeqCst) - start().timestamp()) / 3600;
            async move { answer(source, uri.path(), now) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    ports
}

fn config(lab: &Lab, ports: &[u16]) -> Config {
    lab.write(
        "guanlan.toml",
        "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\n\
         [judge]\ndepth = \"fast\"\n[crawl]\nschedule = \"0 */3 * * *\"\ndelay_secs = 0.0\n\
         [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n\
         [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n",
    );
    let mut sources = String::new();
    for (source, port) in ports.iter().enumerate() {
        let host = format!("127.0.0.1:{port}");
        let kind = if is_feed(source) {
            format!("kind = \"feed\"\nurl = \"http://{host}/feed.json\"")
        } else {
            format!("kind = \"list\"\nurls = [\"http://{host}/news/\"]")
        };
        let _ = writeln!(
            sources,
            "[[source]]\nid = \"s{source}\"\nname = \"第{source}站\"\nflatline_hours = 36\n\
             allow_private = [\"{host}\"]\n{kind}"
        );
    }
    lab.write("sources/all.toml", &sources);
    lab.write(
        "rules/accident.toml",
        "[[rule]]\nid = \"accident\"\nname = \"事故\"\nkind = \"any\"\nquery = \"井下发生事故\"\n",
    );
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    Config::load(Some(lab.path()), &overrides)
        .unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)))
}

/// The worst each source stood at, and why, over the week.
type Seen = BTreeMap<usize, Vec<(Standing, Option<SilenceReason>)>>;

async fn live(
    lab: &Lab,
    ports: &[u16],
    clock: &Arc<AtomicI64>,
    hours: std::ops::Range<i64>,
    seen: &mut Seen,
) {
    let now: Clock = {
        let clock = clock.clone();
        Arc::new(move || DateTime::from_timestamp(clock.load(Ordering::SeqCst), 0).unwrap())
    };
    clock.store((start() + TimeDelta::hours(hours.start)).timestamp(), Ordering::SeqCst);
    let config = config(lab, ports);
    let station = tokio::task::spawn_blocking({
        let (config, now) = (config.clone(), now.clone());
        move || Station::open(config, now, nobody()).unwrap()
    })
    .await
    .unwrap();
    {
        let mut rounds = Rounds::new(&station, now()).unwrap();
        for hour in hours {
            clock.store((start() + TimeDelta::hours(hour)).timestamp(), Ordering::SeqCst);
            rounds.tick(now()).await.unwrap();
            rounds.settle().await.unwrap();
            if hour % 12 == 0 {
                for (source, config) in config.sources.iter().enumerate() {
                    let Health { standing, reason, .. } =
                        health(&*station.store, config, now()).unwrap();
                    seen.entry(source).or_default().push((standing, reason));
                }
            }
        }
        rounds.tick(now()).await.unwrap();
    }
    tokio::task::spawn_blocking(move || station.close().unwrap()).await.unwrap();
}

#[test]
fn seven_days_of_fifty_sources() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let lab = Lab::new();
    let clock = Arc::new(AtomicI64::new(start().timestamp()));
    let mut seen = Seen::new();
    let ports = runtime.block_on(async {
        let ports = serve(&clock).await;
        // The station is closed and opened anew twice, once in the middle of the trouble.
        for hours in [0..50, 50..84, 84..169] {
            live(&lab, &ports, &clock, hours, &mut seen).await;
        }
        ports
    });
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::load(Some(lab.path()), &overrides).unwrap();
    let store = crate::lab::stored(&lab.data());
    nothing_is_lost_or_doubled(&*store, &ports);
    everything_is_on_the_board(&seen);
    each_silence_is_told_once(&lab, &*store, &config);
    changes_are_marked(&*store, &ports);
}

/// Every post of every source that could be read at one time or another, once.
fn nothing_is_lost_or_doubled(store: &dyn Store, ports: &[u16]) {
    // The rounds are at every third hour of Shanghai, eight hours ahead of the sites.
    let last_round = (0..=168).rev().find(|hour| (hour + 8) % ROUND == 0).unwrap();
    let mut expected = BTreeSet::new();
    for (source, port) in ports.iter().enumerate() {
        let lasting = matches!(fault(source), Fault::NewLayout | Fault::Login | Fault::NoText);
        for hour in published(source, last_round) {
            let readable = !lasting || hour < TROUBLE.start - ROUND;
            if readable {
                expected.insert(format!("http://127.0.0.1:{port}/news/a{hour}.html"));
            }
        }
    }
    let mut stored = Vec::new();
    store
        .each_post(&PostRange::default(), &mut |post| {
            stored.push(post.post.url);
            true
        })
        .unwrap();
    let unique: BTreeSet<String> = stored.iter().cloned().collect();
    assert_eq!(unique.len(), stored.len(), "a post is stored twice");
    let missing: Vec<_> = expected.difference(&unique).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    // What a source of lasting trouble published just before it began may or may not have been heard.
    let extra = unique.difference(&expected).count();
    assert!(extra <= 3, "{extra} posts that nobody published");
    let hits = store.hits(&RuleId::from("accident"), DateTime::UNIX_EPOCH).unwrap();
    let mut marked = 0;
    store
        .each_post(&PostRange::default(), &mut |post| {
            marked += usize::from(post.post.text.contains("井下发生事故"));
            true
        })
        .unwrap();
    assert_eq!(hits.len(), marked);
    assert!(marked > 20, "{marked} posts of an accident");
}

fn everything_is_on_the_board(seen: &Seen) {
    let stood = |source: usize, standing, reason| {
        assert!(
            seen[&source].contains(&(standing, reason)),
            "source {source} ({:?}) was never {standing:?} {reason:?}: {:?}",
            fault(source),
            seen[&source]
        );
    };
    for source in 0..SOURCES {
        match fault(source) {
            Fault::Down | Fault::HangsUp | Fault::Busy => {
                stood(source, Standing::Failed, Some(SilenceReason::Unreachable));
                assert_eq!(
                    seen[&source].last().unwrap().0,
                    Standing::Good,
                    "source {source} recovered"
                );
            }
            Fault::Silent => stood(source, Standing::Silent, Some(SilenceReason::NothingNew)),
            Fault::NewLayout => stood(source, Standing::Failed, Some(SilenceReason::LayoutChanged)),
            Fault::Login => stood(source, Standing::Failed, Some(SilenceReason::Walled)),
            // All of what it brings is dropped: that is said before it falls silent.
            Fault::NoText => stood(source, Standing::Dropped, Some(SilenceReason::TextTooShort)),
            Fault::NoDates => stood(source, Standing::Undated, Some(SilenceReason::DatesGone)),
            Fault::Edits | Fault::TakesDown | Fault::None => {
                let bad = seen[&source].iter().filter(|(s, _)| *s != Standing::Good).count();
                assert_eq!(bad, 0, "source {source}: {:?}", seen[&source]);
            }
        }
    }
}

fn each_silence_is_told_once(lab: &Lab, store: &dyn Store, config: &Config) {
    let alerts = store.alerts(&PostRange::default(), 10_000).unwrap();
    let mut told: BTreeMap<String, Vec<Option<SilenceReason>>> = BTreeMap::new();
    for alert in &alerts {
        if let Some(source) = alert.alert.rule.as_str().strip_prefix("source-silent:") {
            told.entry(source.to_owned()).or_default().push(alert.alert.because);
        }
    }
    let mut expected = BTreeMap::new();
    for source in 0..SOURCES {
        let because = match fault(source) {
            Fault::Silent => SilenceReason::NothingNew,
            Fault::NewLayout => SilenceReason::LayoutChanged,
            Fault::Login => SilenceReason::Walled,
            Fault::NoText => SilenceReason::TextTooShort,
            _ => continue,
        };
        expected.insert(format!("s{source}"), vec![Some(because)]);
    }
    assert_eq!(told, expected);
    let lines = std::fs::read_to_string(lab.path().join("alerts.jsonl")).unwrap();
    let keys: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned()
        })
        .collect();
    let unique: BTreeSet<&String> = keys.iter().collect();
    assert_eq!(unique.len(), keys.len(), "a delivery went out twice");
    let notifiers = config.notifiers(&[]).count();
    let alert_keys = keys.iter().filter(|key| key.contains('@')).count();
    assert!(
        alert_keys >= alerts.len() * notifiers,
        "{alert_keys} deliveries of {} alerts",
        alerts.len()
    );
}

fn changes_are_marked(store: &dyn Store, ports: &[u16]) {
    for (source, port) in ports.iter().enumerate() {
        let url = format!("http://127.0.0.1:{port}/news/a{}.html", target(source));
        let post = store.post(PostId::of_url(&url)).unwrap();
        let marks = store.marks(PostId::of_url(&url)).unwrap();
        match fault(source) {
            Fault::Edits => {
                let post = post.unwrap_or_else(|| panic!("{url} is not there"));
                assert!(post.post.text.contains("更正"), "source {source}: {}", post.post.text);
                assert!(marks.edited.is_some() && marks.gone.is_none(), "{url}: {marks:?}");
            }
            Fault::TakesDown => {
                assert!(post.is_some(), "what is gone stays stored: {url}");
                assert!(marks.edited.is_none() && marks.gone.is_some(), "{url}: {marks:?}");
            }
            _ => assert!(marks.gone.is_none() && marks.edited.is_none(), "{url}: {marks:?}"),
        }
    }
}
