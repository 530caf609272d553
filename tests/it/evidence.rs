//! Evidence: what was served is kept before the post is, marked when it changes or goes, handed out and checked,
//! and gone for good when its time is over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::desk::{Desk, Who};
use guanlan::engine::retention::{self, Cut};
use guanlan::engine::{Clock, Station, nobody};
use guanlan::evidence::{Finding, verify};
use guanlan::store::{Exhibit, Marks, Role};
use pipelines::crawl::warc;
use pipelines::record::{FetchJob, PostId};

use crate::lab::Lab;
use crate::pages::{Pages, article, feed};

pub(crate) const FIRST: &str =
    "云岭矿业集团南关煤矿今日恢复生产，安全监管人员全程驻矿督导，职工工资按月足额发放。";
pub(crate) const SECOND: &str =
    "云岭矿业集团南关煤矿恢复生产的消息有误，目前仍在停产整顿，复产时间另行通知。";

/// A laboratory with a site, a feed of full pages (`full`), one of short items (`brief`), and a clock.
pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) pages: Pages,
    secs: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        Self::with("")
    }

    /// The same with `more` in its config.
    pub(crate) fn with(more: &str) -> Self {
        let (lab, pages) = (Lab::new(), Pages::start());
        let address = pages.address;
        let source = |id: &str, keys: &str| {
            format!(
                "[[source]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"feed\"\n\
                 url = \"http://{address}/{id}.xml\"\nallow_private = [\"{address}\"]\n{keys}\n"
            )
        };
        let sources = source("full", "full_page = true")
            + &source("brief", "")
            + &source("off", "full_page = true\nevidence = false");
        lab.write("sources/s.toml", &sources);
        let config = "[station]\ncontact = \"test@example.com\"\n[judge]\ndepth = \"fast\"\n[paths]\nsources = [\"sources/*.toml\"]\nrules = []\n\
             [crawl]\ndelay_secs = 0.0\n[retention]\nevidence_days = 180\n";
        lab.write("guanlan.toml", &format!("{config}{more}"));
        let now = Utc::now() - TimeDelta::minutes(30);
        Self { lab, pages, secs: Arc::new(AtomicI64::new(now.timestamp())) }
    }

    pub(crate) fn later(&self, by: TimeDelta) {
        self.secs.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.secs.load(Ordering::SeqCst), 0).unwrap()
    }

    pub(crate) fn station(&self) -> Station {
        let config = Config::load(Some(self.lab.path()), &Overrides::default());
        let config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
        let secs = self.secs.clone();
        let clock: Clock =
            Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap());
        Station::open(config, clock, nobody()).unwrap()
    }

    /// One round of the source `id`.
    pub(crate) fn crawl(&self, station: &Station, id: &str) {
        let sources = station.sources();
        let source = sources.iter().find(|s| s.id.as_str() == id).unwrap().clone();
        self.pages.runtime.block_on(station.round(&[source])).unwrap();
    }

    /// The page at `path` is read again on behalf of `full`.
    pub(crate) fn again(&self, station: &Station, path: &str) {
        let sources = station.sources();
        let source = sources.iter().find(|s| s.id.as_str() == "full").unwrap();
        // Looked at again: it was had before.
        let job = FetchJob {
            known_since: Some(self.now()),
            ..FetchJob::new(self.pages.url(path), &source.id, self.now())
        };
        let tally = self.pages.runtime.block_on(station.collector.read_again(source, job)).unwrap();
        assert!(tally.ties_out(), "{tally:?}");
    }

    pub(crate) fn id(&self, path: &str) -> PostId {
        PostId::of_url(&self.pages.url(path))
    }

    /// One article, collected.
    pub(crate) fn with_article(&self, path: &str) -> Station {
        self.pages.put(path, article("南关煤矿恢复生产", &[FIRST], ""));
        self.pages.put("/full.xml", feed(&[("南关煤矿恢复生产", self.pages.url(path), "")]));
        let station = self.station();
        self.crawl(&station, "full");
        station
    }
}

