//! What a post holds after assembly: masks, pseudonyms, kept names, drops and hashes.

use super::{PostPlace, Privacy, assemble, pseudonym, unname, without_names};
use crate::crawl::SourceConfig;
use crate::record::{Author, DropReason, Found, FoundComment, Issue, Post, Verdict};

fn source() -> SourceConfig {
    serde_json::from_str(
        r#"{"id":"yunling","name":"云岭新闻网","kind":"feed","url":"https://www.yunling.example/rss",
            "official_authors":["云岭矿业工会"]}"#,
    )
    .unwrap()
}

fn made(found: Found, min_chars: usize) -> Verdict<Post> {
    let place = PostPlace {
        url: "https://www.yunling.example/a/1",
        source: &source(),
        fetched_at: "2026-11-22T04:00:00Z".parse().unwrap(),
        min_chars,
    };
    let privacy = Privacy {
        key: b"a key for tests".to_vec(),
        official_authors: vec!["岭南发布".to_owned()],
    };
    assemble(found, &place, &privacy)
}

fn kept(found: Found) -> Post {
    match made(found, 1) {
        Verdict::Keep(post) => post,
        Verdict::Drop(reason) => panic!("dropped: {}", reason.as_str()),
    }
}

fn text(text: &str) -> Found {
    Found {
        title: Some("南坡煤矿工资问题".to_owned()),
        text: Some(text.to_owned()),
        ..Found::default()
    }
}

/// Who the author of a post by `name` is, shown as `official:…` or `u_…`.
fn author_of(name: &str) -> String {
    let found = Found {
        author: Some(name.to_owned()),
        outlet: Some("云岭晚刊".to_owned()),
        ..text("欠薪两个月。")
    };
    match kept(found).author {
        Some(Author::Official(name)) => format!("official:{name}"),
        Some(Author::Pseudonym(name)) => name,
        None => String::new(),
    }
}

#[test]
fn private_authors_get_a_pseudonym_and_bodies_keep_their_name() {
    let own = author_of("岭上云");
    assert!(own.starts_with("u_") && own.len() == 14, "{own}");
    assert_eq!(own, author_of("岭上云"));
    assert_ne!(own, author_of("岭上雨"));
    for name in ["云岭矿业工会", "岭南发布", "云岭新闻网", "云岭晚刊", "云岭市人民政府办公室"]
    {
        assert_eq!(author_of(name), format!("official:{name}"));
    }
}

#[test]
fn pseudonyms_differ_by_site_and_key() {
    let one = pseudonym(b"k", "a.example", "岭上云");
    assert_eq!(one, pseudonym(b"k", "a.example", " 岭上云 "));
    assert_ne!(one, pseudonym(b"k", "b.example", "岭上云"));
    assert_ne!(one, pseudonym(b"l", "a.example", "岭上云"));
}

#[test]
fn numbers_and_names_leave_title_text_and_comments() {
    let comment = FoundComment {
        text: "我是岭下雨，加我 139 0000 4321".to_owned(),
        published_at: None,
        author: Some("岭下雨".to_owned()),
    };
    let found = Found {
        title: Some("求助 13800001234".to_owned()),
        author: Some("周山石".to_owned()),
        comments: vec![comment],
        ..text("（记者 周山石）南坡煤矿欠薪，车牌晋A12345。\n联系人周山石 13800001234")
    };
    let post = kept(found);
    let all = format!("{post:?}");
    for private in ["13800001234", "139 0000 4321", "周山石", "岭下雨", "A12345"] {
        assert!(!all.contains(private), "{private} in {all}");
    }
    assert_eq!(post.title, "求助 138****1234");
}

