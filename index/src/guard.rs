//! A panic of the search library, as an error.
//!
//! In: work that reads files of the index. Out: its answer, or `Damaged` with what the panic said. The library
//! believes what stands in its files; where a disk has turned bytes in them it may come to a place that
//! cannot be. Nothing here is left half done: what is shared is only ever replaced as a whole.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::IndexError;

/// Does `work`; a panic in it is an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(IndexError::Damaged { what: words(&*panic) }))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it cannot be read").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_words() {
        let panicked = guarded::<()>(|| panic!("no block {}", 7)).unwrap_err();
        assert!(panicked.to_string().contains("no block 7"), "{panicked}");
        assert_eq!(guarded(|| Ok(3)).unwrap(), 3);
    }
}
