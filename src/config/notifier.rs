//! A way out as written in config: `[[notifier]]`. The enum of kinds is the schema.
//!
//! In: tables of `guanlan.toml`. Out: where alerts and digests go, and the secrets that takes, read from the
//! environment or a file when asked for. Refuses a secret written into the config itself; sends nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifierConfig {
    /// The name rules and digests refer to.
    pub name: String,
    /// Whether rules and digests that name no notifier use it.
    #[serde(default = "yes")]
    pub default: bool,
    /// Hours of the day in which it is left in peace, `22:00-07:00`; alerts of the two gravest grades go out all the same.
    pub quiet: Option<String>,
    /// Whether it is left in peace on free days as well.
    #[serde(default)]
    pub workday_only: bool,
    /// What it is.
    #[serde(flatten)]
    pub kind: NotifierKind,
}

fn yes() -> bool {
    true
}

/// The closed set of notifier kinds; `kind = "…"` in config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotifierKind {
    /// A line in the log of the station.
    Log,
    /// One JSON object a line, appended to a file.
    File {
        /// The file; absolute once loaded.
        path: PathBuf,
    },
    /// A JSON object by HTTP POST. Exactly one of the three addresses is given.
    Webhook {
        /// The address, where it holds no secret.
        url: Option<String>,
        /// Environment variable that holds the address.
        url_env: Option<String>,
        /// File that holds the address; absolute once loaded.
        url_file: Option<PathBuf>,
        /// Headers sent with it.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Environment variable that holds the key the body is signed with.
        secret_env: Option<String>,
        /// File that holds that key; absolute once loaded.
        secret_file: Option<PathBuf>,
        /// Seconds until the answer must be there.
        #[serde(default = "ten")]
        timeout_secs: u32,
    },
    /// A group robot of 企业微信.
    Wecom(RobotConfig),
    /// A group robot of 钉钉.
    Dingtalk(RobotConfig),
    /// A group robot of 飞书 or Lark.
    Feishu(RobotConfig),
    /// Letters by SMTP.
    Mail(MailConfig),
}

/// Letters by SMTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailConfig {
    /// The server.
    pub host: String,
    /// Its port; that of `security` where none is given.
    pub port: Option<u16>,
    /// How the way to it is encrypted.
    #[serde(default)]
    pub security: MailSecurity,
    /// Who logs in; none where the server asks for nobody.
    pub user: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// File that holds the password; absolute once loaded.
    pub password_file: Option<PathBuf>,
    /// From whom: `address` or `name <address>`.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// Certificates of an authority of one's own, as PEM; absolute once loaded.
    pub ca_file: Option<PathBuf>,
    /// Seconds until a letter must be taken.
    #[serde(default = "thirty")]
    pub timeout_secs: u32,
}

/// How the way to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// From the first byte, usually at port 465.
    #[default]
    Tls,
    /// After a greeting, usually at port 587; without it nothing is sent.
    Starttls,
    /// Not at all: to a server on this machine only.
    None,
}

impl MailConfig {
    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MailSecurity::Tls => 465,
            MailSecurity::Starttls => 587,
            MailSecurity::None => 25,
        })
    }
}

fn thirty() -> u32 {
    30
}

/// A group robot. Its address holds its key, so that it is read from the environment or a file; exactly one is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotConfig {
    /// The address; refused wherever it is given.
    pub url: Option<String>,
    /// Environment variable that holds the address.
    pub url_env: Option<String>,
    /// File that holds the address; absolute once loaded.
    pub url_file: Option<PathBuf>,
    /// Environment variable that holds the key that 钉钉 and 飞书 sign with.
    pub secret_env: Option<String>,
    /// File that holds that key; absolute once loaded.
    pub secret_file: Option<PathBuf>,
    /// The keyword that the robot asks for; written into each message that lacks it.
    pub keyword: Option<String>,
    /// How messages are written.
    #[serde(default)]
    pub style: RobotStyle,
    /// Seconds until the answer must be there.
    #[serde(default = "ten")]
    pub timeout_secs: u32,
}

