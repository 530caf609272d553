//! Saved searches: whose they are, what is new, what a feed says.

use std::sync::Arc;

use pipelines::locale::Lang;

use super::*;
use crate::config::{Config, Overrides};
use crate::desk::Role;
use crate::engine::{Station, nobody, system_clock};
use crate::store::SqliteStore;

fn desk() -> (tempfile::TempDir, Desk) {
    let dir = tempfile::tempdir().unwrap();
    let overrides = Overrides { data_dir: Some(dir.path().to_owned()), ..Overrides::default() };
    let config = Config::shipped(&overrides);
    // A station makes store and index, and leaves them when it goes.
    drop(Station::open(config.clone(), system_clock(), nobody()).unwrap());
    let store = Arc::new(SqliteStore::open(&dir.path().join("guanlan.db")).unwrap());
    let desk = Desk::new(Arc::new(config), store, system_clock());
    (dir, desk)
}

fn person(name: &str, role: Role, units: &[&str]) -> Who {
    let mut who = Who::owner(name, Lang::Zh);
    (who.role, who.units) = (role, units.iter().map(|unit| (*unit).into()).collect());
    who
}

fn order(name: &str, audience: Audience) -> SavedOrder {
    SavedOrder { name: name.to_owned(), query: "欠薪".to_owned(), audience }
}

#[test]
fn each_sees_their_own_and_what_was_handed_on_to_them() {
    let (_dir, desk) = desk();
    let officer = person("王干事", Role::Officer, &["a"]);
    let leader = person("李书记", Role::Leader, &["a"]);
    let other = person("赵", Role::Officer, &["b"]);
    for (name, audience) in
        [("own", Audience::Private), ("unit", Audience::Unit), ("all", Audience::All)]
    {
        desk.save_search(&officer, &order(name, audience)).unwrap();
    }
    let names = |who: &Who| {
        let rows = desk.saved_searches(who).unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&officer), ["all", "own", "unit"]);
    assert_eq!(names(&leader), ["all", "unit"]);
    assert_eq!(names(&other), ["all"]);
    // A leader keeps searches and hands none on; what is somebody else's is not taken away.
    desk.save_search(&leader, &order("mine", Audience::Private)).unwrap();
    let refused = desk.save_search(&leader, &order("mine", Audience::All)).unwrap_err();
    assert!(matches!(refused, DeskError::Forbidden { act: Act::ShareSearch, .. }), "{refused}");
    let all = desk.saved_searches(&other).unwrap().remove(0).id;
    assert!(matches!(desk.drop_search(&other, &all), Err(DeskError::Unknown { .. })));
    desk.drop_search(&officer, &all).unwrap();
    assert_eq!(names(&other), Vec::<String>::new());
    for name in ["", "\u{7}", &"长".repeat(61)] {
        let refused = desk.save_search(&officer, &order(name, Audience::Private)).unwrap_err();
        assert!(matches!(refused, DeskError::Value { what: "saved_name", .. }), "{name}");
    }
    let unread = SavedOrder { query: "(x".to_owned(), ..order("x", Audience::Private) };
    assert!(matches!(desk.save_search(&officer, &unread), Err(DeskError::Query { .. })));
}
