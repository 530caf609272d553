//! The promises of the story book: levels, order, replay, restoring, merging, splitting.
//!
//! Fictitious posts from a small stock of happenings, so that copies, retellings and merges come up often.

use proptest::prelude::*;

use super::super::sample::{annotated, verdict};
use super::*;
use crate::record::{Fact, FactKind, FactStatus, Meaning, Mention, Polarity, Span, TextField};

const FLOOD: &str = "11月20日凌晨，云岭市南关镇一煤矿井下发生透水，12名矿工被困。当地已成立救援指挥部，三支矿山救援队赶到现场，\
    排水设备连夜到位。截至发稿，水位仍在上涨，救援在继续。市应急管理局表示，事故原因正在调查，矿方负责人已被控制。";
const AWARD: &str = "在日前举行的全省科技奖励大会上，一项薄煤层智能开采技术获得科技进步一等奖。评审专家认为，该技术填补了国内空白，\
    已在六座矿井推广应用，累计新增产值九亿元，减少井下作业人员四成，具有很好的推广价值和示范意义。";

fn flood(slug: &str, hours: i64) -> AnnotatedPost {
    annotated(slug, "云岭南关镇一煤矿透水12人被困", FLOOD, hours)
}

fn book_of(batches: &[Vec<AnnotatedPost>]) -> (StoryBook, Vec<StoryChange>) {
    let mut book = StoryBook::new(StoryConfig::default());
    let changes = batches.iter().flat_map(|batch| book.assign(batch).changes).collect();
    (book, changes)
}

/// The posts, by slug, fall into as many stories as `expected` has groups.
fn check(posts: &[AnnotatedPost], expected: usize) {
    let (book, _) = book_of(&[posts.to_vec()]);
    let stories: BTreeSet<StoryId> = book.posts().map(|(_, story)| story).collect();
    assert_eq!(stories.len(), expected, "{:?}", book.posts().collect::<Vec<_>>());
}

#[test]
fn exact_and_near_copies_are_one_story() {
    let edited = format!("编者按：生命至上。\n{}（责任编辑：小云）", FLOOD.replace("凌晨", "清晨"));
    let cut = FLOOD.split_once('。').unwrap().1;
    check(
        &[
            flood("a", 0),
            flood("b", 5),
            annotated("c", "突发！矿井事故最新通报", &edited, 8),
            annotated("d", "救援进行时", cut, 9),
        ],
        1,
    );
}

#[test]
fn a_rumoured_toll_and_what_takes_it_back_are_one_story() {
    let claim = |slug: &str, title: &str, hours: i64, subject: &str, count: u64, status| {
        let mut post = annotated(slug, title, title, hours);
        let span = Span { field: TextField::Title, start: 0, end: 3 };
        post.facts = vec![Fact { kind: FactKind::Dead, count, status, by: None, span }];
        let polarity = verdict(Polarity::Negative, 0.9);
        post.mentions = vec![Mention { subject: subject.into(), spans: Vec::new(), polarity }];
        post
    };
    let rumour = claim("a", "听说下午出事了", 0, "mine", 3, FactStatus::Rumoured);
    let notice = claim("b", "关于网传信息的通报", 20, "mine", 3, FactStatus::Refuted);
    check(&[rumour.clone(), notice], 1);
    for other in [
        claim("c", "关于网传信息的通报", 20, "plant", 3, FactStatus::Refuted),
        claim("d", "关于网传信息的通报", 20, "mine", 2, FactStatus::Refuted),
        claim("e", "关于网传信息的通报", 20, "mine", 3, FactStatus::Stated),
        claim("f", "关于网传信息的通报", 100, "mine", 3, FactStatus::Refuted),
    ] {
        check(&[rumour.clone(), other], 2);
    }
}

#[test]
fn one_happening_told_twice_is_one_story_and_strangers_are_not() {
    let other_words =
        "记者从现场获悉，被困人员家属已得到安置，医疗队二十四小时待命，附近两座矿停产配合抢险。";
    check(
        &[
            flood("a", 0),
            annotated("b", "云岭南关镇煤矿透水事故12人被困，救援持续", other_words, 10),
            annotated("c", "全省科技奖励大会举行，薄煤层智能开采获一等奖", AWARD, 11),
        ],
        2,
    );
    // A month later the same words are another happening.
    let mut later = annotated("b", "云岭南关镇煤矿透水事故12人被困", other_words, 24 * 30);
    later.fingerprint = Default::default();
    check(&[flood("a", 24 * 28), later.clone()], 1);
    check(&[flood("a", 24 * 26), later], 2);
}

