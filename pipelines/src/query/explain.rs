//! A query in words: what was understood, what it means, what it costs, whom its names stand for.
//!
//! In: a tree. Out: text for an officer, in Chinese or English. Shares its clause descriptions with `why`.
//! Judges no post.

use super::ast::{Alias, FieldTest, Node, NumberRange, Pattern, Scope, TextTest, Unit};
use super::field::ANY_SUBJECT;
use super::gate::required;
use super::time;
use crate::locale::Lang;

fn fill(lang: Lang, key: &str, args: &[(&str, &str)]) -> String {
    let args: Vec<(&str, &dyn std::fmt::Display)> =
        args.iter().map(|(name, value)| (*name, value as &dyn std::fmt::Display)).collect();
    lang.fill(&format!("query.say.{key}"), &args)
}

/// The whole explanation: tree, meaning, cost, names.
pub(super) fn explain(root: &Node, lang: Lang) -> String {
    let mut out = String::new();
    let mut section = |key: &str, lines: &str| {
        if !lines.is_empty() {
            out.push_str(&fill(lang, key, &[]));
            for line in lines.lines() {
                out.push_str("\n  ");
                out.push_str(line);
            }
            out.push('\n');
        }
    };
    let mut tree = String::new();
    draw(root, lang, 0, &mut tree);
    section("head_read_as", &root.to_string());
    section("head_tree", &tree);
    section("head_meaning", &fill(lang, "meaning", &[("what", &describe(root, lang))]));
    section("head_cost", &cost(root, lang));
    let names: Vec<String> = aliases(root).into_iter().map(|alias| names_of(alias, lang)).collect();
    section("head_names", &names.join("\n"));
    out
}

fn draw(node: &Node, lang: Lang, depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(&head(node, lang));
    out.push('\n');
    for child in children(node) {
        draw(child, lang, depth + 1, out);
    }
}

/// One line for a node: its name if it has parts, its description if it is a leaf.
pub(super) fn head(node: &Node, lang: Lang) -> String {
    match node {
        Node::All(_) => fill(lang, "tree_all", &[]),
        Node::Any(_) => fill(lang, "tree_any", &[]),
        Node::Not(_) => fill(lang, "tree_not", &[]),
        Node::AtLeast { count, .. } => {
            fill(lang, "tree_at_least", &[("count", &count.to_string())])
        }
        leaf => describe(leaf, lang),
    }
}

/// The parts of a node.
pub(super) fn children(node: &Node) -> Vec<&Node> {
    match node {
        Node::All(parts) | Node::Any(parts) | Node::AtLeast { of: parts, .. } => {
            parts.iter().collect()
        }
        Node::Not(inner) => vec![inner],
        _ => Vec::new(),
    }
}

/// A node in words.
pub(super) fn describe(node: &Node, lang: Lang) -> String {
    match node {
        Node::All(parts) => list(parts, "and", lang),
        Node::Any(parts) => list(parts, "or", lang),
        Node::Not(inner) => fill(lang, "not", &[("what", &part(inner, lang))]),
        Node::AtLeast { count, of } => {
            let items: Vec<String> = of.iter().map(|item| describe(item, lang)).collect();
            let items = items.join(&fill(lang, "comma", &[]));
            fill(lang, "at_least", &[("count", &count.to_string()), ("items", &items)])
        }
        Node::Text(test) => describe_text(test, lang),
        Node::Words(test) => {
            let words: Vec<&str> = test.words.iter().map(|word| word.text.as_str()).collect();
            let words = words.join(" ");
            fill(lang, "words", &[("where", &place(test.scope, lang)), ("words", &words)])
        }
        Node::Field(test) => describe_field(test, lang),
    }
}

fn list(parts: &[Node], joint: &str, lang: Lang) -> String {
    let parts: Vec<String> = parts.iter().map(|node| part(node, lang)).collect();
    parts.join(&fill(lang, joint, &[]))
}

fn part(node: &Node, lang: Lang) -> String {
    let text = describe(node, lang);
    match node {
        Node::All(_) | Node::Any(_) => fill(lang, "group", &[("what", &text)]),
        _ => text,
    }
}

fn place(scope: Scope, lang: Lang) -> String {
    let key = match scope {
        Scope::Both => "in_both",
        Scope::Title => "in_title",
        Scope::Body => "in_body",
    };
    fill(lang, key, &[])
}

fn describe_text(test: &TextTest, lang: Lang) -> String {
    let what = describe_pattern(&test.pattern, lang);
    let place = place(test.scope, lang);
    let (min, max) = (test.min.to_string(), test.max.unwrap_or_default().to_string());
    let args: [(&str, &str); 4] =
        [("where", &place), ("what", &what), ("min", &min), ("max", &max)];
    let key = match (test.min, test.max) {
        (1, None) => "occurs",
        (_, None) => "occurs_min",
        (_, Some(_)) => "occurs_between",
    };
    fill(lang, key, &args)
}

