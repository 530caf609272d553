//! Tests of loading: bad configs with the exact problem each must name, good ones with what they resolve to.
//!
//! In: files written to a temporary folder. Out: `file:line key fault` as rows. No network, no environment.

use super::*;

/// A folder with `guanlan.toml` and other files by name.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn load(dir: &tempfile::TempDir) -> Result<Config, Problems> {
    Config::load(Some(dir.path()), &Overrides { run_examples: true, ..Overrides::default() })
}

/// `file:line key fault-name` of each problem, files relative to the folder.
fn rows(dir: &tempfile::TempDir, problems: &Problems) -> Vec<String> {
    let root = format!("{}/", dir.path().display());
    let row = |p: &Problem| {
        let fault = format!("{:?}", p.fault);
        let fault = fault.split([' ', '(']).next().unwrap().to_owned();
        format!("{} {} {fault}", p.place().replace(&root, ""), p.key).replace("  ", " ")
    };
    problems.0.iter().map(row).collect()
}

/// Checks that files give exactly these problems.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let dir = folder(files);
    let problems = match load(&dir) {
        Ok(config) => config.warnings,
        Err(problems) => problems,
    };
    assert_eq!(rows(&dir, &problems), expected, "{}", problems.render(Lang::Zh));
    for problem in &problems.0 {
        for lang in [Lang::Zh, Lang::En] {
            let text = problem.render(lang);
            assert!(!text.contains("config.") && !text.contains('{'), "gap in: {text}");
        }
    }
}

use pipelines::locale::Lang;

const SUBJECT: &str = "[[subject]]\nid = \"yunling\"\nname = \"云岭矿业集团有限公司\"\n";
const FEED: &str = "[[source]]\nid = \"n\"\nname = \"云岭新闻网\"\nkind = \"feed\"\nurl = \"https://news.example.com/rss\"\n";
const MAIN: &str = "[station]\ncontact = \"press@example.com\"\n";
const RULE: &str = "[[rule]]\nid = \"r\"\nname = \"欠薪\"\nquery = \"欠薪\"\nkind = \"any\"\n";

/// A problem in the main file alone; a subject comes after it.
fn main_file(text: &str, expected: &[&str]) {
    check(&[("guanlan.toml", &format!("{text}\n{SUBJECT}"))], expected);
}

/// A problem in a source file alone.
fn source_file(text: &str, expected: &[&str]) {
    let main = format!("{MAIN}{SUBJECT}");
    check(&[("guanlan.toml", &main), ("sources/a.toml", text)], expected);
}

/// A problem in a rule file alone.
fn rule_file(text: &str, expected: &[&str]) {
    let main = format!("{MAIN}{SUBJECT}");
    check(&[("guanlan.toml", &main), ("rules/a.toml", text)], expected);
}

