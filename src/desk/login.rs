//! Coming in: by name and password, by the cookie of a session, by the token of a program, or as the first of all.
//!
//! In: what a browser or a program gave, and where it came from. Out: who it is, or nobody, in the same words and the
//! same time whatever was wrong. Failed logins are counted by account and by address in the store, so that a restart
//! forgives nothing; sessions and tokens are kept as hashes of their secrets.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::locale::Lang;

use super::{Desk, DeskError, Result, Role, Scope, Who, people, secrets};
use crate::store::{Session, StoreWrite, Tries, User};

/// Failures of one account, and of one address, before the next try waits.
const FREE: [u32; 2] = [5, 20];

/// The first wait; each further failure doubles it.
const FIRST_WAIT_SECS: i64 = 30;

/// The longest wait: who shuts an account out by failing does so for a quarter of an hour at a time.
const LONGEST_WAIT_SECS: i64 = 15 * 60;

/// After so long without one, failures are forgotten.
const FORGOTTEN_HOURS: i64 = 24;

/// How long the address for the first administrator is good.
const FIRST_HOURS: i64 = 24;

/// The state that holds what is kept of that address.
const FIRST: &str = "people.first";

/// A session is noted as seen so often.
const SEEN_SECS: i64 = 60;

/// Characters of what a browser calls itself that are kept.
const AGENT_CHARS: usize = 120;

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The address, as text.
    pub address: String,
    /// What it calls itself.
    pub agent: String,
}

impl Desk {
    /// Whether anybody was ever added: then nobody comes in without a login.
    ///
    /// # Errors
    /// A broken store.
    pub fn has_people(&self) -> Result<bool> {
        Ok(!self.store.users()?.is_empty())
    }

