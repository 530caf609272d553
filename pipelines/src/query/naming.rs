//! Where a text names a subject: the one answer of the annotator (`subject:`) and of queries (`@`).
//!
//! In: the subjects, and a text with its folded form. Out: the places at which one is named, as byte ranges of
//! the folded text. A name within a longer name or place is the longer one's; a name that runs on into another
//! word or name (`naming/context.rs`) is nobody's; a short name near an exclude word of its subject is a
//! namesake; latin letters and digits stand in whole runs. It never guesses a subject from its place, and never
//! finds persons.

mod context;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::ast::Literal;
use crate::record::Subject;
use crate::text::{Folded, fold, is_word_char};

/// One place at which a subject is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Index into the subjects that were given.
    pub subject: usize,
    /// Byte range of the folded text.
    pub range: Range<usize>,
}

/// What one word of the automaton means to the subjects.
#[derive(Debug, Default)]
struct Word {
    /// The subject it names, and whether that is the full registered name.
    names: Option<(usize, bool)>,
    /// Subjects for which it is an exclude word.
    excludes: Vec<usize>,
    /// Subjects that are at this place.
    places: Vec<usize>,
}

/// Finds where subjects are named. Cheap to share between threads.
pub struct Naming {
    words: Vec<(String, Word)>,
    /// Of each subject, the subjects that count as it: itself and its units, and theirs.
    members: Vec<Vec<usize>>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl std::fmt::Debug for Naming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Naming").field("words", &self.words.len()).finish_non_exhaustive()
    }
}

impl Naming {
    /// The finder of `subjects`. Where two claim one name, the first has it; a parent that does not exist is
    /// none (what is wrong with a set of subjects is for others to say).
    #[must_use]
    pub fn new(subjects: &[Subject]) -> Self {
        let mut by_text: HashMap<String, Word> = HashMap::new();
        for (index, subject) in subjects.iter().enumerate() {
            for name in subject.names() {
                let word = by_text.entry(folded(name)).or_default();
                let full = name == subject.name;
                match &mut word.names {
                    Some((holder, was_full)) if *holder == index => *was_full |= full,
                    Some(_) => {}
                    none => *none = Some((index, full)),
                }
            }
            for exclude in &subject.exclude {
                by_text.entry(folded(exclude)).or_default().excludes.push(index);
            }
            for place in &subject.places {
                by_text.entry(folded(place)).or_default().places.push(index);
            }
        }
        by_text.remove("");
        let mut words: Vec<(String, Word)> = by_text.into_iter().collect();
        words.sort_by(|a, b| a.0.cmp(&b.0));
        let numbered = words.iter().map(|(text, _)| text.as_str()).zip(0..);
        // Words are distinct, not empty, and few: none of the reasons to refuse them is there.
        let automaton = CharwiseDoubleArrayAhoCorasick::with_values(numbered).ok();
        Self {
            members: members(subjects),
            automaton: automaton.filter(|_| !words.is_empty()),
            words,
        }
    }

    /// The subjects that count as `subject`: itself, its units, and theirs.
    #[must_use]
    pub fn members(&self, subject: usize) -> &[usize] {
        self.members.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Every place at which a subject is named, in order; of names within names only the longest.
    #[must_use]
    pub fn places(&self, original: &str, folding: &Folded) -> Vec<Named> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let text = folding.text();
        let (mut names, mut context) = (Vec::new(), Vec::new());
        for hit in automaton.find_overlapping_iter(text) {
            let range = hit.start()..hit.end();
            if !is_whole(text, &range) {
                continue;
            }
            let (_, word) = &self.words[hit.value() as usize];
            if word.names.is_some() || !word.places.is_empty() {
                names.push((range.clone(), word));
            }
            if !(word.excludes.is_empty() && word.places.is_empty()) {
                context.push((range, word));
            }
        }
        names.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
        let mut found = Vec::new();
        let mut covered = 0;
        for (range, word) in names {
            // Sorted so, what lies within another ends no later than one that began before.
            if range.end <= covered {
                continue;
            }
            covered = range.end;
            let Some((subject, full)) = word.names else { continue };
            if !context::runs_on(text, &range)
                && (full || !is_namesake(original, folding, &range, subject, &context))
            {
                found.push(Named { subject, range });
            }
        }
        found
    }

