//! The console with people: coming in, roles through its pages, forms, what hostile browsers try, TLS and proxies.

use guanlan::desk::corrections::Wanted;
use guanlan::desk::{Act, Desk, Role, Who};
use guanlan::serve::Entry;
use guanlan::store::ReadPeople as _;
use pipelines::locale::Lang;

use crate::console::{Answer, Served, between};

const GOOD: &str = "a phrase that nobody guesses";

fn owner() -> Who {
    Who::owner("owner", Lang::En)
}

/// One person of each role, named after it.
fn everybody(desk: &Desk) {
    desk.add_person(&owner(), "administrator", Role::Administrator, &[], GOOD).unwrap();
    for role in Role::ALL.into_iter().skip(1) {
        desk.add_person(&owner(), role.as_str(), role, &[], GOOD).unwrap();
    }
}

impl Served {
    fn with_people() -> Self {
        Self::with(|_| {}, everybody)
    }

    fn log_in(&self, name: &str, password: &str, to: &str) -> Answer {
        self.post("/login", &[("name", name), ("password", password), ("to", to)])
    }

    fn come_in(&mut self, name: &str) {
        self.cookie = String::new();
        self.cookie = self.log_in(name, GOOD, "/").cookie().0;
    }

    /// Where an answer sends to.
    fn sent_to(answer: &Answer) -> &str {
        answer.head.lines().find_map(|l| l.strip_prefix("location: ")).unwrap_or_default()
    }

    fn own_mark(&self) -> String {
        between(&self.page("/account"), "name=\"mark\" value=\"", "\"").to_owned()
    }
}

#[test]
fn a_login_opens_the_console_and_a_logout_closes_it() {
    let mut served = Served::with_people();
    assert!(matches!(served.entry, Entry::Login(_)), "{:?}", served.entry);
    let sent = served.get("/search?q=x");
    assert_eq!(sent.status, 303);
    assert_eq!(Served::sent_to(&sent), "/login?to=%2Fsearch%3Fq%3Dx");
    assert_eq!(served.get("/pulse").status, 401);
    let login = served.page("/login?to=/search");
    assert!(!login.contains("href=\"&#x2f;alerts\""), "rooms are shown before the login");
    let wrong = served.log_in("officer", "wrong-password-typed", "/search");
    assert_eq!(wrong.status, 403);
    assert!(wrong.body.contains("value=\"officer\"") && !wrong.body.contains("wrong-password"));
    // The same words for a name that is not there.
    let other = served.log_in("nobody", GOOD, "/search");
    assert_eq!(wrong.body.replace("officer", "nobody"), other.body);

    // A cookie that somebody planted is not taken over: the session has a secret of its own.
    let name = format!("guanlan-session-{}", served.address.port());
    served.cookie = format!("{name}={}", "0".repeat(64));
    let right = served.log_in("officer", GOOD, "/search");
    assert_eq!(right.status, 303, "{}", right.body);
    assert_eq!(Served::sent_to(&right), "/search");
    let (cookie, whole) = right.cookie();
    assert_ne!(cookie, served.cookie);
    for said in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(whole.contains(said), "{whole}");
    }
    assert!(!whole.contains("Domain") && !whole.contains("Max-Age"), "{whole}");
    assert_eq!(served.get("/").status, 303, "the planted cookie opens nothing");
    served.cookie = cookie;
    let page = served.page("/");
    assert!(page.contains("officer") && page.contains("href=\"&#x2f;alerts\""), "{page}");
    assert!(!page.contains("href=\"&#x2f;people\"") && !page.contains("href=\"&#x2f;audit\""));

    let mark = served.own_mark();
    assert_eq!(served.post("/logout", &[("mark", "00")]).status, 403);
    let out = served.post("/logout", &[("mark", &mark)]);
    assert_eq!(out.status, 303);
    assert!(out.cookie().1.contains("Max-Age=0"));
    assert_eq!(served.get("/").status, 303, "the old cookie is good for nothing");
    // Nor is the key of a station without people.
    let key = std::fs::read_to_string(served.lab.data().join("console.key")).unwrap();
    let entered = served.get(&format!("/enter?key={}", key.trim()));
    assert!(!entered.head.contains("set-cookie"), "{}", entered.head);
}