/// The body of each exhibit, every digest checked.
fn bodies(station: &Station, exhibits: &[Exhibit]) -> Vec<String> {
    let body = |exhibit: &Exhibit| {
        let record = warc::read_at(&station.dir.evidence(), &exhibit.record.place).unwrap();
        String::from_utf8(record.http().unwrap().2.to_vec()).unwrap()
    };
    exhibits.iter().map(body).collect()
}

/// All bytes of the evidence folder, unpacked.
fn unpacked(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        for record in warc::Reader::open(&entry.unwrap().path()).unwrap() {
            all.extend(record.unwrap().block);
        }
    }
    all
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle.as_bytes())
}

#[test]
fn a_page_is_kept_as_served_and_marked_when_it_changes_goes_and_comes_back() {
    let bench = Bench::new();
    let (path, id) = ("/a/1.html", bench.id("/a/1.html"));
    let station = bench.with_article(path);
    let kept = || station.store.evidence(id).unwrap();
    assert_eq!(kept().len(), 1);
    assert_eq!((kept()[0].role, kept()[0].record.status), (Role::Page, 200));
    assert!(bodies(&station, &kept())[0].contains(FIRST));
    assert_eq!(station.store.marks(id).unwrap(), Marks::default());

    bench.later(TimeDelta::hours(1));
    bench.pages.put(path, article("南关煤矿恢复生产", &[FIRST], "<div class='ad'>广告二</div>"));
    bench.again(&station, path);
    assert_eq!(kept().len(), 1, "the same text is no new record");

    bench.later(TimeDelta::hours(1));
    let edited = bench.now();
    bench.pages.put(path, article("南关煤矿恢复生产", &[SECOND], ""));
    bench.again(&station, path);
    let bodies = bodies(&station, &kept());
    assert!(bodies[0].contains(FIRST) && bodies[1].contains(SECOND), "both readings are kept");
    assert_eq!(station.store.marks(id).unwrap(), Marks { edited: Some(edited), gone: None });
    the_versions_differ_line_by_line(&station, id);

    bench.later(TimeDelta::hours(1));
    let gone = bench.now();
    bench.pages.fail(path, 410);
    bench.again(&station, path);
    bench.later(TimeDelta::hours(1));
    bench.pages.fail(path, 404);
    bench.again(&station, path);
    assert_eq!(station.store.marks(id).unwrap().gone, Some(gone), "the first time stands");
    assert_eq!(kept().len(), 2);
    station.close().unwrap();
    shown_where_the_post_is(&bench, id);

    let station = bench.station();
    bench.pages.put(path, article("南关煤矿恢复生产", &[SECOND], ""));
    bench.again(&station, path);
    assert_eq!(station.store.marks(id).unwrap(), Marks { edited: Some(edited), gone: None });
    assert_eq!(station.store.evidence(id).unwrap().len(), 3, "that it came back is a record");
    station.close().unwrap();
}

fn the_versions_differ_line_by_line(station: &Station, id: PostId) {
    let clock = station.collector.clock.clone();
    let desk = Desk::new(station.config.clone(), station.store.clone(), clock);
    let who = Who::owner("王干事", pipelines::locale::Lang::Zh);
    let versions = desk.post(&who, &id.to_string(), None).unwrap().versions;
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(versions[0].diff.is_empty() && versions[0].at < versions[1].at);
    let said = |tag: &str| {
        let lines = versions[1].diff.iter().filter(|line| line.tag == tag);
        lines.map(|line| line.text.as_str()).collect::<String>()
    };
    assert!(said("gone").contains(FIRST) && said("new").contains(SECOND), "{versions:?}");
}

