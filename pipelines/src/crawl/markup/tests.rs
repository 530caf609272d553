//! Markup as met in the wild, and what must be read of it.

use proptest::prelude::*;

use super::*;

fn check(source: &str, path: &[&str], expected: &str) {
    let root = parse(source);
    let mut at = &root;
    for name in path {
        at = at.child(&[name]).unwrap_or_else(|| panic!("no {name} in {root:?}"));
    }
    assert_eq!(at.text().trim(), expected, "{source}");
}

#[test]
fn real_feeds_are_not_well_formed() {
    let item = ["item", "title"];
    check("<r><item><title>矿区 A&B 通报</title></item></r>", &item, "矿区 A&B 通报");
    check("<r><item><title>产量 < 计划</title></item></r>", &item, "产量 < 计划");
    check("<r><item><title>甲&nbsp;乙&mdash;&foo;</title></item></r>", &item, "甲\u{a0}乙—&foo;");
    check("<r><item><title>未闭合<link>x</item><item/></r>", &item, "未闭合x");
    check(
        "junk<?xml version='1.0'?><r><item><title>前有杂文</title></item>",
        &["item", "title"],
        "前有杂文",
    );
    check("<r><item><title>&#30719;&#x533A;&#0;</title></item></r>", &item, "矿区\u{fffd}");
    check("<r><item><title><![CDATA[<b>粗</b>&amp;]]></title></item></r>", &item, "<b>粗</b>&amp;");
    check(
        "<!DOCTYPE r [<!ENTITY a \"b>c\">]><r><item><title>有DTD</title></item></r>",
        &item,
        "有DTD",
    );
    check("<r><item><title>截断", &item, "截断");
}

#[test]
fn html_inside_a_description_is_written_out_again() {
    let root =
        parse("<item><description><p>塌方<br>救援 &lt;3</p></description><link>u</link></item>");
    let html = root.child(&["description"]).unwrap().html();
    assert!(html.starts_with("<p>塌方<br>救援 &lt;3"), "{html}");
    assert_eq!(root.text_of(&["link"]).unwrap(), "u");
}

#[test]
fn prefixes_are_the_customary_ones() {
    let root = parse(
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:x='http://purl.org/dc/elements/1.1/'>\
         <a:entry><x:date>2026</x:date></a:entry></a:feed>",
    );
    assert_eq!(root.name, "feed");
    assert_eq!(root.child(&["entry"]).unwrap().text_of(&["dc:date"]).unwrap(), "2026");
}

#[test]
fn depth_is_bounded() {
    let deep = "<a>".repeat(100_000);
    let root = parse(&deep);
    assert!(root.descendants().len() >= 100_000 - 1);
}

proptest! {
    #[test]
    fn any_text_reads(text in "[<>/!\\[\\]CDATA&;#x0-9a-c\"'= 矿?-]{0,80}") {
        let root = parse(&text);
        let _ = (root.html(), root.text(), root.descendants().len());
    }
}
