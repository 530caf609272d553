//! The table of acts and roles held against what it promises.

use super::*;

#[test]
fn the_table_has_each_act_once_and_administrators_may_everything() {
    for (at, (act, changes, roles)) in Act::TABLE.iter().enumerate() {
        assert_eq!(Act::TABLE.iter().filter(|(other, ..)| other == act).count(), 1, "line {at}");
        assert_eq!((act.changes(), act.roles()), (*changes, *roles));
        assert!(roles.contains(&Role::Administrator), "{act:?}");
        for lang in [Lang::Zh, Lang::En] {
            assert!(lang.has(&format!("desk.act.{}", act.as_str())), "{act:?}");
        }
    }
}

#[test]
fn auditors_and_leaders_change_nothing_but_what_is_their_own() {
    // An answer is drafted by one and approved by another; so is a digest.
    let own = [
        Act::OwnAccount,
        Act::KeepSearch,
        Act::HandleCase,
        Act::ApproveCase,
        Act::WriteAnswer,
        Act::ApproveAnswer,
        Act::ApproveDigest,
    ];
    for (act, changes, roles) in Act::TABLE {
        let quiet = [Role::Leader, Role::Auditor, Role::Commentator];
        let is_theirs = quiet.iter().any(|role| roles.contains(role));
        assert!(!changes || !is_theirs || own.contains(&act), "{act:?}");
        // "Reads all": there is nothing to read that an auditor may not.
        assert!(changes || roles.contains(&Role::Auditor), "{act:?}");
    }
}

#[test]
fn a_scope_to_read_takes_from_every_role_what_changes() {
    for role in Role::ALL {
        let mut who = Who::owner("x", Lang::En);
        (who.role, who.scope) = (role, Scope::Read);
        assert!(Act::TABLE.iter().all(|(act, changes, _)| !(*changes && who.may(*act))));
        assert!(who.may(Act::Search));
    }
}

#[test]
fn who_was_not_let_in_may_nothing_and_nobody_can_be_made_so() {
    let mut who = Who::nobody(Lang::Zh);
    who.scope = Scope::Write;
    assert!(Act::TABLE.iter().all(|(act, ..)| !who.may(*act)));
    assert_eq!(Role::parse(Role::Nobody.as_str()), None);
}

#[test]
fn roles_are_understood_in_both_languages() {
    for role in Role::ALL {
        for lang in [Lang::Zh, Lang::En] {
            let name = lang.text(&format!("desk.role.{}", role.as_str()));
            assert_eq!(Role::parse(&name), Some(role), "{name}");
        }
    }
    assert_eq!(Role::parse("root"), None);
}
