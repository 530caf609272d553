//! The console as a browser meets it: every room in both languages, who is let in, forms, hostile input, a
//! broken index.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use chrono::Utc;
use guanlan::config::{Config, Overrides};
use guanlan::desk::Desk;
use guanlan::desk::seat::Seat;
use guanlan::engine::system_clock;
use guanlan::serve::{Entry, Key, listen};
use guanlan::store::{SqliteStore, Store};
use tokio::sync::oneshot;

use crate::lab::Lab;

/// A console on the demo's station, after one round.
pub struct Served {
    pub lab: Lab,
    pub desk: Arc<Desk>,
    pub address: SocketAddr,
    pub entry: Entry,
    pub cookie: String,
    _stop: oneshot::Sender<()>,
    _runtime: tokio::runtime::Runtime,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The name and value of the cookie it sets, and all that is said of it.
    #[track_caller]
    pub fn cookie(&self) -> (String, String) {
        let line = self.head.lines().find_map(|l| l.strip_prefix("set-cookie: "));
        let line = line.unwrap_or_else(|| panic!("no cookie: {} {}", self.head, self.body));
        (line.split(';').next().unwrap().to_owned(), line.to_owned())
    }
}

impl Served {
    pub fn new() -> Self {
        Self::with(|_| {}, |_| {}).entered()
    }

    /// The same, once whoever owns the machine has come in.
    pub fn entered(self) -> Self {
        let mut served = self;
        let Entry::Key(entry) = &served.entry else { panic!("{:?}", served.entry) };
        let path = entry.split_once(&served.address.to_string()).unwrap().1.to_owned();
        let entered = served.get(&path);
        assert_eq!(entered.status, 303, "{}", entered.body);
        let (cookie, whole) = entered.cookie();
        assert!(whole.contains("HttpOnly") && whole.contains("SameSite=Lax"), "{whole}");
        served.cookie = cookie;
        served
    }

    /// One with another config, and people who were there before it opened; nobody has come in yet.
    pub fn with(change: impl FnOnce(&mut Config), people: impl FnOnce(&Desk)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let site = runtime.block_on(guanlan::demo::serve_at(Utc::now())).unwrap();
        let lab = Lab::new();
        for (path, mut text) in guanlan::demo::config_files(&site.addresses, &lab.data()) {
            // What is judged is not what is looked at here.
            if path.ends_with("guanlan.toml") {
                text += "\n[judge]\ndepth = \"fast\"\n";
            }
            lab.write(path, &text);
        }
        let data = lab.data();
        lab.run(&["--data-dir", data.to_str().unwrap(), "--quiet", "crawl"]);
        let mut config = Config::load(Some(&data), &Overrides::default())
            .unwrap_or_else(|problems| panic!("{}", problems.render(pipelines::locale::Lang::En)));
        config.station.listen = "127.0.0.1:0".parse().unwrap();
        change(&mut config);
        let place = config.station.clone();
        let store = SqliteStore::open(&data.join("guanlan.db")).unwrap();
        let seat =
            Arc::new(Seat::new(Desk::new(Arc::new(config), Arc::new(store), system_clock())));
        let desk = seat.desk();
        let key = Key::of(&data.join("console.key")).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let listening = runtime.block_on(listen(&place)).unwrap();
        let address = listening.address();
        people(&desk);
        let entry = listening.entry(&key, &desk).unwrap();
        runtime.spawn(listening.serve(seat, key, async move {
            // Ends with the sender.
            let _ = stopped.await;
        }));
        let cookie = String::new();
        Self { lab, desk, address, entry, cookie, _stop: stop, _runtime: runtime }
    }

    pub fn ask(&self, method: &str, path: &str, heads: &[(&str, &str)], body: &str) -> Answer {
        self.ask_with_body(method, path, heads, (method == "POST").then_some(body))
    }

    pub fn ask_with_body(
        &self,
        method: &str,
        path: &str,
        heads: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let has = |name: &str| heads.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !has("host") {
            text += &format!("Host: {}\r\n", self.address);
        }
        if !has("cookie") && !self.cookie.is_empty() {
            text += &format!("Cookie: {}\r\n", self.cookie);
        }
        for (name, value) in heads {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            if !has("content-type") {
                text += "Content-Type: application/x-www-form-urlencoded\r\n";
            }
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        let body = body.unwrap_or_default();
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&bytes[..end]).replace("\r\n", "\n");
        let bytes = bytes[end + 4..].to_vec();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    #[track_caller]
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let body = fields.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect::<Vec<_>>();
        self.ask("POST", path, &[], &body.join("&"))
    }

