//! The statements on the tables of people, and those on the audit that know whose act a line is.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::super::sqlite::{SqliteStore, SqliteWrite, from_json, instant, millis, to_json};
use super::super::{AuditLine, Result};
use super::{AuditAsk, ReadPeople, Session, SignedLine, Token, Tries, User, WritePeople};

const USER: &str =
    "users.name, users.role, users.units, users.password, users.made, users.disabled";
const SESSION: &str =
    "sessions.hash, sessions.user, sessions.made, sessions.seen, sessions.address, sessions.agent";
const TOKEN: &str = "tokens.id, tokens.hash, tokens.user, tokens.label, tokens.scope, tokens.made, tokens.ends, tokens.revoked";

fn user_of(r: &Row, at: usize) -> rusqlite::Result<(User, String)> {
    let user = User {
        name: r.get(at)?,
        role: r.get(at + 1)?,
        units: Vec::new(),
        password: r.get(at + 3)?,
        made: instant(r.get(at + 4)?),
        disabled: r.get::<_, Option<i64>>(at + 5)?.map(instant),
    };
    Ok((user, r.get(at + 2)?))
}

fn with_units((mut user, units): (User, String)) -> Result<User> {
    user.units = from_json("units of a user", &units)?;
    Ok(user)
}

fn session_of(r: &Row) -> rusqlite::Result<Session> {
    Ok(Session {
        hash: r.get(0)?,
        user: r.get(1)?,
        made: instant(r.get(2)?),
        seen: instant(r.get(3)?),
        address: r.get(4)?,
        agent: r.get(5)?,
    })
}

fn token_of(r: &Row) -> rusqlite::Result<Token> {
    Ok(Token {
        id: r.get(0)?,
        hash: r.get(1)?,
        user: r.get(2)?,
        label: r.get(3)?,
        scope: r.get(4)?,
        made: instant(r.get(5)?),
        ends: instant(r.get(6)?),
        revoked: r.get::<_, Option<i64>>(7)?.map(instant),
    })
}

fn users(c: &Connection) -> Result<Vec<User>> {
    c.prepare_cached(&format!("SELECT {USER} FROM users ORDER BY name"))?
        .query_map([], |r| user_of(r, 0))?
        .map(|row| with_units(row?))
        .collect()
}

fn tries(c: &Connection, what: &str) -> Result<Option<Tries>> {
    Ok(c.prepare_cached("SELECT failed, last, until FROM tries WHERE what = ?1")?
        .query_row([what], |r| {
            Ok(Tries { failed: r.get(0)?, last: instant(r.get(1)?), until: instant(r.get(2)?) })
        })
        .optional()?)
}

