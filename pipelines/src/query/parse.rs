//! From what was typed to a tree: the boolean levels of the grammar.
//!
//! In: a query and its [`Context`]. Out: a [`Node`], or the first fault with its place. Recursive descent
//! with bounds on length, depth and number of parts, so that any input ends in time and none overflows
//! the stack. What stands between operators is read in `operand`.

use super::ast::{Node, Pattern, Scope, TextTest, Unit};
use super::context::Context;
use super::error::QueryError;
use super::scan::Scanner;

/// Longest query, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of groups and negations.
pub(super) const MAX_DEPTH: usize = 50;
/// Most words, phrases, fields and names in one query.
pub(super) const MAX_PARTS: usize = 5_000;
/// Widest NEAR, in characters.
pub(super) const MAX_DISTANCE: u32 = 1_000;

/// A part of the query that was read, and the characters it took.
pub(super) struct Part {
    pub node: Node,
    pub from: usize,
    pub to: usize,
}

pub(super) struct Parser<'a> {
    pub scan: Scanner,
    pub context: &'a Context,
    pub scope: Scope,
    /// Inside `word:`, where literals become words.
    pub as_word: bool,
    pub depth: usize,
    pub parts: usize,
}

/// What joins two operands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Joint {
    And,
    Or,
    Near { distance: u32, ordered: bool },
    Same(Unit),
}

type Read<T> = Result<T, QueryError>;

/// Parses the whole of `input`.
pub(super) fn parse_tree(input: &str, context: &Context) -> Read<Node> {
    let mut parser = Parser {
        scan: Scanner::new(input),
        context,
        scope: Scope::Both,
        as_word: false,
        depth: 0,
        parts: 0,
    };
    if input.len() > MAX_BYTES {
        return Err(QueryError::new("too_long", 0, 0).with("max", MAX_BYTES / 1024));
    }
    parser.scan.skip_blanks();
    if parser.scan.peek().is_none() {
        return Err(parser.scan.fault("empty", 0, 0));
    }
    let part = parser.any()?;
    match parser.scan.peek() {
        None => {}
        Some(',' | '、') => return Err(parser.fault_here("comma").with("sign", "，")),
        Some(_) => return Err(parser.fault_here("unexpected_close")),
    }
    match is_anchored(&part.node) {
        true => Ok(part.node),
        false => Err(parser.scan.fault("pure_negation", part.from, part.to)),
    }
}

/// Whether something must be there for the query to match: a query of negations alone would match nearly
/// every post.
fn is_anchored(node: &Node) -> bool {
    match node {
        Node::All(parts) => parts.iter().any(is_anchored),
        Node::Any(parts) => parts.iter().all(is_anchored),
        Node::Not(_) => false,
        Node::AtLeast { count, of } => of.iter().filter(|part| !is_anchored(part)).count() < *count,
        Node::Text(_) | Node::Words(_) | Node::Field(_) => true,
    }
}