#[test]
fn what_was_typed_into_a_form_whose_session_ended_is_kept() {
    let mut served = Served::with_people();
    served.come_in("administrator");
    let mark = served.own_mark();
    let session = served.desk.sessions(&owner(), None).unwrap().remove(0);
    served.desk.end_session(&owner(), &session.id).unwrap();
    let fields = [
        ("mark", mark.as_str()),
        ("what", "add"),
        ("name", "张三"),
        ("role", "leader"),
        ("password", "not to be shown again"),
    ];
    let kept = served.post("/people", &fields);
    assert_eq!(kept.status, 401, "{}", kept.body);
    assert!(!kept.body.contains("not to be shown") && !kept.body.contains(&mark), "{}", kept.body);
    let typed = between(&kept.body, "name=\"kept\" value=\"", "\"").replace("&amp;", "&");
    let back = [("name", "administrator"), ("password", GOOD), ("to", "/people"), ("kept", &typed)];
    let again = served.post("/login", &back);
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(
        again.body.contains("value=\"张三\"") && again.body.contains("action=\"&#x2f;people\"")
    );
    assert_eq!(served.desk.people(&owner()).unwrap().len(), 5, "nothing is done by itself");
    served.cookie = again.cookie().0;
    let mark = between(&again.body, "name=\"mark\" value=\"", "\"").to_owned();
    let fields = [("mark", mark.as_str()), ("what", "add"), ("name", "张三"), ("role", "leader")];
    let made = served.post("/people", &fields);
    assert_eq!(made.status, 200, "{}", made.body);
    let password = between(&made.body, "<pre class=\"fault\" tabindex=\"0\">", "<").to_owned();
    assert_eq!(served.log_in("张三", &password, "/").status, 303);
    // A kept form leads nowhere else, and holds no markup.
    let evil =
        [("to", "https://evil.example/"), ("kept", "a=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")];
    let mut fields = vec![("name", "administrator"), ("password", GOOD)];
    fields.extend(evil);
    let again = served.post("/login", &fields);
    assert!(
        again.body.contains("action=\"&#x2f;\"") && !again.body.contains("<script>alert"),
        "{}",
        again.body
    );
}

/// The request by which a browser does `act`, on things that are not there where it changes something.
fn request(served: &Served, act: Act, mark: &str) -> Answer {
    let form = |path: &str, fields: &[(&str, &str)]| {
        let mut all = vec![("mark", mark)];
        all.extend(fields);
        served.post(path, &all)
    };
    match act {
        Act::SeeToday => served.get("/pulse"),
        Act::Search => served.get("/search?q=x"),
        Act::KeepSearch => form("/saved", &[("q", "x"), ("name", "x"), ("audience", "private")]),
        Act::ShareSearch => form("/saved", &[("q", "x"), ("name", "x"), ("audience", "all")]),
        Act::SeePost => served.get("/post/zz"),
        Act::SeeStory => served.get("/story/zz"),
        Act::SeeAlerts => served.get("/alerts"),
        Act::SeeRules => served.get("/rules"),
        Act::SeeConfig => served.get("/entries"),
        Act::EditConfig => form("/entry/rule/none", &[("act", "drop")]),
        Act::Rehearse => served.get("/rules?q=x"),
        Act::SeeSources => served.get("/sources"),
        Act::RunSource => form("/sources/none/run", &[]),
        Act::SeeDeliveries => served.get("/deliveries"),
        Act::Resend => form("/deliveries/resend", &[]),
        Act::SendTest => form("/deliveries/test", &[("way", "none")]),
        Act::SeeStation => served.get("/station"),
        Act::SeeDigests => served.get("/digests"),
        Act::Correct => form("/post/zz/label", &[("polarity", "neutral")]),
        Act::GroupStories => form("/story/zz/merge", &[("into", "yy")]),
        Act::MoveAlert => form("/alerts/999/state", &[("state", "closed")]),
        Act::FalseAlarm => form("/alerts/999/state", &[("state", "false_alarm")]),
        Act::ApproveDigest => form("/digests/none/word", &[("word", "approve")]),
        Act::WriteDigest => form("/digests", &[("period", "day")]),
        Act::Export => form("/export", &[("q", "x"), ("form", "csv")]),
        Act::HandEvidence => form("/post/zz/evidence", &[]),
        Act::SeePeople => served.get("/people"),
        Act::ManagePeople => form("/people", &[("what", "disable"), ("name", "nobody")]),
        Act::SeeAudit => served.get("/audit"),
        Act::SeeCases => served.get("/cases"),
        Act::OpenCase => form("/cases/new", &[("origin", "hand")]),
        Act::DirectCase => form("/cases/none/step", &[("step", "accept")]),
        Act::HandleCase => form("/cases/none/step", &[("step", "sign")]),
        Act::ApproveCase => form("/cases/none/step", &[("step", "approve")]),
        Act::ExportCases => form("/cases/ledger", &[("form", "csv")]),
        Act::SeeAnswers => served.get("/answers"),
        Act::WriteAnswer => form("/answers/new", &[("kind", "statement")]),
        Act::ApproveAnswer => form("/answers/999", &[("act", "approve"), ("version", "1")]),
        Act::SeeDuty => served.get("/duty"),
        Act::OwnAccount => form("/account/password", &[("old", "x"), ("new", "y"), ("again", "z")]),
    }
}