#[test]
fn the_main_file_is_checked_key_by_key() {
    for (text, expected) in [
        ("[station]\nnmae = \"宣传部\"", "guanlan.toml:2 station.nmae UnknownKey"),
        ("[stations]\nname = \"宣传部\"", "guanlan.toml:1 stations UnknownKey"),
        ("[station]\nname = 5", "guanlan.toml:2 station.name WrongType"),
        ("[station]\ncontact = \"宣传部\"", "guanlan.toml:2 station.contact BadContact"),
        ("[station]\ntimezone = \"Asia/Beijing\"", "guanlan.toml:2 station.timezone BadZone"),
        ("[station]\nlang = \"cn\"", "guanlan.toml:2 station.lang NotOneOf"),
        ("[station]\nlisten = \"localhost\"", "guanlan.toml:2 station.listen BadListen"),
        ("[station]\nlisten = \"0.0.0.0:80\"", "guanlan.toml:2 station.listen OpenListen"),
        (
            "[station]\nlisten = \"0.0.0.0:80\"\nproxy = \"10.0.0.2\"",
            "guanlan.toml:2 station.listen BadPublicUrl",
        ),
        (
            "[station]\nproxy = \"127.0.0.1\"\npublic_url = \"http://a.example\"",
            "guanlan.toml:3 station.public_url BadPublicUrl",
        ),
        (
            "[station]\nproxy = \"front\"\npublic_url = \"https://a.example\"",
            "guanlan.toml:2 station.proxy BadProxy",
        ),
        ("[station]\ntls_cert = \"a.pem\"", "guanlan.toml:2 station.tls_cert HalfTls"),
        ("[station]\n\npassword = \"123\"", "guanlan.toml:3 station.password InlineSecret"),
        ("[paths]\nsources = \"sources\"", "guanlan.toml:2 paths.sources WrongType"),
        ("[paths]\nrules = [\"watch/r.toml\"]", "guanlan.toml:2 paths.rules NoFiles"),
        ("[crawl]\nschedule = \"8点\"", "guanlan.toml:2 crawl.schedule BadCron"),
        ("[crawl]\ndelay_secs = -1", "guanlan.toml:2 crawl.delay_secs OutOfRange"),
        ("[crawl]\nconcurrency = 0", "guanlan.toml:2 crawl.concurrency OutOfRange"),
        ("[crawl]\ntimeout_secs = 1.5", "guanlan.toml:2 crawl.timeout_secs WrongType"),
        ("[retention]\nposts_days = \"长期\"", "guanlan.toml:2 retention.posts_days WrongType"),
        ("[calendar]\nholidays = [\"国庆\"]", "guanlan.toml:2 calendar.holidays BadDate"),
        ("[[digest]]\nid = \"d\"\nperiod = \"day\"", "guanlan.toml:1 digest.schedule Missing"),
        ("[[notifier]]\nname = \"a\"\nkind = \"sms\"", "guanlan.toml:3 notifier.kind NotOneOf"),
        ("[[notifier]]\nname = \"a\"\nkind = \"file\"", "guanlan.toml:1 notifier.path Missing"),
        ("[[notifier]]\nname = \"a\"\nkind = \"webhook\"", "guanlan.toml:1 notifier OneNeeded"),
        ("[[subject]]\nid = \"南 关\"\nname = \"南关煤矿\"", "guanlan.toml:2 subject.id BadId"),
        ("[[subject]]\nid = \"n\"\nname = \"\"", "guanlan.toml:3 subject.name Empty"),
        (
            "[[subject]]\nid = \"n\"\nname = \"南\"\nparent = \"yun\"",
            "guanlan.toml:4 subject.parent UnknownReference",
        ),
        (
            "[[subject]]\nid = \"n\"\nname = \"南\"\nparent = \"n\"",
            "guanlan.toml:4 subject.parent Circle",
        ),
        ("[[subject]]\nid = \"yunling\"\nname = \"南\"", "guanlan.toml:5 subject.id Duplicate"),
        ("[station\nname = \"x\"", "guanlan.toml:1 Syntax"),
    ] {
        main_file(text, &[expected]);
    }
    check(&[("guanlan.toml", MAIN)], &["guanlan.toml subject NoSubjects"]);
}

#[test]
fn webhooks_have_one_address_and_secrets_that_are_there() {
    let hook = "[[notifier]]\nname = \"h\"\nkind = \"webhook\"\n";
    main_file(
        &format!("{hook}url = \"https://a.example.com\"\nurl_env = \"X\"\ntoken = \"t\""),
        &["guanlan.toml:1 notifier OnlyOne", "guanlan.toml:6 notifier.token InlineSecret"],
    );
    main_file(
        &format!("{hook}url_env = \"GUANLAN_TEST_NO_SUCH\"\nsecret_file = \"none.key\""),
        &[
            "guanlan.toml:4 notifier.url_env SecretUnreadable",
            "guanlan.toml:5 notifier.secret_file SecretUnreadable",
        ],
    );
    main_file(
        &format!("{hook}url = \"https://a.example.com\"\nheaders = {{ Authorization = \"x\" }}"),
        &["guanlan.toml:5 notifier.headers.Authorization InlineSecret"],
    );
}

