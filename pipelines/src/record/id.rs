//! Identifiers: what names a post, a source, a subject, a topic, a rule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names one post: the first 64 bits of the SHA-256 of its canonical URL, shown as 16 hex digits.
///
/// The store refuses a second URL with the same id (a collision at ten million posts has a chance of
/// about 3 in a million) as a counted failure rather than overwrite a post.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(pub u64);

impl PostId {
    /// The id of the post at `canonical_url`.
    #[must_use]
    pub fn of_url(canonical_url: &str) -> Self {
        let digest = Sha256::digest(canonical_url.as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest[..8]);
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostId({self})")
    }
}

impl FromStr for PostId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(s, 16).map(Self)
    }
}

impl Serialize for PostId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PostId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as written in config.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.to_owned())
            }
        }
    };
}

string_id! {
    /// Names a source in config.
    SourceId
}
string_id! {
    /// Names a subject (the enterprise or one of its units) in config.
    SubjectId
}
string_id! {
    /// Names a topic (a class or a monitored theme) in config; nested classes are joined by `/`.
    TopicId
}
string_id! {
    /// Names a rule in config.
    RuleId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_id_reads_back_as_shown() {
        let id = PostId::of_url("https://example.com/a");
        assert_eq!(id.to_string().parse::<PostId>().unwrap(), id);
        assert_eq!(id.to_string().len(), 16);
    }

    #[test]
    fn different_urls_have_different_ids() {
        assert_ne!(
            PostId::of_url("https://example.com/a"),
            PostId::of_url("https://example.com/b")
        );
    }
}
