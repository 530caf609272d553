//! The HTTP API and MCP: the table of acts and roles through both, tokens and their scopes, refusals as problems, and
//! that every path of the document is served and nothing else is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use guanlan::desk::people::TokenOrder;
use guanlan::desk::{Act, Desk, Role, Scope, Who};
use pipelines::locale::Lang;
use serde_json::{Value, json};

use crate::console::{Answer, Served};

const GOOD: &str = "a phrase that nobody guesses";

fn owner() -> Who {
    Who::owner("owner", Lang::En)
}

fn everybody(desk: &Desk) {
    desk.add_person(&owner(), "administrator", Role::Administrator, &[], GOOD).unwrap();
    for role in Role::ALL.into_iter().skip(1) {
        desk.add_person(&owner(), role.as_str(), role, &[], GOOD).unwrap();
    }
}

fn token(served: &Served, role: Role, scope: Scope) -> String {
    let order =
        TokenOrder { user: role.as_str().to_owned(), label: "test".to_owned(), scope, days: 1 };
    served.desk.make_token(&owner(), &order).unwrap().1
}

fn call(served: &Served, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut heads = vec![("Authorization", bearer.as_str()), ("Accept-Language", "en")];
    let text = body.map(Value::to_string).unwrap_or_default();
    heads.push(("Content-Type", "application/json"));
    served.ask_with_body(method, path, &heads, body.map(|_| text.as_str()))
}

#[track_caller]
fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body)
        .unwrap_or_else(|e| panic!("{e}: {} {}", answer.head, answer.body))
}

fn step(name: &str) -> Value {
    json!({"version": 1, "step": name})
}

/// The request by which a program does `act`, on things that are not there where it changes something.
fn request(act: Act) -> (&'static str, &'static str, Option<Value>) {
    match act {
        Act::SeeToday => ("GET", "/api/v1/today", None),
        Act::Search => ("GET", "/api/v1/posts?q=x", None),
        Act::KeepSearch => ("POST", "/api/v1/saved", Some(json!({"name": "x", "query": "x"}))),
        Act::ShareSearch => {
            ("POST", "/api/v1/saved", Some(json!({"name": "x", "query": "x", "audience": "all"})))
        }
        Act::SeePost => ("GET", "/api/v1/posts/zz", None),
        Act::SeeStory => ("GET", "/api/v1/stories/zz", None),
        Act::SeeAlerts => ("GET", "/api/v1/alerts", None),
        Act::SeeRules => ("GET", "/api/v1/rules", None),
        Act::SeeConfig => ("GET", "/api/v1/config/topic", None),
        Act::Rehearse => ("GET", "/api/v1/rehearsal?q=x", None),
        Act::SeeSources => ("GET", "/api/v1/sources", None),
        Act::RunSource => ("POST", "/api/v1/sources/none/run", None),
        Act::SeeDeliveries => ("GET", "/api/v1/deliveries", None),
        Act::Resend => ("POST", "/api/v1/deliveries/resend", Some(json!({}))),
        Act::SendTest => ("POST", "/api/v1/notifiers/none/test", None),
        Act::SeeStation => ("GET", "/api/v1/station", None),
        Act::SeeDigests => ("GET", "/api/v1/digests", None),
        Act::Correct => ("PUT", "/api/v1/posts/zz/polarity", Some(json!({"polarity": "neutral"}))),
        Act::GroupStories => ("POST", "/api/v1/stories/zz/merge", Some(json!({"into": "yy"}))),
        Act::MoveAlert => ("PUT", "/api/v1/alerts/999/state", Some(json!({"state": "closed"}))),
        Act::FalseAlarm => {
            ("PUT", "/api/v1/alerts/999/state", Some(json!({"state": "false_alarm"})))
        }
        Act::EditConfig => ("DELETE", "/api/v1/config/rule/none", None),
        Act::ApproveDigest => ("POST", "/api/v1/digests/none/word", Some(json!({"approve": true}))),
        Act::WriteDigest => ("POST", "/api/v1/digests", Some(json!({"period": "day"}))),
        Act::Export => ("POST", "/api/v1/export", Some(json!({"q": "x", "form": "csv"}))),
        Act::HandEvidence => ("POST", "/api/v1/posts/zz/evidence", None),
        Act::SeePeople => ("GET", "/api/v1/people", None),
        Act::ManagePeople => {
            ("PUT", "/api/v1/people/nobody/disabled", Some(json!({"disabled": true})))
        }
        Act::SeeAudit => ("GET", "/api/v1/audit", None),
        Act::SeeCases => ("GET", "/api/v1/cases", None),
        Act::OpenCase => ("POST", "/api/v1/cases", Some(json!({"origin": "hand"}))),
        Act::DirectCase => ("POST", "/api/v1/cases/none/steps", Some(step("accept"))),
        Act::HandleCase => ("POST", "/api/v1/cases/none/steps", Some(step("sign"))),
        Act::ApproveCase => ("POST", "/api/v1/cases/none/steps", Some(step("approve"))),
        Act::ExportCases => ("POST", "/api/v1/cases/ledger", Some(json!({"form": "csv"}))),
        Act::SeeAnswers => ("GET", "/api/v1/answers", None),
        Act::WriteAnswer => ("POST", "/api/v1/answers", Some(json!({"fields": {}}))),
        Act::ApproveAnswer => ("POST", "/api/v1/answers/999/approval", Some(json!({"version": 1}))),
        Act::SeeDuty => ("GET", "/api/v1/duty", None),
        Act::OwnAccount => {
            ("PUT", "/api/v1/account/password", Some(json!({"old": "x", "new": "y"})))
        }
    }
}

