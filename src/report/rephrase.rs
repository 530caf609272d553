//! The opening in other words by a language model, and what of its answer may stand on the page.
//!
//! In: a paper, the answer of a model. Out: what the model is asked; of its answer those sentences that carry the number of a
//! given post and are made of pieces of what the paper says with that number, in their order and with every denial and every
//! word of hearsay that stands beside them; and how many were dropped, by reason. It adds nothing: the paper is whole without.

use super::paper::{Block, Paper, Run, Runs, text};

/// Sentences of an answer that are looked at.
const SENTENCES: usize = 12;
/// Characters that a piece has at least.
const PIECE_CHARS: usize = 2;
/// Words that join pieces and say nothing.
const JOINING: [&str; 10] = ["的", "了", "和", "与", "及", "并", "其中", "此外", "另外", "同时"];
const JOINING_EN: [&str; 8] = ["the", "a", "an", "of", "and", "in", "by", "also"];
/// Words that turn what stands beside them, by class: hearsay, denial, negation.
const TURNING: [&[&str]; 3] = [
    &["网传", "传言", "听说", "据传", "疑似", "谣", "rumour"],
    &["不实", "不属实", "谣言", "辟谣", "并非", "untrue", "denies"],
    &["未", "没", "无", "不", "非", "否", "not", "never", "untrue", "no "],
];
/// Signs of a negation that a piece may not be cut off from.
const NEGATING: [char; 6] = ['未', '没', '无', '不', '非', '否'];

/// A clause of the opening with the posts it is marked with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    text: String,
    marks: Vec<usize>,
}

/// Why a sentence does not stand on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It carries no number.
    Unmarked,
    /// It carries the number of no given post.
    Foreign,
    /// A name, a figure or a turn in it is not in what is said with its number.
    Altered,
}

/// The answer of a model, sifted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sifted {
    /// Sentences with their numbers.
    pub kept: Vec<(String, Vec<usize>)>,
    /// Those that were dropped, and why.
    pub dropped: Vec<(String, Dropped)>,
}

/// The paragraphs of the opening: those below the first heading.
fn opening(paper: &Paper) -> impl Iterator<Item = &Runs> {
    let below =
        paper.body.iter().skip_while(|block| !matches!(block, Block::Heading(1, _))).skip(1);
    below.map_while(|block| match block {
        Block::Para(runs) => Some(runs),
        _ => None,
    })
}

/// The text of a run, and the post it is marked with.
fn piece(run: &Run) -> (String, Option<usize>) {
    match run {
        Run::Text(t) | Run::Strong(t) | Run::Part(t) | Run::Address(t) => (t.clone(), None),
        Run::Quote(quote) | Run::Title(quote) => (quote.text.clone(), Some(quote.post)),
        Run::Mark(post) => (String::new(), Some(*post)),
        Run::Count(figure) => {
            (figure.value.map_or_else(String::new, |n| n.to_string()), figure.post)
        }
    }
}

/// What the model is asked: its task, and the facts with their numbers. None where there is nothing to say in other words.
#[must_use]
pub fn question(paper: &Paper) -> Option<(String, String)> {
    let line = |runs: &Runs| {
        let pieces = runs.iter().map(|run| match piece(run) {
            (text, Some(post)) => format!("{text}[{post}]"),
            (text, None) => text,
        });
        pieces.collect::<String>()
    };
    let facts: Vec<String> = opening(paper).map(line).collect();
    let has_marks = opening(paper).flatten().any(|run| piece(run).1.is_some());
    has_marks.then(|| (paper.lang.text("digest.rephrase.task"), facts.join("\n")))
}

fn clauses(paper: &Paper) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for runs in opening(paper) {
        let mut clause = Clause { text: String::new(), marks: Vec::new() };
        for run in runs {
            let (text, mark) = piece(run);
            let mut parts = text.split(['；', '。', ';', '\n']);
            clause.text += parts.next().unwrap_or_default();
            for part in parts {
                clauses.push(std::mem::replace(
                    &mut clause,
                    Clause { text: part.to_owned(), marks: Vec::new() },
                ));
            }
            clause.marks.extend(mark);
        }
        clauses.push(clause);
    }
    clauses.retain(|clause| !clause.marks.is_empty());
    clauses
}

