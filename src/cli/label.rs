//! `guanlan label POST …`: an officer's corrections of a post: stored, audited, in force at once; and taken back. Which
//! posts wait for one, and what the corrections on a source have taught.

use std::io::Write;

use clap::Args;
use pipelines::annotate::shown_words;
use pipelines::record::{Polarity, PostKind};
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Globals, Outcome, open};
use crate::desk::corrections::{ChangedField, InLine, Wanted};
use crate::desk::layers::LayerLine;
use crate::desk::{Desk, DeskError, Who};

/// Posts shown of those that wait, unless said.
const NEXT: &str = "20";

#[derive(Args)]
pub struct LabelArgs {
    #[arg(value_name = "POST", required_unless_present_any = ["next", "layers", "forget", "learn"])]
    post: Option<String>,
    #[arg(long, value_name = "POLARITY", value_parser = ["negative", "neutral", "positive"])]
    polarity: Option<String>,
    #[arg(long, value_name = "KIND", value_parser = PostKind::ALL.map(PostKind::as_str))]
    kind: Option<String>,
    #[arg(long, value_name = "0..3", value_parser = clap::value_parser!(u8).range(0..=3))]
    urgency: Option<u8>,
    #[arg(long, value_name = "+TOPIC|-TOPIC", allow_hyphen_values = true)]
    topic: Vec<String>,
    #[arg(long, value_name = "+SUBJECT|-SUBJECT", allow_hyphen_values = true)]
    subject: Vec<String>,
    #[arg(long, requires = "post", conflicts_with_all = ["polarity", "kind", "urgency", "topic", "subject"])]
    undo: bool,
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = NEXT, conflicts_with = "post")]
    next: Option<usize>,
    #[arg(long, conflicts_with_all = ["post", "next"])]
    layers: bool,
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["post", "next", "layers"])]
    forget: Option<String>,
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["post", "next", "layers", "forget"])]
    learn: Option<String>,
}

/// What the desk refused on one side, what could not be written on the other.
type Told = Result<anyhow::Result<()>, DeskError>;

impl LabelArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        match self.work(&desk, &open::who(globals), globals, out) {
            Ok(written) => written.map(|()| Outcome::Good),
            Err(error) => open::refused(error, globals.lang),
        }
    }

    fn work(&self, desk: &Desk, who: &Who, globals: &Globals, out: &mut dyn Write) -> Told {
        if let Some(count) = self.next {
            return Ok(show_next(&desk.next_in_line(who, count)?, globals, out));
        }
        if self.layers {
            return Ok(show_layers(&desk.layers(who)?, globals, out));
        }
        let layer = match (&self.forget, &self.learn) {
            (Some(source), _) => Some(desk.forget_layer(who, source)?),
            (_, Some(source)) => Some(desk.learn_layer(who, source)?),
            _ => None,
        };
        match (layer, &self.post) {
            (Some(layer), _) => Ok(show_layers(&[layer], globals, out)),
            (None, Some(post)) => self.correct(desk, who, post, globals, out),
            // The arguments ask for one of them.
            (None, None) => Ok(Ok(())),
        }
    }

    fn correct(
        &self,
        desk: &Desk,
        who: &Who,
        post: &str,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> Told {
        let lang = globals.lang;
        let told = if self.undo {
            let (post, fields) = desk.take_back(who, post)?;
            vec![lang.fill("cli.label.undone", &[("post", &post), ("n", &fields)])]
        } else {
            let corrected = desk.correct(who, post, &self.wanted())?;
            let told = |ChangedField { field, was, is }: &ChangedField| {
                let field = lang.text(&format!("desk.correction.field.{field}"));
                let args: [(&str, &dyn std::fmt::Display); 4] =
                    [("post", &corrected.id), ("field", &field), ("was", was), ("is", is)];
                lang.fill("cli.label.done", &args)
            };
            corrected.changes.iter().map(told).collect()
        };
        Ok(told.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(Into::into))
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            polarity: self.polarity.as_deref().and_then(Polarity::parse),
            kind: self.kind.as_deref().and_then(PostKind::parse),
            urgency: self.urgency,
            topics: self.topic.clone(),
            subjects: self.subject.clone(),
        }
    }
}

fn show_next(waiting: &[InLine], globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    let row = |InLine { line, confidence }: &InLine| {
        let title: String = line.title.iter().map(|piece| piece.text.as_str()).collect();
        let snippet = || line.snippet.iter().map(|piece| piece.text.as_str()).collect();
        let title = if title.is_empty() { snippet() } else { title };
        let said = shown_words((line.polarity, line.other), line.for_us, globals.lang);
        object(json!({
            "id": line.id, "said": said, "polarity": line.polarity, "other": line.other,
            "confidence": confidence, "sure": format!("{:.0} %", confidence * 100.0),
            "risk": line.risk, "time": line.time, "title": title,
        }))
    };
    let columns = vec![
        ("id", "cli.label.column.id"),
        ("said", "cli.label.column.said"),
        ("sure", "cli.label.column.sure"),
        ("risk", "cli.label.column.risk"),
        ("title", "cli.label.column.title"),
    ];
    show(&Table { columns, rows: waiting.iter().map(row).collect() }, "no_next", globals, out)
}

fn show_layers(layers: &[LayerLine], globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    let row = |line: &LayerLine| {
        let mut row = object(serde_json::to_value(line).unwrap_or_default());
        let state = globals.lang.text(&format!("cli.label.state.{}", line.state));
        row.insert("standing".to_owned(), state.into());
        row
    };
    let columns = vec![
        ("source", "cli.label.column.source"),
        ("name", "cli.label.column.name"),
        ("standing", "cli.label.column.standing"),
        ("polarities", "cli.label.column.polarities"),
        ("kinds", "cli.label.column.kinds"),
    ];
    show(&Table { columns, rows: layers.iter().map(row).collect() }, "no_layers", globals, out)
}

/// A table, or for people a word where it is empty.
fn show(table: &Table, none: &str, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    if table.rows.is_empty() && globals.format == super::Format::Table {
        writeln!(out, "{}", globals.lang.text(&format!("cli.label.{none}")))?;
        return Ok(());
    }
    Ok(table.write(globals.format, globals.lang, out)?)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}
