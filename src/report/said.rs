//! What a digest may quote of a post: whole sentences or clauses, letter by letter as they stand in it.
//!
//! In: an annotated post. Out: its leading sentence, the sentence its verdict rests on, and the counted facts with the
//! words they were read from. Writes nothing of its own: every text here is a piece of the original.

use std::ops::Range;

use pipelines::annotate::{Role, role_of};
use pipelines::record::{
    AnnotatedPost, Basis, FactKind, FactStatus, Fingerprint, Polarity, Post, Severity, Span,
    TextField, Trust,
};
use pipelines::text::sentences;

/// Characters of a quotation; a longer sentence is cut down to the clauses that matter.
const QUOTE_CHARS: usize = 44;
/// A clause of fewer characters is not quoted alone.
const SHORT_CHARS: usize = 14;
/// Items of a title from which on it is one of a round-up.
const ROUNDUP_ITEMS: usize = 3;
/// Weight from which a word carries a verdict; those of a word list begin near it, single features of a model lie below.
const CARRIES: f32 = 0.5;
/// Words that deny.
const DENIES: [&str; 9] =
    ["不实", "谣言", "不属实", "不符", "并非", "无人员", "未造成", "没有人", "虚假"];
/// A sentence of fewer characters leads no post: a date line, a greeting.
const LEAST_CHARS: usize = 10;

/// One counted fact with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is counted.
    pub kind: FactKind,
    /// How many people.
    pub count: u64,
    /// How sure it is, as far as the post itself tells.
    pub status: FactStatus,
    /// The office or house that says so, as written.
    pub by: Option<String>,
    /// The words, as they stand in the post.
    pub quote: String,
}

/// What may be quoted of a post, and how it stands in its happening.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Hearsay, report, answer or correction.
    pub role: Role,
    /// How far its source reaches.
    pub trust: Trust,
    /// The grade its risk suggests.
    pub grade: Severity,
    /// Its leading sentence; empty where the text has none.
    pub lead: String,
    /// The sentence that its verdict rests on most; the leading one where that is not known.
    pub point: String,
    /// Counted facts.
    pub claims: Vec<Claim>,
    /// Whether it names us in passing only: once, not where it begins, in a sentence that carries nothing of the verdict.
    pub in_passing: bool,
    /// Whether it is a round-up of many things whose title does not name us.
    pub is_roundup: bool,
    /// For near copies.
    pub fingerprint: Fingerprint,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            role: Role::Report,
            trust: Trust::default(),
            grade: Severity::default(),
            lead: String::new(),
            point: String::new(),
            claims: Vec::new(),
            in_passing: false,
            is_roundup: false,
            fingerprint: Fingerprint::default(),
        }
    }
}

impl Said {
    /// What may be quoted of `annotated`.
    #[must_use]
    pub fn of(annotated: &AnnotatedPost) -> Self {
        let post = &annotated.post;
        let lead = lead(post).to_owned();
        let verdict = annotated.shown().0;
        let point = verdict
            .basis
            .iter()
            .filter(|basis| {
                verdict.polarity != Polarity::Neutral && basis.speaks_for() == verdict.polarity
            })
            .find(|basis| basis.span.field == TextField::Body)
            .map(|basis| sentence_at(post, basis.span).to_owned());
        Self {
            role: role_of(post),
            trust: post.trust,
            grade: annotated.risk.severity,
            point: point.filter(|point| !point.is_empty()).unwrap_or_else(|| lead.clone()),
            lead,
            claims: claims(annotated),
            in_passing: is_in_passing(annotated),
            is_roundup: is_roundup(&annotated.post.title, is_titled(annotated)),
            fingerprint: annotated.fingerprint.clone(),
        }
    }
}