/// Two posts of one site, a day apart, in one story or in two.
fn pair([one, two]: [(&str, &str); 2], expected: usize) {
    check(&[annotated("a", one.0, one.1, 0), annotated("b", two.0, two.1, 24)], expected);
}

#[test]
fn a_template_with_another_matter_is_another_story() {
    let notice = |what: &str| {
        format!(
            "各单位：经研究，现将{what}的有关安排通知如下，请遵照执行，执行中的问题及时报告办公室。"
        )
    };
    let (bath, bus) = (notice("井口澡堂开放时间"), notice("通勤班车发车时刻"));
    pair([("第3号通知：调整开放时间", &bath), ("第4号通知：调整发车时刻", &bus)], 2);
    pair([("关于安全检查的第3号通知", &bath), ("关于安全检查的第4号通知", &bath)], 2);
    let warning = |wind: &str| {
        format!(
            "岱宁市气象台预计今天夜间到明天全市有{wind}，请有关单位和人员做好防范准备，注意安全。"
        )
    };
    let (weak, strong) = (warning("5级偏北风"), warning("9级偏北风，阵风11级"));
    let (blue, red) = ("岱宁市发布大风蓝色预警", "岱宁市发布大风红色预警");
    pair([(blue, &weak), (red, &strong)], 2);
    pair([(blue, &weak), ("岱宁市发布大风蓝色预警", &weak)], 1);
    let list = |how: &str| {
        format!("经考核，下列单位十月份安全生产标准化考核{how}，名单按得分排列，现予公布。")
    };
    let (passed, failed) = (list("已达标"), list("未达标"));
    pair([("十月份考核已达标单位名单", &passed), ("十月份考核未达标单位名单", &failed)], 2);
}

#[test]
fn identical_texts_are_one_story_as_long_as_the_first_is_known() {
    for days in [1, 3, 6] {
        let later = annotated("b", "云岭南关镇一煤矿透水12人被困", FLOOD, 24 * days);
        let (book, _) = book_of(&[vec![flood("a", 0)], vec![later]]);
        let stories: BTreeSet<StoryId> = book.posts().map(|(_, story)| story).collect();
        assert_eq!(stories.len(), 1, "{days} days later");
    }
}

#[test]
fn an_identical_text_joins_its_story_whatever_its_age() {
    let (old, again) = (flood("a", 0), flood("b", 24 * 40));
    let (mut book, _) = book_of(&[vec![old.clone()], vec![annotated("x", "别的", AWARD, 24 * 40)]]);
    assert_eq!(book.story_of(old.post.id), None, "it is beyond the window");
    let known = HashMap::from([(again.post.id, StoryId(old.post.id))]);
    let joined = book.assign_beside(std::slice::from_ref(&again), &known);
    assert_eq!(joined.stories, [(again.post.id, StoryId(old.post.id))]);
    // What retells the newcomer follows it there, and a third copy needs no hint.
    let third = flood("c", 24 * 41);
    assert_eq!(book.assign(std::slice::from_ref(&third)).stories[0].1, StoryId(old.post.id));
    // A text that has grown old itself joins as well; a few words that many write are asked of nobody.
    let late = flood("d", 1);
    let known = HashMap::from([(late.post.id, StoryId(old.post.id))]);
    assert_eq!(book.assign_beside(std::slice::from_ref(&late), &known).stories[0].1.0, old.post.id);
    assert!(StoryBook::has_own_words(&late));
    assert!(!StoryBook::has_own_words(&annotated("e", "", "转发微博", 24 * 41)));
}

#[test]
fn a_site_footer_makes_no_copies() {
    let footer = "版权所有，未经书面授权禁止使用。本报法律顾问云岭律师事务所。投稿邮箱见首页，广告热线见报眼，新闻热线全天开通。\
        欢迎关注本报微信公众号和客户端，及时了解云岭新闻。";
    let mut one = annotated("a", "年货市集人气旺", &format!("本版责编甲。{footer}"), 0);
    let mut two = annotated("b", "煤海深处的坚守", &format!("本版责编乙。{footer}"), 0);
    (one.post.site, two.post.site) = ("daily.example".into(), "daily.example".into());
    check(&[one, two], 2);
}

