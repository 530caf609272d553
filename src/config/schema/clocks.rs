//! Keys of the table that says how long the steps of a case may take.
//!
//! In: nothing. Out: constants, as of `schema.rs`.

use super::Shape::{Limit, List, Ref, Table, Tables, Way};
use super::{Key, may, need};

const BY_GRADE: &[Key] =
    &[may("ordinary", Limit), may("serious", Limit), may("major", Limit), may("critical", Limit)];

pub(super) const CASES: &[Key] = &[
    may("verify", Table(BY_GRADE)),
    may("sign", Table(BY_GRADE)),
    may("handle", Table(BY_GRADE)),
    may("review", Table(BY_GRADE)),
    may("answer", Table(BY_GRADE)),
    may("express", Limit),
    may("enquiry", Limit),
    may("complaint", Limit),
    may("longest", Limit),
    may("watch", Limit),
    may("call_back", Limit),
    may("hand_back", Limit),
    may("notify", List(&Way)),
    may("unit", Tables(&[need("id", Ref("subject")), need("notify", List(&Way))])),
];
