//! `guanlan user token`: programs that act for somebody; a secret is printed once.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::json;

use super::super::Globals;
use super::{line, say, table};
use crate::desk::people::TokenOrder;
use crate::desk::{Desk, DeskError, Scope, Who};

#[derive(Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Add(AddArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

#[derive(Args)]
struct AddArgs {
    #[arg(value_name = "NAME")]
    name: String,
    #[arg(long, value_name = "WORDS")]
    label: String,
    #[arg(long, default_value = "read", value_parser = ["read", "write"])]
    scope: String,
    #[arg(long, default_value_t = 90)]
    days: u32,
}

#[derive(Args)]
struct ListArgs {}

#[derive(Args)]
struct RevokeArgs {
    #[arg(value_name = "NUMBER")]
    number: i64,
}

impl TokenArgs {
    pub fn run(
        &self,
        desk: &Desk,
        who: &Who,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> Result<(), DeskError> {
        match &self.action {
            Action::Add(args) => {
                let order = TokenOrder {
                    user: args.name.clone(),
                    label: args.label.clone(),
                    scope: Scope::parse(&args.scope).unwrap_or(Scope::Read),
                    days: args.days,
                };
                let (id, secret) = desk.make_token(who, &order)?;
                let said = [("id", &id as &dyn std::fmt::Display), ("token", &secret)];
                line(out, &who.lang.fill("cli.user.token", &said))
            }
            Action::List(_) => {
                let columns = ["id", "user", "label", "scope", "made", "ends", "revoked"];
                let rows = desk.tokens(who)?;
                table(&columns, rows.iter().map(|row| json!(row)), globals, out)
            }
            Action::Revoke(args) => {
                desk.revoke_token(who, args.number)?;
                say(out, who, "cli.user.revoked", &args.number.to_string())
            }
        }
    }
}
