//! The machine walked at random (`GUANLAN_CASE_STEPS`, 3,000 unless set), and what the table promises looked at after each step; then the single promises.

use chrono::TimeDelta;
use pipelines::locale::Lang;

use super::machine::fold;
use super::*;
use crate::config::{Config, Overrides};

const PEOPLE: [&str; 4] = ["王", "李", "赵", "陈"];

fn policy() -> Policy {
    let config = Config::shipped(&Overrides::default());
    Policy { limits: config.cases, calendar: config.calendar, zone: config.station.zone }
}

fn start() -> DateTime<Utc> {
    // A Friday, 15:00 in Shanghai.
    "2026-11-20T07:00:00Z".parse().unwrap()
}

/// splitmix64, as in the integration tests.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What somebody types into the fields of a step: mostly something, at times nothing, at times nonsense.
fn typed(line: &Line, dice: &mut Dice, now: DateTime<Utc>) -> Fields {
    let mut fields = Fields::new();
    for field in line.fields {
        let skips = if field.must { 12 } else { 2 };
        if dice.below(skips) == 0 {
            continue;
        }
        let value = match field.form {
            _ if dice.below(30) == 0 => "???".to_owned(),
            Form::Choice(known) => (*dice.of(known)).to_owned(),
            Form::Grade => dice.of(&pipelines::record::Severity::ALL).as_str().to_owned(),
            Form::Unit | Form::Units => (*dice.of(&["a", "b"])).to_owned(),
            Form::Case => (*dice.of(&["2026-0001", "2026-0002"])).to_owned(),
            Form::Address => "https://www.example.com/a".to_owned(),
            Form::Time => (now + TimeDelta::hours(dice.below(400) as i64 - 100)).to_rfc3339(),
            Form::Line => (*dice.of(&PEOPLE)).to_owned(),
            Form::Text => "说明".to_owned(),
        };
        fields.insert(field.name.to_owned(), value);
    }
    fields
}

/// What must be known where a case is, by hand and not from the table.
fn must_be_known(state: State) -> &'static [&'static str] {
    match state {
        State::New | State::Verifying => &["title", "origin"],
        State::Assigned => {
            &["facts", "found", "originals", "kind", "units", "grade", "main", "ask"]
        }
        State::InHand => &["facts", "originals", "grade", "main", "ask"],
        State::Review => &["facts", "grade", "main", "measures", "result", "approver"],
        State::Approved | State::Answered | State::Watching => {
            &["facts", "grade", "main", "measures", "approver"]
        }
        State::Closed => &["facts", "grade", "outcome", "lesson", "rule_changed"],
        State::Dismissed => &["title"],
    }
}

fn holds(before: Option<&Case>, event: &Event, case: &Case, policy: &Policy) {
    let line = table::line(event.step);
    let from = event.from.is_none_or(|from| line.from.contains(&from));
    let back = event.step == Step::CallBack && event.to == State::InHand;
    let to = line.to.map_or(event.from == Some(event.to) || back, |to| to == event.to);
    assert!(from && to, "the table lacks {:?} from {:?} to {:?}", event.step, event.from, event.to);
    for name in must_be_known(case.state) {
        assert!(
            !case.field(name).is_empty(),
            "{:?} without {name} after {:?}",
            case.state,
            event.step
        );
    }
    assert_eq!(case.version, before.map_or(0, |case| case.version) + 1);
    assert!(
        before.is_none_or(|before| before.updated <= case.updated && before.opened == case.opened)
    );
    for run in &case.clocks {
        assert!(run.since <= run.due, "{run:?}");
        assert!(run.stopped.is_none_or(|at| at <= case.updated), "{run:?}");
    }
    // What runs has run as long as before, or longer, unless this step reckoned it anew.
    // What was published earlier than it was registered ends its clock then.
    let anew = [Step::Verify, Step::GrantTime, Step::Publish];
    for (was, is) in before.map(|b| &b.clocks).into_iter().flatten().zip(&case.clocks) {
        assert_eq!((was.clock, was.since), (is.clock, is.since), "a run is kept");
        let (then, now) = (before.unwrap().updated, case.updated);
        let is_later = was.percent(then, policy) <= is.percent(now, policy);
        assert!(
            is_later || anew.contains(&event.step),
            "{was:?} ran backwards to {is:?} by {:?}",
            event.step
        );
        assert!(was.due <= is.due || event.step == Step::Verify, "{was:?} {is:?}");
    }
    if case.is_ended() {
        assert!(case.clocks.iter().all(|run| !run.is_running()), "{case:?}");
    }
    if matches!(case.state, State::Approved | State::Answered) {
        let (draft, approval) = (case.drafts.last().unwrap(), case.approval.as_ref().unwrap());
        assert!(draft.author != approval.who && draft.hash == approval.hash);
    }
}

