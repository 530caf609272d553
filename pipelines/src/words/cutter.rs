//! Cuts one post and weighs its words.
//!
//! In: folded title and text. Out: [`PostWords`]. A word of the title counts three times. Names of subjects are
//! user words: never cut, and no keywords, since the post is filed under its subjects already. Punctuation,
//! numbers and single characters are no keywords. It never fails.

use rustc_hash::FxHashMap;

use super::rarity::Rarity;
use crate::annotate::lexicon::{Lexicon, Role};
use crate::record::{Keyword, PostWords, SentimentWord, Span, TextField};
use crate::text::{Folded, Segmenter, Word, word_in};

/// Keywords of a post at most.
pub const MAX_KEYWORDS: usize = 12;
/// Keywords of a post at least, where it has so many.
const MIN_KEYWORDS: usize = 5;
/// One keyword more for so many different words.
const WORDS_A_KEYWORD: usize = 4;
/// Sentiment words kept of a post.
const MAX_SENTIMENT: usize = 24;
/// What a word of the title counts against one of the text.
const TITLE: f32 = 3.0;

/// The two texts of a post, folded.
#[derive(Clone, Copy, Debug)]
pub struct FoldedTexts<'a> {
    /// The title.
    pub title: &'a Folded,
    /// The text.
    pub body: &'a Folded,
}

/// Cuts posts. Share one between threads.
pub struct Cutter {
    segmenter: Segmenter,
    lexicon: Lexicon,
}

/// A word of the post being cut.
#[derive(Clone, Copy)]
struct Seen {
    field: TextField,
    start: usize,
    end: usize,
    count: f32,
}

impl Cutter {
    /// A cutter that knows the names `segmenter` keeps whole and the sentiment words of `lexicon`.
    #[must_use]
    pub fn new(segmenter: Segmenter, lexicon: Lexicon) -> Self {
        Self { segmenter, lexicon }
    }

    /// The keywords and sentiment words of one post.
    #[must_use]
    pub fn cut(&self, texts: FoldedTexts<'_>) -> PostWords {
        self.cut_whole(texts).0
    }

    /// The same, and all words of title and text but the names of subjects, on which no verdict rests.
    #[must_use]
    pub fn cut_whole(&self, texts: FoldedTexts<'_>) -> (PostWords, [Vec<Word>; 2]) {
        let mut all: [Vec<Word>; 2] = Default::default();
        let mut seen: FxHashMap<&str, Seen> = FxHashMap::default();
        let mut words = PostWords::default();
        let mut seams = Vec::new();
        let fields = [(TextField::Title, texts.title, TITLE), (TextField::Body, texts.body, 1.0)];
        for ((field, folded, count), all) in fields.into_iter().zip(&mut all) {
            let text = folded.text();
            seams.clear();
            self.segmenter.each_piece(text, |start, end, is_name| {
                seams.push(start);
                if !is_name {
                    all.extend(word_in(text, start, end));
                }
                if !is_name && may_be_keyword(&text[start..end]) {
                    let new = Seen { field, start, end, count: 0.0 };
                    seen.entry(&text[start..end]).or_insert(new).count += count;
                }
            });
            seams.push(text.len());
            self.sentiment(field, folded, &seams, &mut words.sentiment);
        }
        words.keywords = keywords(texts, &seen);
        (words, all)
    }

    /// The words of the lexicons that begin and end where the cut does: 难看 is none in 很难看出.
    fn sentiment(
        &self,
        field: TextField,
        folded: &Folded,
        seams: &[usize],
        into: &mut Vec<SentimentWord>,
    ) {
        let room = MAX_SENTIMENT.saturating_sub(into.len());
        let found = self.lexicon.find(folded.text()).filter_map(|found| {
            let Role::Sentiment(sign) = found.entry.role else { return None };
            let on_seams = seams.binary_search(&found.start).is_ok()
                && seams.binary_search(&found.end).is_ok();
            let weight = f32::from(sign) * found.entry.strength;
            let span = || span_of(field, folded, found.start, found.end);
            on_seams.then(|| SentimentWord { span: span(), weight })
        });
        into.extend(found.take(room));
    }
}

/// At least two characters, the first of them a letter or a Chinese character.
fn may_be_keyword(word: &str) -> bool {
    let mut chars = word.chars();
    let first = chars.next();
    first.is_some_and(char::is_alphabetic) && chars.next().is_some_and(char::is_alphanumeric)
}

