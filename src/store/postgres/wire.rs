//! The messages of PostgreSQL's protocol (version 3), as far as a store needs them.
//!
//! In: an address. Out: a session that is logged in, and messages to and fro. All values go as text, so that the server
//! decides of what type they are. It knows nothing of statements; what cannot be read ends the session.

use std::io::{self, BufReader, Read as _, Write as _};
use std::time::Duration;

use super::address::Address;
use super::scram::{METHOD, Scram};
use super::stream::Stream;
use super::trouble::Trouble;
use crate::platform;

/// How long a server may take over one statement.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// The longest message that is believed: a row of the store is a hundredth of it.
const LONGEST: usize = 1 << 30;

/// A session with a server.
pub(super) struct Wire {
    stream: BufReader<Stream>,
    /// What is to be said with the next [`send`](Self::send).
    said: Vec<u8>,
    /// The body of the last message heard.
    pub heard: Vec<u8>,
}

impl Wire {
    /// Calls the server and logs in.
    pub fn open(address: &Address) -> Result<Self, Trouble> {
        let stream = BufReader::with_capacity(1 << 16, Stream::call(address)?);
        let mut wire = Self { stream, said: Vec::new(), heard: Vec::new() };
        wire.greet(address);
        wire.send()?;
        wire.log_in(address)?;
        wire.stream.get_ref().set_patience(Some(PATIENCE))?;
        Ok(wire)
    }

    /// Waits without end from now on: for what may take hours.
    pub fn wait_for_ever(&self) -> Result<(), Trouble> {
        Ok(self.stream.get_ref().set_patience(None)?)
    }

    fn greet(&mut self, address: &Address) {
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        let settings = [
            ("user", address.user.as_str()),
            ("database", &address.database),
            ("client_encoding", "UTF8"),
            ("application_name", "guanlan"),
            ("DateStyle", "ISO"),
        ];
        for (name, value) in settings {
            text(&mut body, name);
            text(&mut body, value);
        }
        body.push(0);
        self.said.extend_from_slice(&length(body.len() + 4));
        self.said.extend_from_slice(&body);
    }

    fn log_in(&mut self, address: &Address) -> Result<(), Trouble> {
        let password = || address.password.as_deref().ok_or(Trouble::NoPassword);
        let mut scram = None;
        loop {
            match (self.hear()?, self.number(0)) {
                (b'R', Some(0)) => {}
                (b'R', Some(3)) => {
                    let password = password()?.to_owned();
                    self.say(b'p', |body| text(body, &password));
                }
                (b'R', Some(10)) => {
                    if !self.heard[4..].split(|b| *b == 0).any(|name| name == METHOD.as_bytes()) {
                        return Err(Trouble::OtherLogin);
                    }
                    let random = platform::random_bytes::<18>()?;
                    let begun = scram.insert(Scram::new(password()?, &random));
                    let first = begun.first();
                    self.say(b'p', |body| {
                        text(body, METHOD);
                        body.extend_from_slice(&length(first.len()));
                        body.extend_from_slice(first.as_bytes());
                    });
                }
                (b'R', Some(11)) => {
                    let said = String::from_utf8_lossy(&self.heard[4..]).into_owned();
                    let last = scram.as_mut().and_then(|scram| scram.last(&said));
                    let last = last.ok_or(Trouble::OtherLogin)?;
                    self.say(b'p', |body| body.extend_from_slice(last.as_bytes()));
                }
                (b'R', Some(12)) => {
                    let said = String::from_utf8_lossy(&self.heard[4..]).into_owned();
                    if !scram.as_ref().is_some_and(|scram| scram.is_proved(&said)) {
                        return Err(Trouble::Impostor);
                    }
                }
                (b'R', _) => return Err(Trouble::OtherLogin),
                (b'E', _) => return Err(self.refusal()),
                (b'Z', _) => return Ok(()),
                // Keys to cancel by, settings that were told.
                _ => {}
            }
            self.send()?;
        }
    }

    /// Adds a message to what is to be said.
    pub fn say(&mut self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        self.said.push(kind);
        let at = self.said.len();
        self.said.extend_from_slice(&[0; 4]);
        write(&mut self.said);
        let bytes = length(self.said.len() - at);
        self.said[at..at + 4].copy_from_slice(&bytes);
    }

    /// Says all of it.
    pub fn send(&mut self) -> Result<(), Trouble> {
        if !self.said.is_empty() {
            let stream = self.stream.get_mut();
            let sent = stream.write_all(&self.said).and_then(|()| stream.flush());
            self.said.clear();
            sent?;
        }
        Ok(())
    }

    /// Hears the next message: answers its kind; its body is [`heard`](Self::heard). Notes in passing are passed over.
    pub fn hear(&mut self) -> Result<u8, Trouble> {
        loop {
            let mut head = [0; 5];
            self.stream.read_exact(&mut head)?;
            let [kind, bytes @ ..] = head;
            let bytes = usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
            if !(4..LONGEST).contains(&bytes) {
                return Err(io::Error::other("what answers is no PostgreSQL").into());
            }
            self.heard.resize(bytes - 4, 0);
            self.stream.read_exact(&mut self.heard)?;
            if !matches!(kind, b'N' | b'S' | b'A' | b'K') {
                return Ok(kind);
            }
        }
    }

    /// The number at `at` of what was heard.
    pub fn number(&self, at: usize) -> Option<i32> {
        let bytes = self.heard.get(at..at + 4)?;
        Some(i32::from_be_bytes(bytes.try_into().ok()?))
    }

    /// What was heard as the server's refusal.
    pub fn refusal(&self) -> Trouble {
        let (mut state, mut said, mut is_end) = (String::new(), String::new(), false);
        for field in self.heard.split(|b| *b == 0) {
            let Some((kind, value)) = field.split_first() else { continue };
            let value = String::from_utf8_lossy(value);
            match kind {
                b'C' => state = value.into_owned(),
                b'M' => said = value.into_owned(),
                b'V' => is_end = value == "FATAL" || value == "PANIC",
                _ => {}
            }
        }
        Trouble::Refused { state, said, is_end }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // A courtesy: without it the server finds out by itself.
        self.said.clear();
        self.say(b'X', |_| ());
        let _ = self.send();
    }
}

/// A text as it stands in messages, ended by a zero.
pub(super) fn text(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes().filter(|b| *b != 0));
    body.push(0);
}

/// A length as it stands in messages.
pub(super) fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}
