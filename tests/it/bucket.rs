//! Evidence in a bucket, and in a folder that machines share: written once, whole or absent, handed out, checked and
//! purged as in the data directory; a store that is away or refuses keeps steps waiting and is told with the way out.

mod server;

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::desk::works::objects::tried;
use guanlan::engine::faults::Part;
use guanlan::engine::retention::{self, Cut};
use guanlan::engine::{Station, vault};
use guanlan::evidence::{Archive, Folder, Shelf, Vault, record, verify};
use pipelines::crawl::warc::{self, Location};
use pipelines::locale::Lang;
use pipelines::record::{Page, PostId};

use crate::evidence::{Bench, FIRST, SECOND};
use crate::pages::{article, feed};
use server::{Mood, Server};

/// The bodies of a post's records, every digest checked.
fn bodies(station: &Station, id: PostId) -> Vec<String> {
    let vault = vault(&station.config).unwrap();
    let kept = station.store.evidence(id).unwrap();
    let body = |place: &Location| {
        let record = record(&*vault, place).unwrap();
        String::from_utf8(record.http().unwrap().2.to_vec()).unwrap()
    };
    kept.iter().map(|exhibit| body(&exhibit.record.place)).collect()
}

/// Everything in the place, unpacked.
fn unpacked(vault: &dyn Vault) -> String {
    let (mut all, mut after) = (String::new(), String::new());
    loop {
        let page = vault.list(Shelf::Evidence, &after).unwrap();
        let Some(last) = page.last() else { return all };
        after.clone_from(&last.name);
        for file in page {
            let bytes = vault.read(Shelf::Evidence, &file.name, None).unwrap();
            for record in warc::Reader::of_bytes(bytes) {
                all.push_str(&String::from_utf8_lossy(&record.unwrap().block));
            }
        }
    }
}

/// What holds of every place that machines share.
fn a_life_of_evidence(more: &str) {
    let bench = Bench::with(more);
    let (path, id) = ("/a/1.html", bench.id("/a/1.html"));
    let station = bench.with_article(path);
    let place = vault(&station.config).unwrap();
    bench.later(TimeDelta::hours(1));
    let middle = bench.now();
    bench.later(TimeDelta::hours(1));
    bench.pages.put(path, article("南关煤矿恢复生产", &[SECOND], ""));
    bench.again(&station, path);
    let read = bodies(&station, id);
    assert!(read[0].contains(FIRST) && read[1].contains(SECOND));
    assert_eq!(std::fs::read_dir(station.dir.evidence()).map_or(0, Iterator::count), 0);
    station.close().unwrap();

    let run = bench.lab.run(&["evidence", &id.to_string(), "--out", "e.zip"]).good();
    assert!(run.out.contains("2 "), "{}", run.out);
    let zip = std::fs::read(bench.lab.path().join("e.zip")).unwrap();
    assert_eq!(verify(&zip).findings, []);
    let status = bench.lab.run(&["status"]).good().out;
    let shown = place.shown();
    assert!(status.contains(shown.trim_end_matches('/')), "{status} should name {shown}");

    // Past its date: rewritten without it, then removed with its post; a stray file goes after a week.
    let station = bench.station();
    assert!(place.put_new(Shelf::Evidence, "guanlan-20200101000000-1.warc.gz", b"stray").unwrap());
    bench.later(TimeDelta::minutes(1));
    bench.pages.put("/a/2.html", article("停产", &[SECOND], ""));
    bench.pages.put("/full.xml", feed(&[("停产", bench.pages.url("/a/2.html"), "")]));
    bench.crawl(&station, "full");
    let cut = Cut { evidence: Some(middle), ..Cut::default() };
    let cleared = retention::clear(&station.shared().unwrap(), cut, bench.now()).unwrap().evidence;
    assert_eq!((cleared.records, cleared.files_removed, cleared.lost), (1, 1, 0));
    assert!(place.read(Shelf::Evidence, "guanlan-20200101000000-1.warc.gz", None).is_ok());
    place.remove(Shelf::Evidence, "guanlan-20200101000000-1.warc.gz").unwrap();
    assert!(!unpacked(&*place).contains(FIRST) && unpacked(&*place).contains(SECOND));
    assert_eq!(bodies(&station, id).len(), 1);
    let posts = Cut { posts: Some(bench.now()), ..Cut::default() };
    retention::clear(&station.shared().unwrap(), posts, bench.now()).unwrap();
    assert!(place.list(Shelf::Evidence, "").unwrap().is_empty());
    station.close().unwrap();
}

#[test]
fn a_bucket_keeps_hands_out_and_loses_evidence_as_a_folder_does() {
    let server = Server::start();
    a_life_of_evidence(&server.config());
    assert!(server.names().is_empty() && server.times("DELETE") >= 3);
}

#[test]
fn a_shared_folder_does_too_and_one_that_is_not_mounted_is_told() {
    let dir = tempfile::tempdir().unwrap();
    a_life_of_evidence(&format!("[evidence]\nfolder = \"{}\"\n", dir.path().display()));
    let bench = Bench::with("[evidence]\nfolder = \"not-mounted\"\n");
    let config = Config::load(Some(bench.lab.path()), &Overrides::default()).unwrap();
    assert!(tried(&config, Lang::Zh).unwrap().unwrap_err().contains("没有挂上"));
    assert!(tried(&config, Lang::En).unwrap().unwrap_err().contains("is not mounted"));
}

