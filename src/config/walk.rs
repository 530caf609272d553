//! Walks a table along the schema and reports everything that is wrong with it, each with its line.
//!
//! In: a parsed file and its schema. Out: problems. Goes on after each of them; looks at one file only,
//! so that what refers to another one is checked in `cross`.

use std::net::{IpAddr, SocketAddr};

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::ADAPTIVE;
use super::document::{FileText, Node, nearest};
use super::problem::{Fault, Level, Problem};
use super::route::Hours;
use super::schema::{Key, Shape};
use crate::cases::Limit;
use crate::schedule::{Calendar, Schedule};

/// Checks a query; the fault if it cannot be read.
pub(super) type QueryCheck<'a> = &'a dyn Fn(&str) -> Option<Fault>;

/// One walk through one file.
pub(super) struct Walk<'a> {
    pub(super) file: &'a FileText,
    pub(super) queries: QueryCheck<'a>,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) references: &'a mut Vec<Reference>,
}

/// A name that something in any of the files must have.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The table that something stands in.
    pub(super) table: &'static str,
    /// Its id.
    pub(super) name: String,
    /// Where the name is used.
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) key: String,
}

impl Walk<'_> {
    /// Checks `table`, which is written at `line`, for the keys of all of `keys`.
    pub(super) fn table(&mut self, table: &DeTable, line: usize, keys: &[&[Key]], path: &str) {
        let known = || keys.iter().copied().flatten();
        for (name, node) in table {
            let path = join(path, name.get_ref());
            match known().find(|key| key.name == name.get_ref()) {
                Some(key) => self.value(node, key.shape, key.required, &path),
                None => self.unknown(name, node, known(), &path),
            }
        }
        for key in known().filter(|key| key.required && !table.contains_key(key.name)) {
            self.push(line, join(path, key.name), String::new(), Fault::Missing);
        }
    }

    fn push(&mut self, line: usize, key: String, value: String, fault: Fault) {
        let file = self.file.shown();
        self.problems.push(Problem { level: Level::Error, file, line, key, value, fault });
    }

    fn report(&mut self, node: &Node, path: &str, fault: Fault) {
        let (line, value) = (self.file.line(node.span().start), self.file.written(node));
        self.push(line, path.to_owned(), value, fault);
    }

    fn unknown<'k>(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        node: &Node,
        known: impl Iterator<Item = &'k Key> + Clone,
        path: &str,
    ) {
        let line = self.file.line(name.span().start);
        let names: Vec<&str> = known.map(|key| key.name).collect();
        let name = name.get_ref().as_ref();
        let close = nearest(name, names.iter().copied());
        // `secret` is the value itself, `secret_evn` a slip of the pen.
        if is_secret(name) && (close.is_empty() || close.starts_with(name)) {
            let fault = Fault::InlineSecret { key: name.to_owned() };
            return self.push(line, path.to_owned(), String::new(), fault);
        }
        let fault = Fault::UnknownKey { nearest: close, known: names.join(", ") };
        let value = match node.get_ref() {
            DeValue::Table(_) => String::new(),
            _ if is_secret(name) => String::new(),
            _ => self.file.written(node),
        };
        self.push(line, path.to_owned(), value, fault);
    }

    fn value(&mut self, node: &Node, shape: Shape, required: bool, path: &str) {
        match (shape, node.get_ref()) {
            (Shape::Table(keys), DeValue::Table(table)) => {
                self.table(table, self.file.line(node.span().start), &[keys], path);
            }
            (Shape::Tables(_) | Shape::Kinds(..), DeValue::Array(array)) => {
                for entry in array.iter() {
                    self.entry(entry, shape, path);
                }
            }
            (Shape::List(_), DeValue::Array(array)) if required && array.is_empty() => {
                self.report(node, path, Fault::Empty);
            }
            (Shape::List(inner), DeValue::Array(array)) => {
                for element in array.iter() {
                    self.value(element, *inner, true, path);
                }
            }
            (Shape::Map, DeValue::Table(table)) => self.map(table, path),
            (Shape::Flag, DeValue::Boolean(_)) => {}
            (Shape::Count(min, max), DeValue::Integer(number)) => {
                let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
                if !read.is_some_and(|n| i64::from(min) <= n && n <= i64::from(max)) {
                    let fault = Fault::OutOfRange { min: min.into(), max: max.into() };
                    self.report(node, path, fault);
                }
            }
            (Shape::Number(min, max), DeValue::Integer(_) | DeValue::Float(_)) => {
                let raw = self.file.text.get(node.span()).unwrap_or_default().replace('_', "");
                if !raw.parse::<f64>().is_ok_and(|n| min <= n && n <= max) {
                    self.report(node, path, Fault::OutOfRange { min, max });
                }
            }
            (_, DeValue::String(text)) => match text_fault(shape, text, self.queries) {
                Some(fault) => self.report(node, path, fault),
                None if required && text.trim().is_empty() => {
                    self.report(node, path, Fault::Empty);
                }
                None => self.refer(node, shape, text, path),
            },
            (shape, _) => self.report(node, path, Fault::WrongType { expected: type_name(shape) }),
        }
    }

    fn refer(&mut self, node: &Node, shape: Shape, name: &str, path: &str) {
        let table = match shape {
            Shape::Ref(table) => Some(table),
            // Whoever is on duty is one only where there is a roster.
            Shape::Way if name == super::duty::DUTY => Some("duty"),
            Shape::Way => Some("notifier"),
            _ => None,
        };
        if let Some(table) = table {
            self.references.push(Reference {
                table,
                name: name.to_owned(),
                file: self.file.shown(),
                line: self.file.line(node.span().start),
                key: path.to_owned(),
            });
        }
    }

    /// One table of an array of tables.
    fn entry(&mut self, node: &Node, shape: Shape, path: &str) {
        let line = self.file.line(node.span().start);
        let DeValue::Table(table) = node.get_ref() else {
            return self.report(node, path, Fault::WrongType { expected: "tables" });
        };
        match shape {
            Shape::Kinds(common, kinds) => self.kind(table, line, common, kinds, path),
            Shape::Tables(keys) => self.table(table, line, &[keys], path),
            _ => {}
        }
    }

    fn kind(
        &mut self,
        table: &DeTable,
        line: usize,
        common: &'static [Key],
        kinds: &'static [(&'static str, &'static [Key])],
        path: &str,
    ) {
        const KIND: &[Key] = &[Key { name: "kind", shape: Shape::Text, required: true }];
        let written = table.get("kind").map(Spanned::get_ref);
        let chosen = match written {
            Some(DeValue::String(name)) => kinds.iter().find(|(kind, _)| kind == name),
            _ => None,
        };
        if let Some((_, own)) = chosen {
            return self.table(table, line, &[common, KIND, own], path);
        }
        // Which keys belong to it is not known: any that some kind has may stand, none is missing.
        let loose: Vec<Key> = kinds
            .iter()
            .flat_map(|(_, keys)| *keys)
            .map(|k| Key { required: false, ..*k })
            .collect();
        self.table(table, line, &[common, KIND, &loose], path);
        if let (Some(node), Some(DeValue::String(name))) = (table.get("kind"), written) {
            let names = || kinds.iter().map(|(kind, _)| *kind);
            let known = names().collect::<Vec<_>>().join(", ");
            let fault = Fault::NotOneOf { nearest: nearest(name, names()), known };
            self.report(node, &join(path, "kind"), fault);
        }
    }

    fn map(&mut self, table: &DeTable, path: &str) {
        for (name, node) in table {
            let path = join(path, name.get_ref());
            match node.get_ref() {
                DeValue::String(_) if path.contains(".headers.") && is_secret(name.get_ref()) => {
                    let line = self.file.line(name.span().start);
                    let fault = Fault::InlineSecret { key: name.get_ref().to_string() };
                    self.push(line, path, String::new(), fault);
                }
                DeValue::String(_) => {}
                _ => self.report(node, &path, Fault::WrongType { expected: "text" }),
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether a key speaks of something that must not stand in a config.
fn is_secret(name: &str) -> bool {
    const MARKS: [&str; 8] =
        ["secret", "password", "passwd", "token", "api_key", "apikey", "authorization", "cookie"];
    let name = name.to_lowercase().replace('-', "_");
    MARKS.iter().any(|mark| name.contains(mark))
}

/// Locale key of what a shape is called.
fn type_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Flag => "flag",
        Shape::Count(..) => "count",
        Shape::Number(..) => "number",
        Shape::List(_) => "list",
        Shape::Map => "map",
        Shape::Table(_) => "table",
        Shape::Tables(_) | Shape::Kinds(..) => "tables",
        _ => "text",
    }
}

fn text_fault(shape: Shape, text: &str, queries: QueryCheck) -> Option<Fault> {
    match shape {
        Shape::Flag
        | Shape::Count(..)
        | Shape::Number(..)
        | Shape::List(_)
        | Shape::Map
        | Shape::Table(_)
        | Shape::Tables(_)
        | Shape::Kinds(..) => Some(Fault::WrongType { expected: type_name(shape) }),
        Shape::Text | Shape::Path => None,
        Shape::Id | Shape::Ref(_) | Shape::Way => (!is_id(text)).then_some(Fault::BadId),
        Shape::UrlOrNone if text.is_empty() => None,
        Shape::Url | Shape::UrlOrNone => url_fault(text),
        Shape::Host => (!is_host(text)).then_some(Fault::BadHost),
        Shape::Query if text.trim().is_empty() => Some(Fault::Empty),
        Shape::QueryOrNone if text.trim().is_empty() => None,
        Shape::Query | Shape::QueryOrNone => queries(text),
        Shape::Pacing if text == ADAPTIVE => None,
        Shape::Cron | Shape::Pacing => Schedule::parse(text).err().map(Fault::BadCron),
        Shape::Zone => text.parse::<Tz>().err().map(|_| Fault::BadZone {
            nearest: nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name())),
        }),
        Shape::Contact => (!is_contact(text)).then_some(Fault::BadContact),
        Shape::Listen => text.parse::<SocketAddr>().err().map(|_| Fault::BadListen),
        Shape::Limit => text.parse::<Limit>().is_err().then_some(Fault::BadLimit),
        Shape::Date => Calendar::days_of(text).is_none().then_some(Fault::BadDate),
        Shape::Hours => text.parse::<Hours>().is_err().then_some(Fault::BadHours),
        Shape::Pointer => (!(text.is_empty() || text.starts_with('/')))
            .then_some(Fault::WrongType { expected: "pointer" }),
        Shape::OneOf(known) => (!known.contains(&text)).then(|| Fault::NotOneOf {
            nearest: nearest(text, known.iter().copied()),
            known: known.join(", "),
        }),
    }
}

fn is_id(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'))
}

fn url_fault(text: &str) -> Option<Fault> {
    let why = match Url::parse(&text.replace("{page}", "1").replace("{word}", "1")) {
        Err(error) => error.to_string(),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("`{}:` is not http: or https:", url.scheme())
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "user name or password in an address".to_owned()
        }
        Ok(_) => return None,
    };
    Some(Fault::BadUrl { why })
}

/// A host name or address, with or without a port.
fn is_host(text: &str) -> bool {
    let with_port = Url::parse(&format!("http://{text}/"));
    let bare = text.parse::<IpAddr>().is_ok();
    bare || with_port
        .is_ok_and(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
        && !text.contains(['/', ' ', '*'])
}

/// Whether `text` is an address of the web that a source may have.
pub(crate) fn is_url(text: &str) -> bool {
    url_fault(text).is_none()
}

/// Whether `text` is a mail address or a page, or empty.
pub(crate) fn is_contact(text: &str) -> bool {
    let mail = text.strip_prefix("mailto:").unwrap_or(text);
    let is_mail = mail.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && is_host(host) && !mail.contains(' ')
    });
    text.is_empty() || is_mail || (text.contains("://") && url_fault(text).is_none())
}
