//! Throws mixtures of the grammar's tokens and stray characters at the query language for some minutes.
//!
//! `cargo run --release --example fuzz_query -p guanlan-pipelines -- 60 7` runs for 60 minutes from seed 7.
//! Each input is parsed; what parses is matched against texts made of the same stuff; what does not must
//! render its error in both languages; what parses is also written back, read again, explained and asked in
//! a set. A panic ends it with the input shown. An input that takes longer than two seconds is tried thrice
//! more (the machine may be busy), and is a hang if it always does. Prints a line a minute and a summary.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use pipelines::locale::Lang;
use pipelines::query::{Context, Facts, QuerySet, Target, parse, why};
use pipelines::record::Subject;

const TOKENS: &[&str] = &[
    "瓦斯",
    "爆炸",
    "雲嶺",
    "ai",
    "AI",
    "3号",
    "training",
    "*",
    "“",
    "”",
    "\"",
    "「",
    "」",
    "(",
    ")",
    "（",
    "）",
    " ",
    "　",
    "\n",
    "AND",
    "OR",
    "NOT",
    "-",
    "－",
    "!",
    "！",
    "|",
    "｜",
    "+",
    "＋",
    " NEAR/5 ",
    " ONEAR/20 ",
    "NEAR/",
    " 同句 ",
    " 同段 ",
    " SAMES ",
    " SAMEP ",
    "{2,}",
    "{1,3}",
    "{",
    "}",
    ",",
    "，",
    "、",
    "2 OF (",
    "OF",
    "@汾西",
    "@",
    "title:",
    "body:",
    "word:",
    "words:(",
    "source:",
    "channel:weibo",
    "channel:(weibo|forum)",
    "site:gov.cn",
    "topic:labour",
    "keyword:欠薪",
    "subject:fenxi",
    "polarity:负面",
    "risk:>=60",
    "heat:..5",
    "story:00000000000000aa",
    "case:1",
    "published:7d",
    "published:2026-11-01..",
    "published:",
    "published:>=今天",
    "published:2026-11..week",
    "published:<1w",
    ")AND(",
    ")NEAR/5(",
    "）同句（",
    "”NOT“",
    "/瓦.{0,3}斯/",
    "/",
    "/[a-z]+/",
    "\\",
    "：",
    "?",
    "^",
    "~",
    "😀",
    "\u{200b}",
    "\u{301}",
    "ﬃ",
    "①",
    "。",
    "！！",
    "0",
    "99999999999",
    "é",
];

/// An input that takes longer is a hang.
const SLOW: Duration = Duration::from_secs(2);