fn describe_pattern(pattern: &Pattern, lang: Lang) -> String {
    match pattern {
        Pattern::Literal(literal) => {
            let key = match (literal.open_start, literal.open_end) {
                (false, false) => "literal",
                (true, false) => "literal_ends",
                (false, true) => "literal_begins",
                (true, true) => "literal_inside",
            };
            fill(lang, key, &[("text", &literal.text)])
        }
        Pattern::Word(literal) => fill(lang, "word", &[("text", &literal.text)]),
        Pattern::Regex(regexp) => fill(lang, "regex", &[("text", &regexp.source)]),
        Pattern::Alias(alias) => fill(lang, "alias", &[("name", &alias.names[0].text)]),
        Pattern::Either(patterns) => {
            let parts: Vec<String> =
                patterns.iter().map(|pattern| describe_pattern(pattern, lang)).collect();
            let what = parts.join(&fill(lang, "or", &[]));
            fill(lang, "group", &[("what", &what)])
        }
        Pattern::Near { left, right, distance, ordered } => {
            let key = if *ordered { "near_ordered" } else { "near" };
            sides(key, left, right, &distance.to_string(), lang)
        }
        Pattern::Same { left, right, unit: Unit::Sentence } => {
            sides("same_sentence", left, right, "", lang)
        }
        Pattern::Same { left, right, unit: Unit::Paragraph } => {
            sides("same_paragraph", left, right, "", lang)
        }
    }
}

fn sides(key: &str, left: &Pattern, right: &Pattern, distance: &str, lang: Lang) -> String {
    let (left, right) = (describe_pattern(left, lang), describe_pattern(right, lang));
    fill(lang, key, &[("left", &left), ("right", &right), ("distance", distance)])
}

fn describe_field(test: &FieldTest, lang: Lang) -> String {
    let (key, value) = match test {
        FieldTest::Source(id) => ("source", id.to_string()),
        FieldTest::Channel(channel) => {
            ("channel", lang.text(&format!("record.channel.{}", channel.as_str())))
        }
        FieldTest::Site(site) => ("site", site.clone()),
        FieldTest::Topic(topic) => ("topic", topic.to_string()),
        FieldTest::Keyword(word) => ("keyword", word.clone()),
        FieldTest::Subject(any) if any.first().is_some_and(|id| id.as_str() == ANY_SUBJECT[0]) => {
            ("any_subject", String::new())
        }
        FieldTest::Subject(any) => {
            ("subject", any.first().map_or_else(String::new, ToString::to_string))
        }
        FieldTest::Polarity(polarity) => {
            ("polarity", lang.text(&format!("record.polarity.{}", polarity.as_str())))
        }
        FieldTest::Reading(polarity) => {
            ("reading", lang.text(&format!("record.polarity.{}", polarity.as_str())))
        }
        FieldTest::Kind(kind) => ("kind", lang.text(&format!("record.kind.{}", kind.as_str()))),
        FieldTest::Urgency(range) => ("urgency", describe_range(range, lang)),
        FieldTest::Unsure(true) => ("unsure", String::new()),
        FieldTest::Unsure(false) => ("sure", String::new()),
        FieldTest::Risk(range) => ("risk", describe_range(range, lang)),
        FieldTest::Story(story) => ("story", story.to_string()),
        FieldTest::Case(case) => ("case", case.clone()),
        FieldTest::Published(range) => ("published", time::in_words(range, lang)),
        FieldTest::Heat(range) => ("heat", describe_range(range, lang)),
    };
    fill(lang, key, &[("value", &value)])
}

fn describe_range(range: &NumberRange, lang: Lang) -> String {
    match (range.from, range.to) {
        (Some(from), Some(to)) if from == to => from.value.to_string(),
        (Some(from), Some(to)) => {
            let (from, to) = (from.value.to_string(), to.value.to_string());
            fill(lang, "between", &[("from", &from), ("to", &to)])
        }
        _ => range.to_string(),
    }
}

/// What makes a query dear or cheap: whether rare words open it, expressions, counted words, dictionary.
fn cost(root: &Node, lang: Lang) -> String {
    let mut lines = vec![match required(root) {
        Some(words) => {
            let shown: Vec<&str> = words.iter().take(8).map(String::as_str).collect();
            let more = if words.len() > 8 { "…" } else { "" };
            let words = format!("{}{more}", shown.join(" | "));
            fill(lang, "cost_required", &[("words", &words)])
        }
        None => fill(lang, "cost_all", &[]),
    }];
    let mut has_regex = false;
    let mut has_word = false;
    visit(root, &mut |pattern| {
        has_regex |= matches!(pattern, Pattern::Regex(_));
        has_word |= matches!(pattern, Pattern::Word(_));
    });
    if has_regex {
        lines.push(fill(lang, "cost_regex", &[]));
    }
    if has_word {
        lines.push(fill(lang, "cost_dictionary", &[]));
    }
    lines.join("\n")
}

fn names_of(alias: &Alias, lang: Lang) -> String {
    let texts = |literals: &[super::ast::Literal]| {
        literals.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join(" | ")
    };
    let (subject, names) = (alias.subject.to_string(), texts(&alias.names));
    let exclude = texts(&alias.exclude);
    let key = if exclude.is_empty() { "names" } else { "names_without" };
    fill(lang, key, &[("subject", &subject), ("names", &names), ("exclude", &exclude)])
}

fn aliases(root: &Node) -> Vec<&Alias> {
    let mut found: Vec<&Alias> = Vec::new();
    visit(root, &mut |pattern| {
        if let Pattern::Alias(alias) = pattern
            && !found.contains(&&**alias)
        {
            found.push(alias);
        }
    });
    found
}

/// Every pattern of a tree, outer before inner.
pub(super) fn visit<'a>(root: &'a Node, see: &mut impl FnMut(&'a Pattern)) {
    let mut nodes = vec![root];
    while let Some(node) = nodes.pop() {
        nodes.extend(children(node).into_iter().rev());
        let Node::Text(test) = node else { continue };
        let mut patterns = vec![&test.pattern];
        while let Some(pattern) = patterns.pop() {
            see(pattern);
            match pattern {
                Pattern::Either(inner) => patterns.extend(inner.iter().rev()),
                Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                    patterns.extend([&**right, &**left]);
                }
                _ => {}
            }
        }
    }
}
