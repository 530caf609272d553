//! Secrets: made at random, kept as what was made of them; passwords by argon2id.
//!
//! In: a password or a secret as it was given. Out: what may be stored of it, or whether it is the one. Nothing here is
//! ever logged, shown in an error or put into an address.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use crate::platform;

/// Characters that a password has at least; a phrase may be long.
pub const LEAST: usize = 12;

/// Characters that one has at most.
const MOST: usize = 256;

/// Different characters that one has at least.
const DIFFERENT: usize = 6;

/// What stands for the password of somebody who is not there, so that asking takes as long: that of a random one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$NvNqExuAqs+Vb3vPtFbVxw$zjL1K9WPpz2L5yZ6eR8b1sX0n3Q2c4m6u7TtG9aBdEo";

/// One at a time: each takes 19 MiB and a core.
static TURN: Mutex<()> = Mutex::new(());

/// A new secret: 64 hex digits.
///
/// # Errors
/// The operating system has no random bytes.
pub(super) fn secret() -> anyhow::Result<String> {
    Ok(hex(&platform::random_bytes::<32>()?))
}

/// A new password for somebody who will choose another: 20 signs that cannot be mistaken for each other.
///
/// # Errors
/// The operating system has no random bytes.
pub fn password() -> anyhow::Result<String> {
    // 32 signs, so that each byte gives one of them without a bias.
    const SIGNS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let bytes = platform::random_bytes::<20>()?;
    Ok(bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect())
}

/// What is kept of a secret. It is long and random: a plain hash tells nothing of it.
pub(super) fn kept(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// What is kept of a password: argon2id with 19 MiB and two passes, salted, in PHC form.
///
/// # Errors
/// The operating system has no random bytes.
pub(super) fn made_of(password: &str) -> anyhow::Result<String> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let made = Argon2::default().hash_password(password.as_bytes());
    Ok(made.map_err(|error| anyhow::anyhow!("cannot hash a password: {error}"))?.to_string())
}

/// Whether `password` is the one that `made` was made of; with none it is not, and takes as long.
pub(super) fn is(password: &str, made: Option<&str>) -> bool {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let hash = PasswordHash::new(made.unwrap_or(NOBODY));
    let fits = hash
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    fits && made.is_some()
}

/// Why a password cannot be taken; a locale key under `desk.password`.
pub(super) fn fault(password: &str, name: &str) -> Option<&'static str> {
    let count = password.chars().count();
    let mut signs = password.chars().collect::<Vec<_>>();
    signs.sort_unstable();
    signs.dedup();
    let runs = password.as_bytes().windows(2).filter(|w| w[1].abs_diff(w[0]) <= 1).count();
    let holds_name = !name.is_empty() && password.to_lowercase().contains(&name.to_lowercase());
    match () {
        () if count < LEAST => Some("short"),
        () if count > MOST => Some("long"),
        // `aaaaaaaaaaaa`, `121212121212`, `123456789012`: long and known all the same.
        () if signs.len() < DIFFERENT || runs * 3 > count * 2 => Some("plain"),
        () if holds_name => Some("name"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_nothing_else_is() {
        let made = made_of("一句很长的口令，谁也猜不到").unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(is("一句很长的口令，谁也猜不到", Some(&made)));
        assert!(!is("一句很长的口令", Some(&made)) && !is("", Some(&made)));
        assert_ne!(made, made_of("一句很长的口令，谁也猜不到").unwrap(), "salted");
        assert!(!is("", None) && !is("x", Some("no hash")));
        assert!(PasswordHash::new(NOBODY).is_ok(), "asking for nobody must cost as much");
    }

    #[test]
    fn weak_ones_are_refused_by_kind() {
        for (weak, why) in [
            ("abc", "short"),
            ("aaaaaaaaaaaaaa", "plain"),
            ("121212121212", "plain"),
            ("123456789012", "plain"),
            ("abcdefghijkl", "plain"),
            ("officer-Zhang-2026", "name"),
        ] {
            assert_eq!(fault(weak, "zhang"), Some(why), "{weak}");
        }
        assert_eq!(fault(&"x1y2z3".repeat(60), "a"), Some("long"));
        for good in ["correct horse battery", "一句很长的口令谁也猜不到呀", &password().unwrap()]
        {
            assert_eq!(fault(good, "zhang"), None, "{good}");
        }
    }
}
