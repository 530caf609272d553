//! `guanlan status`: what does not work, sources, their last runs and counts, and how far the index is behind.

mod faults;

use std::io::Write;

use clap::Args;
use pipelines::locale::Lang;
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::desk::layers::LayerLine;
use crate::desk::sources::SourceRow;
use crate::desk::station::{DeepLine, StationSheet};
use crate::desk::{Desk, DeskError, Who};

/// Of sources that were held out in training 40 in a hundred posts are in doubt; this is half as many again.
const UNLIKE: f64 = 0.6;

#[derive(Args)]
pub struct StatusArgs {
    #[arg(long)]
    faults: bool,
}

impl StatusArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        match self.told(&desk, globals, out) {
            Err(error) => match error.downcast::<DeskError>() {
                Ok(refused) => open::refused(refused, globals.lang),
                Err(error) => Err(error),
            },
            told => told,
        }
    }

    fn told(&self, desk: &Desk, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let (lang, who) = (globals.lang, open::who(globals));
        let is_table = globals.format == Format::Table;
        let station = desk.station(&who)?;
        if self.faults {
            faults::show(&station, desk, globals, true, out)?;
            return Ok(Outcome::Good);
        }
        if is_table {
            show_station(&station, desk, globals, out)?;
        }
        let mut rows = Vec::new();
        for line in desk.sources(&who)? {
            let source = desk.config.sources.iter().find(|source| source.id.as_str() == line.id);
            let doubt = source.map(|source| desk.doubt(&who, source)).transpose()?.flatten();
            if is_table && let Some(share) = doubt.filter(|share| *share >= UNLIKE) {
                let percent = format!("{:.0}", share * 100.0);
                let args: [(&str, &dyn std::fmt::Display); 3] =
                    [("source", &line.id), ("name", &line.name), ("percent", &percent)];
                writeln!(out, "{}", lang.fill("cli.status.unlike", &args))?;
            }
            let layer = station.layers.iter().find(|layer| layer.source == line.id);
            rows.push(row(&line, (doubt, layer), globals, desk.config.station.zone));
        }
        if matches!(globals.format, Format::Json | Format::Jsonl) {
            let is_alone = |layer: &&LayerLine| rows.iter().all(|row| row["source"] != layer.source);
            let alone: Vec<_> = station.layers.iter().filter(is_alone).map(row_of_layer).collect();
            rows.extend(alone);
        }
        let table = Table {
            columns: vec![
                ("source", "cli.status.source"),
                ("state", "cli.status.state"),
                ("last_run", "cli.status.last_run"),
                ("last_post", "cli.status.last_post"),
                ("received", "cli.status.received"),
                ("kept", "cli.status.kept"),
                ("dropped", "cli.status.dropped"),
                ("failed", "cli.status.failed"),
                ("waiting", "cli.status.waiting"),
                ("error", "cli.status.error"),
            ],
            rows,
        };
        table.write(globals.format, lang, out)?;
        Ok(Outcome::Good)
    }
}

/// How the station itself stands, for people.
fn show_station(
    station: &StationSheet,
    desk: &Desk,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (lang, who) = (globals.lang, open::who(globals));
    writeln!(out, "{}", index_line(station, desk, &who)?)?;
    if let Some(cluster) = &station.cluster {
        writeln!(out, "{cluster}")?;
    }
    let store = station.sizes.iter().find(|row| row.part == "store");
    let place = store.map_or("", |row| row.path.as_str());
    let args: [(&str, &dyn std::fmt::Display); 2] =
        [("database", &station.database), ("place", &place)];
    writeln!(out, "{}", lang.fill("cli.status.database", &args))?;
    if let Some(place) = desk.config.evidence.shown() {
        writeln!(out, "{}", lang.fill("cli.status.evidence", &[("place", &place)]))?;
    }
    show_workers(station, lang, out)?;
    let (waiting, dead) = station.outbox;
    writeln!(out, "{}", lang.fill("cli.status.outbox", &[("waiting", &waiting), ("dead", &dead)]))?;
    if let Some(read) = &station.deep {
        writeln!(out, "{}", deep_line(read, lang))?;
    }
    for layer in &station.layers {
        writeln!(out, "{}", layer.in_words(lang))?;
    }
    writeln!(out)?;
    faults::show(station, desk, globals, false, out)?;
    Ok(())
}

/// The processes on the store, where several share it, and whether one of them keeps it.
fn show_workers(station: &StationSheet, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
    if station.is_kept == Some(false) {
        writeln!(out, "{}", lang.text("cli.worker.none_keeps"))?;
    }
    for worker in &station.workers {
        writeln!(out, "{}", worker.in_words(lang))?;
    }
    Ok(())
}

/// What of the posts is in the index, and whether its files are as they were written.
fn index_line(station: &StationSheet, desk: &Desk, who: &Who) -> anyhow::Result<String> {
    let lang = who.lang;
    let posts = station.posts;
    let Some(behind) = station.behind else {
        let why = station.index_fault.clone().unwrap_or_default();
        return Ok(lang.fill("cli.status.no_index", &[("posts", &posts), ("why", &why)]));
    };
    let said = lang.fill("cli.status.posts", &[("posts", &posts), ("behind", &behind)]);
    Ok(match desk.examined(who)? {
        Err(damaged) => format!("{said}\n{damaged}"),
        Ok((checked, files)) if checked < files => {
            let part: [(&str, &dyn std::fmt::Display); 2] = [("checked", &checked), ("files", &files)];
            format!("{said}\n{}", lang.fill("cli.index.looked_through", &part))
        }
        Ok(_) => said,
    })
}

/// How much the deep reader read.
fn deep_line(read: &DeepLine, lang: Lang) -> String {
    let filling: [(&str, &dyn std::fmt::Display); 5] = [
        ("posts", &read.posts),
        ("asked", &read.asked),
        ("percent", &read.percent),
        ("speed", &read.speed),
        ("waiting", &read.waiting),
    ];
    lang.fill("cli.status.deep", &filling)
}

/// Of a source that config does not have, as that of an import.
fn row_of_layer(layer: &LayerLine) -> Map<String, Value> {
    let fields = [
        ("source", json!(layer.source)),
        ("name", json!(layer.name)),
        ("layer", json!(layer)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn row(
    line: &SourceRow,
    (doubt, layer): (Option<f64>, Option<&LayerLine>),
    globals: &Globals,
    zone: chrono_tz::Tz,
) -> Map<String, Value> {
    let table = globals.format == Format::Table;
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| match at {
        Some(at) if table => json!(open::shown_time(at, zone)),
        Some(at) => json!(at.to_rfc3339()),
        None => Value::Null,
    };
    let standing = globals.lang.text(&format!("cli.source.standing_{}", line.standing));
    let [received, kept, dropped, failed] = line.counts;
    let said = line.reason.clone().filter(|_| table);
    let Value::Object(row) = json!({
        "source": line.id,
        "name": line.name,
        "state": if table { standing } else { line.standing.to_owned() },
        "last_run": time(line.last_run),
        "last_good": time(line.last_good),
        "last_post": time(line.last_post),
        "failures": line.failures,
        "received": received,
        "kept": kept,
        "dropped": dropped,
        "failed": failed,
        "ties_out": line.ties_out,
        "drops": line.drops,
        "failures_by_kind": line.failures_by_kind,
        "waiting": line.waiting,
        "error_kind": line.error.as_ref().map(|error| &error.0),
        "lost": line.lost,
        "error": said.or_else(|| line.error.as_ref().map(|error| error.1.clone())),
        "unsure_share": doubt,
        "layer": layer,
    }) else {
        unreachable!("an object literal")
    };
    row
}
