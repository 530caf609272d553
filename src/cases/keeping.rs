//! When the page of a published answer is to be looked at, and how much of the answer stands on it.
//!
//! In: a case, the time; an answer and the words of a page. Out: whether to look; all, part or none of its sentences. Pure:
//! who fetches the page stands elsewhere. A page that could not be had is looked at again after growing pauses, ten times
//! at most; of a case that ended long ago nothing is looked for any more.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Case, State};

/// How often a page is asked for at most.
const MOST: usize = 10;

/// Pauses after the first, second, third… look that brought nothing; then always the last.
const PAUSES: [TimeDelta; 4] =
    [TimeDelta::minutes(10), TimeDelta::hours(1), TimeDelta::hours(6), TimeDelta::hours(24)];

/// After a case has ended its page is looked for so long.
const AFTER_END: TimeDelta = TimeDelta::days(7);

/// Sentences shorter than this stand on many pages.
const SENTENCE: usize = 6;

/// Whether the page of its answer is to be looked at now.
#[must_use]
pub fn is_due(case: &Case, now: DateTime<Utc>) -> bool {
    next_look(case).is_some_and(|at| at <= now)
        && case.ended.is_none_or(|ended| now - ended < AFTER_END)
}

/// When it is looked at next; none where there is nothing to look for, or it is kept, or was looked for often enough.
#[must_use]
pub fn next_look(case: &Case) -> Option<DateTime<Utc>> {
    let is_public = matches!(case.state, State::Answered | State::Watching | State::Closed);
    if !is_public || case.field("address").is_empty() || case.field("kept") == "yes" {
        return None;
    }
    let Some(last) = case.looked.last() else { return Some(case.updated) };
    let pause = PAUSES[case.looked.len().min(PAUSES.len()) - 1];
    (case.looked.len() < MOST).then(|| *last + pause)
}

/// How much of an answer stands on a page: `all`, `part` or `none` of its sentences, whatever the spaces and signs.
#[must_use]
pub fn said_on(answer: &str, page: &str) -> &'static str {
    let page = letters(page);
    if page.contains(&letters(answer)) {
        return "all";
    }
    let ends = ['。', '！', '？', '；', '!', '?', ';', '\n'];
    let sentences = answer.split(ends).map(letters).filter(|s| s.chars().count() >= SENTENCE);
    let (mut found, mut all) = (0, 0);
    for sentence in sentences {
        all += 1;
        found += usize::from(page.contains(&sentence));
    }
    match found {
        0 => "none",
        found if found == all => "all",
        _ => "part",
    }
}

fn letters(text: &str) -> String {
    pipelines::text::fold(text).text().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_whatever_the_spaces_and_what_is_cut_is_part_of_it() {
        let answer = "5日9时20分3号皮带机头冒烟，系托辊过热。现场无人员伤亡；已停机检修。";
        let page = "情况通报\n 5 日 9 时 20 分 3 号皮带机头冒烟, 系托辊过热 。\n现场无人员伤亡；已停机检修。编辑：王";
        assert_eq!(said_on(answer, page), "all");
        assert_eq!(said_on(answer, "通报：现场无人员伤亡，另行公布。"), "part");
        assert_eq!(said_on(answer, "页面不存在，请返回首页。"), "none");
    }
}
