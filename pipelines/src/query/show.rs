//! A tree written back as a query: normal form, all literals quoted, brackets where they matter.
//!
//! In: a tree. Out: text that parses to the same tree (a property test says so; `words:(…)` may be cut
//! anew). Used to show what was understood, clause by clause.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{
    FieldTest, Literal, Node, NumberRange, Pattern, Scope, TextTest, Unit, WordsTest,
};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Node::All(parts) => joined(f, parts, " ", |part| matches!(part, Node::Any(_))),
            Node::Any(parts) => joined(f, parts, " | ", |part| matches!(part, Node::All(_))),
            Node::Not(inner) => {
                f.write_char('-')?;
                let is_wide = matches!(**inner, Node::All(_) | Node::Any(_)) || is_near(inner);
                bracketed(f, &**inner, is_wide)
            }
            Node::AtLeast { count, of } => {
                write!(f, "{count} OF (")?;
                joined(f, of, ", ", |_| false)?;
                f.write_char(')')
            }
            Node::Text(test) => test.fmt(f),
            Node::Words(test) => test.fmt(f),
            Node::Field(test) => test.fmt(f),
        }
    }
}

fn is_near(node: &Node) -> bool {
    matches!(node, Node::Text(test)
        if test.scope == Scope::Both && test.min == 1 && test.max.is_none() && binds_loosely(&test.pattern))
}

fn joined(
    f: &mut Formatter<'_>,
    parts: &[Node],
    joint: &str,
    is_wide: fn(&Node) -> bool,
) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(joint)?;
        }
        bracketed(f, part, is_wide(part) || holds_either(part))?;
    }
    Ok(())
}

/// Alternatives of patterns read like alternatives of nodes.
fn holds_either(node: &Node) -> bool {
    matches!(
        node,
        Node::Text(TextTest { scope: Scope::Both, pattern: Pattern::Either(_), min: 1, max: None })
    )
}

fn bracketed(f: &mut Formatter<'_>, part: &dyn Display, is_wide: bool) -> fmt::Result {
    if is_wide { write!(f, "({part})") } else { part.fmt(f) }
}

impl Display for TextTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let has_count = self.min > 1 || self.max.is_some();
        f.write_str(match self.scope {
            Scope::Both => "",
            Scope::Title => "title:",
            Scope::Body => "body:",
        })?;
        let is_bound = has_count || self.scope != Scope::Both;
        bracketed(f, &self.pattern, is_bound && binds_loosely(&self.pattern))?;
        match (has_count, self.max) {
            (false, _) => Ok(()),
            (true, None) => write!(f, "{{{},}}", self.min),
            (true, Some(max)) => write!(f, "{{{},{max}}}", self.min),
        }
    }
}

fn binds_loosely(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Either(_) | Pattern::Near { .. } | Pattern::Same { .. })
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Literal(literal) => literal.fmt(f),
            Pattern::Word(literal) => write!(f, "word:{literal}"),
            Pattern::Regex(regexp) => write!(f, "/{}/", regexp.source.replace('/', "\\/")),
            Pattern::Alias(alias) => write!(f, "@{}", quoted(alias.subject.as_str())),
            Pattern::Either(patterns) => {
                for (i, pattern) in patterns.iter().enumerate() {
                    write!(f, "{}{pattern}", if i > 0 { " | " } else { "" })?;
                }
                Ok(())
            }
            Pattern::Near { left, right, distance, ordered } => {
                let sign = if *ordered { "ONEAR" } else { "NEAR" };
                sides(f, left, &format!("{sign}/{distance}"), right)
            }
            Pattern::Same { left, right, unit: Unit::Sentence } => sides(f, left, "同句", right),
            Pattern::Same { left, right, unit: Unit::Paragraph } => sides(f, left, "同段", right),
        }
    }
}

fn sides(f: &mut Formatter<'_>, left: &Pattern, sign: &str, right: &Pattern) -> fmt::Result {
    bracketed(f, left, matches!(left, Pattern::Either(_)))?;
    write!(f, " {sign} ")?;
    bracketed(f, right, binds_loosely(right))
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let star = |open| if open { "*" } else { "" };
        write!(f, "{}{}{}", star(self.open_start), quoted(&self.text), star(self.open_end))
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '“' | '”' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

impl Display for WordsTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        f.write_str(match self.scope {
            Scope::Both => "",
            Scope::Title => "title:",
            Scope::Body => "body:",
        })?;
        write!(f, "words:({})", words.join("，"))
    }
}

impl Display for FieldTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FieldTest::Source(id) => write!(f, "source:{}", quoted(id.as_str())),
            FieldTest::Channel(channel) => write!(f, "channel:{}", channel.as_str()),
            FieldTest::Site(site) => write!(f, "site:{site}"),
            FieldTest::Topic(topic) => write!(f, "topic:{}", quoted(topic.as_str())),
            FieldTest::Keyword(word) => write!(f, "keyword:{}", quoted(word)),
            FieldTest::Subject(any) => {
                let asked = any.first().map_or("", |subject| subject.as_str());
                write!(f, "subject:{}", quoted(asked))
            }
            FieldTest::Polarity(polarity) => write!(f, "polarity:{}", polarity.as_str()),
            FieldTest::Reading(polarity) => write!(f, "reading:{}", polarity.as_str()),
            FieldTest::Kind(kind) => write!(f, "kind:{}", kind.as_str()),
            FieldTest::Urgency(range) => write!(f, "urgency:{range}"),
            FieldTest::Unsure(unsure) => write!(f, "unsure:{}", if *unsure { "yes" } else { "no" }),
            FieldTest::Risk(range) => write!(f, "risk:{range}"),
            FieldTest::Story(story) => write!(f, "story:{story}"),
            FieldTest::Case(case) => write!(f, "case:{}", quoted(case)),
            FieldTest::Published(range) => write!(f, "published:{}", quoted(&range.source)),
            FieldTest::Heat(range) => write!(f, "heat:{range}"),
        }
    }
}

impl Display for NumberRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let equals = |inclusive| if inclusive { "=" } else { "" };
        match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => write!(f, "{}", from.value),
            (Some(from), Some(to)) => write!(f, "{}..{}", from.value, to.value),
            (Some(from), None) => write!(f, ">{}{}", equals(from.inclusive), from.value),
            (None, Some(to)) => write!(f, "<{}{}", equals(to.inclusive), to.value),
            (None, None) => f.write_str(".."),
        }
    }
}