#[test]
fn short_texts_are_no_copies() {
    check(&[annotated("a", "转发", "转发微博", 0), annotated("b", "好", "转发微博", 1)], 2);
}

#[test]
fn the_same_short_text_on_two_sites_is_one_story_under_whatever_headline() {
    let text = "昨晚十点多青岚沟那边拉了警报，救护车进去三辆，门口围满了人。";
    let of_site = |slug: &str, title: &str, site: &str| {
        let mut post = annotated(slug, title, text, 0);
        post.post.site = site.to_owned();
        post
    };
    let (first, other) =
        (of_site("a", "出事了？", "a.example"), of_site("b", "转：矿上拉警报", "b.example"));
    check(&[first.clone(), other], 1);
    // A site may put the same words under all it has.
    check(&[first, of_site("c", "今天的天气", "a.example")], 2);
}

#[test]
fn the_name_of_a_story_stays_when_an_earlier_post_arrives_late() {
    let (book, changes) = book_of(&[vec![flood("a", 10)], vec![flood("b", 2)]]);
    let founder = StoryId(flood("a", 10).post.id);
    assert!(book.posts().all(|(_, story)| story == founder));
    assert!(changes.is_empty());
}

#[test]
fn a_post_of_two_stories_merges_the_younger_into_the_older_and_says_so() {
    let (first, second) = (FLOOD, AWARD);
    let both = format!("{first}\n{second}");
    let batches = [
        vec![annotated("old", "甲事", first, 0)],
        vec![annotated("young", "乙闻", second, 1)],
        vec![annotated("both", "两则", &both, 2)],
    ];
    let (book, changes) = book_of(&batches);
    let id = |slug: &str| annotated(slug, "", "", 0).post.id;
    assert_eq!(
        changes,
        vec![StoryChange::Merged {
            from: StoryId(id("young")),
            into: StoryId(id("old")),
            because: id("both"),
            level: Level::NearCopy,
        }]
    );
    assert!(book.posts().all(|(_, story)| story == StoryId(id("old"))));
}

#[test]
fn what_an_officer_split_stays_apart() {
    let (mut book, _) = book_of(&[vec![flood("a", 0), flood("b", 1), flood("c", 2)]]);
    let id = |slug: &str| flood(slug, 0).post.id;
    let change = book.split(&[id("b")]).unwrap();
    let expected =
        StoryChange::Split { from: StoryId(id("a")), into: StoryId(id("b")), posts: vec![id("b")] };
    assert_eq!(change, expected);
    assert!(book.assign(&[flood("d", 3)]).changes.is_empty());
    assert_eq!(book.story_of(id("b")), Some(StoryId(id("b"))));
    assert_eq!(book.story_of(id("c")), Some(StoryId(id("a"))));
    assert_eq!(book.split(&[PostId(1)]), None);
}

#[test]
fn old_posts_are_forgotten_and_late_ones_keep_what_they_bring() {
    let (mut book, _) =
        book_of(&[vec![flood("a", 0)], vec![annotated("z", "新闻", AWARD, 24 * 8)]]);
    assert_eq!(book.posts().count(), 1);
    let mut late = flood("late", 1);
    late.story = StoryId(PostId(42));
    assert_eq!(book.assign(&[late]).stories[0].1, StoryId(PostId(42)));
    assert_eq!(book.posts().count(), 1);
}

#[test]
fn an_edited_post_stays_in_its_story() {
    let (mut book, _) = book_of(&[vec![flood("a", 0), flood("b", 1)]]);
    let edited = annotated("b", "全省科技奖励大会举行", AWARD, 1);
    book.assign(std::slice::from_ref(&edited));
    assert_eq!(book.story_of(edited.post.id), Some(StoryId(flood("a", 0).post.id)));
}

/// One of six directions, neighbours near one another.
fn meaning(which: usize) -> Option<Meaning> {
    let angle = which as f32 * 0.5;
    Meaning::of([1, 2], &[angle.sin(), angle.cos(), 0.2])
}