fn shown_where_the_post_is(bench: &Bench, id: PostId) {
    let shown = bench.lab.run(&["search", "停产整顿"]).good().out;
    assert!(shown.contains("edited (") && shown.contains("gone ("), "{shown}");
    let row = &bench.lab.run(&["search", "停产整顿", "--format", "jsonl"]).good().rows()[0];
    assert!(row["edited_at"].is_string() && row["gone_at"].is_string(), "{row}");
    let explained = bench.lab.run(&["explain", &id.to_string()]).good().out;
    assert!(
        explained.contains("gone (") && explained.contains("evidence: 2 records"),
        "{explained}"
    );
    // It names nobody whom config knows, so that no daily has it.
    bench.lab.run(&["digest", "--story", &id.to_string(), "--out", "digests"]).good();
    let digests = std::fs::read_dir(bench.lab.path().join("digests")).unwrap();
    let mut seen = 0;
    for path in digests.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|e| e == "md" || e == "html") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.contains("edited, seen") && text.contains("gone since"),
                "{}",
                path.display()
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn parts_of_one_article_and_items_of_one_feed_are_kept_as_they_came() {
    let bench = Bench::new();
    let next = "<div class='page'><a href='/a/2_2.html'>下一页</a></div>";
    bench.pages.put("/a/2.html", article("复产公告", &[FIRST], next));
    bench.pages.put("/a/2_2.html", article("复产公告", &[SECOND], ""));
    bench.pages.put("/full.xml", feed(&[("复产公告", bench.pages.url("/a/2.html"), "")]));
    let items = [("甲", bench.pages.url("/n/1"), FIRST), ("乙", bench.pages.url("/n/2"), SECOND)];
    bench.pages.put("/brief.xml", feed(&items));
    let station = bench.station();
    bench.crawl(&station, "full");
    bench.crawl(&station, "brief");
    let kept = |path: &str| station.store.evidence(bench.id(path)).unwrap();
    let roles = |path: &str| kept(path).iter().map(|e| e.role).collect::<Vec<_>>();
    assert_eq!(roles("/a/2.html"), [Role::Page, Role::Part]);
    let parts = bodies(&station, &kept("/a/2.html"));
    assert!(parts[0].contains(FIRST) && parts[1].contains(SECOND));
    assert_eq!(roles("/n/1"), [Role::Entry]);
    assert_eq!(kept("/n/1")[0].record, kept("/n/2")[0].record, "one record for the whole answer");

    bench.later(TimeDelta::hours(1));
    bench.crawl(&station, "brief");
    assert_eq!(kept("/n/1").len(), 1, "an answer that brings nothing new is not kept");
    let edited = [("甲", bench.pages.url("/n/1"), SECOND), ("乙", bench.pages.url("/n/2"), SECOND)];
    bench.pages.put("/brief.xml", feed(&edited));
    bench.crawl(&station, "brief");
    assert_eq!((kept("/n/1").len(), kept("/n/2").len()), (2, 1), "evidence of what changed only");
    assert!(station.store.marks(bench.id("/n/1")).unwrap().edited.is_some());
    station.close().unwrap();
}

#[test]
fn a_post_without_evidence_says_why() {
    let bench = Bench::new();
    bench.pages.put("/a/3.html", article("复产公告", &[FIRST], ""));
    bench.pages.put("/off.xml", feed(&[("复产公告", bench.pages.url("/a/3.html"), "")]));
    let station = bench.station();
    bench.crawl(&station, "off");
    station.close().unwrap();
    let said = |id: PostId| {
        let run = bench.lab.run(&["evidence", &id.to_string()]);
        assert_eq!(run.code, Some(1), "{}", run.err);
        run.err
    };
    assert!(said(bench.id("/a/3.html")).contains("evidence = false"));
    bench.lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟煤矿食堂的饭菜比以前好了\"}\n");
    bench.lab.run(&["import", "rows.jsonl", "--map", "id=id,text=text"]).good();
    let rows = bench.lab.run(&["search", "食堂", "--format", "jsonl"]).good().rows();
    let id = rows[0]["id"].as_str().unwrap().parse().unwrap();
    assert!(said(id).contains("came from a file"));
    assert_eq!(bench.lab.run(&["evidence", "ffffffffffffffff"]).code, Some(1));
}

