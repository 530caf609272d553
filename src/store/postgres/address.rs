//! Where a PostgreSQL server is, and how it is spoken to.
//!
//! In: `postgres://user:password@host:port/database?schema=guanlan&sslmode=verify-full&sslrootcert=ca.pem`, or
//! `postgres:///database?host=/run/postgresql&user=name` for a socket. Out: its parts. The password is never shown: not in
//! errors, not by `Debug`. A server on another machine is spoken to by TLS with its certificate checked, unless the
//! address says `sslmode=disable`; refuses keys it does not know. Who names an authority wants TLS.

use std::fmt;
use std::path::PathBuf;

use url::Url;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// The schema a station lives in, where the address names none.
const SCHEMA: &str = "guanlan";

/// Where a server is, who asks, and which schema of which database.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// A name, an address, or the folder of a socket (it begins with `/`).
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) schema: String,
    /// Whether TLS is spoken.
    pub(super) is_sealed: bool,
    /// The authority (PEM) that signed the server's certificate; none: those the system trusts.
    pub(super) authority: Option<PathBuf>,
}

/// Why an address is none. Never says what stands in it: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Another form.
    #[error("it is not of the form postgres://user:password@host:port/database")]
    Form,
    /// The variable is not there, or empty.
    #[error("it is not set")]
    Unset,
    /// A part that is missing.
    #[error("it names no {0}")]
    Missing(&'static str),
    /// A part that cannot be used.
    #[error("its `{0}` cannot be used")]
    Bad(String),
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, without what stands in it.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let url = Url::parse(text.trim()).map_err(|_| AddressFault::Form)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(AddressFault::Form);
        }
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned());
        let mut address = Self {
            host: plain(&host.unwrap_or_default())?,
            port: url.port().unwrap_or(PORT),
            user: plain(url.username())?,
            password: url.password().map(plain).transpose()?,
            database: plain(url.path().trim_start_matches('/'))?,
            schema: SCHEMA.to_owned(),
            is_sealed: false,
            authority: None,
        };
        let mut mode = None;
        for (key, value) in url.query_pairs() {
            address.set(&key, value.into_owned(), &mut mode)?;
        }
        address.is_sealed = match mode.as_deref() {
            None => !address.is_near() || address.authority.is_some(),
            Some("disable") if address.authority.is_some() => {
                return Err(AddressFault::Bad("sslrootcert".to_owned()));
            }
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => return Err(AddressFault::Bad("sslmode".to_owned())),
        };
        if address.is_sealed && address.is_socket() {
            return Err(AddressFault::Bad("sslmode".to_owned()));
        }
        address.checked()
    }

    fn set(
        &mut self,
        key: &str,
        value: String,
        mode: &mut Option<String>,
    ) -> Result<(), AddressFault> {
        match key {
            "host" => self.host = value,
            "port" => self.port = value.parse().map_err(|_| AddressFault::Bad(key.to_owned()))?,
            "user" => self.user = value,
            "password" => self.password = Some(value),
            "dbname" => self.database = value,
            "schema" => self.schema = value,
            "sslmode" => *mode = Some(value),
            "sslrootcert" => self.authority = Some(PathBuf::from(value)),
            other => return Err(AddressFault::Bad(other.to_owned())),
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, AddressFault> {
        for (part, name) in
            [(&self.host, "host"), (&self.user, "user"), (&self.database, "database")]
        {
            if part.is_empty() {
                return Err(AddressFault::Missing(name));
            }
            if part.contains('\0') {
                return Err(AddressFault::Bad(name.to_owned()));
            }
        }
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let named = (1..=63).contains(&self.schema.len()) && self.schema.chars().all(is_name);
        let reserved =
            self.schema.starts_with("pg_") || self.schema.starts_with(|c: char| c.is_ascii_digit());
        if !named || reserved {
            return Err(AddressFault::Bad("schema".to_owned()));
        }
        Ok(self)
    }

    /// Whether it is on this machine: nobody listens on the way.
    fn is_near(&self) -> bool {
        let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
        self.is_socket() || self.host == "localhost" || self.host.parse().is_ok_and(is_loopback)
    }

    /// Whether it is a socket of this machine.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// The address as people may see it: without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database, schema, .. } = self;
        if self.is_socket() {
            return write!(
                f,
                "postgres:///{database}?host={host}&port={port}&user={user}&schema={schema}"
            );
        }
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        write!(f, "postgres://{user}@{host}:{port}/{database}?schema={schema}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A part of an address with its `%XX` read.
fn plain(part: &str) -> Result<String, AddressFault> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|d| d.and_then(|d| char::from(d).to_digit(16)));
        let [Some(high), Some(low)] = digits else { return Err(AddressFault::Form) };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(bytes).map_err(|_| AddressFault::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_and_never_shown() {
        let address = Address::parse("postgres://lu%40x:p%3Aw%2F1@127.0.0.1:5433/station").unwrap();
        assert_eq!(address.password.as_deref(), Some("p:w/1"));
        assert_eq!((address.user.as_str(), address.port), ("lu@x", 5433));
        let shown = format!("{address} {address:?}");
        assert!(!shown.contains("p:w"), "{shown}");
        assert!(!address.is_sealed);
    }

    #[test]
    fn what_shows_an_address_can_be_read_again() {
        for text in [
            "postgres://a@db.example.cn/b",
            "postgres:///b?host=/run/postgresql&user=a&schema=two",
            "postgres://a@[::1]:5/b?schema=x_1",
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(Address::parse(&address.to_string()).unwrap(), address, "{text}");
        }
    }

    #[test]
    fn another_machine_is_spoken_to_by_tls_unless_told_otherwise() {
        let sealed = |text: &str| Address::parse(text).unwrap().is_sealed;
        assert!(sealed("postgres://a@db.example.cn/b"));
        assert!(!sealed("postgres://a@db.example.cn/b?sslmode=disable"));
        assert!(!sealed("postgres://a@localhost/b"));
        assert!(sealed("postgres://a@localhost/b?sslmode=require"));
        assert!(sealed("postgres://a@localhost/b?sslrootcert=/ca.pem"));
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        for (text, fault) in [
            ("", AddressFault::Form),
            ("mysql://a:secret@h/b", AddressFault::Form),
            ("postgres://:secret@h/b", AddressFault::Missing("user")),
            ("postgres://a:secret@h", AddressFault::Missing("database")),
            ("postgres:///b?user=a", AddressFault::Missing("host")),
            ("postgres://a@h/b?sslmode=prefer", AddressFault::Bad("sslmode".to_owned())),
            (
                "postgres://a@h/b?sslmode=disable&sslrootcert=x",
                AddressFault::Bad("sslrootcert".to_owned()),
            ),
            (
                "postgres:///b?host=/run&user=a&sslmode=require",
                AddressFault::Bad("sslmode".to_owned()),
            ),
            ("postgres://a@h/b?schema=a;drop", AddressFault::Bad("schema".to_owned())),
            ("postgres://a@h/b?sslcert=x", AddressFault::Bad("sslcert".to_owned())),
        ] {
            let met = Address::parse(text).unwrap_err();
            assert_eq!(met, fault, "{text}");
            assert!(!met.to_string().contains("secret"));
        }
    }
}
