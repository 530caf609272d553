//! What can go wrong with a cluster, apart from finding nothing.
//!
//! In: failures of connections and answers that refuse. Out: one error type that names the place and tells apart what an
//! officer can do about it. No login stands in any of them.

use std::time::Duration;

use serde_json::Value;

/// Characters of what a cluster said that are repeated.
const SAID_CHARS: usize = 300;

/// A failure of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterFault {
    /// No node can be reached.
    #[error("the search cluster at {address} cannot be reached: {why}")]
    Away {
        /// Where it was looked for.
        address: String,
        /// What the network said.
        why: String,
    },
    /// No answer in time.
    #[error("the search cluster at {address} did not answer within {} s", within.as_secs())]
    Slow {
        /// Which.
        address: String,
        /// How long was waited.
        within: Duration,
    },
    /// It does not let us in, or not do this.
    #[error("the search cluster refuses us (HTTP {status}): {why}")]
    Refused {
        /// 401 or 403.
        status: u16,
        /// What it said.
        why: String,
    },
    /// A variable that holds the login is not set.
    #[error(
        "the environment variable `{variable}` with the login of the search cluster is not set"
    )]
    NoLogin {
        /// Its name.
        variable: String,
    },
    /// Something of the config cannot be used.
    #[error("the search cluster cannot be asked with this config: {why}")]
    Config {
        /// What.
        why: String,
    },
    /// A server of another kind or an older version.
    #[error(
        "{found} is no search cluster this program can use; it takes OpenSearch {least} or newer"
    )]
    Unfit {
        /// What it says it is.
        found: String,
        /// The oldest version that is taken.
        least: &'static str,
    },
    /// The index behind the name is gone.
    #[error("there is no index `{index}` in the search cluster")]
    NoIndex {
        /// Which.
        index: String,
    },
    /// Parts of the index have no node: it cannot answer.
    #[error("parts of the index `{index}` are not there: {why}")]
    Red {
        /// Which.
        index: String,
        /// What it said.
        why: String,
    },
    /// Parts of the index failed to answer.
    #[error("{failed} of {total} parts of the index failed to answer: {why}")]
    Partial {
        /// How many failed.
        failed: u64,
        /// Of how many.
        total: u64,
        /// What the first said.
        why: String,
    },
    /// It takes nothing in: as a rule its disks are full.
    #[error("the search cluster takes nothing in (read-only): {why}")]
    ReadOnly {
        /// What it said.
        why: String,
    },
    /// It has too much to do, or too little memory, for now.
    #[error("the search cluster is overloaded: {why}")]
    Busy {
        /// What it said.
        why: String,
    },
    /// A query of more clauses than it takes.
    #[error("the query has more clauses than the search cluster takes: {why}")]
    TooLarge {
        /// What it said.
        why: String,
    },
    /// An index whose copies lose posts.
    #[error(
        "the index `{index}` leaves texts out of recovery but copies documents: a copy that was away \
         comes back without posts; `guanlan reindex` makes a sound one"
    )]
    LosesPosts {
        /// Which.
        index: String,
    },
    /// The name belongs to the index of another station.
    #[error("the index name `{name}` belongs to another store; give this one a name of its own")]
    Taken {
        /// Which.
        name: String,
    },
    /// Anything else it said.
    #[error("the search cluster answered HTTP {status}: {why}")]
    Answer {
        /// The status.
        status: u16,
        /// What it said.
        why: String,
    },
}

impl ClusterFault {
    /// What an answer with an error status, or an error in an item of a bulk, means.
    pub(crate) fn of(status: u16, error: &Value, index: &str) -> Self {
        let (kinds, why) = said(error);
        let index = index.to_owned();
        let is = |kind: &str| kinds.iter().any(|k| k == kind);
        if is("too_many_clauses") || is("too_many_nested_clauses") || why.contains("maxClauseCount")
        {
            return Self::TooLarge { why };
        }
        if is("index_not_found_exception") || (is("illegal_argument_exception") && status == 404) {
            return Self::NoIndex { index };
        }
        if is("cluster_block_exception") {
            let closed = why.contains("read-only") || why.contains("FORBIDDEN");
            return if closed { Self::ReadOnly { why } } else { Self::Red { index, why } };
        }
        if is("no_shard_available_action_exception")
            || is("unavailable_shards_exception")
            || why.contains("missing shards")
        {
            return Self::Red { index, why };
        }
        match status {
            401 | 403 => Self::Refused { status, why },
            429 => Self::Busy { why },
            503 if is("master_not_discovered_exception")
                || is("cluster_manager_not_discovered_exception") =>
            {
                Self::Red { index, why }
            }
            502..=504 if kinds.is_empty() => Self::Busy { why },
            _ => Self::Answer { status, why },
        }
    }

    /// Whether it may have passed a moment later.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

/// The kinds of an error, outermost first, and what the innermost one says.
fn said(error: &Value) -> (Vec<String>, String) {
    let (mut kinds, mut why) = (Vec::new(), String::new());
    let mut open = vec![error];
    while let Some(value) = open.pop() {
        if let Value::String(text) = value {
            why.clone_from(text);
        }
        let Some(table) = value.as_object() else { continue };
        kinds.extend(table.get("type").and_then(Value::as_str).map(str::to_owned));
        if let Some(reason) = table.get("reason").and_then(Value::as_str) {
            reason.clone_into(&mut why);
        }
        // The cause is read last: it says most.
        open.extend(table.get("caused_by"));
        open.extend(table.get("reason").filter(|reason| reason.is_object()));
        for list in ["root_cause", "failed_shards", "failures"] {
            open.extend(table.get(list).and_then(|all| all.get(0)));
        }
        open.extend(table.get("error"));
    }
    (kinds, why.chars().take(SAID_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(status: u16, body: &Value, expected: &str) {
        let fault = format!("{:?}", ClusterFault::of(status, body, "guanlan-1"));
        assert!(fault.starts_with(expected), "{fault}");
    }

    #[test]
    fn answers_are_told_apart() {
        let of = |kind: &str, reason: &str| json!({"error": {"type": kind, "reason": reason}});
        check(404, &of("index_not_found_exception", "no such index [x]"), "NoIndex");
        let block = "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage \
            watermark, index has read-only-allow-delete block];";
        check(429, &of("cluster_block_exception", block), "ReadOnly");
        check(429, &of("rejected_execution_exception", "queue full"), "Busy");
        check(503, &of("cluster_manager_not_discovered_exception", ""), "Red");
        check(401, &json!("Unauthorized"), "Refused");
        let phase = json!({"error": {
            "type": "search_phase_execution_exception", "reason": "all shards failed",
            "failed_shards": [{"reason": {"type": "no_shard_available_action_exception", "reason": "x"}}],
        }});
        check(503, &phase, "Red");
        let large = json!({"error": {
            "type": "search_phase_execution_exception", "reason": "all shards failed",
            "root_cause": [{"type": "too_many_nested_clauses", "reason": "maxClauseCount is set to 1024"}],
        }});
        check(400, &large, "TooLarge");
        check(500, &of("null_pointer_exception", "x"), "Answer");
    }
}