/// A small generator of pseudo-random numbers (xorshift64*): the same seed gives the same run anywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides.max(1)
    }

    fn text(&mut self, most: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.roll(most) {
            match self.roll(12) {
                0 => text.extend(char::from_u32(self.roll(0x11_0000) as u32)),
                1 => text.push(char::from(32 + self.roll(95) as u8)),
                2 => text.push(' '),
                _ => text.push_str(TOKENS[self.roll(TOKENS.len())]),
            }
        }
        text
    }

    /// A change somewhere in `text`: a piece cut out, doubled, or put in.
    fn mutate(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let (a, b) = (self.roll(chars.len() + 1), self.roll(chars.len() + 1));
        let (a, b) = (a.min(b), a.max(b));
        let piece: String = chars[a..b].iter().collect();
        let (head, tail): (String, String) =
            (chars[..a].iter().collect(), chars[b..].iter().collect());
        match self.roll(4) {
            0 => format!("{head}{tail}"),
            1 => format!("{head}{piece}{piece}{tail}"),
            2 => format!("{head}({piece}){tail}"),
            _ => format!("{head}{}{piece}{tail}", self.text(4)),
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let minutes: f64 = args.next().map_or(1.0, |a| a.parse().expect("minutes are a number"));
    let seed: u64 = args.next().map_or(1, |a| a.parse().expect("the seed is a number"));
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut context = Context::at("2026-11-22T02:30:00Z".parse().expect("a valid time"));
    context.subjects = vec![Subject {
        id: "fenxi".into(),
        name: "汾西矿业集团".into(),
        short_names: vec!["汾西".into()],
        exclude: vec!["汾西大学".into()],
        ..Subject::default()
    }];
    let (begin, mut told) = (Instant::now(), Instant::now());
    let (mut tried, mut parsed, mut matched, mut slowest) = (0u64, 0u64, 0u64, Duration::ZERO);
    let mut kept: Vec<String> = Vec::new();
    while begin.elapsed().as_secs_f64() < minutes * 60.0 {
        let input = match kept.is_empty() || dice.roll(2) == 0 {
            true => dice.text(24),
            false => {
                let at = dice.roll(kept.len());
                let parent = kept[at].clone();
                dice.mutate(&parent)
            }
        };
        let (title, body) = (dice.text(6), dice.text(60));
        let start = Instant::now();
        let outcome = std::panic::catch_unwind(|| try_one(&input, &title, &body, &context));
        let mut took = start.elapsed();
        for _ in 0..3 {
            if took > SLOW {
                let again = Instant::now();
                let _ = std::panic::catch_unwind(|| try_one(&input, &title, &body, &context));
                took = took.min(again.elapsed());
            }
        }
        let Ok((read, hit)) = outcome else {
            println!("PANIC on {input:?} with title {title:?} body {body:?}");
            std::process::exit(1);
        };
        if took > SLOW {
            println!("HANG of {took:?} on {input:?} with title {title:?} body {body:?}");
            std::process::exit(1);
        }
        (tried, parsed, matched) = (tried + 1, parsed + u64::from(read), matched + u64::from(hit));
        if took > slowest {
            slowest = took;
            println!("slowest so far: {took:?} on {input:?}");
        }
        if read && input.len() < 2_000 {
            let at = dice.roll(512);
            if kept.len() < 512 { kept.push(input) } else { kept[at] = input }
        }
        if told.elapsed() > Duration::from_secs(60) {
            println!("{tried} tried, {parsed} parsed, {matched} matched, slowest {slowest:?}");
            told = Instant::now();
        }
    }
    println!(
        "done: {tried} tried, {parsed} parsed, {matched} matched, slowest {slowest:?}, no panic"
    );
}

/// Parses and matches; whether it parsed and whether it matched.
fn try_one(input: &str, title: &str, body: &str, context: &Context) -> (bool, bool) {
    match parse(input, context) {
        Ok(query) => {
            let target = Target::of_texts(title, body, Facts::default());
            let spans = query.matches(&target);
            for span in spans.iter().flatten() {
                let text =
                    if span.field == pipelines::record::TextField::Title { title } else { body };
                assert!(
                    text.get(span.start as usize..span.end as usize).is_some_and(|t| !t.is_empty())
                );
            }
            let shown = query.root().to_string();
            let again = parse(&shown, context).unwrap_or_else(|e| panic!("{shown}: {e}"));
            assert!(again.root() == query.root() || shown.contains("words:"), "shown as {shown}");
            let words = query.explain(Lang::Zh) + &why(&query, &target, Lang::En);
            assert!(!words.contains("query.say."), "words lack in {words}");
            let is_hit = spans.is_some();
            let set = QuerySet::build([((), query)]).expect("one query builds");
            assert_eq!(set.matches(&target).into_iter().next().map(|(_, s)| s), spans);
            (true, is_hit)
        }
        Err(error) => {
            let mut shown = String::new();
            for lang in [Lang::Zh, Lang::En] {
                write!(shown, "{}", error.render(input, lang)).expect("writing to a string");
            }
            assert!(!shown.contains("query.error."), "no words for {}", error.fault);
            (false, false)
        }
    }
}