    /// Literals without which every place of a name of `members` counts: what covers, excludes or continues
    /// their names. Some too many.
    pub(super) fn doubts(&self, members: &[usize]) -> Vec<Literal> {
        let is_member = |word: &Word| word.names.is_some_and(|(s, _)| members.contains(&s));
        let own: Vec<&str> = self
            .words
            .iter()
            .filter(|(_, w)| is_member(w))
            .map(|(text, _)| text.as_str())
            .collect();
        let mut doubts: BTreeSet<String> = BTreeSet::new();
        for (text, word) in &self.words {
            let may_cover = (word.names.is_some() || !word.places.is_empty()) && !is_member(word);
            let covers =
                may_cover && own.iter().any(|name| text.len() > name.len() && text.contains(name));
            let excludes = word.excludes.iter().any(|subject| members.contains(subject));
            if covers || excludes {
                doubts.insert(text.clone());
            }
        }
        doubts.extend(own.iter().flat_map(|name| context::signs(name)));
        doubts.iter().filter_map(|text| Literal::new(text)).collect()
    }
}

pub(crate) fn folded(name: &str) -> String {
    fold(name).text().trim().to_owned()
}

fn members(subjects: &[Subject]) -> Vec<Vec<usize>> {
    let belongs = |index: usize, top: usize| {
        let mut at = Some(index);
        // A circle of parents is an error of config; here it only must end.
        for _ in 0..=subjects.len() {
            match at {
                Some(here) if here == top => return true,
                Some(here) => {
                    let parent = subjects[here].parent.as_ref();
                    at = parent.and_then(|id| subjects.iter().position(|s| s.id == *id));
                }
                None => return false,
            }
        }
        false
    };
    let all = 0..subjects.len();
    let of = |top| {
        std::iter::once(top).chain(all.clone().filter(move |i| *i != top && belongs(*i, top)))
    };
    all.clone().map(|top| of(top).collect()).collect()
}

/// Whether a run of latin letters or digits at an end of `range` does not go on beyond it.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let inside = &text[range.clone()];
    let is_word = |c: Option<char>| c.is_some_and(is_word_char);
    let goes_on = |out: Option<char>, end: Option<char>| is_word(out) && is_word(end);
    !goes_on(text[..range.start].chars().next_back(), inside.chars().next())
        && !goes_on(text[range.end..].chars().next(), inside.chars().next_back())
}

/// Whether the short name at `range` is somebody else's: an exclude word overlaps it, or stands in the
/// same sentence and no place of the subject stands nearer.
fn is_namesake(
    original: &str,
    folding: &Folded,
    range: &Range<usize>,
    subject: usize,
    context: &[(Range<usize>, &Word)],
) -> bool {
    if !context.iter().any(|(_, word)| word.excludes.contains(&subject)) {
        return false;
    }
    let text = folding.text();
    let sentence = sentence_around(original, folding, range);
    let (mut nearest_exclude, mut nearest_place) = (usize::MAX, usize::MAX);
    for (other, word) in context {
        if other.start < sentence.start || other.end > sentence.end {
            continue;
        }
        let overlaps = other.start < range.end && range.start < other.end;
        let gap = range.start.saturating_sub(other.end) + other.start.saturating_sub(range.end);
        if word.excludes.contains(&subject) {
            if overlaps {
                return true;
            }
            // 云岭矿业大学 does not speak for a 云岭矿业 elsewhere in the sentence; 云矿科技 does for a 云矿.
            let name = &text[range.clone()];
            if name.chars().count() < 4 || !text[other.clone()].contains(name) {
                nearest_exclude = nearest_exclude.min(gap);
            }
        }
        if word.places.contains(&subject) && !overlaps {
            nearest_place = nearest_place.min(gap);
        }
    }
    nearest_exclude < usize::MAX && nearest_exclude <= nearest_place
}

/// The sentence that holds the folded `range`, as a folded range. Folding takes out line breaks, so they
/// are looked up in the original. A semicolon ends a sentence here: what is said beyond it is another matter.
pub(crate) fn sentence_around(
    original: &str,
    folding: &Folded,
    range: &Range<usize>,
) -> Range<usize> {
    const ENDS: [char; 5] = ['。', '!', '?', ';', '…'];
    let text = folding.text();
    let mut start = text[..range.start]
        .rfind(ENDS)
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let mut end = text[range.end..].find(ENDS).map_or(text.len(), |at| range.end + at);
    // Whether a line break lies between the character before `from` and the one at `to`.
    let breaks = |from: usize, to: usize| {
        let (from, to) = (folding.original_span(0, from).1, folding.original_start(to));
        from < to && original[from..to].contains(['\n', '\r'])
    };
    // Few sentences hold a line break; only those are walked character by character.
    if breaks(start, range.start) {
        let chars = text[start..range.start].char_indices().rev().map(|(at, _)| start + at);
        start = std::iter::once(range.start)
            .chain(chars)
            .find(|&at| breaks(at, range.start))
            .unwrap_or(start);
    }
    if breaks(range.end, end) {
        let mut chars = text[range.end..end].char_indices().map(|(at, _)| range.end + at);
        end = chars.find(|&at| breaks(range.end, at)).unwrap_or(end);
    }
    start..end
}
