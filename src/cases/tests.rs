//! What the table promises, one by one; the walk at random over all of it stands in `walk`.

use chrono::TimeDelta;
use pipelines::locale::Lang;

use super::machine::fold;
use super::*;
use crate::config::{Config, Overrides};

mod walk;

fn policy() -> Policy {
    let config = Config::shipped(&Overrides::default());
    Policy { limits: config.cases, calendar: config.calendar, zone: config.station.zone }
}

fn start() -> DateTime<Utc> {
    // A Friday, 15:00 in Shanghai.
    "2026-11-20T07:00:00Z".parse().unwrap()
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
