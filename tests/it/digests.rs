//! Digests: every sentence and figure leads to posts that hold it, whatever a digest is of; what cannot be reported is
//! refused in words. The paper itself is measured in `digests/pages.rs`.

mod pages;
mod recomputed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use guanlan::store::PostRange;
use pipelines::locale::Lang;
use pipelines::record::AnnotatedPost;
use scraper::{ElementRef, Html, Selector};

use crate::lab::{self, Lab};

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// What was walked, so that a test that sees nothing fails.
#[derive(Default)]
struct Walked {
    quotes: usize,
    figures: usize,
    heat: usize,
    cases: usize,
    channels: usize,
    totals: usize,
}

/// The posts of an appendix, by the anchors that lead to them.
fn appendix(
    page: &Html,
    stored: &BTreeMap<String, AnnotatedPost>,
) -> BTreeMap<String, AnnotatedPost> {
    let lines = selector("p.line[id^='p']");
    let line = |element: ElementRef| {
        let text = words(element);
        let (_, id) = text.split_once("  id ").expect("a line of the appendix has an id");
        let post = &stored[&id[..16]];
        for held in [&post.post.title, &post.post.url] {
            assert!(text.contains(held.trim()), "{text} does not hold {held}");
        }
        let has_hash =
            text.contains("SHA-256") || text.contains(&format!("{:016x}", post.post.content_hash));
        assert!(has_hash, "{text}");
        (format!("#{}", element.value().id().unwrap()), post.clone())
    };
    page.select(&lines).map(line).collect()
}

/// Quotations and titles stand in the posts that their marks lead to.
fn walk_quotes(page: &Html, posts: &BTreeMap<String, AnnotatedPost>) -> usize {
    let mut count = 0;
    for quote in page.select(&selector("q, cite")) {
        let mark =
            quote.next_sibling().and_then(ElementRef::wrap).expect("a mark follows a quotation");
        assert_eq!(mark.value().attr("class"), Some("mark"));
        let post = &posts[mark.value().attr("href").unwrap()].post;
        let text = words(quote);
        let inner = text.strip_prefix('“').and_then(|text| text.strip_suffix('”')).unwrap_or(&text);
        let held = |piece: &str| post.title.contains(piece) || post.text.contains(piece);
        assert!(!inner.is_empty() && (held(inner) || held(&text)), "{text} is not in {}", post.id);
        count += 1;
    }
    count
}