/// Of `answer` what may stand on the page.
#[must_use]
pub fn sifted(paper: &Paper, answer: &str) -> Sifted {
    let clauses = clauses(paper);
    let mut sifted = Sifted::default();
    for (sentence, marks) in sentences(answer).into_iter().take(SENTENCES) {
        let is_given = |mark: &usize| clauses.iter().any(|clause| clause.marks.contains(mark));
        let why = if marks.is_empty() {
            Some(Dropped::Unmarked)
        } else if !marks.iter().all(is_given) {
            Some(Dropped::Foreign)
        } else if !is_held(&sentence, &marks, &clauses) {
            Some(Dropped::Altered)
        } else {
            None
        };
        match why {
            Some(why) => sifted.dropped.push((sentence, why)),
            None => sifted.kept.push((sentence, marks)),
        }
    }
    sifted
}

/// The sentences of an answer with the numbers each carries, within it or right after its end.
fn sentences(answer: &str) -> Vec<(String, Vec<usize>)> {
    let mut found: Vec<(String, Vec<usize>)> = Vec::new();
    let (mut said, mut marks, mut is_over) = (String::new(), Vec::new(), false);
    let mut rest = answer;
    while let Some(c) = rest.chars().next() {
        let number = rest.strip_prefix('[').and_then(|tail| tail.split_once(']'));
        let number = number.and_then(|(digits, tail)| Some((digits.trim().parse().ok()?, tail)));
        if let Some((number, tail)) = number {
            marks.push(number);
            rest = tail;
            continue;
        }
        if is_over && !c.is_whitespace() || c == '\n' {
            found.push((std::mem::take(&mut said), std::mem::take(&mut marks)));
            is_over = false;
        }
        said.push(c);
        let tail = &rest[c.len_utf8()..];
        is_over |= matches!(c, '。' | '！' | '？' | '!' | '?')
            || c == '.'
                && tail.chars().next().is_none_or(|next| next.is_whitespace() || next == '[');
        rest = tail;
    }
    found.push((said, marks));
    found.retain(|(said, marks)| said.chars().any(char::is_alphanumeric) || !marks.is_empty());
    found.into_iter().map(|(said, marks)| (said.trim().to_owned(), marks)).collect()
}

/// `text` for comparison: small letters, without quotation marks; what divides clauses becomes `|`.
fn plain(text: &str) -> String {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        match c {
            '“' | '”' | '‘' | '’' | '"' | '\'' | '《' | '》' => {}
            c if c.is_whitespace() => {
                let beside = [i.checked_sub(1).and_then(|i| chars.get(i)), chars.get(i + 1)];
                let is_latin = beside.iter().all(|c| c.is_some_and(char::is_ascii_alphanumeric));
                out.push(if is_latin { ' ' } else { '|' });
            }
            '.' | ':' | '-' | '%' if is_within_number(&chars, i) => out.push(*c),
            c if c.is_alphanumeric() => out.push(*c),
            _ => out.push('|'),
        }
    }
    out
}

fn is_within_number(chars: &[char], at: usize) -> bool {
    let is_digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let before = is_digit(at.checked_sub(1).and_then(|i| chars.get(i)));
    before && (chars[at] == '%' || is_digit(chars.get(at + 1)))
}

/// The pieces of a sentence: what stands between the signs and the joining words.
fn pieces(sentence: &str) -> Vec<String> {
    let mut text = plain(sentence);
    for joining in JOINING {
        text = text.replace(joining, "|");
    }
    let parts = text.split('|').flat_map(|part| {
        let mut groups: Vec<Vec<&str>> = vec![Vec::new()];
        for word in part.split(' ') {
            match JOINING_EN.contains(&word) {
                true => groups.push(Vec::new()),
                false => groups.last_mut().expect("there is one").push(word),
            }
        }
        groups.into_iter().map(|words| words.join(" ")).collect::<Vec<_>>()
    });
    parts.filter(|part| !part.trim().is_empty()).collect()
}