#[test]
fn a_zip_verifies_and_any_flipped_byte_is_found() {
    let bench = Bench::new();
    let id = bench.id("/a/4.html");
    bench.with_article("/a/4.html").close().unwrap();
    let run = bench.lab.run(&["evidence", &id.to_string(), "--out", "e.zip"]).good();
    let zip = bench.lab.path().join("e.zip");
    let bytes = std::fs::read(&zip).unwrap();
    let checked = bench.lab.run(&["evidence", "verify", "e.zip"]).good();
    assert!(checked.out.contains("is sound"), "{}", checked.out);
    let sum = run.out.split("SHA-256 ").nth(1).unwrap().lines().next().unwrap();
    bench.lab.run(&["evidence", "verify", "e.zip", "--sha256", sum]).good();
    assert_eq!(bench.lab.run(&["evidence", &id.to_string(), "--out", "e.zip"]).code, Some(2));

    assert_eq!(verify(&bytes).findings, []);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert_ne!(verify(&flipped).findings, [], "byte {at} of {}", bytes.len());
    }
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert_ne!(verify(&bytes[..cut]).findings, [], "cut at {cut}");
    }
    for longer in [[&b"x"[..], &bytes].concat(), [&bytes, &b"x"[..]].concat()] {
        assert_ne!(verify(&longer).findings, [], "one byte more");
    }
    assert!(verify(b"no zip").findings.iter().any(|f| matches!(f, Finding::NoZip { .. })));

    let mut spoilt = bytes.clone();
    let place = bytes.windows(9).position(|w| w == "恢复生".as_bytes()).unwrap();
    spoilt[place] ^= 1;
    std::fs::write(&zip, spoilt).unwrap();
    let checked = bench.lab.run(&["evidence", "verify", "e.zip"]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.contains("NOT sound"), "{}", checked.out);
}

