//! How a password is proved to a server without saying it: SCRAM-SHA-256 (RFC 5802, RFC 7677).
//!
//! In: a password, and what the server says. Out: what is said to it, and whether it knows the password as well. No
//! channel binding: where the way is not this machine's own it is TLS with its certificate checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The method's name.
pub(super) const METHOD: &str = "SCRAM-SHA-256";

/// More rounds than this are no server's wish: they would only keep this machine busy.
const MOST_ROUNDS: u32 = 10_000_000;

/// One login under way.
pub(super) struct Scram {
    password: String,
    nonce: String,
    /// What the server must prove at the end.
    expected: Vec<u8>,
}

impl Scram {
    /// Begins with random bytes of ours.
    pub fn new(password: &str, random: &[u8]) -> Self {
        Self { password: password.to_owned(), nonce: BASE64.encode(random), expected: Vec::new() }
    }

    /// What is said first.
    pub fn first(&self) -> String {
        format!("n,,{}", self.first_bare())
    }

    /// The user's name goes with the call; here it stands empty.
    fn first_bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// What is said to the server's first words; none where they are not of this method.
    pub fn last(&mut self, server_first: &str) -> Option<String> {
        let mut parts = server_first.split(',');
        let nonce = parts.next()?.strip_prefix("r=")?;
        let salt = BASE64.decode(parts.next()?.strip_prefix("s=")?).ok()?;
        let rounds: u32 = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return None;
        }
        if !(1..=MOST_ROUNDS).contains(&rounds) {
            return None;
        }
        let salted = salted(self.password.as_bytes(), &salt, rounds);
        let bare = format!("c=biws,r={nonce}");
        let said = format!("{},{server_first},{bare}", self.first_bare());
        let client = mac(&salted, b"Client Key");
        let signature = mac(&Sha256::digest(client), said.as_bytes());
        let proof = client.iter().zip(signature).map(|(key, sign)| key ^ sign).collect::<Vec<_>>();
        self.expected = mac(&mac(&salted, b"Server Key"), said.as_bytes()).to_vec();
        Some(format!("{bare},p={}", BASE64.encode(proof)))
    }

    /// Whether the server has proved that it knows the password.
    pub fn is_proved(&self, server_last: &str) -> bool {
        let said = server_last.strip_prefix("v=").and_then(|v| BASE64.decode(v).ok());
        !self.expected.is_empty() && said.as_deref() == Some(&self.expected)
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// PBKDF2 of one block.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut first = salt.to_vec();
    first.extend_from_slice(&[0, 0, 0, 1]);
    let mut last = mac(password, &first);
    let mut all = last;
    for _ in 1..rounds {
        last = mac(password, &last);
        all.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the example of RFC 7677, whose user name stands in the first words.
    #[test]
    fn the_keys_are_those_of_the_standard() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = salted(b"pencil", &salt, 4096);
        let said = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server = mac(&mac(&salted, b"Server Key"), said.as_bytes());
        assert_eq!(BASE64.encode(server), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_server_that_does_not_take_up_our_nonce_is_refused() {
        let mut scram = Scram::new("x", b"0123456789");
        for said in
            ["", "r=other,s=AAAA,i=4096", "e=unknown-user", "r=MDEyMzQ1Njc4OQ==,s=AAAA,i=4096"]
        {
            assert_eq!(scram.last(said), None, "{said}");
        }
        assert!(scram.last("r=MDEyMzQ1Njc4OQ==x,s=AAAA,i=0").is_none());
        assert!(!scram.is_proved("v="));
    }
}