#[test]
fn the_table_of_acts_and_roles_holds_in_the_console() {
    let mut served = Served::with_people();
    for role in Role::ALL {
        served.come_in(role.as_str());
        let mark = served.own_mark();
        for (act, changes, roles) in Act::TABLE {
            let answer = request(&served, act, &mark);
            assert!(answer.status < 500, "{act:?} by {role:?}: {}", answer.body);
            let is_refused = answer.status == 403;
            assert_eq!(!is_refused, roles.contains(&role), "{act:?} by {role:?}: {}", answer.body);
            if changes {
                // Without the mark of this session nothing is looked at.
                let unmarked = request(&served, act, &"0".repeat(64));
                assert_eq!(unmarked.status, 403, "{act:?} without a mark");
            }
        }
    }
    let lines = served.desk.audit(&owner(), &Default::default()).unwrap().lines;
    let by = |action: &str, name: &str| {
        lines.iter().any(|l| l.action == action && l.who.as_deref() == Some(name))
    };
    for name in ["administrator", "officer"] {
        assert!(by("export", name) && by("digest", name) && by("login", name), "{name}");
    }
    for name in ["leader", "auditor", "commentator"] {
        assert!(!by("export", name) && by("login", name), "{name}");
    }
    served.come_in("auditor");
    let audit = served.page("/audit?name=officer&action=export");
    assert!(audit.contains("by officer") && !audit.contains("by administrator"), "{audit}");
    assert!(served.page("/audit?day=2001-01-01").contains("class=\"empty\""));
    assert_eq!(served.get("/audit?day=soon").status, 400);
    assert!(served.page("/people").contains("disabled title="), "what is not theirs is shown so");
}

