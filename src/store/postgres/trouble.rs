//! What goes wrong with a server, and what of the store's troubles it is.
//!
//! In: an IO error, or the server's own five letters (SQLSTATE). Out: one of the store's errors: a state that passes, a
//! refusal, a failure. Whatever the server says holds no value of a statement: only its first line is taken.

use std::error::Error as _;
use std::io;

use super::address::Address;
use super::tls::SealFault;
use crate::store::StoreError;

/// What went wrong with a session.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The way is gone.
    #[error("{0}")]
    Lost(#[from] io::Error),
    /// The server refused something.
    #[error("{said} ({state})")]
    Refused {
        /// Its five letters.
        state: String,
        /// Its words.
        said: String,
        /// Whether the session is over with it.
        is_end: bool,
    },
    /// The login was not had: no password where one is asked for, a login of another kind, a server that did not prove
    /// that it knows the password.
    #[error("{0}")]
    Login(String),
    /// The connection cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealFault),
}

/// How the client begins to say that a statement does not fit its values or columns.
const MISUSED: [&str; 4] =
    ["expected ", "error serializing", "error deserializing", "error encoding"];

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(refused) = error.as_db_error() {
            return Self::Refused {
                state: refused.code().code().to_owned(),
                said: refused.message().lines().next().unwrap_or_default().to_owned(),
                is_end: matches!(refused.severity(), "FATAL" | "PANIC"),
            };
        }
        let words = error.to_string();
        let cause = error.source().map(ToString::to_string);
        let said = cause.map_or(words.clone(), |cause| format!("{words}: {cause}"));
        // The kinds have no names outside the client but their words (a test asks a server that wants a password).
        match words.as_str() {
            "authentication error" | "invalid configuration" => Self::Login(said),
            "error performing TLS handshake" => {
                let fault = error.source().and_then(SealFault::of);
                fault.map_or_else(|| Self::Lost(io::Error::other(said)), Self::Seal)
            }
            // What a statement of ours asks wrongly is a defect: waiting for the server would not mend it.
            words if MISUSED.iter().any(|misused| words.starts_with(misused)) => {
                Self::Refused { state: "client".to_owned(), said, is_end: false }
            }
            _ => Self::Lost(io::Error::other(said)),
        }
    }
}

impl Trouble {
    /// Whether the session is over.
    pub fn is_end(&self) -> bool {
        !matches!(self, Self::Refused { is_end: false, .. })
    }

    /// As one of the store's.
    pub fn of(self, address: &Address) -> StoreError {
        let place = address.to_string();
        let cause = self.to_string();
        let state = match &self {
            Self::Lost(_) => return StoreError::Away { place, cause },
            Self::Login(_) => return StoreError::Refused { place, cause },
            Self::Seal(fault) => return StoreError::Unsealed { place, fault: fault.clone() },
            Self::Refused { state, .. } => state.as_str(),
        };
        match state {
            "53100" => StoreError::ServerFull { place, cause },
            _ if state.starts_with("53") => StoreError::AtLimit { place, cause },
            // Locks not had in time, statements ended in time, two that waited for each other.
            "55P03" | "57014" | "40001" | "40P01" => StoreError::Busy,
            "25006" => StoreError::Standby { place },
            "42501" | "3D000" => StoreError::Refused { place, cause },
            _ if state.starts_with("28") => StoreError::Refused { place, cause },
            _ if ["08", "57", "58"].iter().any(|class| state.starts_with(class)) => {
                StoreError::Away { place, cause }
            }
            _ => StoreError::Sql(cause),
        }
    }
}
