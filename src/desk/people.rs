//! People: who may come in, what they are, which browsers they are logged in with, and which programs act for them.
//!
//! In: names, roles, units, passwords. Out: lists without a secret in them, or the one secret that is shown once. There
//! is always an administrator who may come in, once there are people; nobody is ever deleted, since the audit names them.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::locale::Lang;
use serde::Serialize;

use super::login::{Caller, forgive};
use super::{Act, Desk, DeskError, Result, Role, Scope, Who, secrets};
use crate::store::{StoreWrite, Token, User};

/// Characters of a name at most.
pub(super) const NAME_CHARS: usize = 40;

/// Signs of a session's hash that name it: enough to tell sessions apart, and no secret.
const SESSION_SIGNS: usize = 16;

/// Days that a token is good for at most.
pub const MOST_DAYS: u32 = 366;

/// What a person becomes, from what they were; none where there is nobody of the name.
type Becoming<'a> = dyn FnMut(&dyn StoreWrite, Option<User>) -> Result<User> + 'a;

/// Somebody who may log in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PersonRow {
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Option<Role>,
    /// Ids of the units they are bound to.
    pub units: Vec<String>,
    /// When they were added.
    pub made: DateTime<Utc>,
    /// Since when they may not come in, where they may not.
    pub disabled: Option<DateTime<Utc>>,
    /// Browsers they are logged in with.
    pub sessions: usize,
}

/// A browser that is logged in.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SessionRow {
    /// What names it; not its secret.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// When they logged in.
    pub made: DateTime<Utc>,
    /// When it was last seen.
    pub seen: DateTime<Utc>,
    /// From where they logged in.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// A program that acts for somebody.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// For whom it acts.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// How much it may of what they may.
    pub scope: Option<Scope>,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub ends: DateTime<Utc>,
    /// When it was revoked, where it was.
    pub revoked: Option<DateTime<Utc>>,
    /// Whether it is good now.
    pub good: bool,
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct TokenOrder {
    /// For whom it acts.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// How much of what they may.
    pub scope: Scope,
    /// For how many days.
    pub days: u32,
}

impl Desk {
    /// Everybody, by name.
    ///
    /// # Errors
    /// `Forbidden`; a broken store.
    pub fn people(&self, who: &Who) -> Result<Vec<PersonRow>> {
        self.check(who, Act::SeePeople)?;
        let sessions = self.store.sessions(None)?;
        let row = |user: User| PersonRow {
            sessions: sessions.iter().filter(|session| session.user == user.name).count(),
            role: Role::parse(&user.role),
            name: user.name,
            units: user.units,
            made: user.made,
            disabled: user.disabled,
        };
        Ok(self.store.users()?.into_iter().map(row).collect())
    }

    /// Adds a person; the first one must be an administrator.
    ///
    /// # Errors
    /// `Taken`, `Password`, `Value`, `LastAdministrator`.
    pub fn add_person(
        &self,
        who: &Who,
        name: &str,
        role: Role,
        units: &[String],
        password: &str,
    ) -> Result<()> {
        self.check(who, Act::ManagePeople)?;
        let user = new_user(name, role, self.known_units(units)?, password, self.now())?;
        let detail = format!("added as {}", role.as_str());
        self.change(who, &user.name, &detail, &mut |_, found| match found {
            Some(_) => Err(DeskError::Taken { name: user.name.clone() }),
            None => Ok(user.clone()),
        })
    }

    /// Gives a person another role and other units.
    ///
    /// # Errors
    /// `Unknown`, `Value`, `LastAdministrator`.
    pub fn change_role(&self, who: &Who, name: &str, role: Role, units: &[String]) -> Result<()> {
        self.check(who, Act::ManagePeople)?;
        let units = self.known_units(units)?;
        let detail = format!("role {} units [{}]", role.as_str(), units.join(" "));
        self.change(who, name, &detail, &mut |_, found| {
            let user = found.ok_or_else(|| unknown("person", name))?;
            Ok(User { role: role.as_str().to_owned(), units: units.clone(), ..user })
        })
    }

    /// Lets a person no longer come in, or again. Their sessions end.
    ///
    /// # Errors
    /// `Unknown`, `LastAdministrator`.
    pub fn disable_person(&self, who: &Who, name: &str, is_disabled: bool) -> Result<()> {
        self.check(who, Act::ManagePeople)?;
        let now = self.now();
        let detail = if is_disabled { "disabled" } else { "enabled" };
        self.change(who, name, detail, &mut |write, found| {
            let user = found.ok_or_else(|| unknown("person", name))?;
            write.end_sessions(name)?;
            Ok(User { disabled: is_disabled.then_some(now), ..user })
        })
    }