/// Whether a post names us once only, not in its title and not where it begins, in a sentence that carries nothing of what
/// is said of us: the verdict is neutral, itself in doubt, or rests on other sentences.
fn is_in_passing(annotated: &AnnotatedPost) -> bool {
    let text = annotated.post.text.as_str();
    let mut named = annotated.mentions.iter().flat_map(|mention| &mention.spans);
    let (Some(span), None) = (named.next(), named.next()) else { return false };
    let start = span.start as usize;
    let pieces = sentences(text);
    let found = pieces.spans().find(|(_, to)| *to > start);
    let Some((from, to)) = found.filter(|_| span.field == TextField::Body) else { return false };
    if text[..from].trim().is_empty() {
        return false;
    }
    let verdict = annotated.shown().0;
    let carries = |basis: &&Basis| {
        basis.span.field == TextField::Body
            && (from..to).contains(&(basis.span.start as usize))
            && basis.weight.abs() >= CARRIES
            && basis.speaks_for() == verdict.polarity
    };
    verdict.polarity == Polarity::Neutral
        || verdict.other.is_some()
        || !verdict.basis.iter().any(|basis| carries(&basis))
}

/// Whether its title names us.
fn is_titled(annotated: &AnnotatedPost) -> bool {
    let mut named = annotated.mentions.iter().flat_map(|mention| &mention.spans);
    named.any(|span| span.field == TextField::Title)
}

/// Whether a post is a round-up, as its title of several items says, and none of them names us.
fn is_roundup(title: &str, is_titled: bool) -> bool {
    let items = title.split(['；', ';']).filter(|item| !item.trim().is_empty());
    items.count() >= ROUNDUP_ITEMS && !is_titled
}

/// The counted facts, each once; of a denial that is told twice, the words that deny.
fn claims(annotated: &AnnotatedPost) -> Vec<Claim> {
    let post = &annotated.post;
    let mut claims: Vec<Claim> = Vec::new();
    for fact in &annotated.facts {
        let quote = match fact.status {
            FactStatus::Refuted => denial(post, fact.span),
            _ => sentence_at(post, fact.span),
        };
        let claim = Claim {
            kind: fact.kind,
            count: fact.count,
            status: fact.status,
            by: fact.by.clone(),
            quote: quote.to_owned(),
        };
        let same = |other: &&mut Claim| {
            (other.kind, other.count, other.status) == (claim.kind, claim.count, claim.status)
        };
        match claims.iter_mut().find(same) {
            Some(other) if denied(&other.quote).is_none() && denied(&claim.quote).is_some() => {
                *other = claim;
            }
            Some(_) => {}
            None => claims.push(claim),
        }
    }
    claims
}

/// Where a text denies, and how long the word is.
fn denied(text: &str) -> Option<(usize, usize)> {
    DENIES.iter().find_map(|word| Some((text.find(word)?, word.len())))
}

/// The first sentence worth the name that is not the title again.
fn lead(post: &Post) -> &str {
    let text = post.text.as_str();
    let pieces = sentences(text);
    let mut pieces = pieces.spans().map(|(start, end)| text[start..end].trim());
    let title = post.title.trim();
    let is_lead = |piece: &&str| piece.chars().count() >= LEAST_CHARS && *piece != title;
    let found =
        pieces.find(is_lead).unwrap_or_else(|| text.trim().lines().next().unwrap_or_default());
    clip(found, 0..0)
}

/// The words that deny what `span` says: its sentence, the next two or the title, whichever has them first; else its sentence.
fn denial(post: &Post, span: Span) -> &str {
    let own = sentence_at(post, span);
    if span.field == TextField::Title || denied(own).is_some() {
        return own;
    }
    let text = post.text.as_str();
    let pieces = sentences(text);
    let near = pieces.spans().skip_while(|(_, to)| *to <= span.start as usize).take(3);
    let body = near.map(|(from, to)| &text[from..to]);
    let found = body.chain([post.title.as_str()]).find_map(|piece| {
        let (at, long) = denied(piece)?;
        Some(clip(piece, at..at + long))
    });
    found.unwrap_or(own)
}

/// The sentence in which `span` lies, or the clauses of it around the span.
fn sentence_at(post: &Post, span: Span) -> &str {
    let text = match span.field {
        TextField::Title => post.title.as_str(),
        TextField::Body => post.text.as_str(),
    };
    let (start, end) = (span.start as usize, span.end as usize);
    let pieces = sentences(text);
    let Some((from, to)) = pieces.spans().find(|(from, to)| (*from..*to).contains(&start)) else {
        return "";
    };
    clip(&text[from..to], start - from..end.clamp(start, to) - from)
}