fn audit_lines(c: &Connection, ask: &AuditAsk, limit: usize) -> Result<Vec<SignedLine>> {
    let mut sql = "SELECT id, who, at, action, object, detail FROM audit WHERE 1".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(i64::try_from(limit).unwrap_or(i64::MAX))];
    let mut narrow = |clause: &str, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            values.push(value);
            sql += &format!(" AND {clause} ?{}", values.len());
        }
    };
    let time = |at: Option<DateTime<Utc>>| at.map(|at| Box::new(millis(at)) as Box<dyn ToSql>);
    narrow("who =", ask.who.clone().map(|who| Box::new(who) as _));
    narrow("action =", ask.action.clone().map(|action| Box::new(action) as _));
    narrow("at >=", time(ask.from));
    narrow("at <", time(ask.until));
    narrow("id <", ask.before.map(|id| Box::new(id) as _));
    sql += if ask.people_only { " AND who IS NOT NULL" } else { "" };
    sql += " ORDER BY id DESC LIMIT ?1";
    let values = values.iter().map(|value| &**value).collect::<Vec<_>>();
    Ok(c.prepare_cached(&sql)?
        .query_map(&values[..], |r| {
            let at = instant(r.get(2)?);
            let line = AuditLine { at, action: r.get(3)?, object: r.get(4)?, detail: r.get(5)? };
            Ok(SignedLine { id: r.get(0)?, who: r.get(1)?, line })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}

impl ReadPeople for SqliteStore {
    fn users(&self) -> Result<Vec<User>> {
        self.read(users)
    }

    fn session(&self, hash: &str) -> Result<Option<(Session, User)>> {
        let sql = format!(
            "SELECT {SESSION}, {USER} FROM sessions JOIN users ON users.name = sessions.user WHERE hash = ?1"
        );
        let found = self.read(|c| {
            let row = |r: &Row| Ok((session_of(r)?, user_of(r, 6)?));
            Ok(c.prepare_cached(&sql)?.query_row([hash], row).optional()?)
        })?;
        found.map(|(session, user)| Ok((session, with_units(user)?))).transpose()
    }

    fn sessions(&self, user: Option<&str>) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {SESSION} FROM sessions WHERE ?1 IS NULL OR user = ?1 ORDER BY seen DESC, hash"
        );
        self.read(|c| {
            let rows = c
                .prepare_cached(&sql)?
                .query_map([user], session_of)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(rows)
        })
    }

    fn token(&self, hash: &str) -> Result<Option<(Token, User)>> {
        let sql = format!(
            "SELECT {TOKEN}, {USER} FROM tokens JOIN users ON users.name = tokens.user WHERE hash = ?1"
        );
        let found = self.read(|c| {
            let row = |r: &Row| Ok((token_of(r)?, user_of(r, 8)?));
            Ok(c.prepare_cached(&sql)?.query_row([hash], row).optional()?)
        })?;
        found.map(|(token, user)| Ok((token, with_units(user)?))).transpose()
    }

    fn tokens(&self) -> Result<Vec<Token>> {
        let sql = format!("SELECT {TOKEN} FROM tokens ORDER BY id DESC");
        self.read(|c| {
            let rows = c
                .prepare_cached(&sql)?
                .query_map([], token_of)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(rows)
        })
    }

    fn tries(&self, what: &str) -> Result<Option<Tries>> {
        self.read(|c| tries(c, what))
    }

    fn audit_lines(&self, ask: &AuditAsk, limit: usize) -> Result<Vec<SignedLine>> {
        self.read(|c| audit_lines(c, ask, limit))
    }

    fn audit_actions(&self) -> Result<Vec<String>> {
        self.read(|c| {
            Ok(c.prepare_cached(
                "SELECT DISTINCT action FROM audit WHERE who IS NOT NULL ORDER BY action",
            )?
            .query_map([], |r| r.get(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?)
        })
    }
}

impl WritePeople for SqliteWrite<'_> {
    fn put_user(&self, user: &User) -> Result<()> {
        let units = to_json("units of a user", &user.units)?;
        self.tx
            .prepare_cached(
                "INSERT INTO users (name, role, units, password, made, disabled) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (name) DO UPDATE SET role = ?2, units = ?3, password = ?4, disabled = ?6",
            )?
            .execute(params![user.name, user.role, units, user.password, millis(user.made), user.disabled.map(millis)])?;
        Ok(())
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        let sql = format!("SELECT {USER} FROM users WHERE name = ?1");
        let found =
            self.tx.prepare_cached(&sql)?.query_row([name], |r| user_of(r, 0)).optional()?;
        found.map(with_units).transpose()
    }

    fn all_users(&self) -> Result<Vec<User>> {
        users(&self.tx)
    }

    fn put_session(&self, s: &Session) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO sessions (hash, user, made, seen, address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (hash) DO UPDATE SET seen = ?4",
            )?
            .execute(params![s.hash, s.user, millis(s.made), millis(s.seen), s.address, s.agent])?;
        Ok(())
    }

    fn end_session(&self, hash: &str) -> Result<bool> {
        Ok(self.tx.execute("DELETE FROM sessions WHERE hash = ?1", [hash])? > 0)
    }

    fn end_sessions(&self, user: &str) -> Result<usize> {
        Ok(self.tx.execute("DELETE FROM sessions WHERE user = ?1", [user])?)
    }

    fn forget_sessions(
        &self,
        made: DateTime<Utc>,
        seen: DateTime<Utc>,
        tried: DateTime<Utc>,
    ) -> Result<()> {
        let ended = "DELETE FROM sessions WHERE made < ?1 OR seen < ?2";
        self.tx.execute(ended, [millis(made), millis(seen)])?;
        self.tx.execute("DELETE FROM tries WHERE last < ?1", [millis(tried)])?;
        Ok(())
    }

    fn put_token(&self, t: &Token) -> Result<i64> {
        let sql = "INSERT INTO tokens (hash, user, label, scope, made, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
        let values = params![t.hash, t.user, t.label, t.scope, millis(t.made), millis(t.ends)];
        Ok(self.tx.query_row(sql, values, |r| r.get(0))?)
    }

    fn revoke_token(&self, id: i64, now: DateTime<Utc>) -> Result<bool> {
        let sql = "UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
        Ok(self.tx.execute(sql, [id, millis(now)])? > 0)
    }

    fn tries_now(&self, what: &str) -> Result<Option<Tries>> {
        tries(&self.tx, what)
    }

    fn put_tries(&self, what: &str, tries: Option<Tries>) -> Result<()> {
        let Some(Tries { failed, last, until }) = tries else {
            self.tx.execute("DELETE FROM tries WHERE what = ?1", [what])?;
            return Ok(());
        };
        let sql = "INSERT INTO tries (what, failed, last, until) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (what) DO UPDATE SET failed = ?2, last = ?3, until = ?4";
        self.tx.execute(sql, params![what, failed, millis(last), millis(until)])?;
        Ok(())
    }

    fn audit_by(
        &self,
        now: DateTime<Utc>,
        who: &str,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO audit (at, who, action, object, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![millis(now), who, action, object, detail])?;
        Ok(())
    }
}