/// Figures are the size of the sets they lead to, and sets list as many posts as they say.
fn walk_figures(page: &Html, posts: &BTreeMap<String, AnnotatedPost>) -> usize {
    let mut sizes = BTreeMap::new();
    let marks = selector("a.mark");
    for set in page.select(&selector("p.line[id^='s']")) {
        let listed: BTreeSet<_> =
            set.select(&marks).map(|mark| mark.value().attr("href").unwrap()).collect();
        assert!(listed.iter().all(|href| posts.contains_key(*href)));
        let text = words(set);
        let unlisted = text
            .rsplit_once("], ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok());
        sizes.insert(
            format!("#{}", set.value().id().unwrap()),
            listed.len() + unlisted.unwrap_or(0),
        );
    }
    let mut count = 0;
    for figure in page.select(&selector("a[href^='#']:not(.mark)")) {
        let value: usize = words(figure).parse().expect("a figure is a number");
        let href = figure.value().attr("href").unwrap();
        let size = if href.starts_with("#s") {
            sizes[href]
        } else {
            usize::from(posts.contains_key(href))
        };
        assert_eq!(value, size, "{href}");
        count += 1;
    }
    count
}

/// No paragraph of ours stands without a way to its posts, but for what is said of the station itself.
fn every_paragraph_leads_somewhere(page: &Html, file: &Path) {
    let (links, mut section) = (selector("a[href^='#']"), String::new());
    for element in page.select(&selector("main > h2, main > p:not(.span):not(.note):not(.warn)")) {
        if element.value().name() == "h2" {
            section = words(element);
            continue;
        }
        let own =
            ["Collecting", "Suggestions", "Handling"].iter().any(|name| section.contains(name));
        // A source that fell silent rests on no post.
        let said = words(element);
        let is_calm = ["nobody spoke of us", "nothing follows", "not done with"]
            .iter()
            .any(|words| said.contains(words));
        assert!(
            own || is_calm || element.select(&links).next().is_some(),
            "{}: {}",
            file.display(),
            words(element)
        );
    }
    let lines = selector("main > h2, main > p:not(.span)");
    let opening = page.select(&lines).skip(1);
    let sentences = opening.take_while(|element| element.value().name() == "p").count();
    assert!(sentences <= 5, "{}: {sentences} sentences open it", file.display());
}

/// The rows of the table whose second head is `what`: a name and its numbers.
fn rows(page: &Html, what: &str) -> Vec<(String, Vec<u64>)> {
    let (heads, trs, tds) = (selector("th"), selector("tbody tr"), selector("td"));
    let of_it =
        |table: &ElementRef| table.select(&heads).nth(1).is_some_and(|head| words(head) == what);
    let Some(table) = page.select(&selector("table")).find(of_it) else { return Vec::new() };
    let row = |tr: ElementRef| {
        let cells: Vec<String> = tr.select(&tds).map(words).collect();
        (cells[1].clone(), cells[2..].iter().map(|cell| cell.parse().unwrap()).collect())
    };
    table.select(&trs).map(row).collect()
}

/// Posts about us, negative, neutral and positive ones, as the section on volume tells them; none where nobody spoke of us.
fn totals(page: &Html) -> Option<Vec<u64>> {
    let paragraphs = selector("main > p");
    let mut texts = page.select(&paragraphs).map(words);
    let text = texts.find(|text| text.contains(" about us") && text.contains(" neutral, "))?;
    let before = |word: &str| {
        let (before, _) = text.split_once(word).expect("each is told");
        before.rsplit(' ').next().unwrap().parse().expect("a number stands before it")
    };
    Some([" post", " negative", " neutral", " positive"].map(before).to_vec())
}

/// The cases that a page names in its table or its opening.
fn named_cases(page: &Html) -> BTreeSet<String> {
    let text: String = page.root_element().text().collect();
    let is_number = |word: &&str| {
        word.len() == 9
            && word.as_bytes()[4] == b'-'
            && word[..4].parse::<u32>().is_ok()
            && word[5..].parse::<u32>().is_ok()
    };
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '-');
    words.filter(|word| word.is_ascii()).filter(is_number).map(str::to_owned).collect()
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let local = chrono_tz::Asia::Shanghai.from_local_datetime(&day.and_time(NaiveTime::MIN));
    local.earliest().unwrap().with_timezone(&Utc)
}

const UNITS: [(&str, &str); 6] = [
    ("yunling", "云岭矿业集团有限公司"),
    ("qinglangou", "云岭矿业集团青岚沟煤矿"),
    ("huaiping", "云岭矿业集团槐坪选煤厂"),
    ("transport", "云岭矿业集团运输分公司"),
    ("jihe", "云岭能源霁河发电厂"),
    ("chem", "云岭化工有限公司"),
];

/// Writes a digest and answers its HTML file.
fn written(lab: &Lab, args: &[&str]) -> PathBuf {
    let data = lab.data();
    let all = [&["--data-dir", data.to_str().unwrap(), "digest", "--form", "html"], args].concat();
    let said = lab.run(&all).good().out;
    let file = said.lines().find(|line| line.ends_with(".html")).expect("an HTML file is written");
    PathBuf::from(&file[file.find('/').unwrap()..])
}

