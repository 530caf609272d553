//! What is wrong with a config: file, line, key, value, and the way out, in both languages.
//!
//! In: faults as the checks name them. Out: rows for the table of `guanlan check`, or text. Every fault is a
//! named variant with one text and one hint in the locale files; a secret's value is never among them.

use std::fmt;

use pipelines::locale::Lang;

use crate::schedule::CronError;

/// Whether the station may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It may not.
    Error,
    /// It may, but somebody should look.
    Warning,
}

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Whether it stops the station.
    pub level: Level,
    /// The file as the user would name it.
    pub file: String,
    /// Line from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The key with the tables it lies in: `source.selectors.links`.
    pub key: String,
    /// What is written there, shortened; empty where nothing is.
    pub value: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong. Lists are joined by `, `; `nearest` is what was probably meant, empty if unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The file cannot be read.
    Unreadable {
        /// From the system.
        why: String,
    },
    /// Not TOML.
    Syntax {
        /// From the reader of TOML.
        why: String,
    },
    /// No such key here.
    UnknownKey {
        /// Probably meant.
        nearest: String,
        /// All that there are.
        known: String,
    },
    /// A password or token written into the config.
    InlineSecret {
        /// The key as written.
        key: String,
    },
    /// A required key is missing.
    Missing,
    /// Another type of value is expected.
    WrongType {
        /// Locale key of the type under `config.type`.
        expected: &'static str,
    },
    /// A number out of its bounds.
    OutOfRange {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// Not one of a closed set.
    NotOneOf {
        /// Probably meant.
        nearest: String,
        /// All that there are.
        known: String,
    },
    /// An empty text or list where something is needed.
    Empty,
    /// An id with blanks or signs.
    BadId,
    /// Not a web address.
    BadUrl {
        /// From the reader of addresses.
        why: String,
    },
    /// A loopback or private host that is not allowed by `allow_private`.
    PrivateHost {
        /// The host with its port.
        host: String,
    },
    /// Not a host name.
    BadHost,
    /// Not a schedule.
    BadCron(CronError),
    /// Not a time zone.
    BadZone {
        /// Probably meant.
        nearest: String,
    },
    /// Neither a mail address nor a web address.
    BadContact,
    /// Nobody to turn to, but sources to crawl.
    NoContact,
    /// Not an address and port.
    BadListen,
    /// Not a time that something may take.
    BadLimit,
    /// Not a date or range of dates.
    BadDate,
    /// Not two times of day.
    BadHours,
    /// Whoever is on duty is to be told, and there is no roster.
    NoDuty,
    /// A way out has the name that stands for whoever is on duty.
    DutyName,
    /// A query that cannot be read; the texts mark the place.
    BadQuery {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// No file has this name.
    NoFiles,
    /// The id was used before.
    Duplicate {
        /// File and line of the first use.
        first: String,
    },
    /// Nothing has this name.
    UnknownReference {
        /// Probably meant.
        nearest: String,
        /// All that there are.
        known: String,
    },
    /// A unit above itself.
    Circle,
    /// One of several keys is needed.
    OneNeeded {
        /// The keys.
        keys: String,
    },
    /// Only one of several keys is allowed.
    OnlyOne {
        /// The keys.
        keys: String,
    },
    /// The variable or file of a secret cannot be read.
    SecretUnreadable {
        /// Why.
        why: String,
    },
    /// Not a mail address.
    BadMail {
        /// From the reader of addresses.
        why: String,
    },
    /// No address of a search cluster.
    BadCluster,
    /// No name of an index in a cluster.
    BadIndexName,
    /// No address of an object store.
    BadEndpoint,
    /// No name in an object store.
    BadBucket,
    /// A mail server elsewhere, without encryption.
    OpenMail,
    /// A key to sign with, where nothing is signed.
    NotSigned,
    /// An example that should match does not.
    ExampleMissed,
    /// An example that should not match does.
    ExampleHit,
    /// The console can be reached from other machines without TLS.
    OpenListen,
    /// A certificate without a key, or a key without a certificate.
    HalfTls,
    /// Not the address of a proxy.
    BadProxy,
    /// Browsers of other machines need a name to ask for.
    BadPublicUrl,
    /// Nobody to watch for.
    NoSubjects,
    /// Passed the checks and was refused all the same.
    Refused {
        /// From the reader of the value.
        why: String,
    },
}

impl Fault {
    /// Whether it is an example that its query does not keep to.
    #[must_use]
    pub fn is_of_example(&self) -> bool {
        matches!(self, Self::ExampleMissed | Self::ExampleHit)
    }

    /// Name in the locale files, and the arguments of its texts.
    fn parts(&self, lang: Lang) -> (&'static str, Vec<(&'static str, String)>) {
        let own = String::clone;
        match self {
            Self::Unreadable { why } => ("unreadable", vec![("why", own(why))]),
            Self::Syntax { why } => ("syntax", vec![("why", own(why))]),
            Self::UnknownKey { nearest, known } => ("unknown_key", guess(lang, nearest, known)),
            Self::InlineSecret { key } => ("inline_secret", vec![("key", own(key))]),
            Self::Missing => ("missing", vec![]),
            Self::WrongType { expected } => {
                let name = lang.text(&format!("config.type.{expected}"));
                ("wrong_type", vec![("expected", name)])
            }
            Self::OutOfRange { min, max } => {
                ("out_of_range", vec![("min", min.to_string()), ("max", max.to_string())])
            }
            Self::NotOneOf { nearest, known } => ("not_one_of", guess(lang, nearest, known)),
            Self::Empty => ("empty", vec![]),
            Self::BadId => ("bad_id", vec![]),
            Self::BadUrl { why } => ("bad_url", vec![("why", own(why))]),
            Self::PrivateHost { host } => ("private_host", vec![("host", own(host))]),
            Self::BadHost => ("bad_host", vec![]),
            Self::BadCron(error) => ("bad_cron", vec![("why", error.render(lang))]),
            Self::BadZone { nearest } => ("bad_zone", guess(lang, nearest, "")),
            Self::BadContact => ("bad_contact", vec![]),
            Self::NoContact => ("no_contact", vec![]),
            Self::BadListen => ("bad_listen", vec![]),
            Self::BadLimit => ("bad_limit", vec![]),
            Self::BadDate => ("bad_date", vec![]),
            Self::BadHours => ("bad_hours", vec![]),
            Self::NoDuty => ("no_duty", vec![]),
            Self::DutyName => ("duty_name", vec![]),
            Self::BadQuery { zh, en } => {
                ("bad_query", vec![("why", own(if lang == Lang::Zh { zh } else { en }))])
            }
            Self::NoFiles => ("no_files", vec![]),
            Self::Duplicate { first } => ("duplicate", vec![("first", own(first))]),
            Self::UnknownReference { nearest, known } => {
                ("unknown_reference", guess(lang, nearest, known))
            }
            Self::Circle => ("circle", vec![]),
            Self::OneNeeded { keys } => ("one_needed", vec![("keys", own(keys))]),
            Self::OnlyOne { keys } => ("only_one", vec![("keys", own(keys))]),
            Self::SecretUnreadable { why } => ("secret_unreadable", vec![("why", own(why))]),
            Self::BadMail { why } => ("bad_mail", vec![("why", own(why))]),
            Self::BadCluster => ("bad_cluster", vec![]),
            Self::BadIndexName => ("bad_index_name", vec![]),
            Self::BadEndpoint => ("bad_endpoint", vec![]),
            Self::BadBucket => ("bad_bucket", vec![]),
            Self::OpenMail => ("open_mail", vec![]),
            Self::NotSigned => ("not_signed", vec![]),
            Self::ExampleMissed => ("example_missed", vec![]),
            Self::ExampleHit => ("example_hit", vec![]),
            Self::OpenListen => ("open_listen", vec![]),
            Self::HalfTls => ("half_tls", vec![]),
            Self::BadProxy => ("bad_proxy", vec![]),
            Self::BadPublicUrl => ("bad_public_url", vec![]),
            Self::NoSubjects => ("no_subjects", vec![]),
            Self::Refused { why } => ("refused", vec![("why", own(why))]),
        }
    }

    /// What is wrong, in a few words.
    #[must_use]
    pub fn what(&self, lang: Lang) -> String {
        self.text(lang, "fault")
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self, lang: Lang) -> String {
        self.text(lang, "hint")
    }

    fn text(&self, lang: Lang, table: &str) -> String {
        let (name, args) = self.parts(lang);
        let args: Vec<(&str, &dyn fmt::Display)> =
            args.iter().map(|(name, value)| (*name, value as &dyn fmt::Display)).collect();
        lang.fill(&format!("config.{table}.{name}"), &args)
    }
}

