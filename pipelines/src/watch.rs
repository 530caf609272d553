//! Watching: from the hits of a rule to its alerts.
//!
//! In: a rule, its hits in the period it looks back on, the alerts it already made, the present. Out: the
//! alerts that fire or grow. The live path and the rehearsal over the past are one state machine, so that
//! a rehearsal predicts exactly what the live path fires when the same posts come in order of time, in
//! whatever batches (property test). Pure: does not store, deliver, or look at the clock.
//!
//! # What an alert is
//!
//! * `any`: the first hit of a story fires; while others follow within `merge_hours` of one another, the alert grows, for
//!   a week at most. Two that turn out to be one by what comes late become one.
//! * `frequency`, `spike`: the hit that completes the number fires; while further ones complete it within
//!   `merge_hours` of that, the alert grows. A late post that completes it for a later one counts too.
//! * `flatline`: silence fires when it has lasted the window, whenever that is noticed; a late post does
//!   not take it back.
//! * `new_term`: as `frequency`, for each word that the station had never seen before (`new_days`), among its hits.
//! * `first_mention`: a hit with none before it (for `quiet_days`, if given) fires and grows like `any`.
//!
//! The key of an alert names rule, story and the time of the hit that made it fire, and stays when it
//! grows: evaluating the same hits again gives the same key, so a firing never makes two alerts. A late
//! post within `merge_hours` *before* an alert (for `any`, a week) joins it rather than fire beside it; so the alerts of posts
//! that come out of order may be anchored later than in rehearsal, but never are two where it has one
//! within `merge_hours`.

mod evaluate;
mod examples;
mod new_term;
mod reason;
mod rule;

pub use evaluate::{Firing, Window, evaluate, fired, lookback, rehearse};
pub use examples::{ExampleFailure, check_examples};
pub use new_term::{Terms, evaluate_terms, rare_terms, term_of};
pub use reason::reason;
pub use rule::{Example, RuleConfig, RuleKind};