#[test]
#[allow(clippy::too_many_lines, reason = "one visit told from beginning to end")]
fn hostile_browsers_get_nothing() {
    let mut served = Served::with_people();
    // Where a login leads to is a path of ours, and one line of the answer.
    for to in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1"]
    {
        let answer = served.log_in("leader", GOOD, to);
        assert_eq!(Served::sent_to(&answer), "/", "{to:?}: {}", answer.head);
        assert_eq!(answer.head.matches("set-cookie").count(), 1, "{to:?}: {}", answer.head);
    }
    // A login from elsewhere (so that an officer works under another's name) is not taken.
    let body = format!("name=leader&password={}", GOOD.replace(' ', "+"));
    for (name, value) in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(served.ask("POST", "/login", &[(name, value)], &body).status, 403, "{name}");
    }
    served.come_in("administrator");
    let mark = served.own_mark();
    let other = served.cookie.clone();
    served.come_in("administrator");
    let stolen = [("mark", mark.as_str()), ("what", "disable"), ("name", "leader")];
    assert_eq!(served.post("/people", &stolen).status, 403, "the mark of another session");
    served.cookie = other;
    let add = |name: &str| {
        served.post(
            "/people",
            &[("mark", &mark), ("what", "add"), ("name", name), ("role", "leader")],
        )
    };
    for name in ["<script>alert(1)</script>", "a\r\nSet-Cookie: x=1", "../../etc", "a b"] {
        let answer = add(name);
        assert_eq!(answer.status, 400, "{name:?}");
        assert!(
            !answer.body.contains("<script>alert") && !answer.head.contains("Set-Cookie: x"),
            "{name:?}"
        );
    }
    let label = "<img src=x onerror=alert(1)>";
    let fields = [
        ("mark", mark.as_str()),
        ("what", "token"),
        ("name", "leader"),
        ("label", label),
        ("scope", "read"),
        ("days", "7"),
    ];
    assert_eq!(served.post("/people", &fields).status, 200);
    let page = served.page("/people");
    assert!(page.contains("&lt;img src=x") && !page.contains("<img src=x"), "{page}");
    assert!(!page.contains("gl_"), "a secret is shown once");
    for path in [
        "/audit?name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/login?to=%22%3E%3Cscript%3Ealert(1)",
    ] {
        assert!(!served.get(path).body.contains("<script>alert"), "{path}");
    }
    let head = served.get("/people").head;
    for said in [
        "frame-ancestors 'none'",
        "x-frame-options: DENY",
        "no-store",
        "nosniff",
        "form-action 'self'",
    ] {
        assert!(head.contains(said), "{said} is missing: {head}");
    }
    assert!(!head.contains("strict-transport"), "not by plain HTTP: {head}");
}

#[test]
fn markup_in_posts_and_sources_stays_text() {
    let served = Served::with(|_| {}, everybody);
    let attack = "<script>alert(1)</script>";
    let row = serde_json::json!({"id": "x1", "title": format!("{attack}工资标题"), "text": format!("{attack} 拖欠工资 \"><img src=x onerror=alert(1)> 四个月没有发")});
    served.lab.write("rows.jsonl", &row.to_string());
    let data = served.lab.data();
    let import = [
        "--data-dir",
        data.to_str().unwrap(),
        "import",
        "rows.jsonl",
        "--map",
        "id=id,title=title,text=text",
        "--source",
        attack,
    ];
    let run = served.lab.run(&import);
    let source = if run.code == Some(0) { attack } else { "import" };
    if source == "import" {
        served.lab.run(&import[..6]).good();
    }
    let mut served = served;
    served.come_in("officer");
    for path in ["/search?q=%E6%8B%96%E6%AC%A0%E5%B7%A5%E8%B5%84&posts=true", "/", "/sources"] {
        let page = served.page(path);
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}: {page}");
    }
    let found = served.page("/search?q=%E5%B7%A5%E8%B5%84%E6%A0%87%E9%A2%98");
    assert!(found.contains("&lt;script&gt;"), "{found}");
    let post = format!("/post/{}", between(&found, "href=\"/post/", "?"));
    let sheet = served.page(&post);
    assert!(sheet.contains("&lt;script&gt;") && !sheet.contains("<script>alert"), "{sheet}");
}

#[test]
fn behind_a_named_proxy_it_is_https_with_a_login_from_the_first() {
    let mut served = Served::with(
        |config| {
            config.station.proxy = "127.0.0.1".to_owned();
            config.station.public_url = "https://guanlan.example".to_owned();
        },
        |_| {},
    );
    let Entry::First(first) = served.entry.clone() else { panic!("{:?}", served.entry) };
    let path = first.strip_prefix("https://guanlan.example").unwrap().to_owned();
    let host = [("Host", "guanlan.example"), ("X-Forwarded-For", "203.0.113.9")];
    assert_eq!(served.get("/login").status, 421, "under another name");
    let page = served.ask("GET", &path, &host, "");
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.head.contains("strict-transport-security"), "{}", page.head);
    let key = between(&page.body, "name=\"key\" value=\"", "\"").to_owned();
    let secret = GOOD.replace(' ', "+");
    let body = |key: &str, password: &str| format!("key={key}&name=admin&password={password}");
    assert_eq!(served.ask("POST", "/first", &host, &body("00", &secret)).status, 403);
    assert_eq!(served.ask("POST", "/first", &host, &body(&key, "short")).status, 400);
    assert_eq!(served.ask("POST", "/first", &host, &body(&key, &secret)).status, 303);
    assert_eq!(served.ask("POST", "/first", &host, &body(&key, &secret)).status, 403, "twice");
    let login = format!("name=admin&password={secret}");
    let (cookie, whole) = served.ask("POST", "/login", &host, &login).cookie();
    assert!(whole.starts_with("__Host-guanlan=") && whole.contains("; Secure"), "{whole}");
    served.cookie = cookie;
    assert_eq!(served.ask("GET", "/", &host, "").status, 200);
    let session = served.store().sessions(Some("admin")).unwrap().remove(0);
    assert_eq!(session.address, "203.0.113.9", "the proxy's word on who asks");
    let foreign = [("Host", "guanlan.example"), ("Origin", "http://guanlan.example")];
    assert_eq!(served.ask("POST", "/logout", &foreign, "mark=0").status, 403, "not by https");
}