#[test]
fn the_table_of_acts_and_roles_holds_for_programs() {
    let served = Served::with(|_| {}, everybody);
    for role in Role::ALL {
        for scope in [Scope::Read, Scope::Write] {
            let token = token(&served, role, scope);
            for (act, changes, roles) in Act::TABLE {
                let (method, path, body) = request(act);
                let answer = call(&served, method, path, &token, body.as_ref());
                assert!(answer.status < 500, "{act:?}: {}", answer.body);
                let expected = roles.contains(&role) && (scope == Scope::Write || !changes);
                // A wrong old password is also told by 403, to those who may change it.
                let told = json_or_null(&answer)["detail"].as_str().unwrap_or_default().to_owned();
                let is_refused = answer.status == 403 && !told.contains("password is wrong");
                assert_eq!(!is_refused, expected, "{act:?} by {role:?} {scope:?}: {}", answer.body);
                if answer.status >= 400 {
                    assert!(
                        answer.head.contains("application/problem+json"),
                        "{act:?}: {}",
                        answer.head
                    );
                }
            }
        }
    }
    let lines = served.desk.audit(&owner(), &Default::default()).unwrap().lines;
    for name in ["administrator", "officer"] {
        assert!(lines.iter().any(|l| l.action == "export" && l.who.as_deref() == Some(name)));
    }
    assert!(!lines.iter().any(|l| l.action == "export" && l.who.as_deref() == Some("leader")));
}

fn json_or_null(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

#[test]
fn a_monitoring_system_reads_measures_by_a_token_and_health_without() {
    let served = Served::with(|_| {}, everybody);
    let health = served.ask("GET", "/healthz", &[], "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    assert_eq!(served.ask("GET", "/metrics", &[], "").status, 401);
    assert_eq!(served.ask("GET", "/healthz", &[("Host", "evil.example")], "").status, 421);
    let good = token(&served, Role::Officer, Scope::Read);
    let page = call(&served, "GET", "/metrics", &good, None);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.head.contains("text/plain; version=0.0.4"), "{}", page.head);
    let sheet = served.desk.station(&owner()).unwrap();
    assert!(page.body.contains(&format!("\nguanlan_posts {}\n", sheet.posts)), "{}", page.body);
    let sources = served.desk.sources(&owner()).unwrap();
    assert!(!sources.is_empty());
    for source in sources {
        let kept = format!(
            "guanlan_source_records_total{{source=\"{}\",outcome=\"kept\"}} {}\n",
            source.id, source.counts[1]
        );
        assert!(page.body.contains(&kept), "{kept}{}", page.body);
    }
    for line in page.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.split('{').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(page.body.contains(&format!("# TYPE {name} ")), "{line}");
    }
}

