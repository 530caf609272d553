//! Mail by SMTP: a letter for each recipient, in plain text and simple HTML, with the files of a digest.
//!
//! In: a message and one of the recipients. Out: what the server said, or why not and at which step, with the recipient
//! by name. Encrypted (TLS from the start, or STARTTLS and nothing without it) but on loopback. The password stands in
//! no error and no log. Each recipient is told apart: one that is refused keeps no other from the letter.

pub(super) mod letter;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::Message;
use super::refusal::{Refusal, Why};
use crate::config::{MailConfig, MailSecurity, Secret};

pub(super) const WAY: &str = "mail";

/// A mail server ready to be spoken to.
pub struct Mail {
    host: String,
    port: u16,
    security: MailSecurity,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({}:{}, …)", self.host, self.port)
    }
}

/// Where a talk with the server stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Hello,
    Login,
    Sender,
    Recipient,
    Text,
}

impl Mail {
    /// The server of a config; the error is why not.
    pub(super) fn new(config: &MailConfig, password: Option<Secret>) -> Result<Self, String> {
        // Fails only where a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = match config.security {
            MailSecurity::None => None,
            _ => Some(tls(&config.host, config.ca_file.as_ref())?),
        };
        let login = match (&config.user, password) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.clone(), password.reveal().to_owned()))
            }
            _ => None,
        };
        let to = config.to.iter().map(|address| mailbox(address)).collect::<Result<_, _>>()?;
        Ok(Self {
            host: config.host.clone(),
            port: config.port(),
            security: config.security,
            tls,
            login,
            from: mailbox(&config.from)?,
            to,
            timeout: Duration::from_secs(u64::from(config.timeout_secs)),
        })
    }

    /// Who is told, by address.
    pub(super) fn recipients(&self) -> impl Iterator<Item = String> {
        self.to.iter().map(|mailbox| mailbox.email.to_string())
    }

    /// Sends `message` to the recipient of this address; answers what the server said.
    pub(super) async fn send(
        &self,
        message: &Message,
        recipient: &str,
        now: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        let found = self.to.iter().find(|mailbox| mailbox.email.to_string() == recipient);
        let to = found.ok_or_else(|| Refusal::new(WAY, Why::Recipient, recipient))?;
        let letter = letter::letter(message, &self.from, &self.to, now).await;
        let letter = letter.map_err(|why| Refusal::new(WAY, Why::BadBody, &why))?;
        let mut step = Step::Hello;
        let talk = self.talk(&mut step, to, &letter);
        let ended = tokio::time::timeout(self.timeout, talk).await;
        match ended {
            Ok(Ok(said)) => Ok(shown(&said)),
            Ok(Err(error)) => Err(refusal(step, recipient, &error)),
            Err(_) => Err(Refusal::new(WAY, Why::NoAnswer, "not in time")),
        }
    }

    async fn talk(&self, step: &mut Step, to: &Mailbox, letter: &[u8]) -> Result<Response, Error> {
        let hello = ClientId::default();
        let at_once = self.tls.clone().filter(|_| self.security == MailSecurity::Tls);
        let server = (self.host.as_str(), self.port);
        let timeout = Some(self.timeout);
        let mut server =
            AsyncSmtpConnection::connect_tokio1(server, timeout, &hello, at_once, None).await?;
        if let (MailSecurity::Starttls, Some(tls)) = (self.security, &self.tls) {
            server.starttls(tls.clone(), &hello).await?;
        }
        if let Some(login) = &self.login {
            *step = Step::Login;
            server.auth(DEFAULT_MECHANISMS, login).await?;
        }
        *step = Step::Sender;
        // The letter is ASCII: what is not is encoded.
        server.command(MailFrom::new(Some(self.from.email.clone()), Vec::new())).await?;
        *step = Step::Recipient;
        server.command(Rcpt::new(to.email.clone(), Vec::new())).await?;
        *step = Step::Text;
        server.command(Data).await?;
        let said = server.message(letter).await?;
        // The letter is theirs; how the goodbye ends is of no account.
        let _ = server.quit().await;
        Ok(said)
    }
}

fn mailbox(address: &str) -> Result<Mailbox, String> {
    address.parse().map_err(|e| format!("`{address}` is no mail address: {e}"))
}

fn tls(host: &str, ca_file: Option<&PathBuf>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let why = |e: String| format!("cannot read `{}`: {e}", path.display());
        let pem = std::fs::read(path).map_err(|e| why(e.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|e| why(e.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|e| format!("no TLS: {e}"))
}

fn shown(said: &Response) -> String {
    format!("{} {}", said.code(), said.message().collect::<Vec<_>>().join(" "))
}

/// What an error at `step` means.
fn refusal(step: Step, recipient: &str, error: &Error) -> Refusal {
    let mut said = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    if matches!(step, Step::Recipient | Step::Text) {
        said = format!("{recipient}: {said}");
    }
    let too_long = error.status().is_some_and(|code| {
        let code = code.to_string();
        code == "552" || code == "523"
    });
    let why = if error.is_permanent() {
        match step {
            Step::Hello => Why::Server,
            Step::Login => Why::Login,
            Step::Sender => Why::Sender,
            Step::Recipient => Why::Recipient,
            Step::Text if too_long => Why::TooLong,
            Step::Text => Why::Content,
        }
    } else if error.is_transient() {
        Why::Later
    } else if error.is_tls() || said.to_lowercase().contains("certificate") {
        Why::Tls
    } else if error.is_client() {
        Why::Server
    } else {
        Why::NoAnswer
    };
    Refusal::new(WAY, why, &said)
}

#[cfg(test)]
mod tests;