/// Base64 in lines, as certificates are written.
fn pem(kind: &str, der: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in der.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(sign) } else { '=' });
        }
        if text.len() % 65 == 64 {
            text.push('\n');
        }
    }
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", text.trim_end())
}

#[test]
fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, pem("CERTIFICATE", include_bytes!("../site/self-signed.cert.der")))
        .unwrap();
    std::fs::write(&key, pem("PRIVATE KEY", include_bytes!("../site/self-signed.key.der")))
        .unwrap();
    let served = Served::with(
        |config| (config.station.tls_cert, config.station.tls_key) = (cert.clone(), key.clone()),
        everybody,
    );
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let client =
            reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        client.get(format!("https://{}/login", served.address)).send().await.unwrap()
    });
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    let plain = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| served.get("/login")));
    assert!(plain.is_err(), "plain HTTP is no handshake");
}

#[test]
fn topics_and_subjects_are_put_right_by_those_who_may_and_nobody_loses_her_way() {
    let people = |desk: &Desk| {
        everybody(desk);
        let units = ["transport".into()];
        desk.add_person(&owner(), "bound", Role::Officer, &units, GOOD).unwrap();
    };
    let mut served = Served::with(|config| config.people.own_units_only = true, people);
    let path = |served: &Served| {
        let found = served.page("/search?q=subject:transport&posts=true");
        format!("/post/{}", between(&found, "href=\"/post/", "?"))
    };
    for role in ["leader", "auditor", "commentator"] {
        served.come_in(role);
        let (post, mark) = (path(&served), served.own_mark());
        let page = served.page(&post);
        let form = between(&page, "<select id=\"topic\"", "</form>");
        assert!(form.contains("<button disabled") && !form.contains("<button>"), "{role}: {form}");
        for said in [("topic", "+discipline"), ("subject", "-transport")] {
            let answer = served.post(&format!("{post}/label"), &[("mark", &mark), said]);
            assert_eq!(answer.status, 403, "{role}: {}", answer.body);
        }
    }
    served.come_in("bound");
    let (post, mark) = (path(&served), served.own_mark());
    let said = [("mark", mark.as_str()), ("subject", "-transport"), ("to", &post)];
    let answer = served.post(&format!("{post}/label"), &said);
    assert_eq!((answer.status, Served::sent_to(&answer)), (303, "/"), "{}", answer.body);
    assert_eq!(served.get(&post).status, 404, "it is about none of hers");
}

