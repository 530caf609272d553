//! People, their sessions and tokens, failed logins, and whose act a line of the audit is.
//!
//! In: names, hashes and times; no password and no secret comes here, only what was made of them. Out: rows. It
//! knows nothing of roles and rights: who may do what is the desk's business.

mod rows;

use chrono::{DateTime, Utc};

use super::{AuditLine, Result};

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub name: String,
    /// The name of their role.
    pub role: String,
    /// Ids of the units they are bound to.
    pub units: Vec<String>,
    /// What was made of their password: argon2id in PHC form.
    pub password: String,
    /// When they were added.
    pub made: DateTime<Utc>,
    /// Since when they may not come in, where they may not.
    pub disabled: Option<DateTime<Utc>>,
}

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the secret in its cookie, in hex.
    pub hash: String,
    /// Whose it is.
    pub user: String,
    /// When they logged in.
    pub made: DateTime<Utc>,
    /// When it was last seen, to the minute or so.
    pub seen: DateTime<Utc>,
    /// From which address they logged in.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
}

/// A program that acts for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Row number, shown to people.
    pub id: i64,
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// For whom it acts.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// The name of its scope.
    pub scope: String,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub ends: DateTime<Utc>,
    /// When it was revoked, where it was.
    pub revoked: Option<DateTime<Utc>>,
}

/// Failed logins of one account or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How many.
    pub failed: u32,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// No other is looked at before.
    pub until: DateTime<Utc>,
}

/// Which lines of the audit are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditAsk {
    /// Acts of this person only.
    pub who: Option<String>,
    /// Acts of this kind only.
    pub action: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Lines before the one with this number.
    pub before: Option<i64>,
    /// Whether lines of the station's own (fetching, merging) are left out.
    pub people_only: bool,
}

/// A line of the audit with its number and its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLine {
    /// Its number; later lines have larger ones.
    pub id: i64,
    /// Whose act it was; none of the station's own.
    pub who: Option<String>,
    /// The line.
    pub line: AuditLine,
}

/// People as readers see them.
pub trait ReadPeople {
    /// Everybody, by name.
    fn users(&self) -> Result<Vec<User>>;
    /// The session with this hash, with its user.
    fn session(&self, hash: &str) -> Result<Option<(Session, User)>>;
    /// Sessions of one user, or of all, latest seen first.
    fn sessions(&self, user: Option<&str>) -> Result<Vec<Session>>;
    /// The token with this hash, with its user.
    fn token(&self, hash: &str) -> Result<Option<(Token, User)>>;
    /// All tokens, newest first.
    fn tokens(&self) -> Result<Vec<Token>>;
    /// Failed logins of `account:NAME` or `address:IP`.
    fn tries(&self, what: &str) -> Result<Option<Tries>>;
    /// Lines of the audit, newest first.
    fn audit_lines(&self, ask: &AuditAsk, limit: usize) -> Result<Vec<SignedLine>>;
    /// The kinds of acts of people in the audit, by name.
    fn audit_actions(&self) -> Result<Vec<String>>;
}

/// What a transaction does to people.
pub trait WritePeople {
    /// Adds or replaces a user.
    fn put_user(&self, user: &User) -> Result<()>;
    /// One user, as this transaction sees it.
    fn user(&self, name: &str) -> Result<Option<User>>;
    /// Everybody, as this transaction sees them.
    fn all_users(&self) -> Result<Vec<User>>;
    /// Adds a session, or notes when it was last seen.
    fn put_session(&self, session: &Session) -> Result<()>;
    /// Ends the session with this hash. Answers whether there was one.
    fn end_session(&self, hash: &str) -> Result<bool>;
    /// Ends all sessions of `user`. Answers how many.
    fn end_sessions(&self, user: &str) -> Result<usize>;
    /// Forgets sessions made before `made` or last seen before `seen`, and failed logins before `tried`.
    fn forget_sessions(
        &self,
        made: DateTime<Utc>,
        seen: DateTime<Utc>,
        tried: DateTime<Utc>,
    ) -> Result<()>;
    /// Adds a token; its number is given here.
    fn put_token(&self, token: &Token) -> Result<i64>;
    /// Revokes a token. Answers whether there was one that was good.
    fn revoke_token(&self, id: i64, now: DateTime<Utc>) -> Result<bool>;
    /// Failed logins of `what`, as this transaction sees them.
    fn tries_now(&self, what: &str) -> Result<Option<Tries>>;
    /// Notes failed logins of `what`; none forgets them.
    fn put_tries(&self, what: &str, tries: Option<Tries>) -> Result<()>;
    /// Writes a line of the audit that is somebody's act.
    fn audit_by(
        &self,
        now: DateTime<Utc>,
        who: &str,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<()>;
}
