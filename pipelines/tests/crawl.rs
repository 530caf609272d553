//! The fetcher against a site that misbehaves: every limit and every refusal, over real sockets.
//!
//! The site is `tests/site`. Slow cases use limits of milliseconds; nothing here sleeps.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

#[path = "../../tests/site/site.rs"]
mod site;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipelines::crawl::{
    EntryError, FetchOutcome, FetchPolicy, Fetcher, Names, Refusal, SourceConfig, read_entry,
};
use pipelines::record::{FetchJob, Page};
use site::{RobotsFile, Site};

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn policy() -> FetchPolicy {
    FetchPolicy {
        delay: Duration::ZERO,
        header_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(10),
        max_body_bytes: 8 << 20,
        ..FetchPolicy::new("mailto:yuqing@yunling.example")
    }
}

fn source(site: &Site) -> SourceConfig {
    let text = format!(
        "id='yunling'\nname='云岭在线'\nallow_private=['{a}']\nkind='list'\nurls=['http://{a}/list']",
        a = site.address
    );
    toml::from_str(&text).unwrap()
}

fn job(url: &str) -> FetchJob {
    FetchJob::new(url, &"yunling".into(), now())
}

async fn fetch(site: &Site, path: &str) -> FetchOutcome {
    let fetcher = Fetcher::new(policy()).unwrap();
    fetcher.fetch(&job(&site.url(path)), &source(site), now()).await
}

async fn page(site: &Site, path: &str) -> Page {
    match fetch(site, path).await {
        FetchOutcome::Page(page) => *page,
        other => panic!("{path}: {other:?}"),
    }
}

/// What the outcome amounts to, in one word.
fn word(outcome: &FetchOutcome) -> String {
    match outcome {
        FetchOutcome::Page(_) => "page".into(),
        FetchOutcome::NotModified => "not_modified".into(),
        FetchOutcome::Dropped { reason, .. } => format!("dropped {}", reason.as_str()),
        FetchOutcome::Refused { because, .. } => format!("refused {}", because.as_str()),
        FetchOutcome::Failed(error) => format!("failed {}", error.kind),
    }
}

#[tokio::test]
async fn every_misbehaviour_has_its_name() {
    let site = Site::start();
    let table = [
        ("/article/1", "page"),
        ("/cut-body", "failed cut"),
        ("/wrong-length", "page"),
        ("/endless", "failed too_large"),
        ("/gzip-bomb", "failed too_large"),
        ("/brotli-bomb", "failed too_large"),
        ("/broken-gzip", "failed cut"),
        ("/garbage", "failed protocol"),
        ("/no-answer", "failed protocol"),
        ("/redirect-loop", "failed redirect_loop"),
        ("/redirect-chain/4", "page"),
        ("/redirect-chain/9", "failed too_many_redirects"),
        ("/redirect-nowhere", "failed bad_redirect"),
        ("/redirect-bad", "failed bad_redirect"),
        ("/redirect-to?http://10.0.0.1/", "dropped other_host"),
        ("/redirect-home", "dropped gone"),
        ("/cookie-wall", "dropped walled"),
        ("/login-wall", "dropped walled"),
        ("/captcha", "dropped walled"),
        ("/soft-404", "dropped gone"),
        ("/status/404", "dropped gone"),
        ("/status/410", "dropped gone"),
        ("/status/401", "dropped walled"),
        ("/status/403", "failed status 403"),
        ("/status/500", "failed status 500"),
        ("/forbidden/1", "dropped robots"),
        ("/redirect-to?/forbidden/1", "dropped robots"),
        ("/picture", "dropped not_text"),
        ("/picture-as-html", "dropped not_text"),
        ("/many-links", "page"),
        ("/hostile", "page"),
    ];
    for (path, expected) in table {
        let outcome = fetch(&site, path).await;
        assert_eq!(word(&outcome), expected, "{path}: {outcome:?}");
        let is_silent = matches!(outcome, FetchOutcome::Page(_));
        assert_eq!(outcome.audit().is_none(), is_silent, "{path} has an audit line");
    }
    assert_eq!(site.count("/forbidden/1"), 0, "what robots.txt forbids was never asked");
}

