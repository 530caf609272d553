//! The statements on the tables of people, and those on the audit that know whose act a line is.

use chrono::{DateTime, Utc};

use super::super::sql::{Cell, Database, Row, Sql, Write, params};
use super::super::values::{from_json, instant, millis, to_json};
use super::super::{AuditLine, Result};
use super::{AuditAsk, ReadPeople, Session, SignedLine, Token, Tries, User, WritePeople};

const USER: &str =
    "users.name, users.role, users.units, users.password, users.made, users.disabled";
const SESSION: &str =
    "sessions.hash, sessions.user, sessions.made, sessions.seen, sessions.address, sessions.agent";
const TOKEN: &str = "tokens.id, tokens.hash, tokens.user, tokens.label, tokens.scope, tokens.made, tokens.ends, tokens.revoked";

fn user_of(r: &Row<'_>, at: usize) -> Result<User> {
    Ok(User {
        name: r.get(at)?,
        role: r.get(at + 1)?,
        units: from_json("units of a user", &r.get::<String>(at + 2)?)?,
        password: r.get(at + 3)?,
        made: instant(r.get(at + 4)?),
        disabled: r.get::<Option<i64>>(at + 5)?.map(instant),
    })
}

fn session_of(r: &Row<'_>) -> Result<Session> {
    Ok(Session {
        hash: r.get(0)?,
        user: r.get(1)?,
        made: instant(r.get(2)?),
        seen: instant(r.get(3)?),
        address: r.get(4)?,
        agent: r.get(5)?,
    })
}

fn token_of(r: &Row<'_>) -> Result<Token> {
    Ok(Token {
        id: r.get(0)?,
        hash: r.get(1)?,
        user: r.get(2)?,
        label: r.get(3)?,
        scope: r.get(4)?,
        made: instant(r.get(5)?),
        ends: instant(r.get(6)?),
        revoked: r.get::<Option<i64>>(7)?.map(instant),
    })
}

fn users(c: &dyn Sql) -> Result<Vec<User>> {
    c.rows(&format!("SELECT {USER} FROM users ORDER BY name"), &[], |r| user_of(r, 0))
}

fn tries(c: &dyn Sql, what: &str) -> Result<Option<Tries>> {
    c.row("SELECT failed, last, until FROM tries WHERE what = ?1", params![what], |r| {
        Ok(Tries { failed: r.get(0)?, last: instant(r.get(1)?), until: instant(r.get(2)?) })
    })
}

fn audit_lines(c: &dyn Sql, ask: &AuditAsk, limit: usize) -> Result<Vec<SignedLine>> {
    let mut sql = "SELECT id, who, at, action, object, detail FROM audit WHERE 1 = 1".to_owned();
    let mut values = vec![Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))];
    let mut narrow = |clause: &str, value| {
        if let Some(value) = value {
            values.push(value);
            sql += &format!(" AND {clause} ?{}", values.len());
        }
    };
    let time = |at: Option<DateTime<Utc>>| at.map(|at| Cell::Int(millis(at)));
    narrow("who =", ask.who.as_deref().map(Cell::Text));
    narrow("action =", ask.action.as_deref().map(Cell::Text));
    narrow("at >=", time(ask.from));
    narrow("at <", time(ask.until));
    narrow("id <", ask.before.map(Cell::Int));
    sql += if ask.people_only { " AND who IS NOT NULL" } else { "" };
    sql += " ORDER BY id DESC LIMIT ?1";
    c.rows(&sql, &values, |r| {
        let at = instant(r.get(2)?);
        let line = AuditLine { at, action: r.get(3)?, object: r.get(4)?, detail: r.get(5)? };
        Ok(SignedLine { id: r.get(0)?, who: r.get(1)?, line })
    })
}

impl<D: Database> ReadPeople for D {
    fn users(&self) -> Result<Vec<User>> {
        self.read(users)
    }

    fn session(&self, hash: &str) -> Result<Option<(Session, User)>> {
        let sql = format!(
            "SELECT {SESSION}, {USER} FROM sessions JOIN users ON users.name = sessions.user WHERE hash = ?1"
        );
        self.read(|c| c.row(&sql, params![hash], |r| Ok((session_of(r)?, user_of(r, 6)?))))
    }