fn is_numeral(c: char) -> bool {
    c.is_ascii_alphanumeric() || "一二三四五六七八九十百千万亿两零〇.:-%".contains(c)
}

/// Where `piece` stands in `text` from `from` on, whole: no number and no word is cut, and no negation cut off.
fn place(text: &str, piece: &str, from: usize) -> Option<usize> {
    let first = piece.chars().next()?;
    let last = piece.chars().next_back()?;
    let mut at = from;
    while let Some(found) = text.get(at..)?.find(piece) {
        let (start, end) = (at + found, at + found + piece.len());
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        let is_cut = before
            .is_some_and(|c| is_numeral(c) && is_numeral(first) || NEGATING.contains(&c))
            || after.is_some_and(|c| is_numeral(c) && is_numeral(last));
        if !is_cut {
            return Some(end);
        }
        at = start + first.len_utf8();
    }
    None
}

/// Whether a sentence is made of pieces of the clauses with its marks, with what turns them.
fn is_held(sentence: &str, marks: &[usize], clauses: &[Clause]) -> bool {
    let given: Vec<String> = clauses
        .iter()
        .filter(|clause| clause.marks.iter().any(|mark| marks.contains(mark)))
        .map(|clause| plain(&clause.text))
        .collect();
    let says = plain(sentence);
    let turns = |clause: &str| {
        let is_turned = |class: &&&[&str]| class.iter().any(|word| clause.contains(word));
        TURNING.iter().filter(is_turned).all(|class| class.iter().any(|word| says.contains(word)))
    };
    let (mut clause, mut from) = (0, 0);
    let pieces = pieces(sentence);
    !pieces.is_empty()
        && pieces.iter().all(|piece| {
            if piece.chars().count() < PIECE_CHARS {
                return false;
            }
            // In the order of the paper: what is told first stands first.
            while let Some(text) = given.get(clause) {
                if let Some(end) = place(text, piece, from).filter(|_| turns(text)) {
                    from = end;
                    return true;
                }
                (clause, from) = (clause + 1, 0);
            }
            false
        })
}

impl Paper {
    /// Puts what was kept below the opening, and how much was not.
    pub fn take_in(&mut self, sifted: &Sifted) {
        let lang = self.lang;
        let mut runs = text(lang.text("digest.rephrase.lead"));
        for (sentence, marks) in &sifted.kept {
            runs.push(Run::Text(sentence.clone()));
            runs.extend(marks.iter().map(|mark| Run::Mark(*mark)));
        }
        let count = |why: Dropped| sifted.dropped.iter().filter(|(_, w)| *w == why).count();
        let told = lang.fill(
            "digest.rephrase.dropped",
            &[
                ("all", &(sifted.kept.len() + sifted.dropped.len())),
                ("kept", &sifted.kept.len()),
                ("unmarked", &count(Dropped::Unmarked)),
                ("foreign", &count(Dropped::Foreign)),
                ("altered", &count(Dropped::Altered)),
            ],
        );
        let mut blocks = vec![Block::Note(text(told))];
        if !sifted.kept.is_empty() {
            blocks.insert(0, Block::Para(runs));
        }
        self.below_opening(blocks);
    }

    /// Says that the model gave no answer.
    pub fn without_words(&mut self, why: &str) {
        let line = self.lang.fill("digest.rephrase.none", &[("why", &why)]);
        self.below_opening(vec![Block::Note(text(line))]);
    }

    fn below_opening(&mut self, blocks: Vec<Block>) {
        let head = self.body.iter().position(|block| matches!(block, Block::Heading(1, _)));
        let end = head.map_or(0, |head| head + 1 + opening(self).count());
        self.body.splice(end..end, blocks);
    }
}

#[cfg(test)]
mod tests;