impl Parser<'_> {
    /// `a | b`
    pub(super) fn any(&mut self) -> Read<Part> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.joint()? == Some(Joint::Or) {
            self.eat_joint("OR")?;
            parts.push(self.all()?);
        }
        Ok(join(parts, Node::Any))
    }

    /// `a b`, `a + b`
    fn all(&mut self) -> Read<Part> {
        let mut parts = vec![self.near()?];
        while self.joint()? == Some(Joint::And) {
            self.eat_joint("AND")?;
            parts.push(self.near()?);
        }
        Ok(join(parts, Node::All))
    }

    /// `a NEAR/5 b`, `a 同句 b`
    fn near(&mut self) -> Read<Part> {
        let mut left = self.negation()?;
        while let Some(joint @ (Joint::Near { .. } | Joint::Same(_))) = self.joint()? {
            self.eat_joint("NEAR")?;
            let right = self.negation()?;
            left = self.joined(left, joint, right)?;
        }
        Ok(left)
    }

    fn joined(&self, left: Part, joint: Joint, right: Part) -> Read<Part> {
        let (from, to) = (left.from, right.to);
        let (scope, left) = self.place_of(left, None)?;
        let (scope, right) = self.place_of(right, Some(scope))?;
        let (left, right) = (Box::new(left), Box::new(right));
        let pattern = match joint {
            Joint::Near { distance, ordered } => Pattern::Near { left, right, distance, ordered },
            Joint::Same(unit) => Pattern::Same { left, right, unit },
            Joint::And | Joint::Or => unreachable!("only near and same join places"),
        };
        let node = Node::Text(TextTest { scope, pattern, min: 1, max: None });
        Ok(Part { node, from, to })
    }

    /// The pattern of an operand of NEAR or of a count: something with places in one text.
    pub(super) fn place_of(&self, part: Part, scope: Option<Scope>) -> Read<(Scope, Pattern)> {
        let fault = |name| self.scan.fault(name, part.from, part.to);
        let Some((own, pattern)) = as_pattern(part.node) else {
            return Err(fault("near_operand"));
        };
        match scope {
            Some(other) if other != own => Err(fault("near_scope")),
            _ => Ok((own, pattern)),
        }
    }

    /// `-a`, `!a`, `NOT a`
    fn negation(&mut self) -> Read<Part> {
        self.scan.skip_blanks();
        let from = self.scan.pos;
        let is_sign = matches!(self.scan.peek(), Some('-' | '!'));
        let is_word = !is_sign && self.scan.bare_run() == "NOT";
        if !is_sign && !is_word {
            return self.operand();
        }
        self.scan.pos += if is_sign { 1 } else { 3 };
        if is_sign && self.scan.skip_blanks() {
            return Err(self.scan.fault("minus_apart", from, from + 1));
        }
        self.deeper(from)?;
        let part = self.negation()?;
        self.depth -= 1;
        let node = match part.node {
            Node::Not(inner) => *inner,
            node => Node::Not(Box::new(node)),
        };
        Ok(Part { node, from, to: part.to })
    }

    /// One level down; the caller comes back up.
    pub(super) fn deeper(&mut self, from: usize) -> Read<()> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(self.scan.fault("too_deep", from, from + 1).with("max", MAX_DEPTH)),
            false => Ok(()),
        }
    }

    pub(super) fn fault_here(&self, fault: &'static str) -> QueryError {
        self.scan.fault(fault, self.scan.pos, self.scan.pos + 1)
    }

    /// What joins the operand just read to the next, without moving past it; `None` at an end.
    fn joint(&mut self) -> Read<Option<Joint>> {
        self.scan.skip_blanks();
        let joint = match self.scan.peek() {
            None | Some(')' | ',' | '、') => return Ok(None),
            Some('|') => Joint::Or,
            Some('+') => Joint::And,
            // That a blank or a closing sign stands between was checked behind the operand.
            Some(_) => self.keyword()?.unwrap_or(Joint::And),
        };
        Ok(Some(joint))
    }

    /// The joint spelled by the run of characters from here.
    fn keyword(&self) -> Read<Option<Joint>> {
        let run = self.scan.bare_run();
        let (name, number) = run.split_once('/').unwrap_or((&run, ""));
        let to = self.scan.pos + run.chars().count();
        let joint = match name {
            "AND" if number.is_empty() => Joint::And,
            "OR" if number.is_empty() => Joint::Or,
            "同句" | "SAMES" if number.is_empty() => Joint::Same(Unit::Sentence),
            "同段" | "SAMEP" if number.is_empty() => Joint::Same(Unit::Paragraph),
            "NEAR" | "ONEAR" => {
                let distance = number.parse().ok().filter(|n| *n <= MAX_DISTANCE);
                let fault = || self.scan.fault("near_distance", self.scan.pos, to);
                let distance = distance.ok_or_else(|| fault().with("max", MAX_DISTANCE))?;
                Joint::Near { distance, ordered: name == "ONEAR" }
            }
            _ => return Ok(None),
        };
        Ok(Some(joint))
    }

    /// Whether AND, OR, NEAR and the like stand directly behind a closing sign, which parts them from the
    /// operand as well as a blank does.
    pub(super) fn joint_touches(&self) -> Read<bool> {
        let before = self.scan.pos.checked_sub(1).and_then(|pos| self.scan.raw(pos));
        let is_closed = before.is_some_and(|c| ")）}｝\"＂”」』".contains(c));
        Ok(is_closed && self.keyword()?.is_some())
    }

    /// Moves past the joint, if it is written; an operand must follow.
    fn eat_joint(&mut self, shown: &str) -> Read<()> {
        let from = self.scan.pos;
        if matches!(self.scan.peek(), Some('|' | '+')) {
            self.scan.pos += 1;
        } else if self.keyword()?.is_some() {
            self.scan.pos += self.scan.bare_run().chars().count();
        } else {
            return Ok(());
        }
        let to = self.scan.pos;
        self.scan.skip_blanks();
        match self.scan.peek() {
            None | Some(')' | ',' | '、' | '|' | '+') => {
                let sign: String = self.typed(from, to).unwrap_or_else(|| shown.to_owned());
                Err(self.scan.fault("lacks_right", from, to).with("sign", sign))
            }
            Some(_) => Ok(()),
        }
    }

    fn typed(&self, from: usize, to: usize) -> Option<String> {
        let text: String = (from..to).filter_map(|pos| self.scan.raw(pos)).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// A tree of two or more parts, or the one part there is. Parts that are of the same kind are taken in:
/// `a (b c)` is `a b c`.
fn join(parts: Vec<Part>, kind: fn(Vec<Node>) -> Node) -> Part {
    let from = parts.first().map_or(0, |part| part.from);
    let to = parts.last().map_or(0, |part| part.to);
    let mut nodes: Vec<Node> = parts.into_iter().map(|part| part.node).collect();
    let node = if nodes.len() == 1 { nodes.remove(0) } else { kind(flat(nodes, kind)) };
    Part { node, from, to }
}

fn flat(nodes: Vec<Node>, kind: fn(Vec<Node>) -> Node) -> Vec<Node> {
    let is_all = matches!(kind(Vec::new()), Node::All(_));
    let mut out = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::All(inner) if is_all => out.extend(inner),
            Node::Any(inner) if !is_all => out.extend(inner),
            node => out.push(node),
        }
    }
    out
}

/// The pattern a node tests for, if it tests for exactly one occurrence of something in one scope.
fn as_pattern(node: Node) -> Option<(Scope, Pattern)> {
    match node {
        Node::Text(TextTest { scope, pattern, min: 1, max: None }) => Some((scope, pattern)),
        Node::Any(parts) => {
            let mut patterns = Vec::with_capacity(parts.len());
            let mut scope = None;
            for part in parts {
                let (own, pattern) = as_pattern(part)?;
                if scope.is_some_and(|scope| scope != own) {
                    return None;
                }
                scope = Some(own);
                match pattern {
                    Pattern::Either(inner) => patterns.extend(inner),
                    pattern => patterns.push(pattern),
                }
            }
            scope.map(|scope| (scope, Pattern::Either(patterns)))
        }
        _ => None,
    }
}