#[test]
fn people_of_a_thread_are_named_nowhere_in_it() {
    let reply = |author: &str, text: &str| FoundComment {
        text: text.to_owned(),
        published_at: None,
        author: Some(author.to_owned()),
    };
    let post = kept(Found {
        author: Some("周山石".to_owned()),
        comments: vec![
            reply("岭下雨", "顶 @周山石 ，我也没发。"),
            reply("河上风", "回复 岭下雨：至今没到账。"),
        ],
        ..text("南坡煤矿欠薪，@岭下雨 也来说说。")
    });
    let all = format!("{post:?}");
    for private in ["周山石", "岭下雨", "河上风"] {
        assert!(!all.contains(private), "{private} in {all}");
    }
    let place = Found {
        comments: vec![reply("青岚沟", "顶")], ..text("青岚沟煤矿欠薪两个月。")
    };
    assert!(
        kept(place).text.starts_with("青岚沟"),
        "a nickname that is a place takes no place away"
    );
}

#[test]
fn a_hint_that_waits_holds_nothing_private() {
    let hint = without_names(Found {
        title: Some("周山石：求助 13800001234".to_owned()),
        author: Some("周山石".to_owned()),
        outlet: Some("热线 13800001234".to_owned()),
        ..text("联系人周山石 13800001234")
    });
    assert_eq!(hint.title.as_deref(), Some("某某：求助 138****1234"));
    let all = format!("{hint:?}");
    assert!(!all.contains("周山石") && !all.contains("13800001234"), "{all}");
}

#[test]
fn what_a_name_protected_is_masked_without_it() {
    let cleaned = super::clean("http://a.example/13800001234", Some("a.example"), &["a.example"]);
    assert_eq!(cleaned, "http://某某/138****1234");
}

#[test]
fn a_name_that_is_a_word_goes_only_where_it_signs() {
    let check =
        |body: &str, name: &str, expected: &str| assert_eq!(unname(body, name, 3), expected);
    check("作者：安全\n安全生产月启动", "安全", "作者：某某\n安全生产月启动");
    check("回复 @老矿工 说得对", "老矿工", "回复 @某某 说得对");
    check("（周山 李河）", "周山", "（某某 李河）");
    check("没有这个人", "周山", "没有这个人");
}

#[test]
fn what_is_missing_is_an_issue_and_too_little_is_a_drop() {
    let post = kept(Found {
        text: Some("南坡煤矿欠薪两个月。职工很着急。".to_owned()),
        ..Found::default()
    });
    assert_eq!(post.title, "南坡煤矿欠薪两个月。");
    assert_eq!(post.issues, [Issue::NoTitle, Issue::NoDate, Issue::NoAuthor]);
    assert_eq!(post.site, "yunling.example");
    assert_eq!(made(Found::default(), 0), Verdict::Drop(DropReason::TooShort));
    assert_eq!(made(text("短"), 50), Verdict::Drop(DropReason::TooShort));
}

#[test]
fn equal_texts_have_equal_hashes_however_they_are_written() {
    let hash = |body: &str| kept(text(body)).content_hash;
    assert_eq!(hash("南坡煤矿ＡＢＣ"), hash("南坡煤礦abc"));
    assert_ne!(hash("南坡煤矿"), hash("北山铁矿"));
}

#[test]
fn a_hostile_title_cannot_steer_the_terminal_it_is_shown_on() {
    let hostile = "\u{1b}]0;pwned\u{7}欠薪\u{202e}元\u{9b}2J";
    let comment = FoundComment {
        text: hostile.to_owned(),
        author: Some(hostile.to_owned()),
        ..FoundComment::default()
    };
    let found = Found {
        title: Some(hostile.to_owned()),
        outlet: Some(format!("云岭{hostile}晚报")),
        origin: Some(hostile.to_owned()),
        author: Some(format!("{hostile}公司工会有限公司")),
        comments: vec![comment],
        ..text(hostile)
    };
    let post = kept(found.clone());
    let Some(Author::Official(author)) = &post.author else { panic!("an organisation") };
    let outlets = [post.outlet.as_deref(), post.origin.as_deref(), Some(author.as_str())];
    let comments = post.comments.iter().map(|c| c.text.as_str());
    let texts = [post.title.as_str(), &post.text].into_iter().chain(comments);
    for shown in texts.chain(outlets.into_iter().flatten()) {
        assert!(!shown.contains(crate::text::is_steering) && shown.contains("欠薪"), "{shown:?}");
    }
    let hint = without_names(found);
    assert!(hint.title.is_some_and(|title| !title.contains(crate::text::is_steering)));
}
