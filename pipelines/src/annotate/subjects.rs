//! Who is spoken of: finds the enterprise and its units by their alias sets.
//!
//! In: folded text. Out: places at which a subject is named, as byte ranges of the folded text. One
//! automaton holds every name, place and exclude word of every subject. The longest name at the leftmost
//! place wins; a unit named right behind its group counts for the unit only; latin codes count on word
//! boundaries only; a short name near an exclude word of its subject is a namesake. It never guesses a
//! subject from its place, and never finds persons.

use std::collections::HashMap;
use std::ops::Range;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::AnnotateError;
use crate::record::{Subject, SubjectId};
use crate::text::{Folded, fold};

/// One place at which a subject is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Index into the subjects the finder was built from.
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

/// Finds subjects in folded text. Cheap to share between threads.
pub struct SubjectFinder {
    subjects: Vec<Subject>,
    ancestors: Vec<Vec<usize>>,
    words: Vec<Word>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl SubjectFinder {
    /// Builds the automaton.
    ///
    /// # Errors
    /// Two subjects with one id or one name, a parent that does not exist, or a circle of parents.
    pub fn new(subjects: Vec<Subject>) -> Result<Self, AnnotateError> {
        let ancestors = ancestors_of(&subjects)?;
        let mut by_text: HashMap<String, Word> = HashMap::new();
        for (index, subject) in subjects.iter().enumerate() {
            for name in subject.names() {
                let full = name == subject.name;
                let word = by_text.entry(folded(name)).or_default();
                match word.names {
                    Some((other, _)) if other != index => {
                        return Err(AnnotateError::SameName {
                            name: name.to_owned(),
                            first: subjects[other].id.clone(),
                            second: subject.id.clone(),
                        });
                    }
                    Some((_, was_full)) => word.names = Some((index, was_full || full)),
                    None => word.names = Some((index, full)),
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
        let mut entries: Vec<(String, Word)> = by_text.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let automaton = automaton(entries.iter().map(|(text, _)| text.as_str()))?;
        let words = entries.into_iter().map(|(_, word)| word).collect();
        Ok(Self { subjects, ancestors, words, automaton })
    }

    /// The subjects, in the order of config.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Every place of `original`, given with its folded form, at which a subject is named: in order,
    /// without overlaps.
    #[must_use]
    pub fn find(&self, original: &str, folding: &Folded) -> Vec<Named> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let folded = folding.text();
        let mut names = Vec::new();
        let mut context = Vec::new();
        for hit in automaton.find_overlapping_iter(folded) {
            let word = &self.words[hit.value() as usize];
            if let Some((subject, full)) = word.names
                && on_latin_boundary(folded, hit.start(), hit.end())
            {
                names.push((hit.start(), hit.end(), subject, full));
            }
            if !(word.excludes.is_empty() && word.places.is_empty()) {
                context.push((hit.start(), hit.end(), word));
            }
        }
        names.sort_by_key(|&(start, end, ..)| (start, usize::MAX - end));
        let mut found: Vec<Named> = Vec::new();
        let mut covered = 0;
        for (start, end, subject, full) in names {
            if start < covered {
                continue;
            }
            covered = end;
            if !full
                && !context.is_empty()
                && is_namesake(
                    folded,
                    &sentence_around(original, folding, &(start..end)),
                    &(start..end),
                    subject,
                    &context,
                )
            {
                continue;
            }
            self.push(&mut found, Named { subject, range: start..end });
        }
        found
    }

    /// A unit named right behind its group (云岭矿业集团南关煤矿) counts for the unit only.
    fn push(&self, found: &mut Vec<Named>, named: Named) {
        if let Some(last) = found.last_mut()
            && last.range.end == named.range.start
            && self.ancestors[named.subject].contains(&last.subject)
        {
            last.subject = named.subject;
            last.range.end = named.range.end;
            return;
        }
        found.push(named);
    }
}

/// An automaton over `words`, whose values are their positions; `None` for no words.
pub(super) fn automaton<'a>(
    words: impl Iterator<Item = &'a str>,
) -> Result<Option<CharwiseDoubleArrayAhoCorasick<u32>>, AnnotateError> {
    let words: Vec<(&str, u32)> = words.zip(0..).collect();
    if words.is_empty() {
        return Ok(None);
    }
    CharwiseDoubleArrayAhoCorasick::with_values(words)
        .map(Some)
        .map_err(|e| AnnotateError::Automaton(e.to_string()))
}

fn folded(name: &str) -> String {
    fold(name).text().trim().to_owned()
}

/// For each subject its parents, nearest first.
fn ancestors_of(subjects: &[Subject]) -> Result<Vec<Vec<usize>>, AnnotateError> {
    let mut by_id: HashMap<&SubjectId, usize> = HashMap::new();
    for (index, subject) in subjects.iter().enumerate() {
        if by_id.insert(&subject.id, index).is_some() {
            return Err(AnnotateError::SameSubject(subject.id.clone()));
        }
    }
    let mut all = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let mut chain = Vec::new();
        let mut next = subject.parent.as_ref();
        while let Some(parent) = next {
            let &index = by_id.get(parent).ok_or_else(|| AnnotateError::NoSuchParent {
                subject: subject.id.clone(),
                parent: parent.clone(),
            })?;
            if chain.len() > subjects.len() {
                return Err(AnnotateError::CircleOfParents(subject.id.clone()));
            }
            chain.push(index);
            next = subjects[index].parent.as_ref();
        }
        all.push(chain);
    }
    Ok(all)
}

/// A name that begins or ends with a latin letter or digit must not go on in one.
fn on_latin_boundary(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let open = start > 0 && word(start - 1) && word(start);
    let close = word(end) && word(end - 1);
    !open && !close
}

/// Whether the short name at `range` is somebody else's: an exclude word overlaps it, or stands in the
/// same sentence and no place of the subject stands nearer.
fn is_namesake(
    text: &str,
    sentence: &Range<usize>,
    range: &Range<usize>,
    subject: usize,
    context: &[(usize, usize, &Word)],
) -> bool {
    let mut nearest_exclude = usize::MAX;
    let mut nearest_place = usize::MAX;
    for &(start, end, word) in context {
        if start < sentence.start || end > sentence.end {
            continue;
        }
        let overlaps = start < range.end && range.start < end;
        let gap =
            if end <= range.start { range.start - end } else { start.saturating_sub(range.end) };
        if word.excludes.contains(&subject) {
            if overlaps {
                return true;
            }
            // 云岭矿业大学 does not speak for a 云岭矿业 elsewhere in the sentence; 云矿科技 does for a 云矿.
            let name = &text[range.clone()];
            if name.chars().count() < 4 || !text[start..end].contains(name) {
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
pub(super) fn sentence_around(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(id: &str, name: &str, short: &[&str], parent: Option<&str>) -> Subject {
        Subject {
            id: id.into(),
            name: name.into(),
            short_names: short.iter().map(|s| (*s).to_owned()).collect(),
            parent: parent.map(Into::into),
            ..Subject::default()
        }
    }

    fn subjects() -> Vec<Subject> {
        let mut group =
            subject("group", "云岭矿业集团有限公司", &["云岭矿业集团", "云岭矿业", "云矿"], None);
        group.codes = vec!["YLKY".into(), "600001".into()];
        group.homophones = vec!["运岭矿业".into()];
        group.exclude = vec!["云岭矿业大学".into(), "云矿科技".into()];
        let mut mine = subject("nanguan", "云岭矿业集团南关煤矿", &["南关煤矿"], Some("group"));
        mine.places = vec!["云岭市".into()];
        mine.exclude = vec!["贵州".into(), "毕节".into()];
        let power = subject("power", "云岭热电有限公司", &["云岭热电"], Some("group"));
        vec![group, mine, power]
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let finder = SubjectFinder::new(subjects()).unwrap();
        let folded = fold(text);
        let found: Vec<(String, &str)> = finder
            .find(text, &folded)
            .into_iter()
            .map(|n| {
                let (start, end) = folded.original_span(n.range.start, n.range.end);
                (finder.subjects()[n.subject].id.0.clone(), &text[start..end])
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(id, t)| (id.as_str(), *t)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_longest_name_counts_once() {
        check("云岭矿业集团今日开会", &[("group", "云岭矿业集团")]);
        check(
            "云岭矿业集团有限公司与云岭矿业",
            &[("group", "云岭矿业集团有限公司"), ("group", "云岭矿业")],
        );
        check("运岭矿业又欠薪了", &[("group", "运岭矿业")]);
        check("今天天气不错", &[]);
    }

    #[test]
    fn a_unit_behind_its_group_counts_for_the_unit() {
        check("云岭矿业集团南关煤矿井下透水", &[("nanguan", "云岭矿业集团南关煤矿")]);
        check("云矿南关煤矿井下透水", &[("nanguan", "云矿南关煤矿")]);
        check("云岭矿业旗下南关煤矿井下透水", &[("group", "云岭矿业"), ("nanguan", "南关煤矿")]);
        check("云岭矿业集团有限公司云岭热电停暖", &[("power", "云岭矿业集团有限公司云岭热电")]);
    }

    #[test]
    fn namesakes_are_told_apart() {
        check("云岭矿业大学招生", &[]);
        check("云岭矿业大学与云岭矿业签约", &[("group", "云岭矿业")]);
        check("云矿科技发布新品，云矿大涨", &[]);
        check("贵州毕节的南关煤矿停产", &[]);
        check("贵州来的工人说，云岭市南关煤矿停产", &[("nanguan", "南关煤矿")]);
        check("贵州今日有雨\n南关煤矿正常生产\n贵州", &[("nanguan", "南关煤矿")]);
        check("贵州今日有雨。南关煤矿正常生产", &[("nanguan", "南关煤矿")]);
        // The full name is never a namesake.
        check("云岭矿业集团南关煤矿支援贵州", &[("nanguan", "云岭矿业集团南关煤矿")]);
    }

    #[test]
    fn latin_codes_stand_on_word_boundaries() {
        check("YLKY跌停，代码600001", &[("group", "YLKY"), ("group", "600001")]);
        check("ＹＬＫＹ跌停", &[("group", "ＹＬＫＹ")]);
        check("xylky 16000012", &[]);
        check("600001.SH 今日停牌", &[("group", "600001")]);
    }

    #[test]
    fn traditional_and_full_width_forms_are_found_in_the_original() {
        check("雲嶺礦業集團２０２６年", &[("group", "雲嶺礦業集團")]);
    }

    #[test]
    fn broken_sets_are_refused() {
        let twice = vec![subject("a", "甲矿", &[], None), subject("a", "乙矿", &[], None)];
        assert!(matches!(SubjectFinder::new(twice), Err(AnnotateError::SameSubject(_))));
        let same = vec![subject("a", "甲矿", &[], None), subject("b", "乙矿", &["甲矿"], None)];
        assert!(matches!(SubjectFinder::new(same), Err(AnnotateError::SameName { .. })));
        let orphan = vec![subject("a", "甲矿", &[], Some("z"))];
        assert!(matches!(SubjectFinder::new(orphan), Err(AnnotateError::NoSuchParent { .. })));
        let circle =
            vec![subject("a", "甲矿", &[], Some("b")), subject("b", "乙矿", &[], Some("a"))];
        assert!(matches!(SubjectFinder::new(circle), Err(AnnotateError::CircleOfParents(_))));
        assert!(
            SubjectFinder::new(Vec::new()).unwrap().find("云岭矿业", &fold("云岭矿业")).is_empty()
        );
    }
}