fn span_of(field: TextField, folded: &Folded, start: usize, end: usize) -> Span {
    let (start, end) = folded.original_span(start, end);
    let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { field, start: short(start), end: short(end) }
}

fn keywords(texts: FoldedTexts<'_>, seen: &FxHashMap<&str, Seen>) -> Vec<Keyword> {
    let rarity = Rarity::shipped();
    let mut weighed: Vec<(f32, &str, Seen)> = seen
        .iter()
        .map(|(word, seen)| ((1.0 + seen.count.ln()) * rarity.weight(word), *word, *seen))
        .filter(|(weight, ..)| *weight > 0.0)
        .collect();
    let wanted = (MIN_KEYWORDS + weighed.len() / WORDS_A_KEYWORD).min(MAX_KEYWORDS);
    let order = |a: &(f32, &str, Seen), b: &(f32, &str, Seen)| {
        b.0.total_cmp(&a.0).then((a.2.field, a.2.start).cmp(&(b.2.field, b.2.start)))
    };
    if weighed.len() > wanted {
        weighed.select_nth_unstable_by(wanted - 1, order);
        weighed.truncate(wanted);
    }
    weighed.sort_unstable_by(order);
    let heaviest = weighed.first().map_or(1.0, |(weight, ..)| *weight);
    let keyword = |(weight, word, seen): (f32, &str, Seen)| {
        let folded = if seen.field == TextField::Title { texts.title } else { texts.body };
        Keyword {
            word: word.to_owned(),
            span: span_of(seen.field, folded, seen.start, seen.end),
            weight: ((weight / heaviest * 100.0).round() / 100.0).max(0.01),
        }
    };
    weighed.into_iter().map(keyword).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    fn cutter() -> Cutter {
        let lexicon = include_str!("../../../config/lexicons/labour.tsv");
        let general = include_str!("../../../config/lexicons/general.tsv");
        let lexicon = Lexicon::read([("labour.tsv", lexicon), ("general.tsv", general)]).unwrap();
        Cutter::new(Segmenter::new(["云岭矿业".to_owned(), "青岚沟煤矿".to_owned()]), lexicon)
    }

    /// The words, and that every span lies on the word it claims.
    fn cut(title: &str, body: &str) -> (Vec<String>, Vec<(String, bool)>) {
        let (title_folded, body_folded) = (fold(title), fold(body));
        let words = cutter().cut(FoldedTexts { title: &title_folded, body: &body_folded });
        let shown = |span: &Span| {
            let text = if span.field == TextField::Title { title } else { body };
            text[span.start as usize..span.end as usize].to_owned()
        };
        for keyword in &words.keywords {
            assert_eq!(fold(&shown(&keyword.span)).text(), keyword.word);
            assert!(keyword.weight > 0.0 && keyword.weight <= 1.0, "{keyword:?}");
        }
        let keywords = words.keywords.iter().map(|k| k.word.clone()).collect();
        (keywords, words.sentiment.iter().map(|w| (shown(&w.span), w.weight < 0.0)).collect())
    }

    #[test]
    fn keywords_say_what_a_post_is_about() {
        let (keywords, _) = cut(
            "青嵐溝煤礦頂板冒落",
            "今天我们听说青岚沟煤矿的巷道发生冒顶，巷道里的工人已经升井，救护队还在现场。",
        );
        for word in ["巷道", "升井", "救护队"] {
            assert!(keywords.iter().any(|k| k == word), "{word} in {keywords:?}");
        }
        for word in ["我们", "青岚沟煤矿", "的", "已经"] {
            assert!(!keywords.iter().any(|k| k == word), "{word} in {keywords:?}");
        }
        assert!((5..=MAX_KEYWORDS).contains(&keywords.len()), "{keywords:?}");
    }

    #[test]
    fn sentiment_words_stand_on_the_seams_of_the_cut() {
        let (_, sentiment) = cut("云岭矿业拖欠工资", "血汗钱要不回来");
        let words: Vec<&str> = sentiment.iter().map(|(word, _)| word.as_str()).collect();
        assert!(words.contains(&"拖欠工资") && words.contains(&"血汗钱"), "{words:?}");
        assert!(sentiment.iter().all(|(_, is_bad)| *is_bad));
    }

    #[test]
    fn a_text_without_words_has_none() {
        assert_eq!(cut("", "。。！！ 123 456"), (Vec::new(), Vec::new()));
        assert!(cut("", "好").0.is_empty());
    }
}