    /// What forms of our own pages carry.
    pub fn mark(&self) -> String {
        between(&self.page("/alerts"), "name=\"mark\" value=\"", "\"").to_owned()
    }

    pub fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.lab.data().join("guanlan.db")).unwrap()
    }
}

#[track_caller]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

/// `工资`, as an address carries it.
const PAY: &str = "%E5%B7%A5%E8%B5%84";

#[test]
fn every_room_is_shown_in_both_languages_and_names_nothing_elsewhere() {
    let served = Served::new();
    let found = served.page(&format!("/search?q={PAY}"));
    assert!(found.contains("<mark>工资</mark>"), "{found}");
    let post = format!("/post/{}", between(&found, "href=\"/post/", "?"));
    let sheet = served.page(&post);
    let story = format!("/story/{}", between(&sheet, "href=\"/story/", "\""));
    let alert = format!("/alerts/{}", between(&served.page("/alerts"), "href=\"/alerts/", "\""));
    let search = format!("/search?q={PAY}&sort=risk&posts=true");
    let rehearsal = format!("/rules?q={PAY}&days=30");
    let rooms = [
        "/",
        "/search",
        &search,
        &post,
        &story,
        "/alerts",
        "/alerts?state=closed",
        &alert,
        "/rules",
        &rehearsal,
        "/rules?rule=pay",
        "/sources",
        "/digests",
        "/deliveries",
        "/deliveries?state=sent",
        "/station",
    ];
    for lang in ["zh", "en"] {
        let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
        for room in rooms {
            let answer = served.ask("GET", room, &[("Cookie", &cookie)], "");
            let page = &answer.body;
            assert_eq!(answer.status, 200, "{room}: {page}");
            let said = if lang == "zh" { "lang=\"zh-CN\"" } else { "lang=\"en\"" };
            assert!(page.contains(said), "{room}");
            assert!(page.len() < 100 * 1024, "{room} has {} bytes", page.len());
            for key in ["serve.", "desk.kind", "record.", "cli."] {
                let shown = page.split(['<', '>']).any(|text| text.starts_with(key));
                assert!(!shown, "{room} shows the name of a text: {key}");
            }
            assert!(!page.contains("<style") && !page.contains(" style="), "{room}");
            assert!(!page.contains("<script>") && !page.contains(" onclick="), "{room}");
            // What a browser would load by itself comes from here.
            for from in page.split(" src=\"").skip(1) {
                assert!(from.starts_with("/assets/"), "{room}: {}", &from[..40.min(from.len())]);
            }
        }
    }
}

#[test]
fn nobody_comes_in_without_the_key_or_under_another_name() {
    let served = Served::new();
    let plain = [("Cookie", "none=1")];
    for room in ["/", "/search?q=x", "/alerts", "/digests", "/pulse"] {
        let answer = served.ask("GET", room, &plain, "");
        assert_eq!(answer.status, 401, "{room}");
        assert!(!answer.body.contains("/alerts\""), "{room} shows rooms");
    }
    assert_eq!(served.ask("GET", "/enter?key=0000", &plain, "").status, 401);
    let forged = served.cookie.replace('=', "=0");
    assert_eq!(served.ask("GET", "/", &[("Cookie", &forged)], "").status, 401);
    for host in ["evil.example", "evil.example:80", "127.0.0.1", ""] {
        assert_eq!(served.ask("GET", "/", &[("Host", host)], "").status, 421, "{host}");
    }
    let head = served.get("/").head;
    for policy in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "nosniff",
        "no-store",
        "referrer-policy: same-origin",
    ] {
        assert!(head.contains(policy), "{policy} is missing: {head}");
    }
}