#[test]
fn changed_evidence_is_not_handed_out() {
    let bench = Bench::new();
    let id = bench.id("/a/5.html");
    let station = bench.with_article("/a/5.html");
    let place = station.store.evidence(id).unwrap()[0].record.place.clone();
    let file = station.dir.evidence().join(&place.file);
    station.close().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[place.offset as usize + 40] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let run = bench.lab.run(&["evidence", &id.to_string(), "--out", "e.zip"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains(&place.file) && !bench.lab.path().join("e.zip").exists(),
        "{}",
        run.err
    );
}

#[test]
fn a_torn_end_is_cut_and_orphans_go_with_the_next_purge() {
    let bench = Bench::new();
    let (id, path) = (bench.id("/a/6.html"), "/a/6.html");
    let station = bench.with_article(path);
    let dir = station.dir.evidence();
    let place = station.store.evidence(id).unwrap()[0].record.place.clone();
    station.close().unwrap();
    let file = dir.join(&place.file);
    let whole = std::fs::read(&file).unwrap();
    let record = &whole[place.offset as usize..][..place.length as usize];
    // A kill between record and row, and one within a record; and a file of nothing else.
    let orphan_and_torn = [&whole, record, &record[..record.len() / 2]].concat();
    std::fs::write(&file, orphan_and_torn).unwrap();
    std::fs::write(dir.join("guanlan-20200101000000-00000.warc.gz"), &record[..9]).unwrap();
    let station = bench.station();
    assert_eq!(
        std::fs::read(&file).unwrap(),
        [&whole, record].concat(),
        "only what is torn is cut"
    );
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    assert!(bodies(&station, &station.store.evidence(id).unwrap())[0].contains(FIRST));
    bench.later(TimeDelta::hours(1));
    bench.pages.put(path, article("南关煤矿恢复生产", &[SECOND], ""));
    bench.again(&station, path);
    let kept = station.store.evidence(id).unwrap();
    assert_ne!(kept[0].record.place.file, kept[1].record.place.file, "a restart begins a new file");
    let cleared = retention::clear(
        &station.shared().unwrap(),
        Cut { posts: None, evidence: Some(bench.now()), ..Cut::default() },
        bench.now(),
    )
    .unwrap();
    assert_eq!((cleared.evidence.records, cleared.evidence.files_removed), (1, 1));
    let all = unpacked(&dir);
    assert!(!contains(&all, FIRST) && contains(&all, SECOND));
    assert_eq!(station.store.evidence(id).unwrap().len(), 1);
    station.close().unwrap();
}

#[test]
fn what_is_past_its_date_is_found_nowhere() {
    let bench = Bench::new();
    let station = bench.with_article("/a/7.html");
    bench.later(TimeDelta::minutes(5));
    let middle = bench.now();
    bench.later(TimeDelta::minutes(5));
    bench.pages.put("/a/8.html", article("停产整顿", &[SECOND], ""));
    let both = [
        ("南关煤矿恢复生产", bench.pages.url("/a/7.html"), ""),
        ("停产整顿", bench.pages.url("/a/8.html"), ""),
    ];
    bench.pages.put("/full.xml", feed(&both));
    bench.crawl(&station, "full");
    let kept = |path: &str| station.store.evidence(bench.id(path)).unwrap();
    assert_eq!(kept("/a/7.html")[0].record.place.file, kept("/a/8.html")[0].record.place.file);
    let dir = station.dir.evidence();
    assert!(contains(&unpacked(&dir), FIRST));

    let cut = Cut { posts: None, evidence: Some(middle), ..Cut::default() };
    let cleared = retention::clear(&station.shared().unwrap(), cut, bench.now()).unwrap();
    assert_eq!((cleared.evidence.records, cleared.evidence.files_rewritten), (1, 1));
    let all = unpacked(&dir);
    assert!(!contains(&all, FIRST), "the rewritten file holds what had to go");
    assert_eq!(kept("/a/7.html"), []);
    assert!(bodies(&station, &kept("/a/8.html"))[0].contains(SECOND), "what stays is moved whole");
    let idle = retention::clear(&station.shared().unwrap(), cut, bench.now()).unwrap();
    assert_eq!(idle.evidence.records + idle.evidence.files_rewritten, 0);

    bench.again(&station, "/a/7.html");
    assert_eq!(
        kept("/a/7.html").len(),
        1,
        "a post without a record gets one when it is read again"
    );
    // Both articles name the same day; with their posts the last records go, whatever their own date.
    let posts = Cut { posts: Some(bench.now()), evidence: None, ..Cut::default() };
    let cleared = retention::clear(&station.shared().unwrap(), posts, bench.now()).unwrap();
    assert_eq!((cleared.posts, cleared.evidence.records), (2, 2));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
    station.close().unwrap();
    let mut data = std::fs::read(bench.lab.data().join("guanlan.db")).unwrap();
    data.extend(std::fs::read(bench.lab.data().join("guanlan.db-wal")).unwrap_or_default());
    assert!(!contains(&data, "驻矿督导") && !contains(&data, "停产整顿"), "free pages are wiped");
}

#[test]
fn the_command_purges_evidence_and_counts_it() {
    let bench = Bench::new();
    bench.with_article("/a/9.html").close().unwrap();
    let day = (Utc::now() + TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let out = bench.lab.run(&["purge", "--before", &day]).good().out;
    assert!(out.contains("1 post ") && out.contains("1 evidence record "), "{out}");
    assert_eq!(std::fs::read_dir(bench.lab.data().join("evidence")).unwrap().count(), 0);
}

#[test]
fn the_folder_is_its_owners_alone_and_each_look_is_audited() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let id = bench.id("/a/10.html");
    bench.with_article("/a/10.html").close().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let dir = bench.lab.data().join("evidence");
    assert_eq!(mode(&dir), 0o700);
    for entry in std::fs::read_dir(&dir).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    bench.lab.run(&["evidence", &id.to_string(), "--out", "e.zip"]).good();
    assert_eq!(mode(&bench.lab.path().join("e.zip")), 0o600);
    let db = rusqlite::Connection::open(bench.lab.data().join("guanlan.db")).unwrap();
    let line: (String, String) = db
        .query_row("SELECT object, detail FROM audit WHERE action = 'evidence'", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    assert_eq!(line.0, id.to_string());
    let sum = verify(&std::fs::read(bench.lab.path().join("e.zip")).unwrap()).sha256;
    assert!(line.1.contains(&sum), "{}", line.1);
}
