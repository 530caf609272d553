//! `guanlan user`: who may come into the console, what they are, where they are logged in, which programs act for them.
//!
//! A password is read from standard input where something is piped in, else made and printed once; never an argument,
//! which other accounts of the machine would see.

mod token;

use std::io::{BufRead as _, IsTerminal as _, Write};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Globals, Outcome, open};
use crate::desk::people::{role_name, role_of};
use crate::desk::{Desk, DeskError, Who, secrets};

#[derive(Args)]
pub struct UserArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Add(AddArgs),
    List(ListArgs),
    Passwd(NameArgs),
    Role(RoleArgs),
    Disable(DisableArgs),
    Sessions(SessionsArgs),
    Token(token::TokenArgs),
}

#[derive(Args)]
struct AddArgs {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(long, default_value = "officer", value_name = "ROLE")]
    role: String,
    #[arg(long, value_name = "UNIT,…", value_delimiter = ',')]
    units: Vec<String>,
}

#[derive(Args)]
struct ListArgs {}

#[derive(Args)]
struct NameArgs {
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Args)]
struct RoleArgs {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(value_name = "ROLE")]
    role: String,
    #[arg(long, value_name = "UNIT,…", value_delimiter = ',')]
    units: Vec<String>,
}

#[derive(Args)]
struct DisableArgs {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(long)]
    undo: bool,
}

#[derive(Args)]
struct SessionsArgs {
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[arg(long, value_name = "ID")]
    end: Option<String>,
}

impl UserArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::people_desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let who = open::who(globals);
        let done = match &self.action {
            Action::Add(args) => args.run(&desk, &who, out),
            Action::List(_) => list(&desk, &who, globals, out),
            Action::Passwd(args) => passwd(&desk, &who, &args.name, out),
            Action::Role(args) => role_of(&args.role).and_then(|role| {
                desk.change_role(&who, &args.name, role, &args.units)?;
                say(out, &who, "cli.user.changed", &args.name)
            }),
            Action::Disable(args) => desk.disable_person(&who, &args.name, !args.undo).and_then(|()| {
                let text = if args.undo { "cli.user.enabled" } else { "cli.user.disabled" };
                say(out, &who, text, &args.name)
            }),
            Action::Sessions(args) => args.run(&desk, &who, globals, out),
            Action::Token(args) => args.run(&desk, &who, globals, out),
        };
        match done {
            Ok(()) => Ok(Outcome::Good),
            Err(error) => open::refused(error, globals.lang),
        }
    }
}

impl AddArgs {
    fn run(&self, desk: &Desk, who: &Who, out: &mut dyn Write) -> Result<(), DeskError> {
        let role = role_of(&self.role)?;
        let (password, is_made) = password()?;
        desk.add_person(who, &self.name, role, &self.units, &password)?;
        let said = [("name", &self.name as &dyn std::fmt::Display), ("role", &role_name(role, who.lang))];
        line(out, &who.lang.fill("cli.user.added", &said))?;
        if is_made { tell(out, who, &self.name, &password) } else { Ok(()) }
    }
}

impl SessionsArgs {
    fn run(
        &self,
        desk: &Desk,
        who: &Who,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> Result<(), DeskError> {
        if let Some(id) = &self.end {
            desk.end_session(who, id)?;
            return say(out, who, "cli.user.ended", id);
        }
        let rows = desk.sessions(who, self.name.as_deref())?;
        let columns = ["id", "user", "made", "seen", "address", "agent"];
        table(&columns, rows.iter().map(|row| json!(row)), globals, out)
    }
}

fn list(desk: &Desk, who: &Who, globals: &Globals, out: &mut dyn Write) -> Result<(), DeskError> {
    let people = desk.people(who)?;
    let rows = people.iter().map(|person| {
        json!({
            "name": person.name,
            "role": person.role.map(|role| role_name(role, who.lang)),
            "units": person.units.join(" "),
            "made": person.made,
            "disabled": person.disabled,
            "sessions": person.sessions,
        })
    });
    table(&["name", "role", "units", "made", "disabled", "sessions"], rows, globals, out)
}

fn passwd(desk: &Desk, who: &Who, name: &str, out: &mut dyn Write) -> Result<(), DeskError> {
    let (password, is_made) = password()?;
    desk.set_password(who, name, &password)?;
    say(out, who, "cli.user.new_password", name)?;
    if is_made { tell(out, who, name, &password) } else { Ok(()) }
}

/// The first line of what is piped in; where nothing is, a password that is made, and that it was.
fn password() -> Result<(String, bool), DeskError> {
    let input = std::io::stdin();
    let mut typed = String::new();
    if !input.is_terminal() {
        input.lock().read_line(&mut typed).map_err(anyhow::Error::from)?;
    }
    match typed.trim_end_matches(['\n', '\r']) {
        "" => Ok((secrets::password()?, true)),
        typed => Ok((typed.to_owned(), false)),
    }
}

fn tell(out: &mut dyn Write, who: &Who, name: &str, secret: &str) -> Result<(), DeskError> {
    line(out, &who.lang.fill("cli.user.made", &[("name", &name), ("password", &secret)]))
}

fn say(out: &mut dyn Write, who: &Who, text: &str, name: &str) -> Result<(), DeskError> {
    line(out, &who.lang.fill(text, &[("name", &name)]))
}

fn line(out: &mut dyn Write, text: &str) -> Result<(), DeskError> {
    Ok(writeln!(out, "{text}").map_err(anyhow::Error::from)?)
}

/// Rows of plain values; each column is a locale key under `cli.user.column`.
fn table(
    columns: &[&'static str],
    rows: impl Iterator<Item = Value>,
    globals: &Globals,
    out: &mut dyn Write,
) -> Result<(), DeskError> {
    let heading = |name: &&'static str| (*name, heading_of(name));
    let object = |row| match row {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let table = Table { columns: columns.iter().map(heading).collect(), rows: rows.map(object).collect() };
    Ok(table.write(globals.format, globals.lang, out).map_err(anyhow::Error::from)?)
}

fn heading_of(column: &str) -> &'static str {
    match column {
        "id" => "cli.user.column.id",
        "name" | "user" => "cli.user.column.name",
        "role" => "cli.user.column.role",
        "units" => "cli.user.column.units",
        "made" => "cli.user.column.made",
        "disabled" => "cli.user.column.disabled",
        "sessions" => "cli.user.column.sessions",
        "seen" => "cli.user.column.seen",
        "address" => "cli.user.column.address",
        "label" => "cli.user.column.label",
        "scope" => "cli.user.column.scope",
        "ends" => "cli.user.column.ends",
        "revoked" => "cli.user.column.revoked",
        _ => "cli.user.column.agent",
    }
}
