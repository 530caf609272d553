//! Where an element leads: by its address, or by what it does when it is clicked.
//!
//! In: an element, or the text of a script. Out: the address as written. `javascript:void(0)` with an `onclick`,
//! `<li onclick="location.href='a1.html'">`, `window.open(…)` and `data-href` lead somewhere like any anchor. An
//! address that a script puts together is not guessed.

use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Selector};

/// Elements that may lead somewhere.
pub(super) static LEADING: LazyLock<Selector> = LazyLock::new(|| {
    Selector::parse("a[href], [onclick], [data-href], [data-url], [data-link]")
        .expect("a fixed selector is valid")
});

/// Where `element` leads.
pub(super) fn target(element: ElementRef<'_>) -> Option<String> {
    let value = element.value();
    let href = value.attr("href").map(str::trim).filter(|_| value.name() == "a");
    if let Some(href) = href.filter(|href| !href.is_empty() && *href != "#") {
        let is_script = href.get(..11).is_some_and(|s| s.eq_ignore_ascii_case("javascript:"));
        if !is_script {
            return Some(href.to_owned());
        }
        if let Some(target) = script_target(href) {
            return Some(target);
        }
    }
    let clicked = value.attr("onclick").and_then(script_target);
    clicked.or_else(|| {
        let stated = ["data-href", "data-url", "data-link"].iter().find_map(|n| value.attr(n))?;
        (!stated.trim().is_empty()).then(|| stated.trim().to_owned())
    })
}

/// The address that a script goes to, where it stands there as one string and nothing is added to it.
pub(super) fn script_target(script: &str) -> Option<String> {
    static GOES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x) (?: location(?:\.href)? \s*=\s* | location\.(?:assign|replace)\s*\(\s* | \bopen\s*\(\s*
               | \b(?:goto|go|jump|jumpTo|goUrl|gotoUrl|toUrl|openUrl|openPage|linkTo|toDetail|showDetail)\s*\(\s* )
               ['"]([^'"\s]+)['"]\s*([+]?)"#,
        )
        .expect("a fixed pattern is valid")
    });
    let found = GOES.captures(script)?;
    (found[2].is_empty() && !found[1].starts_with('#')).then(|| found[1].to_owned())
}