#[test]
fn robots_have_their_address_outside_the_config() {
    let robot = |kind: &str| format!("[[notifier]]\nname = \"r\"\nkind = \"{kind}\"\n");
    for kind in ["wecom", "dingtalk", "feishu"] {
        main_file(&robot(kind), &["guanlan.toml:1 notifier OneNeeded"]);
        main_file(
            &format!("{}url = \"https://qyapi.example.com/send?key=1\"", robot(kind)),
            &["guanlan.toml:4 notifier.url InlineSecret"],
        );
        main_file(
            &format!("{}url_env = \"GUANLAN_TEST_NO_SUCH\"\naccess_token = \"t\"", robot(kind)),
            &[
                "guanlan.toml:4 notifier.url_env SecretUnreadable",
                "guanlan.toml:5 notifier.access_token InlineSecret",
            ],
        );
    }
    main_file(
        &format!("{}url_env = \"PATH\"\nsecret = \"SECabc\"", robot("feishu")),
        &["guanlan.toml:5 notifier.secret InlineSecret"],
    );
    let text = format!(
        "{}url = \"https://a.example.com/SECabc\"\nsecret = \"SECabc\"\n{SUBJECT}",
        robot("feishu")
    );
    let problems = load(&folder(&[("guanlan.toml", &text)])).unwrap_err();
    let shown = problems.render(Lang::Zh) + &problems.render(Lang::En);
    assert!(!shown.contains("SECabc"), "{shown}");
    main_file(&robot("wechat"), &["guanlan.toml:3 notifier.kind NotOneOf"]);
    main_file(
        &format!("{}url_file = \"none.url\"\nsecret_env = \"PATH\"", robot("wecom")),
        &[
            "guanlan.toml:4 notifier.url_file SecretUnreadable",
            "guanlan.toml:5 notifier.secret_env NotSigned",
        ],
    );
}

#[test]
fn sources_are_checked_by_their_kind() {
    let list = "[[source]]\nid = \"l\"\nname = \"列表\"\nkind = \"list\"\n";
    for (text, expected) in [
        (format!("{FEED}full = true"), "sources/a.toml:6 source.full UnknownKey"),
        (format!("{FEED}pages = 3"), "sources/a.toml:6 source.pages UnknownKey"),
        (format!("{FEED}channel = \"报纸\""), "sources/a.toml:6 source.channel NotOneOf"),
        (format!("{FEED}schedule = \"0 25 * * *\""), "sources/a.toml:6 source.schedule BadCron"),
        (
            format!("{FEED}allow_hosts = [\"https://a.example.com/x\"]"),
            "sources/a.toml:6 source.allow_hosts BadHost",
        ),
        (format!("{FEED}enabled = \"yes\""), "sources/a.toml:6 source.enabled WrongType"),
        (list.to_owned(), "sources/a.toml:1 source.urls Missing"),
        (format!("{list}urls = []"), "sources/a.toml:5 source.urls Empty"),
        (
            format!("{list}urls = [\"https://a.example.com\",\n  \"news.example.com\"]"),
            "sources/a.toml:6 source.urls BadUrl",
        ),
        (
            format!("{list}urls = [\"https://a.example.com/\"]\n[source.selectors]\nlink = \"a\""),
            "sources/a.toml:7 source.selectors.link UnknownKey",
        ),
        (
            format!("{list}urls = [\"http://10.1.2.3:8080/\"]"),
            "sources/a.toml:5 source.urls PrivateHost",
        ),
        (
            "[[source]]\nid = \"x\"\nname = \"x\"\nurl = \"https://a.example.com\"".to_owned(),
            "sources/a.toml:1 source.kind Missing",
        ),
        (format!("{FEED}{FEED}"), "sources/a.toml:7 source.id Duplicate"),
        (FEED.replace("https", "ftp"), "sources/a.toml:5 source.url BadUrl"),
        (FEED.replace("feed", "fed"), "sources/a.toml:4 source.kind NotOneOf"),
        (FEED.replace("[[source]]", "[[sources]]"), "sources/a.toml:1 sources UnknownKey"),
    ] {
        source_file(&text, &[expected]);
    }
    let no_contact = [("guanlan.toml", SUBJECT), ("sources/a.toml", FEED)];
    check(&no_contact, &["guanlan.toml station.contact NoContact"]);
}