    /// Lets a person in: a new session, whose secret is answered; the one they had in this browser ends.
    ///
    /// # Errors
    /// `Wait` where there were too many failures; `NotLetIn`, the same for a wrong name, a wrong password and a
    /// disabled account.
    pub fn log_in(
        &self,
        name: &str,
        password: &str,
        caller: &Caller,
        before: Option<&str>,
    ) -> Result<String> {
        let name = name.trim();
        let now = self.now();
        self.begin_try(name, caller, now)?;
        let user = self.store.users()?.into_iter().find(|user| user.name == name);
        let is_right = secrets::is(password, user.as_ref().map(|user| user.password.as_str()));
        let Some(user) = user.filter(|user| is_right && user.disabled.is_none()) else {
            self.store.write(&mut |write| {
                let detail = format!("refused, from {}", caller.address);
                write.audit(now, "login", &shown(name), &detail)
            })?;
            return Err(DeskError::NotLetIn);
        };
        let secret = secrets::secret()?;
        self.store.write(&mut |write| {
            self.clear_old(write, now)?;
            if let Some(before) = before {
                write.end_session(&secrets::kept(before))?;
            }
            forgive(write, name, caller)?;
            write.put_session(&Session {
                hash: secrets::kept(&secret),
                user: user.name.clone(),
                made: now,
                seen: now,
                address: caller.address.clone(),
                agent: caller.agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS).collect(),
            })?;
            let detail = format!("from {} by {name}", caller.address);
            write.audit_by(now, name, "login", name, &detail)
        })?;
        Ok(secret)
    }

    /// Who a session belongs to; none where it ended, by rest, by age, by hand, or with the account.
    ///
    /// # Errors
    /// A broken store.
    pub fn session(&self, secret: &str, lang: Lang) -> Result<Option<Who>> {
        let now = self.now();
        let Some((session, user)) = self.store.session(&secrets::kept(secret))? else {
            return Ok(None);
        };
        let people = &self.config.people;
        let is_rested = now - session.seen > TimeDelta::minutes(people.idle_minutes.into());
        let is_old = now - session.made > TimeDelta::hours(people.session_hours.into());
        if is_rested || is_old || user.disabled.is_some() {
            return Ok(None);
        }
        if now - session.seen > TimeDelta::seconds(SEEN_SECS) {
            let seen = Session { seen: now, ..session };
            // The store may be busy for a moment; then the next request notes it.
            if let Err(error) = self.store.write(&mut |write| write.put_session(&seen)) {
                tracing::debug!(%error, "a session was not noted as seen");
            }
        }
        Ok(who_of(&user, lang, Scope::Write))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A broken store.
    pub fn log_out(&self, who: &Who, secret: &str) -> Result<()> {
        let now = self.now();
        Ok(self.store.write(&mut |write| {
            if write.end_session(&secrets::kept(secret))? {
                write.audit_by(now, &who.name, "logout", &who.name, &format!("by {}", who.name))?;
            }
            Ok(())
        })?)
    }

    /// For whom a program with this token acts; none where the token is unknown, over or revoked, or the account
    /// is disabled.
    ///
    /// # Errors
    /// A broken store.
    pub fn token_bearer(&self, secret: &str, lang: Lang) -> Result<Option<Who>> {
        let Some((token, user)) = self.store.token(&secrets::kept(secret))? else {
            return Ok(None);
        };
        if token.revoked.is_some() || token.ends <= self.now() || user.disabled.is_some() {
            return Ok(None);
        }
        Ok(Scope::parse(&token.scope).and_then(|scope| who_of(&user, lang, scope)))
    }

    /// A secret with which the first administrator may be made, once, within a day; none where there are people.
    /// The one made before is good for nothing.
    ///
    /// # Errors
    /// A broken store.
    pub fn first_secret(&self) -> Result<Option<String>> {
        if self.has_people()? {
            return Ok(None);
        }
        let (secret, ends) = (secrets::secret()?, self.now() + TimeDelta::hours(FIRST_HOURS));
        let value = format!("{} {}", secrets::kept(&secret), ends.to_rfc3339());
        self.store.write(&mut |write| write.put_state(FIRST, &value))?;
        Ok(Some(secret))
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// `NotLetIn` for a secret that is not good, or no longer; `Value` and `Password` for what cannot be taken.
    pub fn make_first(
        &self,
        secret: &str,
        name: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<()> {
        let now = self.now();
        self.begin_try(FIRST, caller, now)?;
        let kept = secrets::kept(secret);
        let is_good = |value: Option<String>| {
            value.as_deref().and_then(|value| value.split_once(' ')).is_some_and(|(hash, ends)| {
                let is_over = ends.parse::<DateTime<Utc>>().map_or(true, |ends| ends <= now);
                hash == kept && !is_over
            })
        };
        if !is_good(self.store.state(FIRST)?) {
            return Err(DeskError::NotLetIn);
        }
        let user = people::new_user(name, Role::Administrator, Vec::new(), password, now)?;
        let mut is_first = false;
        self.store.write(&mut |write| {
            is_first = is_good(write.state(FIRST)?) && write.all_users()?.is_empty();
            if is_first {
                write.put_user(&user)?;
                write.drop_state(FIRST)?;
                forgive(write, FIRST, caller)?;
                let detail =
                    format!("first administrator, from {} by {}", caller.address, user.name);
                write.audit_by(now, &user.name, "user", &user.name, &detail)?;
            }
            Ok(())
        })?;
        if is_first { Ok(()) } else { Err(DeskError::NotLetIn) }
    }

    /// Counts a try before it is looked at, so that many at once are many; the good one is forgiven afterwards.
    pub(super) fn begin_try(&self, name: &str, caller: &Caller, now: DateTime<Utc>) -> Result<()> {
        let mut wait = None;
        self.store.write(&mut |write| {
            let counted = counters(name, caller).map(|what| (write.tries_now(&what), what));
            let mut next = Vec::new();
            wait = None;
            for ((tries, what), free) in counted.into_iter().zip(FREE) {
                let tries = tries?.filter(|t| now - t.last < TimeDelta::hours(FORGOTTEN_HOURS));
                let before = tries.map(|tries| tries.until).filter(|until| *until > now);
                wait = wait.max(before);
                let failed = tries.map_or(0, |tries| tries.failed).saturating_add(1);
                next.push((what, Tries { failed, last: now, until: now + pause(failed, free) }));
            }
            if wait.is_none() {
                for (what, tries) in next {
                    write.put_tries(&what, Some(tries))?;
                }
            }
            Ok(())
        })?;
        let refused = |until: DateTime<Utc>| {
            let minutes = (until - now).num_seconds().max(1) / 60 + 1;
            Err(DeskError::Wait { until, minutes })
        };
        wait.map_or(Ok(()), refused)
    }

    fn clear_old(&self, write: &dyn StoreWrite, now: DateTime<Utc>) -> crate::store::Result<()> {
        let people = &self.config.people;
        write.forget_sessions(
            now - TimeDelta::hours(people.session_hours.into()),
            now - TimeDelta::minutes(people.idle_minutes.into()),
            now - TimeDelta::hours(FORGOTTEN_HOURS),
        )
    }
}

/// The failures of this account are forgotten; of the address, only the one that was counted before.
pub(super) fn forgive(
    write: &dyn StoreWrite,
    name: &str,
    caller: &Caller,
) -> crate::store::Result<()> {
    let [account, address] = counters(name, caller);
    write.put_tries(&account, None)?;
    let tries = write.tries_now(&address)?.and_then(|tries| {
        let failed = tries.failed.checked_sub(1).filter(|failed| *failed > 0)?;
        Some(Tries { failed, until: tries.last, ..tries })
    });
    write.put_tries(&address, tries)
}

fn counters(name: &str, caller: &Caller) -> [String; 2] {
    // A name that nobody can have may be of any length; what is kept of it is not.
    [format!("account:{}", secrets::kept(name)), format!("address:{}", caller.address)]
}

fn pause(failed: u32, free: u32) -> TimeDelta {
    let Some(over) = failed.checked_sub(free) else { return TimeDelta::zero() };
    let secs = FIRST_WAIT_SECS.saturating_mul(1 << over.min(10));
    TimeDelta::seconds(secs.min(LONGEST_WAIT_SECS))
}

fn who_of(user: &User, lang: Lang, scope: Scope) -> Option<Who> {
    // A role that this version does not know lets nobody in.
    let role = Role::parse(&user.role)?;
    let units = user.units.iter().map(|unit| unit.as_str().into()).collect();
    Some(Who { name: user.name.clone(), lang, role, units, scope })
}

/// A name as typed by anybody, fit for a line of the audit.
fn shown(name: &str) -> String {
    pipelines::text::visible_line(&name.chars().take(people::NAME_CHARS).collect::<String>())
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_begin_late_grow_and_end() {
        assert_eq!(pause(4, 5), TimeDelta::zero());
        assert_eq!(pause(5, 5), TimeDelta::seconds(30));
        assert_eq!(pause(6, 5), TimeDelta::seconds(60));
        assert_eq!(pause(u32::MAX, 5), TimeDelta::minutes(15));
    }
}
