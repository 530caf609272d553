//! What `init` writes from flags and answers, and what it refuses.

use std::path::Path;

use super::*;

fn args(dir: &Path) -> InitArgs {
    InitArgs {
        dir: dir.to_owned(),
        name: Some("云岭矿业集团有限公司".to_owned()),
        short: vec!["云岭矿业".to_owned()],
        unit: vec!["云岭矿业集团南关煤矿".to_owned(), "云岭矿业集团\"选煤\"厂".to_owned()],
        contact: Some("press@example.com".to_owned()),
        source: vec![
            "https://news.example.com/rss.xml".to_owned(),
            "https://news.example.com/list/index.html".to_owned(),
            "http://127.0.0.1:8080/sitemap.xml".to_owned(),
        ],
        yes: true,
        ..InitArgs::default()
    }
}

fn run(args: &InitArgs, input: Option<&str>) -> (bool, String) {
    let mut out = Vec::new();
    let mut input = input.map(str::as_bytes);
    let reader = input.as_mut().map(|i| i as &mut dyn BufRead);
    let done = args.run_with(Lang::Zh, reader, &mut out).unwrap();
    if let Done::Written(answers) = &done {
        args.next(answers, Lang::Zh, &mut out).unwrap();
    }
    let good = matches!(done, Done::Written(_));
    (good, String::from_utf8(out).unwrap())
}

#[test]
fn what_it_writes_loads_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (good, text) = run(&args(dir.path()), None);
    assert!(good, "{text}");
    let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
    assert_eq!(config.warnings.0, []);
    let ids = |s: &pipelines::record::Subject| s.id.0.clone();
    assert_eq!(
        config.subjects.iter().map(ids).collect::<Vec<_>>(),
        ["main", "unit-1", "unit-2"]
    );
    assert_eq!(config.subjects[1].short_names, ["南关煤矿", "南关矿"]);
    let kinds: Vec<_> = config.sources.iter().map(|s| format!("{:?}", s.kind)).collect();
    let kind = |name: &str| kinds.iter().filter(|k| k.starts_with(name)).count();
    assert_eq!((kind("Feed"), kind("List"), kind("Sitemap")), (1, 1, 1), "{kinds:?}");
    assert_eq!(config.rules.len(), 3);
    let next: Vec<_> = text.lines().rev().take(3).collect();
    assert!(
        next[2].contains("guanlan.toml check") && next[0].contains("guanlan.toml run"),
        "{text}"
    );
}

#[test]
fn it_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let main = dir.path().join("guanlan.toml");
    std::fs::write(&main, "# mine\n").unwrap();
    let (good, text) = run(&args(dir.path()), None);
    assert!(!good && text.contains("已存在"), "{text}");
    assert_eq!(std::fs::read_to_string(&main).unwrap(), "# mine\n");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn it_asks_for_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let asked = InitArgs { dir: dir.path().to_owned(), ..InitArgs::default() };
    let typed = "云岭矿业集团有限公司\n云岭矿业、云岭集团\n云岭矿业集团南关煤矿\npress@example.com\nhttps://a.example.com/feed\n";
    let (good, text) = run(&asked, Some(typed));
    assert!(good && text.contains("企业全称"), "{text}");
    let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
    assert_eq!(config.subjects[0].short_names, ["云岭矿业", "云岭集团"]);
    assert_eq!(config.sources.len(), 1);
}

#[test]
fn a_slip_in_one_answer_loses_none_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let asked = InitArgs { dir: dir.path().to_owned(), ..InitArgs::default() };
    let typed = "青岚集团有限公司\n青岚集团\n山西青岚集团乙沟煤业有限责任公司\nxuanchuan\npress@example.com\nnews\nwww.example.com/rss\n";
    let (good, text) = run(&asked, Some(typed));
    assert!(good, "{text}");
    let config = Config::load(Some(dir.path()), &Overrides::default()).unwrap();
    assert_eq!(config.subjects[1].short_names, ["乙沟煤业"], "a unit has the name people use");
    assert_eq!(config.sources.len(), 1);
}

#[test]
fn it_offers_the_packs_and_knows_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let asked = InitArgs { dir: dir.path().to_owned(), ..InitArgs::default() };
    let typed = "青岚集团有限公司\n青岚\n\npress@example.com\n\n矿业\nmining,power\n山西\n";
    let mut out = Vec::new();
    let done = asked.run_with(Lang::Zh, Some(&mut typed.as_bytes()), &mut out).unwrap();
    let Done::Written(answers) = done else { panic!("{}", String::from_utf8_lossy(&out)) };
    assert_eq!(answers.packs, ["mining", "power"], "a slip is asked for again");
    assert_eq!(answers.place.as_deref(), Some("山西"));
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("mining (") && text.contains("power ("), "{text}");
}

#[test]
fn it_says_what_it_cannot_use_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let good = args(dir.path());
    for (bad, expected) in [
        (InitArgs { name: None, ..good.clone() }, "缺少企业全称：请用 --name"),
        (InitArgs { contact: None, ..good.clone() }, "请用 --contact"),
        (InitArgs { contact: Some("宣传部".into()), ..good.clone() }, "不是邮箱或网页地址"),
        (InitArgs { pack: vec!["矿业".into()], ..good.clone() }, "没有名录“矿业”"),
        (InitArgs { source: vec!["news".into()], ..good }, "不是可用的网址：news"),
    ] {
        let (written, text) = run(&bad, None);
        assert!(!written && text.contains(expected), "{text}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
