//! Ways out held against what they need: one address, secrets that are there, none of them written into the config.
//!
//! In: a `[[notifier]]` as resolved. Out: its problems by key. It asks nothing of anybody: whether a robot or a mail
//! server takes messages is told by `guanlan notify test`.

use std::path::Path;

use super::document::Placed;
use super::notifier::{NotifierConfig, NotifierKind, SecretError};
use super::problem::{Fault, Problem};
use super::resolve::notifier_paths;

/// What is wrong with `notifier`.
pub(super) fn check(notifier: &Placed<NotifierConfig>, found: &mut Vec<Problem>) {
    // Secrets lie where they will be read: beside the file that names them.
    let dir = Path::new(&notifier.file).parent().unwrap_or(Path::new(""));
    let kind = &notifier_paths(notifier.item.clone(), dir).kind;
    let mut push = |key: &str, fault| found.push(notifier.problem("notifier", key, fault));
    match kind {
        NotifierKind::Log | NotifierKind::File { .. } => {}
        NotifierKind::Webhook { url, url_env, url_file, secret_env, secret_file, .. } => {
            one_of(
                &[url.is_some(), url_env.is_some(), url_file.is_some()],
                "url, url_env, url_file",
                &mut push,
            );
            at_most_one(
                secret_env.is_some(),
                secret_file.is_some(),
                "secret_env, secret_file",
                &mut push,
            );
            readable(kind.url(), url_env.is_some(), "url", &mut push);
            readable(kind.secret(), secret_env.is_some(), "secret", &mut push);
        }
        NotifierKind::Wecom(robot)
        | NotifierKind::Dingtalk(robot)
        | NotifierKind::Feishu(robot) => {
            let (env, file) = (robot.url_env.is_some(), robot.url_file.is_some());
            if robot.url.is_some() {
                push("url", Fault::InlineSecret { key: "url".to_owned() });
            } else {
                one_of(&[env, file], "url_env, url_file", &mut push);
            }
            let (key_env, key_file) = (robot.secret_env.is_some(), robot.secret_file.is_some());
            at_most_one(key_env, key_file, "secret_env, secret_file", &mut push);
            if matches!(kind, NotifierKind::Wecom(_)) && (key_env || key_file) {
                push(if key_env { "secret_env" } else { "secret_file" }, Fault::NotSigned);
            }
            readable(kind.url(), env, "url", &mut push);
            readable(kind.secret(), key_env, "secret", &mut push);
        }
    }
}

fn one_of(given: &[bool], keys: &str, push: &mut impl FnMut(&str, Fault)) {
    match given.iter().filter(|given| **given).count() {
        0 => push("", Fault::OneNeeded { keys: keys.to_owned() }),
        1 => {}
        _ => push("", Fault::OnlyOne { keys: keys.to_owned() }),
    }
}

fn at_most_one(one: bool, other: bool, keys: &str, push: &mut impl FnMut(&str, Fault)) {
    if one && other {
        push("", Fault::OnlyOne { keys: keys.to_owned() });
    }
}

fn readable<T>(
    read: Result<T, SecretError>,
    by_env: bool,
    name: &str,
    push: &mut impl FnMut(&str, Fault),
) {
    if let Err(error) = read {
        let key = format!("{name}_{}", if by_env { "env" } else { "file" });
        push(&key, Fault::SecretUnreadable { why: error.to_string() });
    }
}
