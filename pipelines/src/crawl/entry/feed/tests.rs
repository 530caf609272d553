//! Feeds of all ages and conditions, and what is kept of them.

use super::*;
use crate::crawl::{SourceConfig, read_entry};
use crate::record::DropReason;

fn page(body: &str) -> Page {
    Page {
        url: "https://example.cn/feed/rss.xml".into(),
        requested_url: "https://example.cn/feed/rss.xml".into(),
        source: "yunling".into(),
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

fn source() -> SourceConfig {
    toml::from_str("id='yunling'\nname='云岭'\nkind='feed'\nurl='https://example.cn/feed/rss.xml'")
        .unwrap()
}

type Expected<'a> = (&'a str, &'a str, &'a str, &'a str);

/// url, title, text, time.
fn check(body: &str, expected: &[Expected<'_>]) -> Entries {
    let entries = read_entry(&page(body), &source(), now()).unwrap();
    let got: Vec<(String, String, String, String)> = entries
        .items
        .iter()
        .chain(&entries.jobs)
        .map(|(url, found)| {
            let time = found.published.as_ref().map(|p| p.at.to_rfc3339()).unwrap_or_default();
            let (title, text) = (found.title.clone(), found.text.clone());
            (url.clone(), title.unwrap_or_default(), text.unwrap_or_default(), time)
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(a, b, c, d)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned(), (*d).to_owned()))
        .collect();
    assert_eq!(got, expected, "{body}");
    entries
}

#[test]
fn rss_2() {
    let entries = check(
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'>\
         <channel><title>云岭要闻</title><item><title>南关矿&lt;b&gt;复产&lt;/b&gt;</title><link>/a/1.html?utm_source=rss</link>\
         <description>短</description><content:encoded><![CDATA[<p>第一段。</p><p>第二段。</p>]]></content:encoded>\
         <pubDate>Sat, 21 Nov 2026 08:00:00 +0800</pubDate></item>\
         <item><title>只有标题</title><guid>https://example.cn/a/2.html</guid></item>\
         <item><title>无址</title><description>有文</description></item>\
         <item><title>重复</title><link>https://example.cn/a/1.html</link><description>x</description></item>\
         </channel></rss>",
        &[
            (
                "https://example.cn/a/1.html",
                "南关矿复产",
                "第一段。\n第二段。",
                "2026-11-21T00:00:00+00:00",
            ),
            ("https://example.cn/feed/rss.xml#c4b86c9a5a02e6f9", "无址", "有文", ""),
            ("https://example.cn/a/2.html", "只有标题", "", ""),
        ],
    );
    assert_eq!(entries.drops.get(&DropReason::Duplicate), Some(&1));
    assert_eq!((entries.items.len(), entries.jobs.len()), (2, 1));
}

#[test]
fn atom_with_a_base() {
    check(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://m.example.cn/'><entry>\
         <title type='text'>A &lt; B</title><link rel='alternate' href='t/9'/><link rel='self' href='x'/>\
         <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>塌方<br/>救援</p></div></content>\
         <published>2026-11-20T16:00:00Z</published><author><name>张记者</name></author></entry></feed>",
        &[("https://m.example.cn/t/9", "A < B", "塌方\n救援", "2026-11-20T16:00:00+00:00")],
    );
}

#[test]
fn rdf_and_old_rss() {
    check(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
         xmlns:d='http://purl.org/dc/elements/1.1/'><channel><title>c</title></channel>\
         <item rdf:about='https://example.cn/3'><title>三</title><link>https://example.cn/3</link>\
         <description>文</description><d:date>2026-11-20</d:date></item></rdf:RDF>",
        &[("https://example.cn/3", "三", "文", "2026-11-19T16:00:00+00:00")],
    );
}

#[test]
fn json_feed_with_odd_ids() {
    check(
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[\
         {\"id\":7,\"url\":\"https://example.cn/7\",\"title\":\"七 & 八\",\"content_html\":\"<p>文</p>\",\
         \"date_published\":\"2026-11-20T16:00:00.000Z\"},{\"title\":\"无址\",\"content_text\":\"\"}]}",
        &[("https://example.cn/7", "七 & 八", "文", "2026-11-20T16:00:00+00:00")],
    );
}

#[test]
fn broken_xml_is_read_and_other_pages_are_refused() {
    check(
        "<rss><channel><item><title>A & B</title><link>https://example.cn/1</link>\
         <description><p>未转义<br>的正文&nbsp;</description></item><item><title>截断</title><link>https://example.cn/2",
        &[
            ("https://example.cn/1", "A & B", "未转义\n的正文", ""),
            ("https://example.cn/2", "截断", "", ""),
        ],
    );
    for (body, found) in [
        ("<!DOCTYPE html><html><body>维护中</body></html>", "it is a web page"),
        ("", "it is empty"),
        ("{\"error\":1}", "JSON without a list of `items`"),
        ("<urlset></urlset>", "it is a sitemap"),
    ] {
        let error = read_entry(&page(body), &source(), now()).unwrap_err();
        assert!(error.to_string().ends_with(found), "{error}");
    }
}

#[test]
fn the_same_address_with_a_text_later_spares_the_job() {
    let entries = check(
        "<rss><channel><item><title>一</title><link>https://example.cn/1</link></item>\
         <item><title>二</title><link>https://example.cn/2</link></item>\
         <item><title>一</title><link>https://example.cn/1</link><description>文</description></item>\
         <item><title>二</title><link>https://example.cn/2</link></item></channel></rss>",
        &[("https://example.cn/1", "一", "文", ""), ("https://example.cn/2", "二", "", "")],
    );
    assert_eq!(entries.drops.get(&DropReason::Duplicate), Some(&2));
}

fn rss(items: &str) -> String {
    format!(
        "<rss><channel><title>变更</title><link>https://example.cn/log.html</link>{items}</channel></rss>"
    )
}

fn item(link: &str, guid: &str, text: &str) -> String {
    let link = if link.is_empty() { String::new() } else { format!("<link>{link}</link>") };
    let guid = match guid {
        "" => String::new(),
        guid => format!("<guid isPermaLink='false'>{guid}</guid>"),
    };
    format!("<item><title>{text}</title>{link}{guid}<description>{text}。</description></item>")
}

fn addresses(items: &[String]) -> Vec<String> {
    let entries = read_entry(&page(&rss(&items.concat())), &source(), now()).unwrap();
    assert!(entries.jobs.is_empty());
    entries.items.into_iter().map(|(url, _)| url).collect()
}

#[test]
fn items_that_differ_by_the_fragment_are_several() {
    let page = "https://example.cn/log.html";
    let links = [format!("{page}#a1"), format!("{page}#a2")];
    let both = [item(&links[0], "", "通风改造完成"), item(&links[1], "", "洗选厂更换设备")];
    assert_eq!(addresses(&both), links);
    // On the home page of the feed a fragment counts also for an item alone, so that it keeps its address.
    assert_eq!(addresses(&both[..1]), links[..1]);
    // Elsewhere a fragment alone says nothing.
    let thread = [item("https://example.cn/t/9#reply3", "g9", "求助")];
    assert_eq!(addresses(&thread), ["https://example.cn/t/9"]);
}

#[test]
fn items_that_differ_by_the_guid_are_several_and_copies_are_one() {
    let page = "https://example.cn/live.html";
    let two = [item(page, "n-1", "一号井通风"), item(page, "n-2", "二号井检修")];
    assert_eq!(addresses(&two), [format!("{page}#n-1"), format!("{page}#n-2")]);
    let copies = [item(page, "n-1", "一号井通风"), item(page, "n-2", "一号井通风")];
    assert_eq!(addresses(&copies), [page]);
}

#[test]
fn an_item_with_an_opaque_guid_and_no_link_is_kept() {
    let named = [item("", "tag-20261122-77", "供水管线抢修完成")];
    assert_eq!(addresses(&named), ["https://example.cn/log.html#tag-20261122-77"]);
    let nameless = [item("", "", "班车时刻调整"), item("", "", "食堂重新开放")];
    let got = addresses(&nameless);
    assert!(got.len() == 2 && got[0] != got[1], "{got:?}");
}

#[test]
fn a_shared_page_is_not_read_for_its_items() {
    let items = rss(&[
        item("https://example.cn/live.html", "n-1", "一号井通风"),
        item("https://example.cn/live.html", "n-2", "二号井检修"),
        item("https://example.cn/a/1.html", "n-3", "另有其页"),
    ]
    .concat());
    let full = SourceConfig {
        kind: crate::crawl::SourceKind::Feed { url: String::new(), full_page: true },
        ..source()
    };
    let entries = read_entry(&page(&items), &full, now()).unwrap();
    assert_eq!((entries.items.len(), entries.jobs.len()), (2, 1));
    assert_eq!(
        entries.jobs[0].1.text.as_deref(),
        Some("另有其页。"),
        "the text waits with the page"
    );
}

#[test]
fn cst_in_a_chinese_feed_is_the_time_of_china() {
    let dated = |text: &str| {
        let item = format!(
            "<item><title>{text}</title><link>https://example.cn/1</link><description>{text}</description>\
             <pubDate>Sun, 22 Nov 2026 08:30:00 CST</pubDate></item>"
        );
        let body = format!("<rss><channel><title>t</title>{item}</channel></rss>");
        let entries = read_entry(&page(&body), &source(), now()).unwrap();
        entries.items[0].1.published.as_ref().unwrap().at.to_rfc3339()
    };
    assert_eq!(dated("南关煤矿"), "2026-11-22T00:30:00+00:00");
    assert_eq!(dated("a mine"), "2026-11-22T14:30:00+00:00");
}

#[test]
fn items_that_were_not_closed_are_read_so_far_and_no_further() {
    let one = |n: usize| {
        format!("<item><title>第{n}条</title><link>http://a.example/{n}</link><description>煤")
    };
    let nested: String = (0..500).map(one).collect();
    let feed = read_feed(&nested, &"http://a.example/".parse().unwrap()).unwrap();
    let links: Vec<_> = feed.items.iter().filter_map(|item| item.link.clone()).collect();
    assert_eq!(links.first().map(String::as_str), Some("http://a.example/0"));
    assert!((30..100).contains(&links.len()), "{}", links.len());
}
