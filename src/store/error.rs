//! What can go wrong in the store, and which of it passes.
//!
//! In: what a driver met, told apart by it. Out: a state that passes (another program holds the file, no room), or a
//! failure. Never "nothing there".

/// Shorthand of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What can go wrong in the store. Every variant is a failure of the store, never "nothing there".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened or made.
    #[error("cannot open store `{place}`: {cause}")]
    Open {
        /// The file.
        place: String,
        /// The cause.
        cause: String,
        /// Whether the rights of this account, or a file system that takes no writing, stand in the way.
        is_refused: bool,
    },
    /// The database was written by a newer version.
    #[error(
        "store `{place}` has schema {found}, this version knows up to {known}; use a newer guanlan"
    )]
    Newer {
        /// The file.
        place: String,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database is of an older version, and was opened by one who only reads.
    #[error(
        "store `{place}` has schema {found} and is not yet brought to {known}; start the station on it once"
    )]
    Older {
        /// The file.
        place: String,
        /// Its schema version; 0 for a file that is being made.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file holds tables of another program.
    #[error("`{place}` is a database of another program; name another data directory")]
    Foreign {
        /// The file.
        place: String,
    },
    /// Another program holds the database. It passes: what was to be written is kept and tried again.
    #[error("store: another program holds the database (a backup, a shell); end it or wait")]
    Busy,
    /// No room for what is to be written. It passes: what was to be written is kept and tried again.
    #[error("store: no room on the disk of the data directory ({0}); make room")]
    Full(String),
    /// No room on the server's disks for what is to be written. It passes, as that of our own.
    #[error("store `{place}`: no room on a disk of the server ({cause})")]
    ServerFull {
        /// The server.
        place: String,
        /// The cause.
        cause: String,
    },
    /// The server gives no more of something: sessions, memory. It passes.
    #[error("store `{place}`: the server is at one of its limits ({cause})")]
    AtLimit {
        /// The server.
        place: String,
        /// The cause.
        cause: String,
    },
    /// This account may read the store and not write it.
    #[error("store: this account may not write the data directory; do this as its owner")]
    ReadOnly,
    /// The server cannot be reached, or went away within a transaction that was not stored. It passes.
    #[error("store `{place}`: the server is away ({cause}); nothing of this was stored")]
    Away {
        /// The server, without the password.
        place: String,
        /// The cause.
        cause: String,
    },
    /// The server takes no writing: a standby, or set to read only. It passes when that does.
    #[error("store `{place}`: the server takes no writing (a standby, or set to read only)")]
    Standby {
        /// The server.
        place: String,
    },
    /// Another station works on the database. It passes when that one ends.
    #[error("store `{place}`: another station works on it")]
    Held {
        /// The server.
        place: String,
    },
    /// Another process has taken the place of this one as the keeper of the store. What this one has in memory is no longer
    /// what is stored: it begins anew.
    #[error("store `{place}`: another process keeps it now")]
    Deposed {
        /// The server.
        place: String,
    },
    /// No address of a server, or none that can be used.
    #[error("the address of the store in the environment variable `{variable}`: {fault}")]
    Address {
        /// The variable.
        variable: String,
        /// What is wrong with it; never what stands in it.
        fault: super::AddressFault,
    },
    /// A copy into it was begun and is not whole.
    #[error("store `{place}`: a copy into it is not finished; go on with it")]
    Unfinished {
        /// The file, or the server.
        place: String,
    },
    /// The connection cannot be sealed, and nothing is said in the clear. It passes when that is mended at the server.
    #[error("store `{place}`: {fault}")]
    Unsealed {
        /// The server.
        place: String,
        /// Why.
        fault: super::SealFault,
    },
    /// The server does not let us in, or not do this. It passes when that is mended there.
    #[error("store `{place}`: refused ({cause})")]
    Refused {
        /// The server.
        place: String,
        /// The cause.
        cause: String,
    },
    /// The server is too old, or keeps text in another way.
    #[error("store `{place}`: {cause}")]
    Unfit {
        /// The server.
        place: String,
        /// What is not as it must be.
        cause: String,
    },
    /// The server went away while it stored something, and did not come back to say whether it did.
    #[error(
        "store `{place}`: the server went away while storing; whether this was stored is not known"
    )]
    Unsure {
        /// The server.
        place: String,
    },
    /// A statement failed (corrupt file, a defect of ours).
    #[error("store: {0}")]
    Sql(String),
    /// A stored value cannot be read back.
    #[error("store: cannot read {what}: {cause}")]
    Corrupt {
        /// Which value of which row.
        what: String,
        /// The cause.
        cause: String,
    },
}

impl StoreError {
    /// Whether the same may succeed later without anything being mended here.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Full(_)
                | Self::Away { .. }
                | Self::Standby { .. }
                | Self::Held { .. }
                | Self::ServerFull { .. }
                | Self::AtLimit { .. }
                | Self::Unsealed { .. }
                | Self::Refused { .. }
        )
    }
}