/// Posts from a small stock of happenings, so that copies, retellings and merges come up often.
fn any_post() -> impl Strategy<Value = AnnotatedPost> {
    let clauses = [
        "南关煤矿井下透水十二名矿工被困救援队连夜排水水位仍在上涨",
        "全省科技奖励大会上薄煤层智能开采技术获得科技进步一等奖",
        "云岭热电锅炉检修城区供暖推迟三天居民反映室温只有十四度",
        "网友发帖称云岭矿业拖欠工程款三千二百万元公司回应正在核实",
        "职工运动会闭幕选煤厂代表队夺得拔河冠军家属助威声不断",
    ];
    let picks = (0..clauses.len(), 0..clauses.len(), 0..3usize, 0..40usize, 0i64..240);
    let picks = (picks, prop::option::of(0..6usize));
    picks.prop_map(move |((one, two, form, slug, hours), about)| {
        let (one, two) = (clauses[one], clauses[two]);
        let text = match form {
            0 => one.to_owned(),
            1 => format!("{one}。{two}"),
            _ => format!("据本报记者了解，{one}"),
        };
        let mut post = annotated(&format!("p{slug}"), one, &text, hours);
        post.meaning = about.and_then(meaning);
        post
    })
}

fn stored(book: &StoryBook, batches: &[Vec<AnnotatedPost>]) -> Vec<AnnotatedPost> {
    // What the store holds: the last text of each post, with the story the book says.
    let mut posts: BTreeMap<PostId, AnnotatedPost> = BTreeMap::new();
    for post in batches.iter().flatten() {
        let mut post = post.clone();
        if let Some(story) = book.story_of(post.post.id) {
            post.story = story;
            posts.insert(post.post.id, post);
        }
    }
    posts.into_values().collect()
}

fn distinct(posts: Vec<AnnotatedPost>) -> Vec<AnnotatedPost> {
    let by_id: BTreeMap<PostId, AnnotatedPost> =
        posts.into_iter().map(|p| (p.post.id, p)).collect();
    by_id.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_within_a_batch_does_not_matter(
        first in prop::collection::vec(any_post(), 0..12),
        second in prop::collection::vec(any_post(), 1..12),
        turn in 0usize..12,
    ) {
        let (first, second) = (distinct(first), distinct(second));
        let mut turned = second.clone();
        turned.reverse();
        turned.rotate_left(turn % second.len());
        let (a, a_changes) = book_of(&[first.clone(), second]);
        let (b, b_changes) = book_of(&[first, turned]);
        prop_assert_eq!(a.posts().collect::<Vec<_>>(), b.posts().collect::<Vec<_>>());
        prop_assert_eq!(a_changes, b_changes);
    }

    #[test]
    fn replay_changes_nothing(posts in prop::collection::vec(any_post(), 1..20)) {
        let posts = distinct(posts);
        let (mut book, _) = book_of(std::slice::from_ref(&posts));
        let before: Vec<_> = book.posts().collect();
        let mut again = stored(&book, std::slice::from_ref(&posts));
        again.extend(posts.into_iter().filter(|p| book.story_of(p.post.id).is_some()));
        let replayed = book.assign(&again);
        prop_assert!(replayed.changes.is_empty());
        prop_assert_eq!(before, book.posts().collect::<Vec<_>>());
        for (post, story) in replayed.stories {
            prop_assert_eq!(Some(story), book.story_of(post));
        }
    }

    #[test]
    fn a_restored_book_goes_on_like_the_live_one(
        past in prop::collection::vec(prop::collection::vec(any_post(), 1..8), 1..4),
        next in prop::collection::vec(any_post(), 1..12),
    ) {
        let past: Vec<Vec<AnnotatedPost>> = past.into_iter().map(distinct).collect();
        let next = distinct(next);
        let (mut live, _) = book_of(&past);
        let posts = stored(&live, &past);
        let mut restored = StoryBook::restore(StoryConfig::default(), &posts, []);
        prop_assert_eq!(live.posts().collect::<Vec<_>>(), restored.posts().collect::<Vec<_>>());
        prop_assert_eq!(live.assign(&next), restored.assign(&next));
        prop_assert_eq!(live.posts().collect::<Vec<_>>(), restored.posts().collect::<Vec<_>>());
    }
}