    /// Gives a person another password. Their sessions end.
    ///
    /// # Errors
    /// `Unknown`, `Password`.
    pub fn set_password(&self, who: &Who, name: &str, password: &str) -> Result<()> {
        self.check(who, Act::ManagePeople)?;
        self.renew_password(who, name, password)
    }

    /// One's own password; all one's sessions end.
    ///
    /// # Errors
    /// `NotLetIn` where the old one is wrong, `Wait` after too many of those, `Password` for the new one.
    pub fn change_password(&self, who: &Who, old: &str, new: &str, caller: &Caller) -> Result<()> {
        self.check(who, Act::OwnAccount)?;
        self.begin_try(&who.name, caller, self.now())?;
        let users = self.store.users()?;
        let user = users.iter().find(|user| user.name == who.name);
        if !secrets::is(old, user.map(|user| user.password.as_str())) {
            return Err(DeskError::NotLetIn);
        }
        self.store.write(&mut |write| forgive(write, &who.name, caller))?;
        self.renew_password(who, &who.name, new)
    }

    fn renew_password(&self, who: &Who, name: &str, password: &str) -> Result<()> {
        if let Some(why) = secrets::fault(password, name) {
            return Err(DeskError::Password { why });
        }
        let made = secrets::made_of(password)?;
        self.change(who, name, "password", &mut |write, found| {
            let user = found.ok_or_else(|| unknown("person", name))?;
            write.end_sessions(name)?;
            Ok(User { password: made.clone(), ..user })
        })
    }