#[test]
fn rules_are_checked_by_their_kind() {
    for (text, expected) in [
        (format!("{RULE}count = 3"), "rules/a.toml:6 rule.count UnknownKey"),
        (format!("{RULE}severity = \"重大\""), "rules/a.toml:6 rule.severity NotOneOf"),
        (
            format!("{RULE}notify = [\"log\", \"duty\"]"),
            "rules/a.toml:6 rule.notify UnknownReference",
        ),
        (RULE.replace("\"any\"", "\"flatline\""), "rules/a.toml:1 rule.window_minutes Missing"),
        (
            RULE.replace("query = \"欠薪\"", "query = \"（欠薪\""),
            "rules/a.toml:4 rule.query BadQuery",
        ),
        (
            RULE.replace("query = \"欠薪\"", "query = \"-欠薪\""),
            "rules/a.toml:4 rule.query BadQuery",
        ),
        (
            RULE.replace("欠薪\"\nkind", "@yunlin 欠薪\"\nkind"),
            "rules/a.toml:4 rule.query BadQuery",
        ),
        (
            RULE.replace("欠薪\"\nkind", "topic:labor 欠薪\"\nkind"),
            "rules/a.toml:4 rule.query UnknownReference",
        ),
        (RULE.replace("query = \"欠薪\"", "query = \"\""), "rules/a.toml:4 rule.query Empty"),
        (
            format!("{RULE}[[rule.example]]\ntext = \"工资没发\""),
            "rules/a.toml:6 rule.example.hit Missing",
        ),
    ] {
        rule_file(&text, &[expected]);
    }
}

#[test]
fn all_problems_of_all_files_come_in_one_run() {
    check(
        &[
            ("guanlan.toml", "[station]\nnmae = \"x\"\nlang = \"cn\"\n[crawl]\ndelay_secs = -1\n"),
            ("sources/a.toml", &format!("{FEED}x = 1\ny = 2\n")),
            ("sources/b.toml", "[[source]\nid = \n"),
            ("rules/a.toml", &RULE.replace("kind = \"any\"", "kind = \"frequency\"")),
        ],
        &[
            "guanlan.toml:2 station.nmae UnknownKey",
            "guanlan.toml:3 station.lang NotOneOf",
            "guanlan.toml:5 crawl.delay_secs OutOfRange",
            "rules/a.toml:1 rule.count Missing",
            "rules/a.toml:1 rule.window_minutes Missing",
            "sources/a.toml:6 source.x UnknownKey",
            "sources/a.toml:7 source.y UnknownKey",
            "sources/b.toml:1 Syntax",
        ],
    );
}

#[test]
fn a_refused_table_still_has_its_names_checked() {
    let rule = RULE.replace("\"any\"", "\"anny\"") + "notify = [\"lgo\"]\n";
    rule_file(
        &format!("{rule}{rule}"),
        &[
            "rules/a.toml:5 rule.kind NotOneOf",
            "rules/a.toml:6 rule.notify UnknownReference",
            "rules/a.toml:8 rule.id Duplicate",
            "rules/a.toml:11 rule.kind NotOneOf",
            "rules/a.toml:12 rule.notify UnknownReference",
        ],
    );
}

#[test]
fn hints_name_what_was_probably_meant() {
    let dir = folder(&[("guanlan.toml", "[crawl]\ndelay_sec = 3\ntimezone = \"x\"\n")]);
    let problems = load(&dir).unwrap_err();
    let text = problems.0[0].render(Lang::Zh);
    assert!(text.contains("guanlan.toml:2 错误 crawl.delay_sec = 3"), "{text}");
    assert!(text.contains("没有这个键，是否想写 delay_secs？"), "{text}");
    assert!(problems.0[1].render(Lang::En).contains("possible here: schedule, groups"));
}

