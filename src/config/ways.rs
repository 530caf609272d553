//! Ways out held against what they need: one address, secrets that are there, none of them written into the config.
//!
//! In: a `[[notifier]]` as resolved. Out: its problems by key. It asks nothing of anybody: whether a robot or a mail
//! server takes messages is told by `guanlan notify test`.

use std::path::Path;

use super::document::Placed;
use super::notifier::{MailConfig, MailSecurity, NotifierConfig, NotifierKind, SecretError};
use super::problem::{Fault, Problem};
use super::resolve::notifier_paths;

/// What is wrong with `notifier`.
pub(super) fn check(notifier: &Placed<NotifierConfig>, found: &mut Vec<Problem>) {
    // Secrets lie where they will be read: beside the file that names them.
    let dir = Path::new(&notifier.file).parent().unwrap_or(Path::new(""));
    let kind = &notifier_paths(notifier.item.clone(), dir).kind;
    let mut push = |key: &str, fault| found.push(notifier.problem("notifier", key, fault));
    if notifier.item.name == super::duty::DUTY {
        push("name", Fault::DutyName);
    }
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
        NotifierKind::Mail(mail) => letters(mail, kind, &mut push),
    }
}

/// A mail server has addresses, a password where somebody logs in, and no open way but on this machine.
fn letters(mail: &MailConfig, kind: &NotifierKind, push: &mut impl FnMut(&str, Fault)) {
    let (env, file) = (mail.password_env.is_some(), mail.password_file.is_some());
    at_most_one(env, file, "password_env, password_file", push);
    match (&mail.user, env || file) {
        (Some(_), false) => {
            push("user", Fault::OneNeeded { keys: "password_env, password_file".to_owned() });
        }
        (None, true) => push("", Fault::OneNeeded { keys: "user".to_owned() }),
        _ => {}
    }
    readable(kind.secret(), env, "password", push);
    let is_here = matches!(mail.host.as_str(), "127.0.0.1" | "::1" | "localhost");
    if mail.security == MailSecurity::None && !is_here {
        push("security", Fault::OpenMail);
    }
    if mail.to.is_empty() {
        push("to", Fault::Empty);
    }
    let addresses = mail.to.iter().enumerate().map(|(i, to)| (format!("to.{i}"), to));
    for (key, address) in addresses.chain([("from".to_owned(), &mail.from)]) {
        if let Err(why) = address.parse::<lettre::message::Mailbox>() {
            push(&key, Fault::BadMail { why: why.to_string() });
        }
    }
    if let Some(Err(why)) = mail.ca_file.as_ref().map(std::fs::read) {
        push("ca_file", Fault::Unreadable { why: why.to_string() });
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

#[cfg(test)]
mod tests {
    use pipelines::locale::Lang;

    use crate::config::{Config, Overrides};

    /// What `check` says of a mail notifier with these lines contains each of `expected`, and no password.
    fn check(lines: &str, expected: &[&str]) {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "[station]\ncontact = \"press@example.com\"\n[[notifier]]\nname = \"m\"\nkind = \"mail\"\n{lines}\n\
             [[subject]]\nid = \"yunling\"\nname = \"云岭矿业集团有限公司\"\n"
        );
        std::fs::write(dir.path().join("guanlan.toml"), text).unwrap();
        let said = match Config::load(Some(dir.path()), &Overrides::default()) {
            Ok(_) => String::new(),
            Err(problems) => problems.render(Lang::En),
        };
        assert_eq!(said.is_empty(), expected.is_empty(), "{said}");
        for key in expected {
            assert!(said.contains(key), "{key}\n{said}");
        }
        assert!(!said.contains("s3cret"), "{said}");
    }

    #[test]
    fn a_mail_server_is_checked_key_by_key() {
        let good = "host = \"smtp.example.com\"\nfrom = \"值班 <desk@example.com>\"\nto = [\"a@example.com\"]\n";
        check(good, &[]);
        check(&format!("{good}password = \"s3cret\""), &["notifier.password"]);
        check(&format!("{good}user = \"desk\""), &["notifier.user", "password_env"]);
        check(
            &format!("{good}user = \"d\"\npassword_env = \"GUANLAN_TEST_NO_SUCH\""),
            &["password_env"],
        );
        check(&format!("{good}security = \"none\""), &["notifier.security"]);
        check(&format!("{good}security = \"ssl\""), &["notifier.security"]);
        check(&format!("{good}ca_file = \"none.pem\""), &["notifier.ca_file"]);
        check(
            "host = \"smtp.example.com\"\nfrom = \"desk\"\nto = []",
            &["notifier.from", "notifier.to"],
        );
    }
}