    fn sessions(&self, user: Option<&str>) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {SESSION} FROM sessions WHERE sessions.user = ?1 OR ?1 IS NULL ORDER BY seen DESC, hash"
        );
        self.read(|c| c.rows(&sql, params![user], session_of))
    }

    fn token(&self, hash: &str) -> Result<Option<(Token, User)>> {
        let sql = format!(
            "SELECT {TOKEN}, {USER} FROM tokens JOIN users ON users.name = tokens.user WHERE hash = ?1"
        );
        self.read(|c| c.row(&sql, params![hash], |r| Ok((token_of(r)?, user_of(r, 8)?))))
    }

    fn tokens(&self) -> Result<Vec<Token>> {
        let sql = format!("SELECT {TOKEN} FROM tokens ORDER BY id DESC");
        self.read(|c| c.rows(&sql, &[], token_of))
    }

    fn tries(&self, what: &str) -> Result<Option<Tries>> {
        self.read(|c| tries(c, what))
    }

    fn audit_lines(&self, ask: &AuditAsk, limit: usize) -> Result<Vec<SignedLine>> {
        self.read(|c| audit_lines(c, ask, limit))
    }

    fn audit_actions(&self) -> Result<Vec<String>> {
        self.read(|c| {
            c.rows(
                "SELECT DISTINCT action FROM audit WHERE who IS NOT NULL ORDER BY action",
                &[],
                |r| r.get(0),
            )
        })
    }
}

impl WritePeople for Write<'_> {
    fn put_user(&self, user: &User) -> Result<()> {
        let units = to_json("units of a user", &user.units)?;
        self.tx.execute("INSERT INTO users (name, role, units, password, made, disabled) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (name) DO UPDATE SET role = ?2, units = ?3, password = ?4, disabled = ?6", params![user.name, user.role, units, user.password, millis(user.made), user.disabled.map(millis)])?;
        Ok(())
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        let sql = format!("SELECT {USER} FROM users WHERE name = ?1");
        self.tx.row(&sql, params![name], |r| user_of(r, 0))
    }

    fn all_users(&self) -> Result<Vec<User>> {
        users(self.tx)
    }

    fn put_session(&self, s: &Session) -> Result<()> {
        self.tx.execute("INSERT INTO sessions (hash, \"user\", made, seen, address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (hash) DO UPDATE SET seen = ?4", params![s.hash, s.user, millis(s.made), millis(s.seen), s.address, s.agent])?;
        Ok(())
    }

    fn end_session(&self, hash: &str) -> Result<bool> {
        Ok(self.tx.execute("DELETE FROM sessions WHERE hash = ?1", params![hash])? > 0)
    }

    fn end_sessions(&self, user: &str) -> Result<usize> {
        self.tx.execute("DELETE FROM sessions WHERE \"user\" = ?1", params![user])
    }

    fn forget_sessions(
        &self,
        made: DateTime<Utc>,
        seen: DateTime<Utc>,
        tried: DateTime<Utc>,
    ) -> Result<()> {
        let ended = "DELETE FROM sessions WHERE made < ?1 OR seen < ?2";
        self.tx.execute(ended, params![millis(made), millis(seen)])?;
        self.tx.execute("DELETE FROM tries WHERE last < ?1", params![millis(tried)])?;
        Ok(())
    }

    fn put_token(&self, t: &Token) -> Result<i64> {
        let sql = "INSERT INTO tokens (hash, \"user\", label, scope, made, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
        let (made, ends) = (millis(t.made), millis(t.ends));
        let values = params![t.hash, t.user, t.label, t.scope, made, ends];
        self.tx.value(sql, values)
    }

    fn revoke_token(&self, id: i64, now: DateTime<Utc>) -> Result<bool> {
        let sql = "UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
        Ok(self.tx.execute(sql, params![id, millis(now)])? > 0)
    }

    fn tries_now(&self, what: &str) -> Result<Option<Tries>> {
        tries(self.tx, what)
    }

    fn put_tries(&self, what: &str, tries: Option<Tries>) -> Result<()> {
        let Some(Tries { failed, last, until }) = tries else {
            self.tx.execute("DELETE FROM tries WHERE what = ?1", params![what])?;
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
        self.tx.execute(
            "INSERT INTO audit (at, who, action, object, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![millis(now), who, action, object, detail],
        )?;
        Ok(())
    }
}
