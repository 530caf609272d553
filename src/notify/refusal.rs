//! What another side said to a message that it did not take: why, whose fault that is, and the way out.
//!
//! In: a reason with what was said. Out: who is at fault, how long to wait, and words for the log and for officers.
//! No secret stands in what was said: whoever makes a refusal masks it first.

use std::fmt;
use std::time::Duration;

use pipelines::locale::Lang;

use super::Blame;

/// Characters kept of what the other side said.
const SAID_CHARS: usize = 300;

/// A way that an officer has to mend is tried by itself no sooner than after this: who is asked all the time with a key
/// that is none may shut the door for good. `guanlan notify test` and `guanlan alerts resend` try at once.
const MENDED_BY_HAND: Duration = Duration::from_secs(6 * 3_600);

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Too many in too short a time.
    Throttled,
    /// Their system is busy.
    Busy,
    /// The address of the robot is none (any more).
    BadKey,
    /// The robot was stopped or taken out of its group.
    Stopped,
    /// The keyword of the robot is not in the message.
    Keyword,
    /// The signature is not theirs.
    Sign,
    /// The signature is of a time that is not theirs: a clock goes wrong.
    Clock,
    /// This machine is not on their list of addresses.
    Address,
    /// One of keyword, signature and address; which is not said.
    Settings,
    /// The message is too long.
    TooLong,
    /// The message is not of a form they know.
    BadBody,
    /// What it says is not let through.
    Content,
    /// Something answered that is not a robot: a proxy, a page to log in.
    NotJson,
    /// It answered nothing.
    Empty,
    /// No connection, or not in time.
    NoAnswer,
    /// A recipient of a letter is refused for good.
    Recipient,
    /// A mail server takes nothing for now.
    Later,
    /// The login to the mail server is refused.
    Login,
    /// The sender is refused.
    Sender,
    /// The mail server does not talk in the way asked for.
    Server,
    /// No encrypted connection.
    Tls,
    /// A code that this station does not know.
    Unknown,
}

impl Why {
    /// The name in logs; a locale key under `notify.refused`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::BadKey => "bad_key",
            Self::Stopped => "stopped",
            Self::Keyword => "keyword",
            Self::Sign => "sign",
            Self::Clock => "clock",
            Self::Address => "address",
            Self::Settings => "settings",
            Self::TooLong => "too_long",
            Self::BadBody => "bad_body",
            Self::Content => "content",
            Self::NotJson => "not_json",
            Self::Empty => "empty",
            Self::NoAnswer => "no_answer",
            Self::Recipient => "recipient",
            Self::Later => "later",
            Self::Login => "login",
            Self::Sender => "sender",
            Self::Server => "server",
            Self::Tls => "tls",
            Self::Unknown => "unknown",
        }
    }

    fn blame(self) -> Blame {
        match self {
            Self::TooLong | Self::BadBody | Self::Content | Self::Recipient => Blame::Message,
            Self::Busy | Self::Empty | Self::NoAnswer | Self::Later | Self::Unknown => {
                Blame::Unclear
            }
            _ => Blame::Way,
        }
    }

    /// Whether a person has to mend something before it can be otherwise.
    fn is_mended_by_hand(self) -> bool {
        matches!(
            self,
            Self::BadKey
                | Self::Stopped
                | Self::Keyword
                | Self::Sign
                | Self::Address
                | Self::Settings
                | Self::Login
                | Self::Sender
        )
    }
}

/// A message that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of way: `wecom`…
    pub way: &'static str,
    /// Why.
    pub why: Why,
    /// What the other side said, shortened.
    pub said: String,
    /// What it asks for before the next try.
    pub wait: Option<Duration>,
}

impl Refusal {
    /// A refusal with what was said.
    #[must_use]
    pub fn new(way: &'static str, why: Why, said: &str) -> Self {
        let said = said.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self { way, why, said: said.take(SAID_CHARS).collect(), wait: None }
    }

    /// The same with a wait that was asked for.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// Several recipients that were refused, as one: those that may be tried again come before the others.
    #[must_use]
    pub fn together(refusals: &[Self]) -> Option<Self> {
        let said = refusals.iter().map(|one| one.said.as_str()).collect::<Vec<_>>().join("; ");
        let first = refusals.iter().find(|one| one.blame() != Blame::Message);
        let first = first.or(refusals.first())?.clone();
        Some(Self { said, ..first })
    }

    /// Whether it is said of one recipient alone.
    #[must_use]
    pub fn is_of_one_recipient(&self) -> bool {
        matches!(self.why, Why::Recipient | Why::Later)
    }

    /// Who is at fault.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.why.blame()
    }

    /// How long nothing should be sent: what was asked for, or as long as a person needs.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.wait.or(self.why.is_mended_by_hand().then_some(MENDED_BY_HAND))
    }

    /// What happened and what to do.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let way = lang.text(&format!("notify.kind.{}", self.way));
        let why = lang.text(&format!("notify.refused.{}", self.why.as_str()));
        lang.fill("notify.refusal", &[("way", &way), ("why", &why), ("said", &self.said)])
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused ({}): {}", self.way, self.why.as_str(), self.said)
    }
}

impl std::error::Error for Refusal {}