/// How messages of a robot are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotStyle {
    /// With links and bold: Markdown, or the post of 飞书.
    #[default]
    Rich,
    /// Plain text: who reads 企业微信 through the plug-in of private WeChat sees nothing else.
    Text,
}

fn ten() -> u32 {
    10
}

impl NotifierKind {
    /// The name used in config and locale keys.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::File { .. } => "file",
            Self::Webhook { .. } => "webhook",
            Self::Wecom(_) => "wecom",
            Self::Dingtalk(_) => "dingtalk",
            Self::Feishu(_) => "feishu",
            Self::Mail(_) => "mail",
        }
    }

    /// The robot, if it is one.
    #[must_use]
    pub fn robot(&self) -> Option<&RobotConfig> {
        match self {
            Self::Wecom(robot) | Self::Dingtalk(robot) | Self::Feishu(robot) => Some(robot),
            _ => None,
        }
    }

    /// The address of a webhook or robot; none for the other kinds.
    ///
    /// # Errors
    /// The variable or file that should hold it cannot be read.
    pub fn url(&self) -> Result<Option<Secret>, SecretError> {
        if let Some(robot) = self.robot() {
            return Secret::read(robot.url_env.as_deref(), robot.url_file.as_deref());
        }
        let Self::Webhook { url, url_env, url_file, .. } = self else { return Ok(None) };
        match url {
            Some(url) => Ok(Some(Secret(url.clone()))),
            None => Secret::read(url_env.as_deref(), url_file.as_deref()),
        }
    }

    /// The key that is signed with, or the password of a mail server; none where there is none.
    ///
    /// # Errors
    /// The variable or file that should hold it cannot be read.
    pub fn secret(&self) -> Result<Option<Secret>, SecretError> {
        if let Some(robot) = self.robot() {
            return Secret::read(robot.secret_env.as_deref(), robot.secret_file.as_deref());
        }
        if let Self::Mail(mail) = self {
            return Secret::read(mail.password_env.as_deref(), mail.password_file.as_deref());
        }
        let Self::Webhook { secret_env, secret_file, .. } = self else { return Ok(None) };
        Secret::read(secret_env.as_deref(), secret_file.as_deref())
    }
}

/// A text that is never shown: no log line and no message prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// From an environment variable or else a file, less the blanks around it. None where neither is named.
    ///
    /// # Errors
    /// The named one cannot be read or is empty.
    pub fn read(env: Option<&str>, file: Option<&Path>) -> Result<Option<Self>, SecretError> {
        let text = match (env, file) {
            (Some(name), _) => {
                std::env::var(name).map_err(|_| SecretError::NotSet { name: name.to_owned() })?
            }
            (None, Some(path)) => std::fs::read_to_string(path)
                .map_err(|source| SecretError::Unreadable { path: path.to_owned(), source })?,
            (None, None) => return Ok(None),
        };
        let place = env.map_or_else(
            || file.map(|f| f.display().to_string()).unwrap_or_default(),
            str::to_owned,
        );
        match text.trim() {
            "" => Err(SecretError::Empty { place }),
            text => Ok(Some(Self(text.to_owned()))),
        }
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment has no such variable.
    #[error("environment variable `{name}` is not set")]
    NotSet {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read secret file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("`{place}` holds an empty secret")]
    Empty {
        /// Variable or file.
        place: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_and_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, " s3cret-签名 \n").unwrap();
        let secret = Secret::read(None, Some(&file)).unwrap().unwrap();
        assert_eq!(secret.reveal(), "s3cret-签名");
        assert!(!format!("{secret:?}").contains("s3cret"));
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(Secret::read(None, Some(&file)), Err(SecretError::Empty { .. })));
        let gone = dir.path().join("gone");
        assert!(matches!(Secret::read(None, Some(&gone)), Err(SecretError::Unreadable { .. })));
        assert!(matches!(
            Secret::read(Some("GUANLAN_TEST_NO_SUCH_VARIABLE"), None),
            Err(SecretError::NotSet { .. })
        ));
        assert_eq!(Secret::read(None, None).unwrap(), None);
    }
}