#[test]
fn what_is_written_lies_over_the_defaults_and_paths_start_from_their_file() {
    let main =
        "[station]\ncontact = \"press@example.com\"\ndata_dir = \"var\"\n[crawl]\ndelay_secs = 5\n";
    let files = "[[source]]\nid = \"f\"\nname = \"导出\"\nkind = \"files\"\npath = \"../in\"\nformat = \"csv\"\n";
    let dir = folder(&[
        ("guanlan.toml", &format!("{main}{SUBJECT}")),
        ("sources/b.toml", FEED),
        ("sources/a.toml", files),
        ("rules/a.toml", &format!("{RULE}merge_hours = 6\n")),
        ("lexicons/own.tsv", "欠薪\tnegative\t3\n"),
    ]);
    let config = load(&dir).unwrap_or_else(|p| panic!("{p}"));
    let default = Config::shipped(&Overrides::default());
    assert_eq!(config.warnings, Problems::default());
    assert_eq!(
        (config.crawl.delay_secs, config.crawl.timeout_secs),
        (5.0, default.crawl.timeout_secs)
    );
    assert_eq!(config.station.data_dir, dir.path().join("var"));
    let agent = concat!("guanlan/", env!("CARGO_PKG_VERSION"), " (+press@example.com)");
    assert_eq!(config.station.user_agent, agent);
    assert_eq!(config.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["f", "n"]);
    let pipelines::crawl::SourceKind::Files { path, .. } = &config.sources[0].kind else {
        panic!()
    };
    assert!(Path::new(path).is_absolute() && path.ends_with("in"), "{path}");
    assert_eq!(config.rules[0].merge_hours, 6);
    assert_eq!(
        config.file_of("rule", config.rules[0].id.as_str()).unwrap(),
        dir.path().join("rules/a.toml")
    );
    assert_eq!(config.digests, default.digests);
    assert_eq!(config.notifiers(&[]).map(|n| n.name.as_str()).collect::<Vec<_>>(), ["log"]);
    assert!(config.lexicons.iter().any(|(name, text)| name == "own.tsv" && text.contains("欠薪")));
    let Pacing::Cron(schedule) = config.source_pacing(&config.sources[1]) else {
        panic!("a cron expression is fixed times")
    };
    assert_eq!(schedule.text(), "*/20 * * * *");
    let over = Overrides { data_dir: Some(PathBuf::from("elsewhere")), ..Overrides::default() };
    let config = Config::load(Some(dir.path()), &over).unwrap();
    assert!(
        config.station.data_dir.is_absolute() && config.station.data_dir.ends_with("elsewhere")
    );
}

#[test]
fn a_missing_file_is_said_so() {
    let dir = folder(&[]);
    let problems = load(&dir).unwrap_err();
    assert_eq!(rows(&dir, &problems), ["guanlan.toml Unreadable"]);
}

#[test]
fn the_shipped_folder_loads_as_a_config_and_crawls_nothing() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let asked = Overrides { run_examples: true, ..Overrides::default() };
    let config = Config::load(Some(&dir), &asked).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(config.warnings, Problems::default());
    assert!(config.examples_run >= 14, "{} examples", config.examples_run);
    assert!(config.sources.len() >= 6 && config.sources.iter().all(|s| !s.enabled));
    assert!(config.rules.len() >= 5 && config.rules.iter().all(|r| !r.examples.is_empty()));
    assert_eq!(config.subjects.len(), 2);
    assert_eq!(config.digests.len(), 2);
    let builtin = Config::shipped(&Overrides::default());
    assert!(builtin.subjects.is_empty() && builtin.sources.is_empty() && builtin.rules.is_empty());
    assert_eq!(builtin.topics.len(), config.topics.len());
}

#[test]
fn examples_hold_the_query_to_what_is_written() {
    let example =
        |text: &str, hit: bool| format!("[[rule.example]]\ntext = \"{text}\"\nhit = {hit}\n");
    let sound = example("外包队讨要欠薪", true) + &example("提前发放工资", false);
    let wrong = example("工资没发", true) + &example("绝不欠薪", false);
    rule_file(&format!("{RULE}{sound}"), &[]);
    rule_file(
        &format!("{RULE}{sound}{wrong}"),
        &["rules/a.toml:13 rule.example ExampleMissed", "rules/a.toml:16 rule.example ExampleHit"],
    );
}
