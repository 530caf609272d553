//! A language model that may say the opening of a digest in other words; off unless config names one.
//!
//! In: a paper, `[rephrase]` of config. Out: the paper with what may stand of the answer, or with a line that says why there
//! is none. It sends the opening and nothing else, follows no redirect, asks no proxy, and names neither key nor address in
//! any message. A model that fails never fails a digest.

use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::config::{RephraseSettings, Secret};
use crate::report::{Paper, rephrase};

/// Bytes of an answer.
const ANSWER_BYTES: usize = 256 * 1024;

/// Lets the model say the opening of `paper` in other words, where config names one.
pub(super) fn say(paper: &mut Paper, settings: &RephraseSettings) {
    if settings.url.is_empty() {
        return;
    }
    let Some((task, facts)) = rephrase::question(paper) else { return };
    match asked(settings, &task, &facts) {
        Ok(answer) => {
            let sifted = rephrase::sifted(paper, &answer);
            tracing::info!(
                kept = sifted.kept.len(),
                dropped = sifted.dropped.len(),
                "a model rephrased the opening"
            );
            paper.take_in(&sifted);
        }
        Err(why) => {
            tracing::warn!(%why, "the model gave no answer");
            let said = paper.lang.text(&format!("digest.rephrase.why.{}", why.key()));
            paper.without_words(&said);
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the key cannot be read: {0}")]
    Key(String),
    #[error("not reached")]
    Unreached,
    #[error("HTTP {0}")]
    Refused(u16),
    #[error("the answer cannot be read")]
    Unreadable,
}

impl NoAnswer {
    fn key(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Unreached => "unreached",
            Self::Refused(_) => "refused",
            Self::Unreadable => "unreadable",
        }
    }
}

fn asked(settings: &RephraseSettings, task: &str, facts: &str) -> Result<String, NoAnswer> {
    let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    let env = named(&settings.key_env);
    let file = Some(settings.key_file.as_path()).filter(|path| !path.as_os_str().is_empty());
    let key = Secret::read(env.as_deref(), file).map_err(|e| NoAnswer::Key(e.to_string()))?;
    let body = json!({
        "model": settings.model,
        "temperature": 0,
        "messages": [
            { "role": "system", "content": task },
            { "role": "user", "content": facts },
        ],
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| NoAnswer::Unreached)?;
    let bytes = runtime.block_on(sent(settings, key.as_ref(), &body))?;
    let answer: Value = serde_json::from_slice(&bytes).map_err(|_| NoAnswer::Unreadable)?;
    let said = answer["choices"][0]["message"]["content"].as_str();
    said.map(str::to_owned).ok_or(NoAnswer::Unreadable)
}

async fn sent(
    settings: &RephraseSettings,
    key: Option<&Secret>,
    body: &Value,
) -> Result<Vec<u8>, NoAnswer> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let timeout = Duration::from_secs(settings.timeout_secs.into());
    let client = reqwest::Client::builder()
        .user_agent(concat!("guanlan/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .timeout(timeout)
        .build()
        .map_err(|_| NoAnswer::Unreached)?;
    let url = format!("{}/chat/completions", settings.url.trim_end_matches('/'));
    let mut request = client
        .post(url)
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body.to_string());
    if let Some(key) = key {
        request = request.bearer_auth(key.reveal());
    }
    let mut answer = request.send().await.map_err(|_| NoAnswer::Unreached)?;
    if !answer.status().is_success() {
        return Err(NoAnswer::Refused(answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoAnswer::Unreached)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES {
            return Err(NoAnswer::Unreadable);
        }
    }
    Ok(bytes)
}
