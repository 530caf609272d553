//! Everything that can be read of a store, as text: what two stores that hold the same must agree in.
//!
//! In: a store, and the keys that may be in it. Out: a line a question. Marks of changes and what tells one store from
//! another are left out.

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::store::{AuditAsk, CaseLink, OutboxAsk, PostRange, Store};
use pipelines::record::{AnnotatedPost, PostId, RuleId, SourceId, StoryId};

/// The keys that may be in a store.
pub struct Keys {
    pub start: DateTime<Utc>,
    pub posts: Vec<AnnotatedPost>,
    pub sources: Vec<SourceId>,
    pub rules: Vec<RuleId>,
    pub ways: Vec<String>,
    pub people: Vec<String>,
    pub files: Vec<String>,
    pub terms: Vec<String>,
}

/// All answers, in one order.
pub fn answers(store: &dyn Store, keys: &Keys) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say =
        |what: &str, answer: &dyn std::fmt::Debug| lines.push(format!("{what}: {answer:?}"));
    posts(store, keys, &mut say);
    sources(store, keys, &mut say);
    alerts(store, keys, &mut say);
    people(store, keys, &mut say);
    cases(store, keys, &mut say);
    lines
}

type Say<'a> = dyn FnMut(&str, &dyn std::fmt::Debug) + 'a;

fn ranges(keys: &Keys) -> [PostRange; 3] {
    let at = |hours| Some(keys.start + TimeDelta::hours(hours));
    [
        PostRange::default(),
        PostRange { from: at(3), until: at(20) },
        PostRange { from: None, until: at(9) },
    ]
}

fn posts(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    for post in &keys.posts {
        let id = post.post.id;
        say("post", &store.post(id).unwrap());
        say("reception", &store.reception(&post.post).unwrap());
        say("marks", &store.marks(id).unwrap());
        say("standing", &store.standing(id).unwrap());
        say("evidence", &store.evidence(id).unwrap());
        say("prefix", &store.posts_by_prefix(&id.to_string()[..1], 5).unwrap());
        say("story", &store.story_posts(StoryId(id), 7).unwrap());
        say(
            "known",
            &store.known_urls(&[post.post.url.clone(), "https://no.example".to_owned()]).unwrap(),
        );
    }
    posts_in_ranges(store, keys, say);
    say("count", &store.post_count().unwrap());
    say("corrections", &store.corrections().unwrap());
    let changes = store.changes_after(0, 100_000).unwrap();
    say("changes", &changes.iter().map(|change| change.post).collect::<Vec<_>>());
    say("in order", &changes.is_sorted_by_key(|change| change.seq));
    say("last", &(changes.last().map_or(0, |change| change.seq) == store.last_change().unwrap()));
    let imports = store.imports(99).unwrap();
    for import in &imports {
        say("import", &store.import_posts(import.id, 99).unwrap());
    }
    say("imports", &imports);
    for file in &keys.files {
        say("filed", &store.filed_records(file).unwrap());
    }
    for before in [None, Some(keys.start + TimeDelta::hours(2))] {
        say("files", &store.filed("", "~", before).unwrap());
    }
    say("filed bytes", &store.filed_bytes().unwrap());
    let terms: Vec<&str> = keys.terms.iter().map(String::as_str).collect();
    say("terms", &store.terms_since(&terms).unwrap());
}

fn posts_in_ranges(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    for range in ranges(keys) {
        let mut ids: Vec<PostId> = Vec::new();
        store
            .each_post(&range, &mut |post| {
                ids.push(post.post.id);
                true
            })
            .unwrap();
        say("each", &ids);
        let at_once = store.posts(&ids).unwrap();
        assert!(at_once.iter().map(|post| post.post.id).eq(ids.iter().copied()));
        say("at once", &at_once);
        let mut first = Vec::new();
        store
            .each_post(&range, &mut |post| {
                first.push(post.post.id);
                first.len() < 3
            })
            .unwrap();
        say("first", &first);
        let mut naming = Vec::new();
        let all = store.each_mentioning(&range, &mut |post| {
            naming.push(post.post.id);
            true
        });
        say("mentioning", &(all.unwrap(), naming));
        say("told", &store.widely_told(&range, 2, 9).unwrap());
    }
}

