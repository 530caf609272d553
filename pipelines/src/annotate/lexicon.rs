//! Polarity lexicons: what officers read and edit, and one automaton that finds all of it in a folded text.
//!
//! In: the texts of `config/lexicons/*.tsv` (word, polarity, strength, domain, note; `#` begins a comment, the
//! first other line names the columns). Out: [`Lexicon`]. A word that stands in several files counts as the
//! last one says, so that an own file placed last overrules. Refuses a line it cannot read, naming file and
//! line; never guesses.

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};

use crate::text::fold;

/// What a word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Speaks well (1) or ill (-1) of what it is said of.
    Sentiment(i8),
    /// Turns what follows in its clause.
    Negator,
    /// Strengthens or weakens what follows; its strength is the factor.
    Degree,
    /// What follows weighs more than what stood before.
    Contrast,
    /// A question that accuses.
    Rhetorical,
    /// Turns praise in its sentence.
    Irony,
}

/// One line of a lexicon.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The word as written.
    pub word: String,
    /// What it does.
    pub role: Role,
    /// 1 to 3 for sentiment, a factor for degrees.
    pub strength: f32,
    /// `safety`, `labour`, `general`, `emoticon`, …
    pub domain: String,
}

/// Why a lexicon cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// A line that cannot be read.
    #[error("cannot read lexicon `{file}` line {line}: {why}")]
    Line {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The automaton could not be built.
    #[error("cannot build the automaton of the lexicons: {0}")]
    Automaton(String),
}

/// All lexicons, ready to find their words.
pub struct Lexicon {
    entries: Vec<Entry>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

/// A word found in a folded text.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// First byte in the folded text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The line of the lexicon.
    pub entry: &'a Entry,
}

impl Lexicon {
    /// Reads lexicons given as name of the file and text.
    ///
    /// # Errors
    /// [`LexiconError`] with file and line.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LexiconError> {
        let mut by_word: std::collections::BTreeMap<String, Entry> = Default::default();
        for (file, text) in files {
            for (at, line) in text.lines().enumerate() {
                if line.trim().is_empty() || line.starts_with('#') || line.starts_with("word\t") {
                    continue;
                }
                let entry = entry(line).map_err(|why| LexiconError::Line {
                    file: file.to_owned(),
                    line: at + 1,
                    why,
                })?;
                by_word.insert(fold(&entry.word).text().to_owned(), entry);
            }
        }
        by_word.remove("");
        Self::build(by_word)
    }

    fn build(by_word: std::collections::BTreeMap<String, Entry>) -> Result<Self, LexiconError> {
        let (words, entries): (Vec<String>, Vec<Entry>) = by_word.into_iter().unzip();
        if words.is_empty() {
            return Ok(Self { entries, automaton: None });
        }
        let patterns = words.iter().enumerate().map(|(at, word)| (word, at as u32));
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .build_with_values(patterns)
            .map_err(|e| LexiconError::Automaton(e.to_string()))?;
        Ok(Self { entries, automaton: Some(automaton) })
    }

    /// The words of the lexicons in a folded text, from left to right, the longest at each place.
    pub fn find<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Found<'a>> + 'a {
        let found = self.automaton.iter().flat_map(move |a| a.leftmost_find_iter(folded));
        found.map(|m| Found {
            start: m.start(),
            end: m.end(),
            entry: &self.entries[m.value() as usize],
        })
    }

    /// How many words it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn entry(line: &str) -> Result<Entry, String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [word, polarity, strength, domain, ..] = columns[..] else {
        return Err(
            "expected five columns apart by tabs: word, polarity, strength, domain, note".into()
        );
    };
    let role = match polarity {
        "positive" => Role::Sentiment(1),
        "negative" => Role::Sentiment(-1),
        "negator" => Role::Negator,
        "degree" => Role::Degree,
        "contrast" => Role::Contrast,
        "rhetorical" => Role::Rhetorical,
        "irony" => Role::Irony,
        other => {
            return Err(format!(
                "unknown polarity `{other}`; one of positive, negative, negator, degree, contrast, \
                 rhetorical, irony"
            ));
        }
    };
    let strength: f32 =
        strength.parse().map_err(|_| format!("strength `{strength}` is not a number"))?;
    if !(0.1..=5.0).contains(&strength) {
        return Err(format!("strength {strength} is not between 0.1 and 5"));
    }
    if word.trim().is_empty() {
        return Err("the word is empty".into());
    }
    Ok(Entry { word: word.trim().to_owned(), role, strength, domain: domain.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[&str], &str>) {
        let read = Lexicon::read([("own.tsv", text)]);
        match (read, expected) {
            (Ok(lexicon), Ok(words)) => {
                let found: Vec<_> = lexicon
                    .find("云岭矿业拖欠工资,瓦斯爆炸")
                    .map(|f| f.entry.word.clone())
                    .collect();
                assert_eq!(found, words);
            }
            (Err(e), Err(message)) => assert_eq!(e.to_string(), message),
            (read, _) => panic!("{text:?}: {:?}", read.map(|l| l.len())),
        }
    }

    #[test]
    fn finds_the_longest_word() {
        check(
            "# own\nword\tpolarity\tstrength\tdomain\tnote\n拖欠\tnegative\t2\tlabour\t\n\
             拖欠工資\tnegative\t3\tlabour\t\n爆炸\tnegative\t3\tsafety\tnote\n",
            Ok(&["拖欠工資", "爆炸"]),
        );
        check("", Ok(&[]));
    }

    #[test]
    fn names_file_and_line() {
        check(
            "拖欠\tbad\t2\tlabour\t",
            Err(
                "cannot read lexicon `own.tsv` line 1: unknown polarity `bad`; one of positive, negative, \
             negator, degree, contrast, rhetorical, irony",
            ),
        );
        check(
            "\n拖欠\tnegative\tmuch\tlabour",
            Err("cannot read lexicon `own.tsv` line 2: strength `much` is not a number"),
        );
        check(
            "拖欠\tnegative\t9\tlabour",
            Err("cannot read lexicon `own.tsv` line 1: strength 9 is not between 0.1 and 5"),
        );
        check(
            "拖欠 negative",
            Err(
                "cannot read lexicon `own.tsv` line 1: expected five columns apart by tabs: word, \
             polarity, strength, domain, note",
            ),
        );
    }
}
