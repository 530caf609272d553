//! A walk through the query language: read, explain, ask, ask many, say why.
//!
//! `cargo run -p guanlan-pipelines --example query` runs the walk; with an argument it explains that query:
//! `cargo run -p guanlan-pipelines --example query -- '瓦斯 NEAR/10 爆炸 -演练'`.

use chrono::{DateTime, Duration, Utc};
use pipelines::locale::Lang;
use pipelines::query::{Context, Facts, QuerySet, Target, parse, why};
use pipelines::record::{Channel, PostId, RuleHit, Severity, StoryId, Subject, TextField};
use pipelines::text::fold;
use pipelines::watch::{RuleConfig, RuleKind, Window, reason, rehearse};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A query is read against a context: the present (for `7d` and `today`), the zone of days, the subjects
    // that `@name` may speak of. Nothing is looked up elsewhere, so the same context gives the same query.
    let now = "2026-11-22T02:30:00Z".parse()?;
    let mut context = Context::at(now);
    context.subjects.push(Subject {
        id: "yunling".into(),
        name: "云岭矿业集团有限公司".into(),
        short_names: vec!["云岭矿业".into(), "云岭".into()],
        exclude: vec!["云岭旅游".into()],
        ..Subject::default()
    });
    if let Some(input) = std::env::args().nth(1) {
        match parse(&input, &context) {
            Ok(query) => print!("{}", query.explain(Lang::Zh)),
            Err(error) => println!("{}", error.render(&input, Lang::Zh)),
        }
        return Ok(());
    }

    // 1. All comparing is done on folded text: width, case, traditional characters and stray blanks do not
    //    matter. Each folded byte knows where it came from.
    let folded = fold("雲嶺礦業３號井發生\n透水");
    println!("1. folded: {}", folded.text());

    // 2. A query that can be read is explained in words, one that cannot gets its place marked.
    let query = parse("@云岭 同句 （透水 | 冒顶） -演练", &context)?;
    println!("\n2. {}", query.explain(Lang::Zh));
    let broken = "云岭矿业（集团） 透水";
    if let Err(error) = parse(broken, &context) {
        println!("{}\n", error.render(broken, Lang::Zh));
    }

    // 3. It is asked of a target, here two texts and a fact; from a stored post `Target::new(&post)`. What
    //    comes back are spans on the original, to be marked as they stand there.
    let (title, body) = ("快訊", "今晨，雲嶺礦業３號井發生透\n水，有人被困。搜救進行中。");
    let facts = Facts { channel: Some(Channel::Weibo), ..Facts::default() };
    let target = Target::of_texts(title, body, facts);
    for span in query.matches(&target).unwrap_or_default() {
        let text = if span.field == TextField::Title { title } else { body };
        println!("3. hit: {:?}", &text[span.start as usize..span.end as usize]);
    }

    // 4. Why a post was hit or missed is told clause by clause.
    let other = parse("@云岭 同句 搜救 channel:forum", &context)?;
    println!("\n4. {}", why(&other, &target, Lang::Zh));

    ask_many(&context, &target)?;
    rehearse_one(now);
    Ok(())
}

fn ask_many(context: &Context, target: &Target) -> Result<(), Box<dyn std::error::Error>> {
    // 5. Thousands of rules are asked in one pass over the text.
    let rules = ["透水 | 突水", "瓦斯 NEAR/10 爆炸", "channel:weibo 被困"];
    let queries = rules.iter().map(|rule| Ok((*rule, parse(rule, context)?)));
    let set = QuerySet::build(queries.collect::<Result<Vec<_>, pipelines::query::QueryError>>()?)?;
    for (rule, spans) in set.matches(target) {
        println!("5. rule {rule:?} hits {} words", spans.len());
    }

    Ok(())
}

fn rehearse_one(now: DateTime<Utc>) {
    // 6. Hits become alerts. The rehearsal runs the state machine of the live path over the past.
    let rule = RuleConfig {
        id: "water".into(),
        name: "透水".into(),
        enabled: true,
        query: "透水 | 突水".into(),
        kind: RuleKind::Frequency { count: 3, window_minutes: 60 },
        severity: Severity::Major,
        merge_hours: 24,
        notify: Vec::new(),
        examples: Vec::new(),
    };
    let hits: Vec<RuleHit> = (0..5)
        .map(|i| RuleHit {
            rule: rule.id.clone(),
            post: PostId(i),
            story: StoryId(PostId(0)),
            at: now - Duration::hours(3) + Duration::minutes(10 * i as i64),
            spans: Vec::new(),
        })
        .collect();
    for alert in rehearse(&rule, &Window::default(), &hits, now) {
        println!("\n6. {} {}", alert.fired_at, reason(&rule, &alert, Lang::Zh));
    }
}