    /// One transaction: the person as they were, as they become, the audit line; refused as a whole where no
    /// administrator would be left.
    fn change(&self, who: &Who, name: &str, detail: &str, become_: &mut Becoming) -> Result<()> {
        let (now, detail) = (self.now(), format!("{detail} by {}", who.name));
        let mut refused = None;
        let written = self.store.write(&mut |write| {
            let changed = become_(write, write.user(name)?).and_then(|user| {
                write.put_user(&user)?;
                let is_administrator = |u: &User| {
                    u.disabled.is_none() && Role::parse(&u.role) == Some(Role::Administrator)
                };
                let is_ruled = write.all_users()?.iter().any(is_administrator);
                if is_ruled { Ok(()) } else { Err(DeskError::LastAdministrator) }
            });
            match changed {
                Ok(()) => write.audit_by(now, &who.name, "user", name, &detail),
                Err(error) => {
                    refused = Some(error);
                    // Takes back what was written; what is answered is the refusal.
                    Err(crate::store::StoreError::Busy)
                }
            }
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(written?),
        }
    }

    fn known_units(&self, units: &[String]) -> Result<Vec<String>> {
        let find = |typed: &String| {
            let is_it = |s: &&pipelines::record::Subject| {
                s.id.as_str() == typed || s.names().any(|name| name == typed)
            };
            let found = self.config.subjects.iter().find(is_it).map(|s| s.id.0.clone());
            found.ok_or_else(|| unknown("unit", typed))
        };
        units.iter().map(find).collect()
    }

    /// Sessions of one person, or of all.
    ///
    /// # Errors
    /// `Forbidden`; a broken store.
    pub fn sessions(&self, who: &Who, name: Option<&str>) -> Result<Vec<SessionRow>> {
        let act = if name == Some(&who.name) { Act::OwnAccount } else { Act::SeePeople };
        // One's own are seen also where a door may only read.
        if act == Act::SeePeople {
            self.check(who, act)?;
        }
        let row = |session: crate::store::Session| SessionRow {
            id: session.hash.chars().take(SESSION_SIGNS).collect(),
            user: session.user,
            made: session.made,
            seen: session.seen,
            address: session.address,
            agent: session.agent,
        };
        Ok(self.store.sessions(name)?.into_iter().map(row).collect())
    }

    /// Ends a session: one's own, or anybody's where people are managed.
    ///
    /// # Errors
    /// `Forbidden`, `Unknown`.
    pub fn end_session(&self, who: &Who, id: &str) -> Result<()> {
        let all = self.store.sessions(None)?;
        let is_it =
            |s: &&crate::store::Session| id.len() == SESSION_SIGNS && s.hash.starts_with(id);
        let found = all.iter().find(is_it);
        let is_own = found.is_some_and(|session| session.user == who.name);
        self.check(who, if is_own { Act::OwnAccount } else { Act::ManagePeople })?;
        let session = found.ok_or_else(|| unknown("session", id))?;
        let ended = self.audited(who, ("session", &session.user, "ended"), &mut |write| {
            write.end_session(&session.hash)
        })?;
        if ended { Ok(()) } else { Err(unknown("session", id)) }
    }

    /// All tokens, newest first; never a secret.
    ///
    /// # Errors
    /// `Forbidden`; a broken store.
    pub fn tokens(&self, who: &Who) -> Result<Vec<TokenRow>> {
        self.check(who, Act::SeePeople)?;
        let now = self.now();
        let row = |token: Token| TokenRow {
            id: token.id,
            user: token.user,
            label: token.label,
            scope: Scope::parse(&token.scope),
            made: token.made,
            ends: token.ends,
            revoked: token.revoked,
            good: token.revoked.is_none() && token.ends > now,
        };
        Ok(self.store.tokens()?.into_iter().map(row).collect())
    }

    /// Makes a token; answers its number and its secret, which is shown once and not kept.
    ///
    /// # Errors
    /// `Unknown` person; `Value` for a label that is empty or days out of bounds.
    pub fn make_token(&self, who: &Who, order: &TokenOrder) -> Result<(i64, String)> {
        self.check(who, Act::ManagePeople)?;
        let label = pipelines::text::visible_line(order.label.trim()).into_owned();
        if label.is_empty() || label.chars().count() > NAME_CHARS * 2 {
            return Err(DeskError::Value { what: "label", value: label });
        }
        if !(1..=MOST_DAYS).contains(&order.days) {
            return Err(DeskError::Value { what: "days", value: order.days.to_string() });
        }
        let now = self.now();
        let secret = format!("gl_{}", secrets::secret()?);
        let token = Token {
            id: 0,
            hash: secrets::kept(&secret),
            user: order.user.clone(),
            label,
            scope: order.scope.as_str().to_owned(),
            made: now,
            ends: now + TimeDelta::days(order.days.into()),
            revoked: None,
        };
        let detail = format!("{} for {} days: {}", token.scope, order.days, token.label);
        let mut id = None;
        self.audited(who, ("token", &order.user, &detail), &mut |write| {
            id = match write.user(&token.user)? {
                Some(_) => Some(write.put_token(&token)?),
                None => None,
            };
            Ok(id.is_some())
        })?;
        id.map(|id| (id, secret)).ok_or_else(|| unknown("person", &order.user))
    }

    /// Makes a token good for nothing.
    ///
    /// # Errors
    /// `Unknown` where there is none that is good.
    pub fn revoke_token(&self, who: &Who, id: i64) -> Result<()> {
        self.check(who, Act::ManagePeople)?;
        let now = self.now();
        let revoked = self.audited(who, ("token", &id.to_string(), "revoked"), &mut |write| {
            write.revoke_token(id, now)
        })?;
        if revoked { Ok(()) } else { Err(unknown("token", &id.to_string())) }
    }
}

/// Somebody new, with a password that can be taken.
pub(super) fn new_user(
    name: &str,
    role: Role,
    units: Vec<String>,
    password: &str,
    now: DateTime<Utc>,
) -> Result<User> {
    let name = name.trim();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let count = name.chars().count();
    if count == 0 || count > NAME_CHARS || !name.chars().all(is_plain) {
        return Err(DeskError::Value { what: "name", value: name.to_owned() });
    }
    if let Some(why) = secrets::fault(password, name) {
        return Err(DeskError::Password { why });
    }
    Ok(User {
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        units,
        password: secrets::made_of(password)?,
        made: now,
        disabled: None,
    })
}

/// The role called `name`.
///
/// # Errors
/// `Value`, with those that there are.
pub fn role_of(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| DeskError::Value { what: "role", value: name.to_owned() })
}

/// What a role is called.
#[must_use]
pub fn role_name(role: Role, lang: Lang) -> String {
    lang.text(&format!("desk.role.{}", role.as_str()))
}

fn unknown(what: &'static str, id: &str) -> DeskError {
    DeskError::Unknown { what, id: id.to_owned() }
}
