//! Masks what tells a person by number: phones, identity cards, bank cards, number plates, and mail addresses, QQ
//! and WeChat ids.
//!
//! In: any text. Out: the same text with the telling places replaced by `*`, everything else untouched, in the
//! characters it was written in. It reads the text folded as search folds it (full-width, circled, Chinese and
//! other digits, invisible signs), so that no way of writing hides a number from it that search would find.
//! Public numbers stay: short codes and hotlines (12345, 119, 95598, 400-…, 800-…). Dates, amounts, article
//! numbers and other long numbers stay, because each kind must prove itself: prefix, length, birthday, label.
//! A landline with its area code is masked whoever owns it: a person's and an office's look the same.

mod address;
mod grouping;
mod handle;
mod kind;
mod label;
mod number;
mod plate;
mod reading;
mod run;

use std::borrow::Cow;

use reading::Reading;

/// Masks every private number of a text. Masking twice changes nothing.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = mask_once(text);
    // What the stars leave of a number may make another one with its neighbours; where there are none, there is nothing to look at again.
    while let Cow::Owned(once) = &masked {
        let again = mask_once(once).into_owned();
        if again == *once {
            break;
        }
        masked = Cow::Owned(again);
    }
    masked
}

/// Each number that is one as the text stands; borrowed where there is none.
fn mask_once(text: &str) -> Cow<'_, str> {
    if !reading::may_hold_a_number(text) {
        return Cow::Borrowed(text);
    }
    let mut reading = Reading::new(text);
    address::close(&mut reading);
    handle::mask(&mut reading);
    plate::mask(&mut reading);
    number::mask(&mut reading);
    reading.written()
}

#[cfg(test)]
mod tests;
