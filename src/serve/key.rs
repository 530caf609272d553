//! The key of the console: who has it is let in, and forms carry a mark made with it.
//!
//! In: the file it lies in, made at the first start, its owner's alone. Out: the secret of the entry address, the
//! cookie of a browser that was let in, the mark of forms. Nothing here is ever logged; the cookie and the mark
//! do not tell the key.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use pipelines::text::hex;
use sha2::Sha256;

use crate::key_file;

/// Hex digits that a key has at least.
const LEAST_CHARS: usize = 64;

/// The key.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// The key in `file`, made where there is none.
    ///
    /// # Errors
    /// A file that cannot be read or made, or holds something too short to protect anything.
    pub fn of(file: &Path) -> anyhow::Result<Self> {
        let key = String::from_utf8(key_file::read_or_make(file)?).unwrap_or_default();
        let is_whole = key.len() >= LEAST_CHARS && key.bytes().all(|b| b.is_ascii_hexdigit());
        anyhow::ensure!(
            is_whole,
            "`{}` holds no key of the console; delete it and start again",
            file.display()
        );
        Ok(Self(key))
    }

    /// What the entry address carries.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `said` is the key; takes the same time whatever is said.
    pub(super) fn opens(&self, said: &str) -> bool {
        same(&self.mark_of("entry", &self.0), &self.mark_of("entry", said))
    }

    /// What the cookie of a browser that was let in holds.
    pub(super) fn pass(&self) -> String {
        self.mark_of("pass", "")
    }

    /// Whether `cookie` is such a one.
    pub(super) fn knows(&self, cookie: &str) -> bool {
        same(&self.pass(), cookie)
    }

    /// What forms carry where one person comes in by the key.
    pub(super) fn form_mark(&self) -> String {
        self.mark_of("form", "")
    }

    /// What the forms of one session carry; it tells nothing of the secret.
    pub(super) fn session_mark(&self, secret: &str) -> String {
        self.mark_of("session", secret)
    }

    fn mark_of(&self, purpose: &str, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

/// Equal, compared in a time that depends on the lengths alone.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_tells_its_own_marks_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("console.key");
        let key = Key::of(&file).unwrap();
        assert_eq!(Key::of(&file).unwrap().0, key.0);
        assert!(key.opens(key.secret()) && key.knows(&key.pass()) && !key.knows(key.secret()));
        assert!(!key.opens("") && !key.knows("") && key.form_mark() != key.pass());
        assert!(
            key.session_mark("a") != key.session_mark("b")
                && key.session_mark("") != key.form_mark()
        );
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&file).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&file, "00").unwrap();
        assert!(Key::of(&file).is_err());
    }
}