#[test]
fn a_store_that_refuses_keeps_steps_waiting_and_nothing_is_written_twice() {
    let server = Server::start();
    server.feels(Mood::NoBucket);
    let bench = Bench::with(&server.config());
    let path = "/a/1.html";
    bench.pages.put(path, article("南关煤矿恢复生产", &[FIRST], ""));
    bench.pages.put("/full.xml", feed(&[("南关煤矿恢复生产", bench.pages.url(path), "")]));
    let station = bench.station();
    let tried = |times| {
        while server.times("PUT") < times {
            std::thread::yield_now();
        }
    };
    let board = station.shared().unwrap().board;
    let server_is = &server;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            tried(2);
            let said = board.faults().into_iter().find(|fault| fault.part == Part::Store);
            let said = said.expect("it stands on the board").words;
            assert!(said.contains("no bucket `guanlan-test`"), "{said}");
            // It took what it says it did not take: the next try finds its own.
            server_is.feels(Mood::LosesAnswers);
            tried(server_is.times("PUT") + 2);
            server_is.feels(Mood::Well);
        });
        bench.crawl(&station, "full");
    });
    let names = server.names();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with("a/b/evidence/guanlan-2") && names[0].ends_with(".warc.gz"));
    assert!(bodies(&station, bench.id(path))[0].contains(FIRST));
    station.close().unwrap();
}

#[test]
fn what_is_wrong_with_a_store_is_told_with_the_way_out() {
    let server = Server::start();
    let bench = Bench::with(&server.config());
    let config = Config::load(Some(bench.lab.path()), &Overrides::default()).unwrap();
    let said = |lang| tried(&config, lang).unwrap();
    let good = said(Lang::Zh).unwrap();
    assert!(good.contains("对象存储连上了") && good.contains("/guanlan-test/a/b/"), "{good}");
    let good = bench.lab.run(&["check"]).good().out;
    assert!(good.contains("the object store answers"), "{good}");
    for (mood, zh, en) in [
        (Mood::NoBucket, "没有桶 guanlan-test", "no bucket guanlan-test"),
        (Mood::WrongKeys, "不认这对密钥", "does not know these keys"),
        (Mood::Denied, "列出、读、写、删的权限", "list, read, write and delete"),
        (Mood::Skewed, "时钟校准", "set the clock"),
        (Mood::Full, "没有地方了", "has no room"),
        (Mood::Busy, "忙不过来", "too much to do"),
        (Mood::OtherRegion, "区域", "another region"),
    ] {
        server.feels(mood);
        for (lang, words) in [(Lang::Zh, zh), (Lang::En, en)] {
            let said = said(lang).unwrap_err();
            assert!(said.contains(words), "{mood:?} {said}");
        }
    }
    let bad = bench.lab.run(&["check"]);
    assert!(bad.code == Some(1) && bad.out.contains("another region"), "{}", bad.out);
    assert_eq!(server.times("PUT"), 0, "a check writes nothing");
    drop(server);
    assert!(said(Lang::En).unwrap_err().contains("cannot be reached"));
    assert!(said(Lang::Zh).unwrap_err().contains("连不上对象存储"));
}

/// A page of its own number.
fn page(n: u64) -> Page {
    let body = format!("<p>云岭矿业 {n}</p>").into_bytes();
    Page {
        url: format!("https://example.cn/{n}"),
        requested_url: format!("https://example.cn/{n}"),
        source: "yunling".into(),
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        sha256: <sha2::Sha256 as sha2::Digest>::digest(&body).into(),
        body,
        fetched_at: Utc::now(),
    }
}

#[test]
fn machines_that_write_at_once_never_meet_and_what_a_kill_leaves_is_no_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let folder: Arc<dyn Vault> = Arc::new(Folder::new(dir.path().to_owned()));
    let written = |from: u64| {
        let mut archive = Archive::shared(folder.clone());
        let members = (from..from + 40).map(|n| warc::pack(&page(n)).unwrap());
        let places = members.map(|member| archive.append([&member]).unwrap().remove(0));
        places.collect::<Vec<Location>>()
    };
    let places: Vec<Location> = std::thread::scope(|scope| {
        let machines: Vec<_> = (0..4).map(|n| scope.spawn(move || written(n * 100))).collect();
        machines.into_iter().flat_map(|machine| machine.join().unwrap()).collect()
    });
    // Killed within a file: under no name that is read.
    let torn = dir.path().join("evidence/guanlan-20261127000000-00.warc.gz.unfinished");
    std::fs::write(&torn, b"half").unwrap();
    for place in &places {
        record(&*folder, place).unwrap();
    }
    let mut files: Vec<&str> = places.iter().map(|place| place.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), 160);
    // No row speaks of them: they wait a week for one, and so does what is torn.
    let lab = crate::lab::Lab::new();
    let store = guanlan::store::Place::File(lab.path().join("s.db")).open().unwrap();
    let mut archive = Archive::shared(folder.clone());
    let (now, week) = (Utc::now(), TimeDelta::days(8));
    assert_eq!(archive.purge(&*store, None, now).unwrap().files_removed, 0);
    assert_eq!(archive.purge(&*store, None, now + week).unwrap().files_removed, 161);
    assert!(!torn.exists());
}