/// The tables of units and the cases of a page, held against other code.
fn recount(
    page: &Html,
    (file, data): (&Path, &Path),
    (day, days): (NaiveDate, u64),
    walked: &mut Walked,
) {
    let to = midnight(day + Days::new(1));
    let from = to - chrono::TimeDelta::days(i64::try_from(days).unwrap());
    let counted = recomputed::units(data, (from.timestamp_millis(), to.timestamp_millis()));
    for (name, numbers) in rows(page, "Unit") {
        let (id, _) = UNITS.iter().find(|(_, full)| *full == name).expect("a unit of the demo");
        assert_eq!(counted[*id], numbers, "{name} in {}", file.display());
    }
    let by_day = recomputed::by_day(data, (from.timestamp_millis(), u32::try_from(days).unwrap()));
    for (name, numbers) in rows(page, "Unit by day") {
        let (id, _) = UNITS.iter().find(|(_, full)| *full == name).expect("a unit of the demo");
        assert_eq!(by_day[*id], numbers, "{name} by day in {}", file.display());
        walked.heat += 1;
    }
    let of_channels = recomputed::channels(data, (from.timestamp_millis(), to.timestamp_millis()));
    for (name, numbers) in rows(page, "Channel") {
        let named = |id: &&String| Lang::En.text(&format!("record.channel.{id}")) == name;
        let id = of_channels.keys().find(named).expect("a channel that has posts");
        assert_eq!(of_channels[id], numbers, "{name} in {}", file.display());
        walked.channels += 1;
    }
    let mut sums = vec![0; 4];
    for counts in of_channels.values() {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    if let Some(told) = totals(page) {
        assert_eq!(told, sums, "totals in {}", file.display());
        walked.totals += 1;
    }
    let open = recomputed::open_cases(data, to.timestamp_millis());
    assert_eq!(named_cases(page), open, "cases in {}", file.display());
    walked.cases += open.len();
}

#[test]
fn every_mark_of_fifty_digests_leads_to_posts_that_hold_it() {
    let lab = Lab::new();
    let data = lab.data();
    crate::demo::kept(&lab);
    let mut stored = BTreeMap::new();
    let store = lab::stored(&data);
    let each = &mut |post: AnnotatedPost| {
        stored.insert(post.post.id.to_string(), post);
        true
    };
    store.each_post(&PostRange::default(), each).unwrap();
    let today = Utc::now().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    let mut pages: Vec<(PathBuf, Option<(NaiveDate, u64)>)> = Vec::new();
    for back in 0..10 {
        let day = today - Days::new(back);
        for (period, days) in [("day", 1), ("week", 7)] {
            let file = written(&lab, &["--period", period, "--date", &day.to_string()]);
            pages.push((file, Some((day, days))));
        }
    }
    // Of the month before: there is nothing in it, and that is said.
    pages.push((written(&lab, &["--period", "month"]), None));
    for (unit, _) in UNITS {
        pages.push((written(&lab, &["--period", "week", "--unit", unit]), None));
    }
    for topic in ["labour", "safety", "environment", "good"] {
        let from = (today - Days::new(20)).to_string();
        pages.push((written(&lab, &["--topic", topic, "--from", &from]), None));
    }
    let stories: BTreeSet<String> = stored
        .values()
        .filter(|post| !post.mentions.is_empty())
        .map(|post| post.story.to_string())
        .collect();
    for (i, story) in stories.iter().take(24).enumerate() {
        let full: &[&str] = if i % 2 == 0 { &["--full"] } else { &[] };
        pages.push((written(&lab, &[&["--story", story], full].concat()), None));
    }
    assert!(pages.len() >= 50, "{}", pages.len());
    let mut walked = Walked::default();
    for (file, span) in &pages {
        let page = Html::parse_document(&std::fs::read_to_string(file).unwrap());
        let posts = appendix(&page, &stored);
        walked.quotes += walk_quotes(&page, &posts);
        walked.figures += walk_figures(&page, &posts);
        every_paragraph_leads_somewhere(&page, file);
        if let Some(span) = span {
            recount(&page, (file, &data), *span, &mut walked);
        }
    }
    assert!(walked.heat > 12 && walked.cases >= 4, "{} {}", walked.heat, walked.cases);
    assert!(walked.channels > 12 && walked.totals > 12, "{} {}", walked.channels, walked.totals);
    assert!(walked.quotes > 250 && walked.figures > 400, "{} {}", walked.quotes, walked.figures);
}

#[test]
fn what_cannot_be_reported_is_refused_in_words() {
    let lab = Lab::new();
    lab.write("guanlan.toml", "[station]\ncontact = \"a@example.com\"\n");
    lab.run(&["crawl"]);
    for args in [
        &["digest", "--date", "2199-01-01"][..],
        &["digest", "--unit", "nobody"],
        &["digest", "--topic", "nothing"],
        &["digest", "--story", "0123456789abcdef"],
        &["digest", "--from", "2026-01-02", "--to", "2026-01-01"],
    ] {
        let run = lab.run(args);
        assert!(matches!(run.code, Some(1 | 2)), "{args:?}: {} {}", run.out, run.err);
        assert!(!run.err.trim().is_empty() && !run.err.contains("desk."), "{}", run.err);
    }
}
