//! Who may ask a host where several processes crawl: one of them at a time.
//!
//! In: a host (`host:port`). Out: entry, at once where this process has the host already, else when it gets it, with what
//! others have learned of the host meanwhile. How often a host is asked is decided by whoever has it. It asks nothing
//! itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::host::HostMemory;

/// How a gate let somebody in.
#[derive(Clone, Debug, PartialEq)]
pub enum Entered {
    /// The host was this process's already.
    AsBefore,
    /// It was another's before, or nobody's: this is what is known of it.
    Anew(Box<HostMemory>),
    /// Another has it for now.
    NotYet {
        /// When to ask again.
        until: DateTime<Utc>,
    },
}

/// Lets one process at a time ask a host. Each entry is left again, also one that let nobody in.
pub trait HostGate: Send + Sync {
    /// Waits for the host, within reason.
    fn enter<'a>(
        &'a self,
        authority: &'a str,
    ) -> Pin<Box<dyn Future<Output = Entered> + Send + 'a>>;
    /// Whether the host is still this process's beyond doubt: looked at right before a request.
    fn may_still_ask(&self, authority: &str) -> bool;
    /// A request, and what followed from it, is over.
    fn leave(&self, authority: &str);
}

/// An entry, left when it is dropped.
pub(super) struct Inside {
    pub gate: Arc<dyn HostGate>,
    pub authority: String,
}

impl Inside {
    pub fn may_still_ask(&self) -> bool {
        self.gate.may_still_ask(&self.authority)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.gate.leave(&self.authority);
    }
}