/// `sentence`, or as many whole clauses of it around `at` (bytes) as a quotation holds.
fn clip(sentence: &str, at: Range<usize>) -> &str {
    if sentence.trim().chars().count() <= QUOTE_CHARS {
        return trimmed(sentence);
    }
    let ends = sentence.char_indices().filter(|(_, c)| matches!(c, '，' | ',' | '；' | ';' | '：'));
    let mut bounds = vec![0];
    bounds.extend(ends.map(|(i, c)| i + c.len_utf8()).filter(|end| *end < sentence.len()));
    bounds.push(sentence.len());
    let mut first =
        bounds.partition_point(|bound| *bound <= at.start).saturating_sub(1).min(bounds.len() - 2);
    let mut last = bounds.partition_point(|bound| *bound < at.end).max(first + 1);
    let chars = |a: usize, b: usize| sentence[bounds[a]..bounds[b]].chars().count();
    // A short clause says too little without the next one, however long that is.
    if chars(first, last) < SHORT_CHARS && last + 1 < bounds.len() {
        let both = chars(first, last + 1);
        if (QUOTE_CHARS + 1..=2 * QUOTE_CHARS).contains(&both) {
            return trimmed(&sentence[bounds[first]..bounds[last + 1]]);
        }
    }
    let fits = |a: usize, b: usize| chars(a, b) <= QUOTE_CHARS;
    loop {
        if last + 1 < bounds.len() && fits(first, last + 1) {
            last += 1;
        } else if first > 0 && fits(first - 1, last) {
            first -= 1;
        } else {
            break;
        }
    }
    let from = bounds[first];
    let is_held = sentence[from..at.end.max(from)].chars().count() <= QUOTE_CHARS;
    let piece = &sentence[if is_held { from } else { at.start }..bounds[last]];
    let cut = piece.char_indices().nth(QUOTE_CHARS).map_or(piece.len(), |(i, _)| i);
    trimmed(&piece[..cut])
}

/// Without the number of a list before it.
fn unnumbered(piece: &str) -> &str {
    let rest = piece.trim_start_matches(|c| "一二三四五六七八九十".contains(c));
    match rest.strip_prefix('、') {
        Some(item) if rest.len() < piece.len() => item,
        _ => piece,
    }
}

/// Without white space around it and without the mark of a clause at its end.
fn trimmed(piece: &str) -> &str {
    unnumbered(piece.trim())
        .trim_end_matches(['，', ',', '；', ';', '：', ':', '、', '。'])
        .trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sentence: &str, word: &str, expected: &str) {
        let start = sentence.find(word).unwrap();
        assert_eq!(clip(sentence, start..start + word.len()), expected);
    }

    #[test]
    fn a_round_up_has_several_items_and_none_of_them_is_ours() {
        for (title, is_titled, expected) in [
            ("两省今日降雪；油价下调；青岚沟煤矿复产", false, true),
            ("Rain; oil; mines", false, true),
            ("两省今日降雪；油价下调；青岚沟煤矿复产", true, false),
            ("两省今日降雪；油价下调", false, false),
            ("两省今日降雪；；", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_roundup(title, is_titled), expected, "{title}");
        }
    }

    #[test]
    fn a_quotation_is_a_piece_of_the_original_that_holds_its_words() {
        check("两名矿工已安全升井。", "两名", "两名矿工已安全升井");
        let long = "11月25日上午，青岚沟煤矿一采区回风巷发生局部冒顶，矿方立即启动应急预案，救护队18分钟内到达现场，\
                    截至当日17时被困的两名职工全部安全升井，无人员伤亡，事故原因正在调查之中。";
        let start = long.find("全部安全升井").unwrap();
        let quote = clip(long, start..start + "全部安全升井".len());
        assert!(
            quote.chars().count() <= 2 * QUOTE_CHARS && quote.contains("全部安全升井"),
            "{quote}"
        );
        assert!(long.contains(quote));
        let endless = "说".repeat(300);
        assert_eq!(clip(&endless, 30..60).chars().count(), QUOTE_CHARS);
    }
}