#[test]
fn forms_from_elsewhere_are_not_taken_and_nothing_leads_away() {
    let served = Served::new();
    let mark = served.mark();
    let body = format!("mark={mark}&state=closed&to=/alerts");
    for (name, value) in [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let answer = served.ask("POST", "/alerts/1/state", &[(name, value)], &body);
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    for mark in ["", "00", &served.cookie] {
        for path in
            ["/alerts/1/state", "/post/00/label", "/post/00/evidence", "/export", "/digests"]
        {
            assert_eq!(served.post(path, &[("mark", mark)]).status, 403, "{path}");
        }
    }
    let first = served.store().alerts(&guanlan::store::PostRange::default(), 1).unwrap();
    assert_eq!(first[0].alert.state.as_str(), "open");
    for to in ["https://evil.example/", "//evil.example", "/%5Cevil.example"] {
        let head = served.get(&format!("/lang/en?to={to}")).head;
        assert!(head.contains("location: /\n") || head.ends_with("location: /"), "{to}: {head}");
    }
}

#[test]
fn hostile_input_comes_back_as_text() {
    let served = Served::new();
    let attack = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in
        ["/search?q=", "/rules?q=", "/post/", "/story/", "/alerts/", "/digests/", "/alerts?state="]
    {
        let answer = served.get(&format!("{path}{attack}"));
        assert!(!answer.body.contains("<script>alert"), "{path}: {}", answer.body);
        assert!(answer.status < 500, "{path}: {}", answer.status);
    }
    for path in [
        "/digests/..%2Fguanlan.db",
        "/digests/%2e%2e%2fconsole.key",
        "/assets/..%2F..%2FCargo.toml",
    ] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    let unread = served.get("/search?q=(%E5%B7%A5%E8%B5%84");
    assert_eq!(unread.status, 400);
    assert!(unread.body.contains("value=\"(工资\""), "what was typed is gone: {}", unread.body);
    assert!(unread.body.contains("class=\"fault\""), "{}", unread.body);
}

#[test]
fn acts_are_done_once_and_stand_in_the_audit_with_a_name() {
    let served = Served::new();
    let mark = served.mark();
    let alert = between(&served.page("/alerts"), "href=\"/alerts/", "\"").to_owned();
    let path = format!("/alerts/{alert}/state");
    let fields = [("mark", mark.as_str()), ("state", "acknowledged"), ("to", "/alerts")];
    let answer = served.post(&path, &fields);
    assert_eq!(answer.status, 303, "{}", answer.body);
    let sheet = served.page(&format!("/alerts/{alert}"));
    assert!(sheet.contains("acknowledged by console"), "{sheet}");

    let found = served.page(&format!("/search?q={PAY}"));
    let post = between(&found, "href=\"/post/", "?").to_owned();
    let fields = [("mark", mark.as_str()), ("polarity", "negative"), ("to", "/")];
    assert_eq!(served.post(&format!("/post/{post}/label"), &fields).status, 303);
    let audits = served.store().audits("label", &post, 10).unwrap();
    assert_eq!(audits.len(), 1);
    assert!(audits[0].detail.ends_with("-> negative by console"), "{}", audits[0].detail);
    assert!(served.page(&format!("/post/{post}")).contains("class=\"note\""));

    let zip = served.post(&format!("/post/{post}/evidence"), &[("mark", &mark)]);
    assert_eq!(zip.status, 200, "{}", zip.body);
    assert_eq!(guanlan::evidence::verify(&zip.bytes).findings, []);
    let csv = served.post("/export", &[("mark", &mark), ("q", "工资"), ("form", "csv")]);
    assert!(csv.bytes.starts_with("\u{feff}".as_bytes()), "{}", csv.head);
    assert_eq!(served.store().audits("export", "工资", 10).unwrap().len(), 1);
    let written = served.post("/digests", &[("mark", &mark), ("period", "day"), ("last", "")]);
    assert_eq!(written.status, 303, "{}", written.body);
    let name = between(&served.page("/digests"), "href=\"/digests/", "\"").to_owned();
    assert_eq!(served.get(&format!("/digests/{name}")).status, 200);
    let page = format!("/digests/{}.html", name.rsplit_once('.').unwrap().0);
    let head = served.get(&page).head;
    // Its style stands in it and is to be seen; everything else stays forbidden.
    assert!(head.contains("default-src 'none'; style-src 'unsafe-inline'"), "{head}");
    assert!(head.contains("nosniff") && !head.contains("script-src"), "{head}");
    let wrong = served.post("/digests", &[("mark", &mark), ("period", "day"), ("last", "soon")]);
    assert_eq!(wrong.status, 400);
}

#[test]
fn a_false_alarm_teaches_its_rule() {
    let served = Served::new();
    let mark = served.mark();
    let rules = served.lab.data().join("rules");
    let texts = || -> String {
        let mut files =
            std::fs::read_dir(&rules).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    };
    let before = texts().matches("hit = false").count();
    let alerts = served.page("/alerts?state=open");
    let alert = between(&alerts, "href=\"/alerts/", "\"").to_owned();
    let fields = [("mark", mark.as_str()), ("state", "false_alarm"), ("to", "/alerts")];
    let answer = served.post(&format!("/alerts/{alert}/state"), &fields);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(texts().matches("hit = false").count(), before + 1);
    assert!(served.page(&format!("/alerts/{alert}")).contains("state-closed"));
}

#[test]
fn a_broken_index_is_never_an_empty_answer() {
    let served = Served::new();
    std::fs::remove_dir_all(served.lab.data().join("index")).unwrap();
    let answer = served.get(&format!("/search?q={PAY}"));
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(served.get("/sources").status, 200, "what still works is shown");
}