fn sources(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    let later = keys.start + TimeDelta::days(40);
    for source in &keys.sources {
        say("due", &store.due_jobs(source, later, 5).unwrap());
        say("waiting", &store.waiting_jobs(source).unwrap());
        say("times", &store.post_times(source, keys.start + TimeDelta::hours(2), 6).unwrap());
        say("latest", &store.latest_posts(source, 6).unwrap());
        say(
            "entry",
            &store.entry_job(source, &format!("https://{}.example/feed", source.as_str())).unwrap(),
        );
        say("source", &store.source_state(source).unwrap());
        for range in ranges(keys) {
            say("tally", &store.source_tally(source, &range).unwrap());
            say("posts of", &store.posts_of(source, &range, 5).unwrap());
        }
    }
    say("sources", &store.source_ids().unwrap());
    for prefix in ["", "digest:", "file:a:", "名", "%", "_"] {
        say("states", &store.states(prefix).unwrap());
    }
    say("latest time", &store.latest_time().unwrap());
    say("furthest time", &store.furthest_time().unwrap());
}

fn alerts(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    let later = keys.start + TimeDelta::days(400);
    for rule in &keys.rules {
        say("hits", &store.hits(rule, keys.start + TimeDelta::hours(1)).unwrap());
    }
    for range in ranges(keys) {
        say("alerts", &store.alerts(&range, 8).unwrap());
    }
    say("ways", &store.ways_due(later).unwrap());
    for way in &keys.ways {
        say("by", &store.deliveries_by(way, later, 5).unwrap());
    }
    say("counts", &store.outbox_counts().unwrap());
    for state in [None, Some("pending"), Some("sent"), Some("dead")] {
        let ask = OutboxAsk { state: state.map(str::to_owned), before: Some(30), limit: 9 };
        say("outbox", &store.outbox(&ask).unwrap());
        say("outbox", &store.outbox(&OutboxAsk { before: None, ..ask }).unwrap());
        say("deliveries", &store.deliveries(state.unwrap_or("none"), later, 9).unwrap());
    }
}

fn people(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    say("users", &store.users().unwrap());
    say("tokens", &store.tokens().unwrap());
    say("sessions", &store.sessions(None).unwrap());
    for name in &keys.people {
        say("sessions", &store.sessions(Some(name)).unwrap());
        say("session", &store.session(&format!("session of {name}")).unwrap());
        say("token", &store.token(&format!("token of {name}")).unwrap());
        say("tries", &store.tries(&format!("account:{name}")).unwrap());
        let ask = AuditAsk { who: Some(name.clone()), ..AuditAsk::default() };
        say("audit", &store.audit_lines(&ask, 9).unwrap());
    }
    say("actions", &store.audit_actions().unwrap());
    let ask = AuditAsk {
        from: Some(keys.start),
        until: Some(keys.start + TimeDelta::hours(12)),
        before: Some(40),
        ..AuditAsk::default()
    };
    say("audit", &store.audit_lines(&ask, 50).unwrap());
    say(
        "audit",
        &store.audit_lines(&AuditAsk { people_only: true, ..AuditAsk::default() }, 50).unwrap(),
    );
    for object in ["", "https://a", "名", "https://a.example/1"] {
        say("audits", &store.audits("fetch", object, 7).unwrap());
    }
}

fn cases(store: &dyn Store, keys: &Keys, say: &mut Say<'_>) {
    let cases = store.cases().unwrap();
    for case in &cases {
        say("case", &store.case(&case.number).unwrap());
        say("log", &store.case_log(Some(&case.number)).unwrap());
        say("links", &store.case_links(&case.number).unwrap());
    }
    say("cases", &cases);
    say("log", &store.case_log(None).unwrap());
    for post in &keys.posts {
        say("about", &store.cases_about(CaseLink::Post(post.post.id)).unwrap());
    }
    say("answers", &store.answers().unwrap());
    say("answer", &store.answer(2).unwrap());
    say("versions", &store.answer_versions(Some(1)).unwrap());
    say("versions", &store.answer_versions(None).unwrap());
}
