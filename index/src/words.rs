//! The segmented words of a query.
//!
//! In: a tree, or a text that was typed. Out: words to rank by, or a test of all words. The dictionary is loaded only where a
//! literal must be cut.

use pipelines::query::{Literal, Node, Pattern, Scope, WordsTest};
use pipelines::text::{Segmenter, fold};

/// The words that a tree asks for, apart from what it excludes, each once. The dictionary is loaded only
/// where literals must be cut.
pub(crate) fn words_asked(node: &Node, segmenter: &Segmenter) -> Vec<String> {
    let mut words = Vec::new();
    asked_words(node, segmenter, &mut words);
    words.sort_unstable();
    words.dedup();
    words
}

fn asked_words(node: &Node, segmenter: &Segmenter, into: &mut Vec<String>) {
    match node {
        Node::All(nodes) | Node::Any(nodes) | Node::AtLeast { of: nodes, .. } => {
            nodes.iter().for_each(|n| asked_words(n, segmenter, into));
        }
        Node::Text(test) => pattern_words(&test.pattern, segmenter, into),
        Node::Words(test) => into.extend(test.words.iter().map(|w| w.text.clone())),
        Node::Not(_) | Node::Field(_) => {}
    }
}

fn pattern_words(pattern: &Pattern, segmenter: &Segmenter, into: &mut Vec<String>) {
    let mut cut = |literal: &Literal| into.extend(words_of(&literal.text, segmenter));
    match pattern {
        Pattern::Literal(literal) | Pattern::Word(literal) => cut(literal),
        Pattern::Alias(alias) => alias.names.iter().for_each(cut),
        Pattern::Regex(_) => {}
        Pattern::Either(all) => all.iter().for_each(|p| pattern_words(p, segmenter, into)),
        Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
            pattern_words(left, segmenter, into);
            pattern_words(right, segmenter, into);
        }
    }
}

/// The segmented words of a folded text.
pub(crate) fn words_of<'a>(
    folded: &'a str,
    segmenter: &Segmenter,
) -> impl Iterator<Item = String> + use<'a> {
    segmenter.words(folded).into_iter().map(move |w| folded[w.start..w.end].to_owned())
}

/// The test of all segmented words of `text`, which need not be folded; none where it has no word.
pub(crate) fn words_test(text: &str, segmenter: &Segmenter) -> Option<Node> {
    let folded = fold(text);
    let words: Vec<Literal> =
        words_of(folded.text(), segmenter).filter_map(|w| Literal::new(&w)).collect();
    let scope = Scope::Both;
    (!words.is_empty()).then_some(Node::Words(WordsTest { scope, words }))
}