#[test]
fn only_a_good_token_opens_the_api() {
    let served = Served::with(|_| {}, everybody);
    let good = token(&served, Role::Officer, Scope::Read);
    for path in ["/api/v1/today", "/mcp", "/api/v1/people", "/api/nowhere"] {
        for heads in [
            vec![],
            vec![("Authorization", "Bearer gl_00")],
            vec![("Authorization", "Basic b2ZmaWNlcjp4")],
            vec![("Cookie", good.as_str())],
        ] {
            let answer = served.ask("GET", path, &heads, "");
            assert_eq!(answer.status, 401, "{path} {heads:?}: {}", answer.body);
            assert!(answer.head.contains("www-authenticate: Bearer"), "{}", answer.head);
        }
    }
    // A feed reader gives the token as a password; nothing else takes it so, since a browser sends one by itself.
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("reader:{good}")));
    let by_password =
        |path: &str| served.ask("GET", path, &[("Authorization", basic.as_str())], "").status;
    assert_eq!(by_password("/api/v1/saved/none/atom"), 404, "let in, and there is none");
    for path in ["/api/v1/today", "/api/v1/saved", "/mcp"] {
        assert_eq!(by_password(path), 401, "{path}");
    }
    let found = call(&served, "GET", "/api/v1/posts?q=%E5%B7%A5%E8%B5%84&limit=1", &good, None);
    assert_eq!(found.status, 200, "{}", found.body);
    let page = json_of(&found);
    let (first, next) = (page["lines"][0]["id"].clone(), page["next"].as_str().unwrap());
    for name in ["id", "time", "url", "title", "polarity", "risk"] {
        assert!(!page["lines"][0][name].is_null(), "{name}: {page}");
    }
    let path = format!("/api/v1/posts?q=%E5%B7%A5%E8%B5%84&limit=1&after={next}");
    assert_ne!(json_of(&call(&served, "GET", &path, &good, None))["lines"][0]["id"], first);
    for (path, status) in [
        ("/api/v1/posts?q=(x", 400),
        ("/api/v1/posts", 400),
        ("/api/v1/posts?q=x&limit=0", 400),
        ("/api/v1/posts?q=x&sort=best", 400),
        ("/api/v1/posts/%ff", 400),
        ("/api/v1/nothing", 404),
        ("/api/v1/digests/..%2Fguanlan.db", 404),
    ] {
        let answer = call(&served, "GET", path, &good, None);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(json_of(&answer)["status"], status, "{path}");
    }
    let wrong = served.ask_with_body(
        "PUT",
        "/api/v1/alerts/1/state",
        &[("Authorization", &format!("Bearer {good}")), ("Content-Type", "text/plain")],
        Some("x"),
    );
    assert_eq!(wrong.status, 415, "{}", wrong.body);
    assert_eq!(call(&served, "DELETE", "/api/v1/today", &good, None).status, 405);
    let foreign = [("Authorization", good.as_str()), ("Host", "evil.example")];
    assert_eq!(served.ask("GET", "/api/v1/today", &foreign, "").status, 421);
    // Tokens that are tried out are slowed by where they come from.
    let tried =
        (0..40).map(|n| call(&served, "GET", "/api/v1/today", &format!("gl_{n}"), None).status);
    assert!(tried.collect::<Vec<_>>().contains(&429));
    assert_eq!(call(&served, "GET", "/api/v1/rules", &good, None).status, 200, "a good one is not");
}

#[test]
fn the_document_names_every_path_that_is_served() {
    let served = Served::with(|_| {}, everybody);
    let document = json_of(&served.ask("GET", "/api/openapi.json", &[], ""));
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let token = token(&served, Role::Commentator, Scope::Read);
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{table}", "rule")
            .replace("{id}", "zz")
            .replace("{name}", "zz")
            .replace("{number}", "1");
        for method in methods.as_object().unwrap().keys() {
            operations += 1;
            let answer = call(&served, &method.to_uppercase(), &path, &token, Some(&json!({})));
            assert!(
                ![404, 405].contains(&answer.status)
                    || json_of(&answer)["detail"] != "there is no such path; see /api/openapi.json",
                "{method} {path}"
            );
            assert_ne!(answer.status, 405, "{method} {path}");
        }
    }
    assert_eq!(operations, 75, "a path was added or lost: look at the table of the tests");
    // Each act of the table is reached by one of them.
    for (act, ..) in Act::TABLE {
        let (method, path, _) = request(act);
        let plain = path.split('?').next().unwrap();
        let is_there = document["paths"].as_object().unwrap().iter().any(|(known, methods)| {
            let fits =
                known.split('/').zip(plain.split('/')).all(|(k, p)| k.starts_with('{') || k == p);
            fits && known.split('/').count() == plain.split('/').count()
                && methods.get(method.to_lowercase()).is_some()
        });
        assert!(is_there, "{act:?}: {method} {path}");
    }
}

