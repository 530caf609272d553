//! Whose time is the page's: labels, boxes, scripts, attributes.

use chrono::{DateTime, Utc};
use chrono_tz::Asia::Shanghai;

use super::super::{ReadOptions, read_page};
use crate::record::{Page, Verdict};

const BODY: &str = "<p>检修人员凌晨四点到岗，对主通风机的电机和叶片逐一检查，共更换轴承六套，设备恢复运行。</p>\
    <p>负责人介绍，这次检修安排在产量较低的时段，没有影响职工的正常收入，各队提前调整了班次。</p>\
    <p>下一步矿方将把检修记录录入台账，由安监站每周抽查一次，对发现的问题限期整改并公开结果。</p>";

fn now() -> DateTime<Utc> {
    "2026-11-25T04:00:00Z".parse().unwrap()
}

fn check_page(html: &str, expected: &str) {
    let page = Page {
        url: "https://example.cn/a/x.html".into(),
        requested_url: "https://example.cn/a/x.html".into(),
        source: "a".into(),
        status: 200,
        headers: Vec::new(),
        body: html.as_bytes().to_vec(),
        fetched_at: now(),
        sha256: [0; 32],
    };
    let options = ReadOptions { now: now(), zone: Shanghai, selectors: None };
    let Verdict::Keep(found) = read_page(&page, &options) else { panic!("no text: {html}") };
    let shown = found.published.map_or("-".to_owned(), |p| {
        let form = if p.has_time { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
        p.at.with_timezone(&Shanghai).format(form).to_string()
    });
    assert_eq!(shown, expected, "{html}");
}

/// A page with `head` under its title.
fn check(head: &str, expected: &str) {
    check_page(
        &format!(
            "<!DOCTYPE html><html><head><meta charset='utf-8'><title>南关矿检修主通风机</title></head><body>\
             <h1>南关矿检修主通风机</h1>{head}<div class='article'>{BODY}</div></body></html>"
        ),
        expected,
    );
}

#[test]
fn of_several_times_on_a_line_that_of_publication_is_taken() {
    check(
        "<div class='info'>更新时间：2026-11-22 09:00 | 发布：2026-11-20 10:00</div>",
        "2026-11-20 10:00",
    );
    check(
        "<table><tr><td>成文日期：2026-11-05</td><td>发布日期：2026-11-20</td></tr></table>",
        "2026-11-20",
    );
    check(
        "<div class='info'>上传时间：2026-11-20 10:00　修改时间：2026-11-22 10:00　点击：7</div>",
        "2026-11-20 10:00",
    );
    check(
        "<div class='info'>2026-11-20 10:00 发布　2026-11-22 10:00 更新</div>",
        "2026-11-20 10:00",
    );
    // An update alone is better than nothing.
    check("<div class='info'>更新时间：2026-11-22 09:00</div>", "2026-11-22 09:00");
}

#[test]
fn the_clock_of_a_byline_is_read_in_words() {
    check(
        "<div class='info'>时间：2026年11月20日晚8时05分　来源：云岭日报</div>",
        "2026-11-20 20:05",
    );
    check("<div class='info'>2026年11月20日10时　来源：云岭日报</div>", "2026-11-20 10:00");
}

#[test]
fn a_label_word_inside_prose_is_prose() {
    let body = "<p>事发日期：2025年3月1日；事发地点：南关煤矿三号井。</p>";
    check_page(
        &format!(
            "<html><head><title>南关矿检修</title></head><body><h1>南关矿检修</h1>\
             <div class='info'>云岭日报 2026-11-20</div><div class='article'>{body}{BODY}</div></body></html>"
        ),
        "2026-11-20",
    );
}

#[test]
fn the_time_of_a_wechat_article_stands_in_its_script() {
    check_page(
        &format!(
            "<html><head><title>公众号文</title></head><body><h1 id='activity-name'>公众号文</h1><em id='publish_time'></em>\
             <div class='rich_media_content' id='js_content' style='visibility: hidden;'>{BODY}</div>\
             <script>var createTime = \"2026-11-20 11:00\";</script></body></html>"
        ),
        "2026-11-20 11:00",
    );
}

#[test]
fn an_attribute_states_the_time_that_the_page_shows_as_days_ago() {
    check(
        "<div class='authi'><em>发表于 <span title='2026-11-20 10:00:12'>5&nbsp;天前</span></em></div>",
        "2026-11-20 10:00",
    );
}

#[test]
fn day_and_month_in_boxes_are_one_date() {
    check(
        "<div class='date'><span class='d'>20</span><span class='ym'>2026-11</span></div>",
        "2026-11-20",
    );
    check("<div class='date'><p>20</p><p>2026年11月</p></div>", "2026-11-20");
}

#[test]
fn a_time_to_come_stands_only_where_there_is_no_other() {
    check("<div class='info'>发布时间：2027-03-01 09:00</div>", "2027-03-01 09:00");
    check(
        "<div class='info'>发布时间：2027-03-01 09:00</div><div class='info'>2026-11-20 10:00 来源：云岭日报</div>",
        "2026-11-20 10:00",
    );
    check("<p>报名截止时间：2027-03-01 17:00</p>", "-");
}
