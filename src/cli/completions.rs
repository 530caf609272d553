//! `guanlan completions SHELL`: the completion script of a shell, on standard output.

use std::io::Write;

use clap::{Args, CommandFactory};

use super::{Cli, Globals, Outcome};

#[derive(Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: clap_complete::Shell,
}

impl CompletionsArgs {
    pub fn run(&self, _globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "guanlan", &mut script);
        out.write_all(&script)?;
        Ok(Outcome::Good)
    }
}
