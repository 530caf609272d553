//! A test by one way out: a message that says it is a test, and what came back, word for word.
//!
//! In: the name of a way out. Out: what the other side answered to each piece, without secrets, and what that means. It
//! is counted among what the way takes of a minute, goes past the outbox, and tells a station at work to try again what
//! has been waiting for this way.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::{delivery, pieces};
use crate::notify::{DeliverError, Notifier, test_message};

/// What came of a test.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Tested {
    /// The way out.
    pub notifier: String,
    /// Its kind: `wecom`, `mail`…
    pub kind: String,
    /// Whether the other side took all of it.
    pub taken: bool,
    /// What it answered, piece by piece: a part of how many, or a recipient.
    pub answers: Vec<TestAnswer>,
}

/// The answer to one piece.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TestAnswer {
    /// Which one; empty where nothing went out.
    pub piece: String,
    /// Whether it was taken.
    pub taken: bool,
    /// What the other side said, without secrets.
    pub said: String,
    /// What that means and what to do; empty where it was taken.
    pub words: String,
}

impl Desk {
    /// Sends a test by the way out called `name`.
    ///
    /// # Errors
    /// `Unknown` for a way out that config does not have; a broken store. What the way does not take is an answer.
    pub fn send_test(&self, who: &Who, name: &str) -> Result<Tested> {
        self.check(who, Act::SendTest)?;
        let config = self.config.notifiers.iter().find(|n| n.name == name);
        let unknown = || DeskError::Unknown { what: "notifier", id: name.to_owned() };
        let config = config.ok_or_else(unknown)?;
        let answers = match Notifier::from_config(config) {
            Ok(notifier) => self.test(who, name, &notifier)?,
            Err(error) => vec![refused(String::new(), &error, who)],
        };
        let taken = answers.iter().all(|answer| answer.taken);
        let detail = if taken { "test taken" } else { "test refused" };
        let now = self.now();
        self.audited(who, ("test", name, detail), &mut |write| {
            if taken {
                // A station at work tries at once what it has been waiting with.
                write.put_state(delivery::RESEND, &now.to_rfc3339())?;
            }
            Ok(true)
        })?;
        Ok(Tested {
            notifier: name.to_owned(),
            kind: config.kind.as_str().to_owned(),
            taken,
            answers,
        })
    }

    fn test(&self, who: &Who, name: &str, notifier: &Notifier) -> Result<Vec<TestAnswer>> {
        let now = self.now();
        let bucket = notifier.bucket(name);
        let lang = self.config.station.lang;
        let message = test_message(&self.config.station.name, &who.name, now, lang);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(anyhow::Error::from)?;
        let mut answers = Vec::new();
        for piece in notifier.pieces(&message) {
            if let Some(next) = self.count(&bucket, notifier, now)? {
                answers.push(full(piece.label, next, now, who));
                break;
            }
            let said = runtime.block_on(notifier.send(&message, &piece, now));
            answers.push(match said {
                Ok(said) => {
                    let words = String::new();
                    TestAnswer { piece: piece.label, taken: true, said, words }
                }
                Err(error) => refused(piece.label, &error, who),
            });
        }
        Ok(answers)
    }

    /// Takes down what is sent, where the way takes only so much; or answers when there will be room.
    fn count(
        &self,
        bucket: &str,
        notifier: &Notifier,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut next = None;
        self.store.write(&mut |write| {
            next = pieces::take_one(write, bucket, notifier.limits(), now)?;
            Ok(())
        })?;
        Ok(next)
    }
}

fn refused(piece: String, error: &DeliverError, who: &Who) -> TestAnswer {
    let said = match error {
        DeliverError::Told(refusal) => refusal.said.clone(),
        other => other.to_string(),
    };
    TestAnswer { piece, taken: false, said, words: error.words(who.lang) }
}

fn full(piece: String, next: DateTime<Utc>, now: DateTime<Utc>, who: &Who) -> TestAnswer {
    let secs = (next - now).num_seconds().max(1);
    let words = who.lang.fill("notify.test.full", &[("secs", &secs)]);
    TestAnswer { piece, taken: false, said: String::new(), words }
}
