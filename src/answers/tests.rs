//! Entries walked by people: what two stand for is in force, and nothing else ever is.

use chrono::TimeDelta;
use chrono_tz::Asia::Shanghai;

use super::*;

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-26T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

fn typed(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const RUMOUR: [(&str, &str); 5] = [
    ("kind", "rumour"),
    ("title", "“三人遇难”传言"),
    ("claim", "青岚沟煤矿埋了三个人"),
    ("text", "无人遇难，211 名矿工全部升井。"),
    ("evidence", "https://yj.example.gov.cn/1.html"),
];

fn rumour() -> Wording {
    Wording::read(&typed(&RUMOUR), Shanghai).unwrap()
}

/// What `RUMOUR` with this field put over it is refused for.
fn check(name: &'static str, value: &str, expected: Refusal) {
    let mut fields = typed(&RUMOUR);
    fields.insert(name.to_owned(), value.to_owned());
    assert_eq!(Wording::read(&fields, Shanghai), Err(expected), "{name}={value}");
}

#[test]
fn fields_that_cannot_be_taken_are_named() {
    let wrong = |field: &str, value: &str| Refusal::Wrong {
        field: field.to_owned(),
        value: value.to_owned(),
    };
    check("kind", "", Refusal::Missing("kind"));
    check("kind", "opinion", wrong("kind", "opinion"));
    check("title", " ", Refusal::Missing("title"));
    check("claim", "", Refusal::Missing("claim"));
    check("text", "", Refusal::Missing("text"));
    check("evidence", "ftp://x/1", wrong("evidence", "ftp://x/1"));
    check("evidence", "https://a:b@x/1", wrong("evidence", "https://a:b@x/1"));
    check("posts", "no-id", wrong("posts", "no-id"));
    check("until", "2026-02-30", wrong("until", "2026-02-30"));
    check("author", "me", wrong("author", "me"));
    // A statement answers no rumour.
    check("kind", "statement", wrong("claim", "青岚沟煤矿埋了三个人"));
}

#[test]
fn what_is_read_is_typed_again_as_it_was() {
    let mut fields = typed(&RUMOUR);
    fields.insert("until".to_owned(), "2026-12-31".to_owned());
    fields.insert("posts".to_owned(), "599d08f68a1c31d7  599d08f68a1c31d7".to_owned());
    let read = Wording::read(&fields, Shanghai).unwrap();
    assert_eq!(read.posts.len(), 1);
    // The day counts to its end.
    assert_eq!(read.until.unwrap().to_rfc3339(), "2026-12-31T16:00:00+00:00");
    assert_eq!(Wording::read(&read.fields(Shanghai), Shanghai), Ok(read));
}

#[test]
fn what_was_approved_stays_in_force_while_a_newer_wording_waits() {
    let first = Entry::new(1, rumour(), "陆", at(0));
    assert_eq!(first.state(at(0)), AnswerState::Draft);
    assert_eq!(first.approve("陆", at(1)), Err(Refusal::Author));
    let held = first.approve("周", at(1)).unwrap();
    assert_eq!((held.state(at(1)), held.is_waiting()), (AnswerState::Approved, false));
    assert_eq!(held.approve("吴", at(2)), Err(Refusal::NothingWaits));
    assert_eq!(held.write(rumour(), "周", at(2)), Err(Refusal::Same));
    let mut text = rumour();
    text.text.push_str("两名伤者已出院。");
    let newer = held.write(text.clone(), "周", at(3)).unwrap();
    assert!(newer.is_waiting());
    assert_eq!(newer.in_force(at(3)).unwrap().wording, rumour(), "the old one holds meanwhile");
    assert_eq!(newer.approve("周", at(4)), Err(Refusal::Author), "now it is that person's own");
    let renewed = newer.approve("陆", at(4)).unwrap();
    assert_eq!(renewed.in_force(at(4)).unwrap().wording, text);
    let retired = renewed.retire("已无人再提").unwrap();
    assert_eq!((retired.state(at(5)), retired.in_force(at(5))), (AnswerState::Retired, None));
    assert_eq!(retired.retire("x"), Err(Refusal::Retired));
    let again = retired.write(text, "陆", at(6)).unwrap();
    assert_eq!(
        (again.state(at(6)), again.is_waiting()),
        (AnswerState::Draft, true),
        "as any draft"
    );
}

#[test]
fn a_last_day_ends_it_and_nothing_is_called_a_rumour_without_evidence() {
    let mut fields = typed(&RUMOUR);
    fields.insert("until".to_owned(), "2026-11-26".to_owned());
    let entry = Entry::new(1, Wording::read(&fields, Shanghai).unwrap(), "陆", at(0));
    let held = entry.approve("周", at(1)).unwrap();
    // Midnight in Shanghai is eight hours after.
    assert_eq!(held.state(at(8 * 60 - 1)), AnswerState::Approved);
    assert_eq!(held.state(at(8 * 60)), AnswerState::Expired);
    assert_eq!(entry.approve("周", at(8 * 60)), Err(Refusal::Over));
    fields.remove("evidence");
    let bare = Entry::new(2, Wording::read(&fields, Shanghai).unwrap(), "陆", at(0));
    assert_eq!(bare.approve("周", at(1)), Err(Refusal::Missing("evidence")));
}

/// Whatever is done in whatever order: in force is only what one person wrote and another approved, and versions count.
#[test]
fn a_walk_at_random_never_puts_into_force_what_one_person_wrote_and_approved() {
    let people = ["陆", "周", "吴"];
    let mut dice = 0x2545_F491_4F6C_DD1D_u64;
    let mut throw = |most: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % most).unwrap()
    };
    let mut entry = Entry::new(1, rumour(), people[0], at(0));
    let (mut approved, mut refused) = (0, 0);
    for step in 1..20_000 {
        let (who, now) = (people[throw(3)], at(step));
        let before = entry.clone();
        let next = match throw(4) {
            0 => {
                let mut wording = rumour();
                wording.text = format!("第 {} 稿", throw(5));
                entry.write(wording, who, now)
            }
            1 | 2 => entry.approve(who, now),
            _ if throw(8) == 0 => entry.retire("不再需要"),
            _ => continue,
        };
        let Ok(next) = next else {
            refused += 1;
            continue;
        };
        assert_eq!(next.version, before.version + 1);
        approved += u32::from(next.in_force != before.in_force && next.in_force.is_some());
        if let Some(held) = &next.in_force {
            assert_ne!(held.author, held.who, "{next:?}");
        }
        assert!(next.retired.is_none() || next.in_force(now).is_none());
        entry = next;
    }
    assert!(approved > 500 && refused > 500, "{approved} {refused}");
}
