//! The style sheet and the script, compiled in, with a hash of their content in their name.
//!
//! In: a name. Out: the bytes, to be kept for good. Any other name is not there.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

/// One file of ours.
pub(in crate::serve) struct Asset {
    stem: &'static str,
    ending: &'static str,
    kind: &'static str,
    text: &'static str,
    path: OnceLock<String>,
}

/// The style of every page.
pub(in crate::serve) static STYLE: Asset = Asset {
    stem: "guanlan",
    ending: "css",
    kind: "text/css; charset=utf-8",
    text: include_str!("../assets/guanlan.css"),
    path: OnceLock::new(),
};

/// Keys and fresh counts; every page does without.
pub(in crate::serve) static SCRIPT: Asset = Asset {
    stem: "guanlan",
    ending: "js",
    kind: "text/javascript; charset=utf-8",
    text: include_str!("../assets/guanlan.js"),
    path: OnceLock::new(),
};

impl Asset {
    /// `/assets/guanlan-0123abcd.css`
    pub(in crate::serve) fn path(&self) -> &str {
        self.path.get_or_init(|| {
            let hash = hex(&Sha256::digest(self.text.as_bytes())[..6]);
            format!("/assets/{}-{hash}.{}", self.stem, self.ending)
        })
    }
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    match [&STYLE, &SCRIPT].into_iter().find(|asset| asset.path() == wanted) {
        Some(asset) => ([(header::CONTENT_TYPE, asset.kind)], asset.text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
