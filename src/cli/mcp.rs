//! `guanlan mcp`: the station for a program that speaks the Model Context Protocol over standard input and output.
//!
//! Reading only, with the rights of the account that owns the data. Standard output carries the protocol and nothing else.

use std::io::Write;
use std::sync::Arc;

use clap::Args;

use super::{Globals, Outcome, open};
use crate::desk::seat::Seat;
use crate::serve::mcp::{Tools, talk};

#[derive(Args)]
pub struct McpArgs {}

impl McpArgs {
    pub fn run(&self, globals: &Globals, _out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let tools = Tools::new(Arc::new(Seat::new(desk)), open::who(globals));
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(talk(tools))?;
        Ok(Outcome::Good)
    }
}