/// The two arguments of a fault about a name: what was meant, and what there is.
fn guess(lang: Lang, nearest: &str, known: &str) -> Vec<(&'static str, String)> {
    let meant = match nearest {
        "" => String::new(),
        nearest => lang.fill("config.hint.nearest", &[("nearest", &nearest)]),
    };
    vec![("meant", meant), ("known", known.to_owned())]
}

impl Problem {
    /// `file:line`, or the file alone.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }

    /// Three lines at most: place, key and value; what is wrong; what to do.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let level = lang.text(match self.level {
            Level::Error => "config.level.error",
            Level::Warning => "config.level.warning",
        });
        let equals = if self.value.is_empty() { "" } else { " = " };
        format!(
            "{} {level} {}{equals}{}\n    {}\n    → {}",
            self.place(),
            self.key,
            self.value,
            self.fault.what(lang).replace('\n', "\n    "),
            self.fault.hint(lang).replace('\n', "\n    "),
        )
    }
}

/// All that is wrong with a config, in the order of files and lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Whether the station must not start.
    #[must_use]
    pub fn stop(&self) -> bool {
        self.0.iter().any(|p| p.level == Level::Error)
    }

    /// All of them as text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        self.0.iter().map(|p| p.render(lang)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

impl std::error::Error for Problems {}

/// The errors of a main file with this text: line, key, kind of fault.
#[cfg(test)]
pub(super) fn errors_of(text: &str) -> Vec<String> {
    use super::{Config, Overrides};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("guanlan.toml");
    std::fs::write(&file, text).unwrap();
    let problems = Config::load(Some(&file), &Overrides::default()).err();
    problems
        .into_iter()
        .flat_map(|problems| problems.0)
        .filter(|p| p.level == Level::Error)
        .map(|p| {
            let name = format!("{:?}", p.fault);
            format!("{} {} {}", p.line, p.key, name.split([' ', '{']).next().unwrap())
        })
        .collect()
}
