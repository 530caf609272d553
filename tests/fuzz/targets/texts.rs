//! Texts with a grammar: queries, config, robots.txt.

use std::path::Path;

use guanlan::config::{Config, Overrides};
use pipelines::crawl::Robots;
use pipelines::locale::Lang;
use pipelines::query::{Context, Facts, QuerySet, Target, parse, why};
use pipelines::record::{Subject, TextField};

pub const QUERY_PIECES: &[&str] = &[
    "瓦斯",
    "爆炸",
    "雲嶺",
    "AI",
    "training",
    "*",
    "“",
    "\"",
    "(",
    ")",
    "（",
    " ",
    "\n",
    "AND",
    "OR",
    "NOT",
    "-",
    "!",
    "|",
    "+",
    " NEAR/5 ",
    " 同句 ",
    " 同段 ",
    "{2,}",
    "{",
    "title:",
    "source:",
    "@云岭",
    "subject:",
    "risk:>50",
    "published:7d",
    "published:2026-11-01..",
    "words:(",
    ")AND(",
    ")NEAR/5(",
    "）同句（",
    "2 OF (",
    "ONEAR/20 ",
    "{1,3}",
    "channel:(weibo|forum)",
    "polarity:负面",
    "story:00000000000000aa",
    "heat:..5",
    "/瓦.{0,3}斯/",
    "/",
    "\\",
    "：",
    "?",
    "^",
    "~",
    "😀",
    "\u{200b}",
    "\u{301}",
    "ﬃ",
    "①",
    "。",
    "0",
    "99999999999",
];

pub const CONFIG_PIECES: &[&str] = &[
    "[station]\n",
    "contact = \"a@b.example\"\n",
    "[[source]]\n",
    "id = \"a\"\n",
    "name = \"云岭\"\n",
    "kind = \"feed\"\n",
    "url = \"http://a.example/f\"\n",
    "channel = \"news\"\n",
    "[[rule]]\n",
    "kind = \"frequency\"\n",
    "query = \"工资 -演练\"\n",
    "[[rule.example]]\n",
    "text = \"没发工资\"\n",
    "hit = true\n",
    "[[topic]]\n",
    "[[subject]]\n",
    "short_names = [\"云岭\"]\n",
    "[[digest]]\n",
    "schedule = \"0 8 * * 1-5\"\n",
    "[retention]\n",
    "posts_days = 90\n",
    "[[notifier]]\n",
    "[crawl]\n",
    "delay_secs = 1e309\n",
    "= ",
    "\"\"\"",
    "[",
    "]]",
    "{",
    "-1\n",
    "9223372036854775808\n",
    "\u{0}",
    "\u{feff}",
    "#",
    "'",
    "2026-11-22T08:00:00Z\n",
];

pub const ROBOTS_PIECES: &[&str] = &[
    "User-agent: *\n",
    "User-agent: guanlan\n",
    "Disallow: /\n",
    "Disallow: /*a*b*c$\n",
    "Allow: /a\n",
    "Crawl-delay: 1e9\n",
    "Sitemap: http://a.example/s\n",
    "*",
    "$",
    "%",
    "%E4%BA",
    "%zz",
    "\r",
    "\n",
    ":",
    "#",
    "\u{feff}",
    "/",
    "a",
    "？",
];

/// Parsed, matched, explained, asked in a set; or refused with words in both languages.
pub fn query(input: &[u8], _: &Path) {
    let text = String::from_utf8_lossy(input);
    let cut = text.floor_char_boundary(text.len() * 2 / 3);
    let (asked, body) = text.split_at(cut);
    let mut context = Context::at("2026-11-22T02:30:00Z".parse().unwrap());
    context.subjects = vec![Subject {
        id: "yunling".into(),
        name: "云岭矿业集团".into(),
        short_names: vec!["云岭".into()],
        ..Subject::default()
    }];
    match parse(asked, &context) {
        Ok(query) => {
            const TITLE: &str = "云岭矿业瓦斯爆炸";
            let target = Target::of_texts(TITLE, body, Facts::default());
            let spans = query.matches(&target);
            for span in spans.iter().flatten() {
                let text = if span.field == TextField::Title { TITLE } else { body };
                let place = span.start as usize..span.end as usize;
                assert!(
                    text.get(place).is_some_and(|words| !words.is_empty()),
                    "a span of no words"
                );
            }
            let shown = query.root().to_string();
            let again = parse(&shown, &context).unwrap_or_else(|e| panic!("{shown}: {e}"));
            assert!(again.root() == query.root() || shown.contains("words:"), "shown as {shown}");
            let _ = (query.explain(Lang::Zh), why(&query, &target, Lang::En));
            let set = QuerySet::build([((), query)]).unwrap();
            assert_eq!(set.matches(&target).into_iter().next().map(|(_, s)| s), spans);
        }
        Err(error) => {
            for lang in [Lang::Zh, Lang::En] {
                assert!(
                    !error.render(asked, lang).contains("query.error."),
                    "no words: {}",
                    error.fault
                );
            }
        }
    }
}

/// Loaded, or refused with every problem in words.
pub fn config(input: &[u8], dir: &Path) {
    let path = dir.join("guanlan.toml");
    std::fs::write(&path, input).unwrap();
    if let Err(problems) = Config::load(Some(&path), &Overrides::default()) {
        for lang in [Lang::Zh, Lang::En] {
            assert!(!problems.render(lang).is_empty());
        }
    }
}

/// Read, and asked about addresses; what is allowed for nobody is not allowed for us.
pub fn robots(input: &[u8], _: &Path) {
    let robots = Robots::parse(input);
    for url in [
        "http://a.example/",
        "http://a.example/a/b/c?d=%E4%BA%91",
        "http://a.example/aaaaaaaaaaaaaaaaaaaaaaaaab",
    ] {
        let _ = robots.check("guanlan", url);
        let _ = robots.check("other", url);
    }
    let _ = robots.crawl_delay_secs("guanlan");
}