#[tokio::test]
async fn the_slow_are_left_after_their_time() {
    let site = Site::start();
    let patient = Fetcher::new(policy()).unwrap();
    patient.fetch(&job(&site.url("/article/1")), &source(&site), now()).await;
    let hasty = FetchPolicy { header_timeout: Duration::from_millis(150), ..policy() };
    let hasty = Fetcher::new(hasty).unwrap();
    // With robots.txt known, only the slow page itself meets the short limit.
    for (authority, memory) in patient.changed_memories() {
        hasty.remember(&authority, memory);
    }
    for (path, expected) in [("/slow-header", "failed timeout"), ("/slow-body", "failed slow_body")]
    {
        let outcome = hasty.fetch(&job(&site.url(path)), &source(&site), now()).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
    }
}

#[tokio::test]
async fn the_agent_is_honest_and_keeps_no_cookie() {
    let site = Site::start();
    fetch(&site, "/cookie-wall").await;
    for asked in site.asked() {
        let agent = &asked.headers["user-agent"];
        assert!(
            agent.starts_with("guanlan/") && agent.contains("yuqing@yunling.example"),
            "{agent}"
        );
        assert!(!asked.headers.contains_key("cookie"));
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let site = Site::start();
    let fetcher = Fetcher::new(policy()).unwrap();
    for path in ["/etag", "/last-modified"] {
        let mut job = job(&site.url(path));
        let first = fetcher.fetch(&job, &source(&site), now()).await;
        let FetchOutcome::Page(page) = first else { panic!("{first:?}") };
        job.validators = page.validators();
        let second = fetcher.fetch(&job, &source(&site), now()).await;
        assert_eq!(second, FetchOutcome::NotModified, "{path}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_left_alone_across_a_restart() {
    let site = Site::start();
    let fetcher = Fetcher::new(policy()).unwrap();
    let ask = async |fetcher: &Fetcher, path: &str, now| {
        fetcher.fetch(&job(&site.url(path)), &source(&site), now).await
    };
    let first = ask(&fetcher, "/status/429/120", now()).await;
    let FetchOutcome::Refused { until, because: Refusal::Backoff } = first else {
        panic!("{first:?}")
    };
    assert!((until - now()).num_seconds() >= 120 && (until - now()).num_seconds() <= 121);
    let restarted = Fetcher::new(policy()).unwrap();
    for (authority, memory) in fetcher.changed_memories() {
        let json = serde_json::to_string(&memory).unwrap();
        restarted.remember(&authority, serde_json::from_str(&json).unwrap());
    }
    let asked = site.asked().len();
    assert_eq!(word(&ask(&restarted, "/article/1", now()).await), "refused backoff");
    assert_eq!(site.asked().len(), asked, "the host was not asked at all");
    let later = until + chrono::TimeDelta::seconds(1);
    assert_eq!(word(&ask(&restarted, "/article/1", later).await), "page");
    assert_eq!(site.count("/robots.txt"), 1, "robots.txt is remembered too");
    let dated = ask(&restarted, "/status/503/date", later).await;
    let expected: DateTime<Utc> = "2026-11-22T14:00:00Z".parse().unwrap();
    assert_eq!(dated, FetchOutcome::Refused { until: expected, because: Refusal::Backoff });
}

#[tokio::test]
async fn robots_by_status() {
    let table = [
        (RobotsFile::Status(404), "page"),
        (RobotsFile::Status(403), "page"),
        (RobotsFile::Status(500), "refused robots_unreachable"),
        (RobotsFile::Status(503), "refused robots_unreachable"),
        (RobotsFile::Text("User-agent: guanlan\nDisallow: /".into()), "dropped robots"),
        (RobotsFile::Text("User-agent: other\nDisallow: /".into()), "page"),
        (RobotsFile::Text("<html>not a robots file</html>".into()), "page"),
        (RobotsFile::Redirect("/article/1".into()), "page"),
        (RobotsFile::Redirect("/robots.txt".into()), "page"),
    ];
    for (robots, expected) in table {
        let site = Site::with(robots.clone(), HashMap::new());
        assert_eq!(word(&fetch(&site, "/article/1").await), expected, "{robots:?}");
    }
}

#[tokio::test]
async fn a_crawl_delay_is_obeyed() {
    let robots = RobotsFile::Text("User-agent: *\nCrawl-delay: 30".into());
    let site = Site::with(robots, HashMap::new());
    let policy = FetchPolicy { longest_wait: Duration::from_secs(10), ..policy() };
    let fetcher = Fetcher::new(policy).unwrap();
    let outcome = fetcher.fetch(&job(&site.url("/article/1")), &source(&site), now()).await;
    assert_eq!(word(&outcome), "page", "the delay counts from when it is known");
    let outcome = fetcher.fetch(&job(&site.url("/article/2")), &source(&site), now()).await;
    assert_eq!(word(&outcome), "refused turn", "{outcome:?}");
}

#[tokio::test]
async fn private_networks_are_closed_by_every_door() {
    let site = Site::start();
    let port = site.address.port();
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let table = HashMap::from([
        ("inside.yunling.example".to_owned(), vec![loopback]),
        ("open.yunling.example".to_owned(), vec![loopback]),
    ]);
    let names = Names::Table(Arc::new(table));
    let fetcher = Fetcher::with_names(policy(), names).unwrap();
    let mut source = source(&site);
    source.allow_hosts = vec!["yunling.example".into(), "127.0.0.2".into(), "10.0.0.1".into()];
    source.allow_private.push(format!("open.yunling.example:{port}"));
    for (url, expected) in [
        // By name: the answer of the resolver is private.
        (format!("http://inside.yunling.example:{port}/article/1"), "failed private_address"),
        (format!("http://nowhere.yunling.example:{port}/"), "failed dns"),
        // By literal, and by a redirect from a place that is allowed.
        (format!("http://127.0.0.2:{port}/article/1"), "failed private_address"),
        (site.url("/redirect-to?http://10.0.0.1/"), "failed private_address"),
        (site.url("/redirect-to?http://127.0.0.1:1/"), "failed private_address"),
        (
            site.url("/redirect-to?http://inside.yunling.example:PORT/article/1"),
            "failed private_address",
        ),
        // What the source lists is open, also by name.
        (format!("http://open.yunling.example:{port}/article/1"), "page"),
    ] {
        let outcome = fetcher.fetch(&job(&url), &source, now()).await;
        assert_eq!(word(&outcome), expected, "{url}: {outcome:?}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_speaks_nothing_else() {
    let address = site::http2::start("<title>通报</title><p>今日恢复生产。</p>").await;
    let text = format!(
        "id='t'\nname='t'\nallow_private=['{address}']\nkind='list'\nurls=['https://{address}/']"
    );
    let source: SourceConfig = toml::from_str(&text).unwrap();
    let url = format!("https://{address}/a.html");
    let stranger = Fetcher::new(policy()).unwrap();
    assert_eq!(word(&stranger.fetch(&job(&url), &source, now()).await), "failed tls");
    let trusting = FetchPolicy { extra_roots_pem: site::http2::ROOT.to_vec(), ..policy() };
    let fetcher = Fetcher::new(trusting).unwrap();
    match fetcher.fetch(&job(&url), &source, now()).await {
        FetchOutcome::Page(page) => assert!(page.body.ends_with("今日恢复生产。</p>".as_bytes())),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_nobody_signed_is_refused() {
    let address = site::tls::self_signed(4);
    let text = format!(
        "id='t'\nname='t'\nallow_private=['{address}']\nkind='list'\nurls=['https://{address}/']"
    );
    let source: SourceConfig = toml::from_str(&text).unwrap();
    let fetcher = Fetcher::new(policy()).unwrap();
    let outcome = fetcher.fetch(&job(&format!("https://{address}/")), &source, now()).await;
    assert_eq!(word(&outcome), "failed tls", "{outcome:?}");
}

#[tokio::test]
async fn a_slow_host_does_not_hold_up_another() {
    let (slow, quick) = (Site::start(), Site::start());
    let fetcher =
        Fetcher::new(FetchPolicy { header_timeout: Duration::from_secs(60), ..policy() }).unwrap();
    let (slow_job, slow_source) = (job(&slow.url("/slow-header")), source(&slow));
    let held = fetcher.fetch(&slow_job, &slow_source, now());
    let other = async {
        for n in 0..20 {
            let outcome = fetcher
                .fetch(&job(&quick.url(&format!("/article/{n}"))), &source(&quick), now())
                .await;
            assert_eq!(word(&outcome), "page");
        }
    };
    tokio::select! {
        outcome = held => panic!("the slow host answered: {outcome:?}"),
        () = other => {}
    }
}

#[tokio::test]
async fn one_host_is_asked_one_at_a_time() {
    let site = Site::start();
    let fetcher = Fetcher::new(policy()).unwrap();
    let source = source(&site);
    let jobs: Vec<FetchJob> = (0..30).map(|n| job(&site.url(&format!("/article/{n}")))).collect();
    let all =
        futures::future::join_all(jobs.iter().map(|j| fetcher.fetch(j, &source, now()))).await;
    assert!(all.iter().all(|o| word(o) == "page"));
    assert_eq!(site.count("/robots.txt"), 1, "read once, however many wait for it");
}

#[tokio::test]
async fn entry_pages_of_the_site_are_read() {
    let site = Site::start();
    let list = page(&site, "/list").await;
    let entries = read_entry(&list, &source(&site), now()).unwrap();
    assert_eq!(entries.jobs.len(), 12);
    let (url, hint) = &entries.jobs[0];
    assert_eq!(*url, site.url("/article/2026112001"));
    assert_eq!(hint.title.as_deref(), Some("云岭矿业集团南关煤矿第1号安全公告"));
    assert!(hint.published.is_some());
    let mut feed = source(&site);
    feed.kind =
        toml::from_str(&format!("kind='feed'\nurl='{}'", site.url("/feed-gbk.xml"))).unwrap();
    let entries = read_entry(&page(&site, "/feed-gbk.xml").await, &feed, now()).unwrap();
    assert_eq!(entries.items.len(), 5);
    assert_eq!(entries.items[0].1.text.as_deref(), Some("南关煤矿恢复生产的第1次通报全文。"));
    let error = read_entry(&page(&site, "/article/1").await, &feed, now()).unwrap_err();
    assert!(matches!(error, EntryError::NotThis { .. }), "{error}");
    let error = read_entry(&page(&site, "/article/1").await, &source(&site), now()).unwrap_err();
    assert!(matches!(error, EntryError::NoLinks { .. }), "{error}");
}

#[tokio::test]
async fn a_page_of_100_000_links_is_bounded() {
    let site = Site::start();
    let entries = read_entry(&page(&site, "/many-links").await, &source(&site), now()).unwrap();
    assert!((1000..=50_000).contains(&entries.jobs.len()), "{}", entries.jobs.len());
    let error = read_entry(&page(&site, "/hostile").await, &source(&site), now());
    assert!(error.is_err());
}

#[tokio::test]
async fn a_lie_about_the_charset_is_seen_through() {
    let site = Site::start();
    let page = page(&site, "/wrong-charset").await;
    assert!(std::str::from_utf8(&page.body).is_err());
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
}
