//! Rosters as enterprises keep them, looked at hour by hour.

use chrono::TimeDelta;
use pipelines::locale::Lang;

use super::*;
use crate::config::Overrides;

const HEAD: &str = "[station]\ncontact = \"press@example.com\"\n\
    [calendar]\nholidays = [\"2026-10-01..2026-10-07\"]\nworkdays = [\"2026-10-10\"]\n\
    [[subject]]\nid = \"yunling\"\nname = \"云岭矿业集团有限公司\"\n\
    [[subject]]\nid = \"qinglangou\"\nname = \"青岚沟煤矿\"\nparent = \"yunling\"\n\
    [[notifier]]\nname = \"log\"\ndefault = true\nkind = \"log\"\n\
    [[notifier]]\nname = \"day\"\ndefault = false\nkind = \"log\"\n[[notifier]]\nname = \"night\"\ndefault = false\nkind = \"log\"\n\
    [[notifier]]\nname = \"mine\"\ndefault = false\nkind = \"log\"\n";

const ROSTER: &str = "[[duty]]\nname = \"day\"\npeople = [\"周岚\"]\nnotify = [\"day\"]\nweekdays = [\"workday\"]\nhours = \"08:00-18:00\"\n\
    [[duty]]\nname = \"night\"\npeople = [\"陆平\"]\nnotify = [\"night\"]\nweekdays = [\"workday\"]\nhours = \"18:00-08:00\"\n\
    [[duty]]\nname = \"rest\"\npeople = [\"何川\"]\nweekdays = [\"restday\"]\nhours = \"08:00-20:00\"\n\
    [[duty]]\nname = \"holiday\"\npeople = [\"梁静\"]\nnotify = [\"night\"]\ndates = [\"2026-10-01..2026-10-03\"]\n\
    [[duty]]\nname = \"mine\"\nnotify = [\"mine\"]\nunits = [\"qinglangou\"]\nhours = \"08:00-12:00\"\n";

fn loaded(more: &str) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("guanlan.toml"), format!("{HEAD}{more}")).unwrap();
    Config::load(Some(dir.path()), &Overrides::default()).map_err(|p| p.render(Lang::En))
}

fn local(config: &Config, at: &str) -> DateTime<Utc> {
    let at = NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M").unwrap();
    instant(config.station.zone, at).unwrap()
}

#[test]
fn who_has_the_desk_follows_the_calendar_the_hours_and_the_dates() {
    let config = loaded(ROSTER).unwrap();
    for (at, expected) in [
        ("2026-11-26 08:00", "day"),
        ("2026-11-26 17:59", "day"),
        ("2026-11-26 18:00", "night"),
        ("2026-11-27 07:59", "night"),
        // Saturday: the night that began on Friday, then who has the day of rest, then nobody.
        ("2026-11-28 07:59", "night"),
        ("2026-11-28 08:00", "rest"),
        ("2026-11-28 20:00", ""),
        // Monday before eight: nothing began on Sunday evening.
        ("2026-11-30 07:00", ""),
        // A Saturday that is worked instead.
        ("2026-10-10 09:00", "day"),
        // What is said of the date goes before the days of rest, and before the night that began the day before.
        ("2026-10-02 09:00", "holiday"),
        ("2026-10-01 03:00", "holiday"),
        ("2026-10-04 09:00", "rest"),
    ] {
        let shifts = config.on_duty(local(&config, at), &[]);
        let names = shifts.iter().map(|duty| duty.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names.join(" "), expected, "{at}");
    }
}

#[test]
fn a_units_own_shift_goes_first_and_nobody_is_told_by_the_default_ways() {
    let config = loaded(ROSTER).unwrap();
    let ways = |names: &[&str], unit: &str, at: &str| {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let units = [SubjectId::from(unit)];
        let ways = config.ways_with_duty(&names, &units, local(&config, at));
        ways.iter().map(|way| way.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ways(&["duty"], "qinglangou", "2026-11-26 09:00"), "mine");
    assert_eq!(ways(&["duty"], "qinglangou", "2026-11-26 13:00"), "day");
    assert_eq!(ways(&["duty", "mine"], "yunling", "2026-11-26 09:00"), "day mine");
    assert_eq!(ways(&["duty"], "yunling", "2026-11-28 21:00"), "log", "nobody is on duty");
    assert_eq!(ways(&["duty"], "yunling", "2026-11-28 09:00"), "log", "who is has no way");
    assert_eq!(ways(&["day"], "yunling", "2026-11-28 09:00"), "day");
}

#[test]
fn what_is_wrong_with_a_roster_is_said_with_its_key() {
    let check = |more: &str, expected: &str| match loaded(more) {
        Ok(_) => assert!(expected.is_empty(), "{more} is taken"),
        Err(said) => assert!(!expected.is_empty() && said.contains(expected), "{more}: {said}"),
    };
    let shift = |lines: &str| format!("[[duty]]\nname = \"a\"\n{lines}");
    check(&shift("people = [\"周岚\"]"), "");
    check(&shift(""), "people, notify");
    check(&shift("notify = [\"gone\"]"), "duty.notify");
    check(&shift("notify = [\"duty\"]"), "duty.notify");
    check(&shift("people = [\"周岚\"]\nweekdays = [\"friday\"]"), "duty.weekdays");
    check(&shift("people = [\"周岚\"]\nhours = \"8-20\""), "duty.hours");
    check(&shift("people = [\"周岚\"]\ndates = [\"2026-13-01\"]"), "duty.dates");
    check(&shift("people = [\"周岚\"]\nunits = [\"gone\"]"), "duty.units");
    let both = "people = [\"周岚\"]\ndates = [\"2026-10-01\"]\nweekdays = [\"mon\"]";
    check(&shift(both), "weekdays, dates");
    let named = "[[route]]\nname = \"r\"\nnotify = [\"duty\"]\nescalate = [\"duty\"]\n";
    check(&format!("{named}{}", shift("people = [\"周岚\"]")), "");
    check(named, "route.notify");
    check("[[notifier]]\nname = \"duty\"\nkind = \"log\"\n", "notifier.name");
}

/// Between two changes nobody comes or goes, whatever the roster, also where the clocks of the zone are put forward.
#[test]
fn between_two_changes_nobody_comes_or_goes() {
    for zone in [chrono_tz::Asia::Shanghai, chrono_tz::Europe::Berlin] {
        let mut config = loaded(ROSTER).unwrap();
        config.station.zone = zone;
        let from: DateTime<Utc> = "2026-03-25T10:07:00Z".parse().unwrap();
        let to = from + TimeDelta::days(8);
        let changes = config.duty_changes(from, to);
        assert!(changes.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((changes[0], changes[changes.len() - 1]), (from, to));
        let mut at = from;
        while at < to {
            let since = changes.iter().rfind(|change| **change <= at).unwrap();
            let name = |at| config.on_duty(at, &[]).first().map(|duty| duty.name.clone());
            assert_eq!(name(*since), name(at), "{zone} {at}");
            at += TimeDelta::minutes(13);
        }
    }
}