#[test]
#[allow(clippy::too_many_lines, reason = "one visit told from beginning to end")]
fn who_is_bound_to_a_unit_sees_its_posts_alone() {
    let served = Served::with(|config| config.people.own_units_only = true, everybody);
    let desk = &served.desk;
    let ask = |who: &Who, query: &str| {
        let ask = guanlan::desk::search::Ask {
            query: query.to_owned(),
            posts: true,
            limit: 200,
            ..Default::default()
        };
        desk.search(who, &ask).unwrap()
    };
    let all = ask(&owner(), "published:1970-01-01..2199-12-31");
    let above = |s: &pipelines::record::Subject| {
        desk.config.subjects.iter().any(|o| o.parent.as_ref() == Some(&s.id))
    };
    let has_posts = |s: &pipelines::record::Subject| {
        all.lines.iter().any(|line| line.subjects.contains(&s.name))
    };
    let unit = desk.config.subjects.iter().find(|s| !above(s) && has_posts(s)).unwrap();
    let mut bound = Who { role: Role::Officer, ..owner() };
    assert_eq!(ask(&bound, "published:1970-01-01..2199-12-31").posts, all.posts, "bound to none");
    bound.units = vec![unit.id.clone()];
    let own = ask(&bound, "published:1970-01-01..2199-12-31");
    assert!(own.posts > 0 && own.posts < all.posts, "{} of {}", own.posts, all.posts);
    assert!(own.lines.iter().all(|line| line.subjects.contains(&unit.name)));
    // Nothing that is typed reaches out of the bounds.
    for query in ["工资 | 矿", "-(subject:nobody)", "工资 | -工资"] {
        let Ok(found) = desk.search(
            &bound,
            &guanlan::desk::search::Ask {
                query: query.to_owned(),
                posts: true,
                limit: 200,
                ..Default::default()
            },
        ) else {
            continue;
        };
        assert!(found.lines.iter().all(|line| line.subjects.contains(&unit.name)), "{query}");
    }
    let foreign = all.lines.iter().find(|line| !line.subjects.contains(&unit.name)).unwrap();
    assert!(desk.post(&bound, &foreign.id.to_string(), None).is_err());
    let neutral = Wanted::polarity(pipelines::record::Polarity::Neutral);
    assert!(desk.correct(&bound, &foreign.id.to_string(), &neutral).is_err());
    assert!(desk.post(&bound, &own.lines[0].id.to_string(), None).is_ok());
    assert!(desk.digests(&bound).is_err() && desk.rehearse_query(&bound, "工资", 30).is_err());
    let exported = desk
        .export(
            &bound,
            "published:1970-01-01..2199-12-31",
            guanlan::desk::export::ExportForm::JsonLines,
        )
        .unwrap();
    assert_eq!(exported.split(|b| *b == b'\n').filter(|l| !l.is_empty()).count() as u64, own.posts);
    let today = desk.today(&bound).unwrap();
    assert!(today.happenings.iter().all(|line| line.subjects.contains(&unit.name)));
    bound.role = Role::Auditor;
    assert_eq!(
        ask(&bound, "published:1970-01-01..2199-12-31").posts,
        all.posts,
        "who reads all reads all"
    );
}

#[test]
fn the_command_line_keeps_people() {
    let lab = crate::lab::Lab::new();
    let data = lab.data();
    let run =
        |args: &[&str]| lab.run(&[&["--data-dir", data.to_str().unwrap(), "user"], args].concat());
    let first = run(&["add", "wang", "--role", "officer"]);
    assert_eq!(first.code, Some(1), "the first must be an administrator: {}", first.out);
    let made = run(&["add", "li", "--role", "管理员"]).good();
    let password = made.out.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(password.chars().count() == 20, "{}", made.out);
    assert_eq!(run(&["add", "wang", "--role", "king"]).code, Some(2));
    run(&["add", "wang"]).good();
    assert!(run(&["disable", "li"]).err.contains("administrator"));
    run(&["role", "wang", "leader"]).good();
    run(&["passwd", "wang"]).good();
    run(&["disable", "wang"]).good();
    run(&["disable", "wang", "--undo"]).good();
    let token = run(&["token", "add", "wang", "--label", "a script"]).good();
    assert!(token.out.contains("gl_"), "{}", token.out);
    let listed = run(&["token", "list", "--format", "jsonl"]).good();
    assert!(!listed.out.contains("gl_") && listed.rows().len() == 1);
    run(&["token", "revoke", "1"]).good();
    assert_eq!(run(&["token", "revoke", "1"]).code, Some(1));
    let people = run(&["list", "--format", "jsonl"]).good().rows();
    assert_eq!(people.len(), 2);
    assert_eq!(people[1]["role"], "leader");
    assert!(run(&["sessions"]).good().out.trim().lines().count() <= 1);
}