/// One request to `/mcp`.
fn ask_mcp(served: &Served, token: &str, heads: &[(&str, &str)], body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut all = vec![
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2025-11-25"),
    ];
    all.extend(heads);
    served.ask_with_body("POST", "/mcp", &all, Some(&body.to_string()))
}

const TOOLS: [&str; 7] = ["alerts", "counts", "digest", "post", "search", "sources", "story"];

#[allow(clippy::needless_pass_by_value, reason = "written in place at each call")]
fn tool(name: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
}

#[test]
fn the_tools_of_mcp_read_and_nothing_else() {
    let served = Served::with(|_| {}, everybody);
    let officer = token(&served, Role::Officer, Scope::Write);
    let listed = ask_mcp(
        &served,
        &officer,
        &[],
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
    );
    assert_eq!(listed.status, 200, "{}", listed.body);
    let mut names = json_of(&listed)["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, TOOLS);
    let found =
        json_of(&ask_mcp(&served, &officer, &[], &tool("search", json!({"query": "工资"}))));
    let line = &found["result"]["structuredContent"]["lines"][0];
    for name in ["id", "url", "time"] {
        assert!(line[name].is_string(), "{name}: {found}");
    }
    let id = line["id"].as_str().unwrap();
    let post = json_of(&ask_mcp(&served, &officer, &[], &tool("post", json!({"id": id}))));
    assert_eq!(post["result"]["structuredContent"]["line"]["id"], id, "{post}");
    let refused =
        json_of(&ask_mcp(&served, &officer, &[], &tool("search", json!({"query": "(工资"}))));
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    let unknown =
        json_of(&ask_mcp(&served, &officer, &[], &tool("export", json!({"query": "工资"}))));
    assert!(unknown["result"].is_null() || unknown["result"]["isError"] == true, "{unknown}");
    // Roles hold here too: the table for what a tool reads.
    let commentator = token(&served, Role::Commentator, Scope::Write);
    let board = json_of(&ask_mcp(&served, &commentator, &[], &tool("sources", json!({}))));
    assert_eq!(board["result"]["isError"], true, "{board}");
    let board = json_of(&ask_mcp(&served, &officer, &[], &tool("sources", json!({}))));
    assert_eq!(board["result"]["isError"], false, "{board}");
    let elsewhere = ask_mcp(
        &served,
        &officer,
        &[("Origin", "https://evil.example")],
        &tool("sources", json!({})),
    );
    assert_eq!(elsewhere.status, 403, "{}", elsewhere.body);
}

#[test]
fn mcp_talks_over_standard_input_and_output() {
    let served = Served::with(|_| {}, |_| {});
    let data = served.lab.data();
    let mut child = served
        .lab
        .command(&["--data-dir", data.to_str().unwrap(), "mcp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let begin = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let mut ask = |message: &Value, is_answered: bool| {
        writeln!(input, "{message}").unwrap();
        let mut line = String::new();
        if is_answered {
            output.read_line(&mut line).unwrap();
        }
        serde_json::from_str::<Value>(&line).unwrap_or(Value::Null)
    };
    let info = ask(&begin, true);
    assert_eq!(info["result"]["serverInfo"]["name"], "guanlan", "{info}");
    ask(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), false);
    let counts = ask(&tool("counts", json!({"query": "工资"})), true);
    let answer = &counts["result"]["structuredContent"];
    assert!(
        answer["posts"].as_u64().unwrap() > 0 && answer["examples"][0]["url"].is_string(),
        "{counts}"
    );
    drop(input);
    assert!(child.wait().unwrap().success());
}
