//! What is proposed for pages an officer may name.

use super::*;
use crate::locale::Lang;

fn page(url: &str, body: &str) -> Page {
    Page {
        url: url.into(),
        requested_url: url.into(),
        source: "new".into(),
        status: 200,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        fetched_at: now(),
        sha256: [0; 32],
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_300_000, 0).unwrap()
}

fn list_html(thread: bool) -> String {
    let items: String = (1..15)
        .map(|n| {
            let href = if thread {
                format!("/thread-{n}-1-1.html")
            } else {
                format!("//d.example.cn/20261121/{n}.html")
            };
            format!(
                "<li><a href='{href}'>云岭矿业集团南关煤矿第{n}号公告</a><i>2026-11-{n:02}</i></li>"
            )
        })
        .collect();
    format!(
        "<html><head><title>要闻_云岭在线</title><link rel='alternate' type='application/rss+xml' title='要闻' href='/rss.xml'>\
         <link rel='alternate' type='application/rss+xml' title='评论' href='/comments/feed'></head>\
         <body><div><a href='/'>首页</a></div><ul class='list'>{items}</ul><a href='p2.html'>下一页</a></body></html>"
    )
}

fn check(url: &str, body: &str, role: PageRole, expected: &[&str]) -> Discovery {
    let found = discover(&page(url, body), &["https://example.cn/map.xml".into()], now()).unwrap();
    let why: Vec<&str> = found.proposals.iter().map(|p| p.why).collect();
    assert_eq!((found.role, why.as_slice()), (role, expected));
    for proposal in &found.proposals {
        let text = source_toml(&proposal.source, Lang::Zh);
        let table: toml::Table = text.parse().unwrap();
        let back: SourceConfig = table["source"].as_array().unwrap()[0].clone().try_into().unwrap();
        assert_eq!(back, proposal.source, "{text}");
        assert_ne!(Lang::Zh.text(&format!("crawl.discover.{}", proposal.why)), "");
    }
    found
}

#[test]
fn a_list_with_a_feed() {
    let expected = ["linked_feed", "list", "robots_sitemap"];
    let found = check("https://www.example.cn/news/", &list_html(false), PageRole::List, &expected);
    let list = &found.proposals[1];
    assert_eq!(list.preview.as_ref().unwrap().jobs.len(), 14);
    assert_eq!(list.preview.as_ref().unwrap().more, ["https://www.example.cn/news/p2.html"]);
    assert!(list.source.allow_hosts.is_empty(), "d.example.cn lies under example.cn");
    assert_eq!(list.source.id.as_str(), "example-cn-2");
}

#[test]
fn a_board_a_feed_a_sitemap() {
    let expected = ["linked_feed", "board", "robots_sitemap"];
    let found =
        check("https://bbs.example.cn/forum-2.html", &list_html(true), PageRole::List, &expected);
    assert_eq!(found.proposals[1].source.channel, Channel::Forum);
    let feed = "<rss><channel><title>云岭</title><item><link>https://example.cn/1</link>\
                <title>一</title><description>短</description></item></channel></rss>";
    let found = check("https://example.cn/rss", feed, PageRole::Feed, &["is_feed"]);
    let SourceKind::Feed { full_page, .. } = found.proposals[0].source.kind else { panic!() };
    assert!(full_page, "a feed of teasers is read with its pages");
    let map = "<urlset><url><loc>https://example.cn/1</loc></url></urlset>";
    check("https://example.cn/sitemap.xml", map, PageRole::Sitemap, &["is_sitemap"]);
}

#[test]
fn every_kind_is_written_so_that_it_loads() {
    for kind in [
        "kind='json'\nurl='https://example.cn/a'\nitems='/d'\nfields={title='/t', url='https://example.cn/{/id}'}",
        "kind='files'\npath='in'\nformat='csv'\nmap={text='正文 \"甲\"'}",
        "kind='list'\nurls=['https://example.cn/{page}']\npages=3\nselectors={links='ul a'}",
    ] {
        let source: SourceConfig =
            toml::from_str(&format!("id='a'\nname='云 岭'\n{kind}")).unwrap();
        for lang in [Lang::Zh, Lang::En] {
            let text = source_toml(&source, lang);
            let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}: {text}"));
            let back: SourceConfig =
                table["source"].as_array().unwrap()[0].clone().try_into().unwrap();
            assert_eq!(back, source);
        }
    }
}
