//! Acts drawn at random (`GUANLAN_STORE_STEPS` transactions, 250 unless set; seed `GUANLAN_STORE_SEED`), done on a file and
//! on a server alike: what each act answers, and everything that can be read after every fifty, must be the same.

mod acts;

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::store::{Address, Place, Store, StoreError};
use pipelines::record::{
    AnnotatedPost, Channel, Confidence, Counts, Fingerprint, Mention, PolarityVerdict, Post,
    PostId, Published, Risk, RuleId, SourceId, StoryId, Trust,
};

use super::postgres::Postgres;
use super::same::{Keys, answers};
use acts::Act;

/// Acts of one transaction, at most.
const ACTS: u64 = 6;

/// Runs the walk on both kinds.
pub fn both_kinds(server: &Postgres) {
    let number =
        |name: &str, or: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(or);
    let (steps, seed) = (number("GUANLAN_STORE_STEPS", 250), number("GUANLAN_STORE_SEED", 11));
    let dir = tempfile::tempdir().unwrap();
    let file = Place::File(dir.path().join("guanlan.db")).open().unwrap();
    let address = Address::parse(&format!("{}?schema=walk{seed}", server.address())).unwrap();
    let server = Place::Server(address).open().unwrap();
    let keys = keys();
    for step in 1..=steps {
        let done = [&file, &server].map(|store| transaction(&**store, &keys, seed, step));
        assert_eq!(done[0], done[1], "seed {seed}, transaction {step}");
        if step % 50 == 0 || step == steps {
            let [ours, theirs] = [&file, &server].map(|store| answers(&**store, &keys));
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_eq!(ours, theirs, "seed {seed}, after transaction {step}");
            }
        }
    }
}

/// So many transactions done on one store.
pub fn walked(store: &dyn Store, keys: &Keys, steps: u64) {
    (1..=steps).for_each(|step| drop(transaction(store, keys, 11, step)));
}

/// Numbers at random, the same for both stores.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len() as u64);
        &list[usize::try_from(at).unwrap()]
    }
}

fn start() -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

/// The keys that its acts draw from.
pub fn keys() -> Keys {
    let names = |prefix: &str, n: u32| (0..n).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
    let sources: Vec<SourceId> = ["a", "b", "源"].map(SourceId::from).to_vec();
    let mut posts = Vec::new();
    for n in 0..30 {
        let source = &sources[n % 3];
        let mut post = post(
            &format!("https://{}.example/{n}", source.as_str()),
            source,
            &format!("第{}条 O'Hara", n / 2),
        );
        if n % 4 == 0 {
            let at = start() + TimeDelta::hours(i64::try_from(n).unwrap());
            let confidence = Confidence::High;
            post.post.published =
                Some(Published { at, has_time: true, confidence, place: "feed".into() });
        }
        if n % 5 == 0 {
            let polarity = PolarityVerdict::default();
            post.mentions.push(Mention { subject: "unit".into(), spans: Vec::new(), polarity });
        }
        posts.push(post);
    }
    // Longer than what an index of a server holds by itself.
    posts.push(post(&format!("https://a.example/{}", "长x9%".repeat(600)), &sources[0], "长"));
    Keys {
        start: start(),
        posts,
        sources,
        rules: ["r0", "r1"].map(RuleId::from).to_vec(),
        ways: names("way", 3),
        people: ["陆", "Zoë", "zoë"].map(str::to_owned).to_vec(),
        files: names("evidence-", 2),
        terms: ["新词", "Neu", "neu", "é"].map(str::to_owned).to_vec(),
    }
}

fn post(url: &str, source: &SourceId, text: &str) -> AnnotatedPost {
    let id = PostId::of_url(url);
    AnnotatedPost {
        story: StoryId(id),
        polarity: PolarityVerdict::default(),
        words: Default::default(),
        facts: Vec::new(),
        mentions: Vec::new(),
        topics: Vec::new(),
        filing: None,
        risk: Risk::default(),
        fingerprint: Fingerprint::default(),
        meaning: None,
        post: Post {
            id,
            url: url.to_owned(),
            source: source.clone(),
            channel: Channel::News,
            trust: Trust::Normal,
            site: format!("{}.example", source.as_str()),
            title: text.to_owned(),
            text: text.to_owned(),
            author: None,
            outlet: None,
            origin: None,
            published: None,
            fetched_at: start(),
            counts: Counts::default(),
            comments: Vec::new(),
            issues: Vec::new(),
            content_hash: text.bytes().fold(7, |h, b| u64::from(b) ^ h.rotate_left(9)),
        },
    }
}

/// One transaction; answers what its acts answered. One of ten is taken back.
fn transaction(store: &dyn Store, keys: &Keys, seed: u64, step: u64) -> Vec<String> {
    let mut said = Vec::new();
    let done = store.write(&mut |write| {
        said.clear();
        let mut dice = Dice(seed.wrapping_mul(1_000_003) ^ step.wrapping_mul(7_919));
        let is_taken_back = dice.below(10) == 0;
        for _ in 0..=dice.below(ACTS) {
            let now =
                start() + TimeDelta::minutes(i64::try_from(step * 7 + dice.below(60)).unwrap());
            let mut act = Act { write, keys, dice: &mut dice, now, is_taken_back };
            said.push(act.any()?);
        }
        if is_taken_back { Err(StoreError::Busy) } else { Ok(()) }
    });
    said.push(format!("{:?}", done.is_ok()));
    said
}