/// Steps of a walk: 3,000, or as the environment says.
fn steps() -> usize {
    std::env::var("GUANLAN_CASE_STEPS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

#[test]
fn a_walk_at_random_never_leaves_the_table() {
    let (policy, mut dice) = (policy(), Dice(7));
    let mut now = start();
    let mut case: Option<Case> = None;
    let (mut taken, mut seen) = (0, std::collections::HashSet::new());
    for _ in 0..steps() {
        // A clock that mostly goes on, at times leaps, at times goes back.
        let minutes = match dice.below(12) {
            0 => -(dice.below(3_000) as i64),
            1 => dice.below(20_000) as i64,
            _ => dice.below(90) as i64,
        };
        now += TimeDelta::minutes(minutes);
        let open: Vec<&Line> = match &case {
            None => vec![table::line(Step::Open)],
            // A walk that only tried what fits would not see what is refused.
            Some(_) if dice.below(5) == 0 => TABLE.iter().collect(),
            Some(case) => TABLE.iter().filter(|line| line.from.contains(&case.state)).collect(),
        };
        // Ends and remarks are open everywhere: taken as they come they would leave nothing else.
        let leads = |line: &&&Line| {
            line.to != Some(State::Dismissed)
                && ![Step::Note, Step::Absorb, Step::Escalate].contains(&line.step)
        };
        let likely: Vec<&Line> = open.iter().filter(leads).copied().collect();
        let open = if likely.is_empty() || dice.below(8) == 0 { open } else { likely };
        let line = **dice.of(&open);
        let order = Order {
            step: line.step,
            fields: typed(&line, &mut dice, now),
            who: PEOPLE[dice.below(PEOPLE.len())],
            now,
        };
        let Ok(event) = plan(case.as_ref(), &order, &policy) else { continue };
        let after = fold(case.clone(), "2026-0001", &event);
        holds(case.as_ref(), &event, &after, &policy);
        seen.insert(event.to);
        taken += 1;
        let stored: Event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
        assert_eq!(stored, event);
        let is_over = after.is_ended() && dice.below(3) == 0;
        case = (!is_over).then_some(after);
    }
    assert!(taken > steps() / 4, "only {taken} steps were taken");
    assert_eq!(seen.len(), State::ALL.len(), "{seen:?}");
}

fn fields(said: &[(&str, &str)]) -> Fields {
    said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A case taken from step to step, each an hour later by default.
struct Walk {
    policy: Policy,
    case: Option<Case>,
    now: DateTime<Utc>,
}

impl Walk {
    fn new() -> Self {
        Self { policy: policy(), case: None, now: start() }
    }

    fn try_as(&mut self, who: &str, step: Step, said: &[(&str, &str)]) -> Result<(), Refusal> {
        let order = Order { step, fields: fields(said), who, now: self.now };
        let event = plan(self.case.as_ref(), &order, &self.policy)?;
        self.case = Some(fold(self.case.take(), "2026-0001", &event));
        Ok(())
    }

    #[track_caller]
    fn take(&mut self, who: &str, step: Step, said: &[(&str, &str)]) {
        self.now += TimeDelta::minutes(10);
        self.try_as(who, step, said).unwrap_or_else(|refusal| panic!("{step:?}: {refusal}"));
    }

    fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }

    fn percent(&self, clock: Clock) -> u32 {
        self.case().run(clock).unwrap().percent(self.now, &self.policy)
    }

    fn to_hand(kind: &str, grade: &str) -> Self {
        let mut walk = Self::new();
        walk.take("王", Step::Open, &[("title", "冒顶"), ("origin", "hand"), ("suggested", grade)]);
        walk.take("王", Step::Accept, &[]);
        let found = [
            ("facts", "partly"),
            ("found", "一人轻伤"),
            ("originals", "1 2"),
            ("kind", kind),
            ("class", "wages"),
            ("units", "a"),
            ("grade", grade),
        ];
        walk.take("王", Step::Verify, &found);
        walk.take(
            "王",
            Step::Assign,
            &[("main", "a"), ("ask", "查清并答复"), ("reachable", "yes")],
        );
        walk.take("李", Step::Sign, &[]);
        walk
    }

    fn to_watch(kind: &str) -> Self {
        let mut walk = Self::to_hand(kind, "major");
        walk.take("李", Step::Record, &[("measures", "停产整顿"), ("result", "已处置")]);
        let answer =
            [("answer", "情况通报"), ("place", "官网"), ("under", "南关煤矿"), ("approver", "赵")];
        walk.take("李", Step::Submit, &answer);
        walk.take("赵", Step::Approve, &[]);
        walk.take(
            "王",
            Step::Publish,
            &[("address", "https://www.example.com/n"), ("told", "电话，当日")],
        );
        walk.take("station", Step::Watch, &[]);
        walk
    }
}

#[test]
fn an_author_never_approves_and_a_lie_of_the_grade_needs_its_reason() {
    let mut walk = Walk::to_hand("public", "major");
    walk.take("李", Step::Record, &[("measures", "m"), ("result", "r")]);
    let answer = [("answer", "通报"), ("place", "官网"), ("under", "矿"), ("approver", "赵")];
    walk.take("李", Step::Submit, &answer);
    assert_eq!(walk.try_as("李", Step::Approve, &[]), Err(Refusal::Author));
    walk.take("赵", Step::Return, &[("remarks", "补数字")]);
    assert_eq!(walk.case().state, State::InHand);
    walk.take("李", Step::Submit, &answer);
    assert_eq!(walk.case().drafts.len(), 2);
    walk.take("赵", Step::Approve, &[]);

    let mut walk = Walk::new();
    walk.take("王", Step::Open, &[("title", "x"), ("origin", "hand"), ("suggested", "major")]);
    walk.take("王", Step::Accept, &[]);
    let found = |grade| {
        [
            ("facts", "true"),
            ("found", "f"),
            ("originals", "1"),
            ("kind", "public"),
            ("units", "a"),
            ("grade", grade),
        ]
    };
    assert_eq!(
        walk.try_as("王", Step::Verify, &found("ordinary")),
        Err(Refusal::Missing("grade_why"))
    );
    let mut grievance = found("major");
    grievance[3] = ("kind", "enquiry");
    assert_eq!(walk.try_as("王", Step::Verify, &grievance), Err(Refusal::Missing("class")));
    walk.take("王", Step::Verify, &found("major"));
}

#[test]
fn clocks_run_as_config_says_and_stand_still_while_somebody_else_is_waited_for() {
    let mut walk = Walk::to_hand("public", "major");
    assert_eq!(walk.percent(Clock::Handle), 0);
    walk.now += TimeDelta::hours(6);
    assert_eq!(walk.percent(Clock::Handle), 25, "6 of 24 hours");
    walk.try_as("李", Step::Wait, &[("wait_why", "等专家鉴定")]).unwrap();
    walk.now += TimeDelta::hours(48);
    assert_eq!(walk.percent(Clock::Handle), 25);
    let refused = walk.try_as("李", Step::Submit, &[("private_why", "w"), ("approver", "赵")]);
    assert!(refused.is_err(), "{refused:?}");
    walk.try_as("李", Step::GoOn, &[]).unwrap();
    walk.now += TimeDelta::hours(12);
    assert_eq!(walk.percent(Clock::Handle), 75);
    assert_eq!(walk.case().run(Clock::Handle).unwrap().level(walk.now, &walk.policy), Level::Amber);
    // A clock that goes back changes nothing that was.
    walk.now -= TimeDelta::days(3);
    walk.try_as("李", Step::Note, &[("note", "n")]).unwrap();
    assert!(walk.case().updated > walk.now);
}

#[test]
fn an_extension_is_asked_for_once_and_before_the_end() {
    let mut walk = Walk::to_hand("complaint", "ordinary");
    let due = walk.case().run(Clock::Handle).unwrap().due;
    let until = |days: i64| (due + TimeDelta::days(days)).to_rfc3339();
    let (soon, far) = (until(2), until(60));
    let refused = walk.try_as("李", Step::AskTime, &[("until", &far), ("until_why", "w")]);
    assert!(matches!(refused, Err(Refusal::Wrong { .. })), "{refused:?}");
    walk.take("李", Step::AskTime, &[("until", &soon), ("until_why", "核对四个月的工资表")]);
    assert_eq!(walk.case().run(Clock::Handle).unwrap().due, due, "asked is not granted");
    walk.take("王", Step::GrantTime, &[]);
    assert_eq!(walk.case().run(Clock::Handle).unwrap().due, due + TimeDelta::days(2));
    let again = walk.try_as("李", Step::AskTime, &[("until", &far), ("until_why", "w")]);
    assert_eq!(again, Err(Refusal::Once));
    let mut late = Walk::to_hand("public", "critical");
    late.now += TimeDelta::hours(13);
    let far = (late.now + TimeDelta::days(1)).to_rfc3339();
    let refused = late.try_as("李", Step::AskTime, &[("until", &far), ("until_why", "w")]);
    assert!(matches!(refused, Err(Refusal::TooLate(_))), "{refused:?}");
}

#[test]
fn a_case_is_closed_after_its_watch_and_reopened_with_its_clocks() {
    let end = [("outcome", "平息"), ("lesson", "先核实后答复"), ("rule_changed", "no")];
    let mut walk = Walk::to_watch("public");
    assert!(matches!(walk.try_as("王", Step::Close, &end), Err(Refusal::TooEarly(_))));
    walk.now += TimeDelta::hours(72);
    walk.take("王", Step::Close, &end);
    let answered = walk.case().answered;
    walk.now += TimeDelta::days(9);
    walk.take("王", Step::Reopen, &[("reopen_why", "又有人问")]);
    assert_eq!((walk.case().reopened, walk.case().answered), (1, answered));
    assert_eq!(walk.case().opened, start() + TimeDelta::minutes(10));
    assert!(walk.percent(Clock::Answer) < 100, "it was answered in time, and stays so");
    let assign = walk.try_as("王", Step::Assign, &[("main", "a"), ("ask", "再查")]);
    assert_eq!(assign, Err(Refusal::Missing("facts")), "the facts are found anew");
}

#[test]
fn a_page_is_looked_for_until_it_is_kept_and_anew_where_its_address_is_corrected() {
    use super::keeping::{is_due, next_look};
    let mut walk = Walk::to_watch("public");
    assert!(is_due(walk.case(), walk.now), "at once");
    let address = ("kept_address", "https://www.example.com/n");
    let mut pauses = Vec::new();
    for _ in 0..10 {
        walk.now = next_look(walk.case()).expect("it is looked for again");
        assert!(is_due(walk.case(), walk.now));
        let before = walk.now;
        let failed = [("kept", "no"), address, ("kept_why", "timeout")];
        walk.try_as("station", Step::Keep, &failed).unwrap();
        pauses.extend(next_look(walk.case()).map(|next| (next - before).num_minutes()));
    }
    assert_eq!(pauses, [10, 60, 360, 1440, 1440, 1440, 1440, 1440, 1440], "then no more");
    let corrected = [("address", "https://www.example.com/m"), ("correct_why", "网址少了一段")];
    walk.take("王", Step::Correct, &corrected);
    assert!(is_due(walk.case(), walk.now) && walk.case().field("kept").is_empty());
    let kept =
        [("kept", "yes"), ("kept_address", "https://www.example.com/m"), ("kept_words", "all")];
    walk.take("station", Step::Keep, &kept);
    assert_eq!(next_look(walk.case()), None);
    assert_eq!(walk.case().state, State::Watching, "it leads nowhere");
}

#[test]
fn a_grievance_is_told_and_called_back() {
    let mut walk = Walk::to_watch("complaint");
    walk.now += TimeDelta::hours(73);
    let end = [("outcome", "o"), ("lesson", "l"), ("rule_changed", "no")];
    assert_eq!(walk.try_as("王", Step::Close, &end), Err(Refusal::Missing("satisfied")));
    walk.take("王", Step::CallBack, &[("satisfied", "no"), ("call_words", "钱还没到账")]);
    assert_eq!(walk.case().state, State::InHand);
    assert!(walk.case().run(Clock::Handle).unwrap().is_running());
    let unheard = Walk::to_watch("public").try_as("王", Step::CallBack, &[("satisfied", "yes")]);
    assert_eq!(unheard, Err(Refusal::NoCall));
}

#[test]
fn every_name_of_the_table_has_its_text_in_both_languages() {
    for lang in [Lang::Zh, Lang::En] {
        let need = |key: String| assert!(lang.has(&key), "{lang:?} {key}");
        State::ALL.iter().for_each(|state| need(format!("cases.state.{}", state.as_str())));
        Clock::ALL.iter().for_each(|clock| need(format!("cases.clock.{}", clock.as_str())));
        for line in &TABLE {
            assert_eq!(TABLE.iter().filter(|other| other.step == line.step).count(), 1);
            need(format!("cases.step.{}", line.step.as_str()));
            for field in line.fields {
                need(format!("cases.field.{}", field.name));
                if let Form::Choice(known) = field.form {
                    known
                        .iter()
                        .for_each(|name| need(format!("cases.choice.{}.{name}", field.name)));
                }
            }
        }
    }
}
